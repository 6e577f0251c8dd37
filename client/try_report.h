/* try_report.h - what a trial of a changed pathway file found, written for people.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_TRY_REPORT_H
#define CLIENT_TRY_REPORT_H

#include <jansson.h>
#include <stdio.h>

/* `before` is the source in force; NULL where it is not known. */
void try_report_head(FILE *, const char *path, const json_t *summary, const char *before, const char *after);
void try_report_numbers(FILE *, const json_t *summary);
/* One pupil's part of "Case by case". */
void try_report_case(FILE *, const json_t *item);

#endif
