/* compile.h - a pathway file (LANGUAGE.md) checked and turned into the rules' form.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef PATHWAYS_COMPILE_H
#define PATHWAYS_COMPILE_H

#include "casework/pathway.h"

enum { COMPILE_FAULTS_MAX = 50 };

struct compile_fault {
	unsigned line, column; /* from 1 */
	char text[240];        /* what is wrong, and what would mend it */
};

struct compile_report {
	unsigned count;
	struct compile_fault faults[COMPILE_FAULTS_MAX];
};

/* Reads a pathway's YAML. True: `out` holds its canonical bytes. False: the
 * report says what is wrong, in the order of the file. Deterministic; touches no file. */
bool pathway_compile(struct slice source, struct writer *out, struct compile_report *);

#endif
