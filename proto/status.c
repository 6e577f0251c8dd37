/* status.c - the texts of the statuses.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "proto/status.h"

const char *status_text(unsigned status)
{
	switch (status) {
#define X(name, number, text) \
	case number: \
		return text;
		STATUSES(X)
#undef X
	}
	return "unknown status";
}
