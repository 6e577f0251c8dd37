/* import.h - what `attend push` and `attend roster` are told about files of other programs.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_IMPORT_H
#define CLIENT_IMPORT_H

#include <argp.h>

#include "client/beside.h"
#include "client/folder.h"
#include "client/invocation.h"
#include "client/mapping.h"

enum { IMPORT_WITH_MAX = 64 };

struct import {
	const char *map, *school, *date, *watch;
	const char *with[IMPORT_WITH_MAX];
	unsigned with_count;
	bool dry, guess;
	const char *guess_path;  /* NULL: standard output */
	enum mapping_for purpose;
	struct mapping *mapping; /* NULL: the files have attend's own columns */
	struct beside *beside;
};

/* The invocation's options and these: child_inputs[0] is a struct invocation, [1] a struct import. */
extern const struct argp_child import_children[];

/* Opens the mapping and what stands beside it. 0, or an exit status: said why. */
int import_begin(struct import *, const struct invocation *, enum mapping_for);
/* Reads them anew, where either is used: before each file of a folder that is watched. */
int import_again(struct import *, const struct invocation *);
void import_end(struct import *);

/* Is a JSON document or, where it is none, an XML file whole? Looked at before anything of it is sent, where it can be
 * read twice. False: said why not. */
bool import_whole(bool json, const char *name, int fd);

#endif
