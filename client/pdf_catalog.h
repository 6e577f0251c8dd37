/* pdf_catalog.h - what a tagged PDF says of itself and cairo 1.16 leaves out.
 *
 * A screen reader looks for tags where the catalog's /MarkInfo says that there are some, pronounces by its
 * /Lang, and names the window by the title where /DisplayDocTitle says so. All three go into a second version of the catalog behind the file, as the PDF
 * standard lets a file be updated: what cairo wrote stays byte for byte.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_PDF_CATALOG_H
#define CLIENT_PDF_CATALOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Writes the file and its update; a file whose catalog isn't found is written as it is. False: not written. */
bool pdf_with_language(FILE *out, const char *bytes, size_t size, const char *language);

#endif
