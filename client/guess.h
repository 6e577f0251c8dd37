/* guess.h - which columns of an unknown file are which, by their headings: shown, and written
 * down as a mapping to be looked over. Dates are never guessed; the mapping asks for their form.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_GUESS_H
#define CLIENT_GUESS_H

#include "client/import.h"

/* Of the first file. The exit status. */
int guess_files(const struct import *, const struct invocation *, enum mapping_for, char **files, int count);

#endif
