/* backoff.h - how long to wait before sending again.
 *
 * The delay doubles from BACKOFF_FIRST_MS to BACKOFF_MOST_MS, and what is waited
 * lies at random between half of it and all of it, so that a hundred connectors
 * which lost the same daemon do not come back in the same instant.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_BACKOFF_H
#define CLIENT_BACKOFF_H

#include <stdint.h>

enum { BACKOFF_FIRST_MS = 50, BACKOFF_MOST_MS = 5000 };

/* After `attempts` that failed (from 1); `random` is any 32 bits. */
unsigned backoff_ms(unsigned attempts, uint32_t random);

#endif
