/* memory.h - memory or an end: the daemon does not go on without it.
 *
 * Running out is the machine's fault and nothing sensible can follow; a restart
 * finds everything that was acked. SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_MEMORY_H
#define DAEMON_MEMORY_H

#include <stddef.h>

void *memory_new(size_t size);                /* zeroed */
void *memory_grow(void *old, size_t size);    /* new part not zeroed */
/* A table that grows and is looked into at random: `used` bytes of `old` (freed; may be
 * NULL) in new memory of `size`, not zeroed behind them. On huge pages where the system
 * gives them: what such a look costs is mostly the walk of the page tables. */
void *memory_table(void *old, size_t used, size_t size);
void *memory_copy(const void *bytes, size_t size);

#endif
