/* bundle.h - a pathway file and the files that it includes, as one text.
 *
 * The first part is the file itself. Each other begins with a line of its own,
 *
 *   --- # file national.yaml
 *
 * and is named by its path from the first one's folder. So what is sent, kept in the log
 * and shown again is one text, that is YAML and can be loaded again as it stands.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef PATHWAYS_BUNDLE_H
#define PATHWAYS_BUNDLE_H

#include "pathways/compile.h"

struct bundle {
	unsigned count;      /* 1 at least */
	struct slice texts[COMPILE_FILES_MAX];
};

/* Names go into the report, the first's being empty. False: said what is wrong. */
bool bundle_split(struct bundle *, struct slice text, struct compile_report *);

/* The path of a file that one in the bundle includes. False: too long. */
bool bundle_path(char path[static COMPILE_FILE_NAME_MAX], const char *includer, struct slice name);

/* Reads a file and all that it includes, directly or not. The text is freed by the
 * caller. NULL: `why` says which file can't be read, and where it is included. What
 * is wrong inside them is pathway_compile's to say. */
char *bundle_gather(const char *path, size_t *size, char *why, size_t why_size);

/* The path of the file that a fault is in, beside that which was gathered. */
void bundle_fault_path(char *out, size_t size, const char *path, const struct compile_report *, const struct compile_fault *);

#endif
