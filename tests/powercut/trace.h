/* trace.h - what the recorder writes down and the power cuts are made of.
 *
 * One record for each thing that the daemon did to its data directory, in the order in which it did them; each is
 * appended in one write. A trace never leaves the machine that made it, so its head is a struct as it stands in memory.
 *
 *   struct trace_head | name, `name_size` bytes | data, the rest of `size`
 *
 * Order: a change to files or names is done and written down under one lock, so that the trace has changes in the order
 * of their effects. A sync is two records, before and after: what was changed before the first is on disk from the
 * second on. What was said to a client is written down before it is handed to the socket.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_POWERCUT_TRACE_H
#define TESTS_POWERCUT_TRACE_H

#include <stdint.h>

/*  what, how its head and rest are used (file: the inode's number) */
#define TRACE_KINDS(X) \
	X(MADE) /* file, name; at: mode. A name for a new, empty file */ \
	X(WROTE) /* file, at: offset, data; flag: through a descriptor that syncs by itself */ \
	X(SIZED) /* file, at: its new size */ \
	X(MODE) /* file, at: its new mode */ \
	X(SYNC) /* file; at: number of the sync. Begun */ \
	X(SYNCED) /* file; at: the same number. Ended well */ \
	X(RENAMED) /* name: from, a zero, to */ \
	X(LINKED) /* name: from, a zero, to */ \
	X(UNLINKED) /* name */ \
	X(DIR_MADE) /* the data directory itself; at: mode */ \
	X(DIR_SYNC) /* at: number */ \
	X(DIR_SYNCED) /* at: number */ \
	X(PARENT_SYNC) /* at: number. Of the folder that the data directory is in */ \
	X(PARENT_SYNCED) /* at: number */ \
	X(MAPPED) /* file, name: shared and writable, so that what is written there is not seen */ \
	X(SAID) /* data: a frame, or the first of it, on its way to a client; at: its size */ \
	X(MARK) /* data: a text of who drives the daemon */ \
	X(STRANGE) /* data: a text: something was done that nothing here models */

enum trace_kind {
#define X(name) TRACE_##name,
	TRACE_KINDS(X)
#undef X
	TRACE_KIND_COUNT
};

struct trace_head {
	uint32_t size;      /* of the whole record */
	uint8_t kind, flag;
	uint16_t name_size;
	uint64_t file, at;
};
_Static_assert(sizeof(struct trace_head) == 24, "no padding");

#endif
