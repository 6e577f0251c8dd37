/* narrow_room.c - a daemon in which peers may fill little: linked with --wrap=flood_start,
 * so that a test need not send gigabytes.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "daemon/flood.h"

void __real_flood_start(struct flood *, uint64_t room);
void __wrap_flood_start(struct flood *, uint64_t room);

void __wrap_flood_start(struct flood *flood, uint64_t room)
{
	__real_flood_start(flood, room / 32);
}
