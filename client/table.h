/* table.h - rows in aligned columns for a terminal.
 *
 * Columns are as wide as their widest cell, counted in characters, not bytes; the
 * last is folded between words so that a line stays within TABLE_WIDTH.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_TABLE_H
#define CLIENT_TABLE_H

#include <stdio.h>

enum { TABLE_COLUMNS_MAX = 12, TABLE_WIDTH = 100 };

struct table;

/* Titles end with NULL; one that starts with '>' is of a column set to the right. */
struct table *table_new(const char *const titles[]);
/* A cell for each column, copied; NULL is an empty one. */
void table_row(struct table *, const char *const cells[]);
/* Prints (nothing at all where there are no rows) and frees. `indent` goes before each line. */
void table_print(struct table *, FILE *, const char *indent);

/* A copy without what a terminal would obey: a control character is U+FFFD, but a line's end stays one, and a tab
 * is a space. The caller frees it. */
char *plain_text(const char *);

/* A text, made plain, folded to TABLE_WIDTH after an indent that it hangs from. */
void print_folded(FILE *, const char *text, unsigned indent);

#endif
