/* when.h - dates and times as people read them, in local time of England.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_WHEN_H
#define CLIENT_WHEN_H

enum { WHEN_SIZE = 48 };

/* "2026-10-08T08:30:00Z" gives "Thu 8 Oct 2026 09:30"; what is no time is given as it is. */
const char *when_time(char out[static WHEN_SIZE], const char *time);
/* When something falls due: midnight at the start of a day is the end of the one before. */
const char *when_due(char out[static WHEN_SIZE], const char *time);
/* "2026-10-08" gives "Thu 8 Oct 2026". */
const char *when_date(char out[static WHEN_SIZE], const char *date);

#endif
