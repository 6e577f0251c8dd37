/* today.h - what the parts of an officer's day share: what is due (query_today.c), what came in (query_today_alerts.c).
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_TODAY_H
#define DAEMON_TODAY_H

#include "daemon/query_parts.h"

struct came_in {
	struct engine *engine;
	const struct request *request;
	struct txn *txn;
	struct many *many;    /* as of then; NULL: now */
	struct slice officer; /* in whose hands; empty: everybody's */
	uint64_t most;        /* of each kind */
	uint8_t kind;         /* the only one; 0: all */
};

/* "alerts" and its map: those that nobody has dealt with, by their kind, the newest first. Of what one alert of a pupil takes the
 * place of another (persistently absent, and no longer) the newest stands for all, and says which are before it. */
enum store_result today_pack_alerts(const struct came_in *);

/* `upn`, `surname`, `forename` and `parents` (by their ids, those of the roster whose names are known). */
void today_pack_name(struct engine *, struct pack *, struct txn *, uint32_t pupil, uint8_t room[static PARTICULARS_ROOM]);

#endif
