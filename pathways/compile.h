/* compile.h - a pathway file (LANGUAGE.md) checked and turned into the rules' form.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef PATHWAYS_COMPILE_H
#define PATHWAYS_COMPILE_H

#include "casework/pathway.h"

enum { COMPILE_FAULTS_MAX = 50, COMPILE_FILES_MAX = 16, COMPILE_FILE_NAME_MAX = 64 };

struct compile_fault {
	uint8_t file;          /* index into the report's; 0: the one that was asked for */
	unsigned line, column; /* from 1 */
	char text[240];        /* what is wrong, and what would mend it */
};

struct compile_report {
	char files[COMPILE_FILES_MAX][COMPILE_FILE_NAME_MAX]; /* included ones by their paths; the first's is empty */
	unsigned count;
	struct compile_fault faults[COMPILE_FAULTS_MAX];
};

/* Reads a pathway's YAML, with the files that it includes (bundle.h). True: `out` holds its canonical bytes. False: the
 * report says what is wrong, in the order of the files. Deterministic; touches no file. */
bool pathway_compile(struct slice source, struct writer *out, struct compile_report *);

#endif
