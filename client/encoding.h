/* encoding.h - text that is not UTF-8.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_ENCODING_H
#define CLIENT_ENCODING_H

#include <stdbool.h>
#include <stddef.h>

/* By a file's first bytes: NULL where they may be text, else what it is and what to do instead. Nothing is unpacked. */
const char *encoding_no_text(const unsigned char *at, size_t size);

bool encoding_is_utf8(const char *text, size_t size);

/* One byte of Windows-1252 as Unicode. */
unsigned encoding_windows_char(unsigned char);

/* Windows-1252, which older programs write, as UTF-8; ends with a zero byte. A byte that
 * stands for nothing there becomes U+FFFD. `out` takes 3 * size + 1. Returns the size. */
size_t encoding_from_windows(char *out, const char *text, size_t size);

#endif
