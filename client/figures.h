/* figures.h - a pupil, a case and deadlines as people read them.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_FIGURES_H
#define CLIENT_FIGURES_H

#include <jansson.h>

void print_pupil(const json_t *pupil);
void print_case(const json_t *one);
void print_deadlines(const json_t *items);

#endif
