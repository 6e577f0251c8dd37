/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "casework/civil.h"
#include "proto/settings.h"

const struct argp_option init_options[] = {
	DATA_OPTION,
	{ "authority", 'a', "NAME", 0, "the local authority's name", 0 },
	{ "pathway", 'p', "FILE", 0, "a pathway to load; may be given again, the first is the default", 0 },
	{ "if-missing", KEY_IF_MISSING, NULL, 0, "do nothing where the store is there already", 0 },
	{ 0 },
};
const struct argp_option run_options[] = {
	DATA_OPTION,
	{ "listen", 'l', "ENDPOINT", 0, "tcp://HOST:PORT (default " LISTEN_DEFAULT
	  "); * as the port takes a free one, and the ready line shows it", 0 },
	{ "clock", 'c', "CLOCK", 0, "system (default), or manual:TIME such as manual:2026-09-01T08:00:00Z: "
	  "time then moves only by `attend clock`", 0 },
	{ "connections", 'n', "NUMBER", 0, "at once, at most (default: as many as there may be descriptors, 256 left for "
	  "all else)", 0 },
	{ "memory", 'm', "MIB", 0, "what peers may make it keep beyond what it has at the start (default 1024); half of "
	  "the unit's MemoryMax", 0 },
	{ 0 },
};

static bool parse_clock(struct command_options *options, const char *text)
{
	options->manual_clock = strcmp(text, "system") != 0;
	if (!options->manual_clock)
		return true;
	return !strncmp(text, "manual:", 7) && time_parse(slice_text(text + 7), &options->manual_ms);
}

/* 0 where it is none of them. */
static unsigned number_between(const char *text, unsigned least, unsigned most)
{
	char *end;
	unsigned long number = text[0] >= '1' && text[0] <= '9' ? strtoul(text, &end, 10) : 0;

	return number >= least && number <= most && !*end ? (unsigned)number : 0;
}

static bool add_pathway(struct command_options *options, const char *file)
{
	const char **more = realloc(options->pathways, (options->pathway_count + 1) * sizeof *more);

	if (!more)
		return false;
	options->pathways = more;
	options->pathways[options->pathway_count++] = file;
	return true;
}

bool option_take(struct command_options *options, int key, char *value, char *why, size_t why_size)
{
	*why = '\0';
	switch (key) {
	case 'd':
		options->data = value;
		return true;
	case 'a':
		options->authority = value;
		return true;
	case 'p':
		if (!add_pathway(options, value))
			snprintf(why, why_size, "pathway %s: no memory", value);
		return true;
	case 'l':
		options->listen = value;
		return true;
	case 'c':
		if (!parse_clock(options, value))
			snprintf(why, why_size, "clock %s: neither system nor manual:TIME such as manual:2026-09-01T08:00:00Z", value);
		return true;
	case 'n':
		options->connections = number_between(value, 16, 65536);
		if (!options->connections)
			snprintf(why, why_size, "connections %s: give a number from 16 to 65536", value);
		return true;
	case 'm':
		options->memory = (uint64_t)number_between(value, 16, 1 << 20) << 20;
		if (!options->memory)
			snprintf(why, why_size, "memory %s: give MiB, from 16 to 1048576", value);
		return true;
	default:
		return false;
	}
}

/* ---- the file ---- */

static const struct argp_option *const tables[] = { init_options, run_options };
enum { TABLE_COUNT = sizeof tables / sizeof tables[0], NAMES_MAX = 32 };

struct file {
	struct command_options *taken, other; /* what is wanted; what isn't */
	const struct argp_option *wanted;
	int seen[NAMES_MAX];
	unsigned count;
};

static const struct argp_option *find_option(const struct argp_option *options, const char *name)
{
	for (; options->name; options++)
		if (!strcmp(options->name, name) && options->arg && options->key != KEY_CONFIG)
			return options;
	return NULL;
}

static bool list_names(const char *name, char *why, size_t why_size)
{
	size_t size = (size_t)snprintf(why, why_size, "there is no setting '%.80s'; there are", name);

	for (int i = 0; i < TABLE_COUNT; i++)
		for (const struct argp_option *o = tables[i]; o->name && size < why_size; o++)
			if (find_option(o, o->name) == o && (i == 0 || !find_option(tables[0], o->name)))
				size += (size_t)snprintf(why + size, why_size - size, " %s", o->name);
	return false;
}

/* What would only show in the journal, when the unit is started. */
static bool value_fits(int key, const char *value, bool look, char *why, size_t why_size)
{
	const char *port = strrchr(value, ':');
	char *end = NULL;
	unsigned long number = port ? strtoul(port + 1, &end, 10) : 0;

	if ((key == 'd' || key == 'p') && value[0] != '/')
		snprintf(why, why_size, "%s: give the whole path, from / on: the daemon is started anywhere", value);
	else if (key == 'p' && look && access(value, R_OK))
		snprintf(why, why_size, "%s: %s", value, strerror(errno));
	else if (key == 'l' && (strncmp(value, "tcp://", 6) || !port || port <= value + 6 ||
	         (strcmp(port, ":*") && (port[1] < '1' || port[1] > '9' || *end || number > 65535))))
		snprintf(why, why_size, "listen %s: give tcp://HOST:PORT, such as " LISTEN_DEFAULT, value);
	else
		return true;
	return false;
}

static bool take_setting(void *context, const char *name, char *value, char *why, size_t why_size)
{
	struct file *file = context;
	const struct argp_option *option = NULL;

	for (int i = 0; i < TABLE_COUNT && !option; i++)
		option = find_option(tables[i], name);
	if (!option)
		return list_names(name, why, why_size);
	for (unsigned i = 0; i < file->count; i++)
		if (file->seen[i] == option->key && option->key != 'p') {
			snprintf(why, why_size, "%s was set before; leave one of the two lines", name);
			return false;
		}
	if (file->count < NAMES_MAX)
		file->seen[file->count++] = option->key;
	bool wanted = file->wanted && find_option(file->wanted, name);
	return value_fits(option->key, value, !file->wanted, why, why_size) &&
	       option_take(wanted ? file->taken : &file->other, option->key, value, why, why_size) && !*why;
}

bool options_read(struct command_options *options, const struct argp_option *wanted, const char *path, bool may_lack)
{
	static char *text; /* held to the end */
	struct file file = { .taken = options, .wanted = wanted };
	int faults = settings_read(path, take_setting, &file, stderr, &text);

	free(file.other.pathways);
	may_lack = may_lack && faults < 0 && errno == ENOENT;
	if (faults < 0 && !may_lack)
		fprintf(stderr, "attendd: %s: %s\n", path, strerror(errno));
	return faults == 0 || may_lack;
}
