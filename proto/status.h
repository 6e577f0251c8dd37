/* status.h - the outcome of everything, as one list.
 *
 * The families are those of ZeroMQ RFC 9/TSP: 2xx done, 3xx nothing is wrong
 * with what was asked but it can't be done now, 4xx the asker's fault, 5xx
 * ours. A 3xx or 5xx may be sent again with the same id. PROTOCOL.md says of
 * each when it is sent.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTO_STATUS_H
#define PROTO_STATUS_H

/*  name, number, text */
#define STATUSES(X) \
	X(OK, 200, "done") \
	X(KNOWN, 201, "answered before: the first answer again") \
	X(PARTIAL, 202, "done but for the rows named") \
	X(RETRY_LATER, 300, "not now: send again later") \
	X(CLOCK_HELD, 301, "the clock was stepped and waits to be confirmed") \
	X(BAD_FRAME, 400, "not a frame of this protocol") \
	X(BAD_BODY, 401, "the body is malformed") \
	X(BAD_FIELD, 402, "a field is wrong") \
	X(FORBIDDEN, 403, "your role does not allow it") \
	X(NOT_FOUND, 404, "no such thing") \
	X(BAD_VERSION, 405, "this version is not spoken here") \
	X(BAD_COMMAND, 406, "no such command") \
	X(TOO_LARGE, 407, "larger than the limit") \
	X(REUSED_ID, 409, "the id was used for other content") \
	X(NOTHING_ACCEPTED, 410, "every row was refused") \
	X(UNMET, 412, "conditions are unmet") \
	X(BARRED, 413, "barred: no override is possible") \
	X(REVOKED, 414, "the key was revoked or never granted") \
	X(WRONG_CLOCK, 415, "the clock is not one that may be moved so") \
	X(FAILED, 500, "the daemon could not do it") \
	X(DAMAGED, 501, "the store is damaged")

enum status {
#define X(name, number, text) STATUS_##name = number,
	STATUSES(X)
#undef X
};

/* The text of a status; "unknown status" for a number not in the list. */
const char *status_text(unsigned status);

#endif
