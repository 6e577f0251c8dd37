/* threads.h - threads one at a time; see disk.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIMULATION_THREADS_H
#define SIMULATION_THREADS_H

#include <stdint.h>

void threads_dice(uint64_t seed);
void threads_pause(void);            /* another one may go on here */
uint64_t threads_switches(void);

#endif
