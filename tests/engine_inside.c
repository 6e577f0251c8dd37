/* engine_host.h's eyes: what stands in the store's tables.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "daemon/concerns.h"
#include "daemon/engine_parts.h"
#include "tests/engine_host.h"

static bool behind(enum table table, struct slice key)
{
	return table == TABLE_PUPILS || table == TABLE_CURSORS || (table == TABLE_CONCERNS && key.bytes[0] != CONCERN_ALSO_AT) ||
	       (table == TABLE_META && (slice_is(key, "pupils-from")));
}

char *host_tables(struct host *h, bool without_figures)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct txn *txn;

	assert_int_equal(store_begin(h->engine->store, false, &txn), STORE_OK);
	for (int table = 0; table < TABLE_COUNT; table++) {
		struct scan scan;
		struct slice key, value;

		assert_int_equal(scan_open(&scan, txn, (enum table)table, slice_of(NULL, 0)), STORE_OK);
		while (scan_next(&scan, &key, &value) == STORE_OK) {
			if (without_figures && behind((enum table)table, key))
				continue;
			fprintf(out, "%s ", table_text((enum table)table));
			for (size_t i = 0; i < key.size; i++)
				fprintf(out, "%02x", key.bytes[i]);
			fputc(' ', out);
			for (size_t i = 0; i < value.size; i++)
				fprintf(out, "%02x", value.bytes[i]);
			fputc('\n', out);
		}
		scan_close(&scan);
	}
	store_abort(&txn);
	fclose(out);
	return text;
}

uint64_t host_head(struct host *h)
{
	return h->engine->committed;
}

uint32_t host_pupils(struct host *h)
{
	return h->engine->state.pupil_count;
}

uint64_t host_counter(struct host *h, const char *name)
{
	return number_of(host_ask(h, ADMIN, COMMAND_QUERY, "{'what':'stats'}")->text, name);
}

unsigned host_alerts(struct host *h, const char *kind, const char *status, char one[static 4096])
{
	char *text = strdup(host_ask(h, ADMIN, COMMAND_QUERY, "{'what':'alerts'}")->text), wanted[2][80], *at, *end;
	unsigned count = 0;

	snprintf(wanted[0], sizeof wanted[0], "\"kind\":\"%s\"", kind ? kind : "");
	snprintf(wanted[1], sizeof wanted[1], "\"status\":\"%s\"", status ? status : "");
	one[0] = '\0';
	for (at = strstr(text, "{\"alert\":"); at; at = end) {
		char *next = strstr(at + 1, "{\"alert\":");

		end = next;
		if (next)
			next[-1] = '\0';
		if ((!kind || strstr(at, wanted[0])) && (!status || strstr(at, wanted[1]))) {
			snprintf(one, 4096, "%s", at);
			count++;
		}
	}
	free(text);
	return count;
}

struct host_look host_look(struct host *h)
{
	return (struct host_look){host_tables(h, false), host_head(h), host_pupils(h)};
}

void assert_unchanged(struct host *h, struct host_look *before)
{
	char *now = host_tables(h, false);

	assert_int_equal(host_head(h), before->head);
	assert_int_equal(host_pupils(h), before->pupils);
	assert_same_text(now, before->tables);
	free(now);
	free(before->tables);
}

void assert_refused(struct host *h, enum who who, uint8_t command, unsigned status, const char *says, const char *json)
{
	struct host_look before = host_look(h);
	const struct answer *a = host_ask(h, who, command, "%s", json);

	assert_answer(a, status, says);
	assert_int_equal(a->position, before.head);
	assert_unchanged(h, &before);
}
