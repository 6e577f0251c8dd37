/* SPDX-License-Identifier: Apache-2.0 */
#include "client/backoff.h"

unsigned backoff_ms(unsigned attempts, uint32_t random)
{
	unsigned whole = BACKOFF_FIRST_MS;
	for (unsigned i = 1; i < attempts && whole < BACKOFF_MOST_MS; i++)
		whole *= 2;
	if (whole > BACKOFF_MOST_MS)
		whole = BACKOFF_MOST_MS;
	unsigned half = whole / 2;
	return half + random % (whole - half + 1);
}
