/* people.h - who and what stands round a pupil, as people read it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_PEOPLE_H
#define CLIENT_PEOPLE_H

#include <jansson.h>

void print_people(const json_t *people);
void print_covers(const json_t *items);

#endif
