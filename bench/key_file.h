/* key_file.h - keys from identity files and from attendd.pub; the program ends where there is none.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_KEY_FILE_H
#define BENCH_KEY_FILE_H

#include <stdint.h>

/* The 40 characters after `label`, or of the first line where it is empty. */
void key_text(const char *path, const char *label, char key[41]);
void key_bytes(const char *path, const char *label, uint8_t key[32]);

#endif
