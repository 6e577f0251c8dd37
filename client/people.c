/* SPDX-License-Identifier: Apache-2.0 */
#include "client/people.h"

#include <stdio.h>
#include <stdlib.h>

#include "client/table.h"
#include "client/when.h"

static const char *text(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static const char *or_none(const char *words)
{
	return words ? words : "";
}

/* What stands, then what is over or was put right. */
static void print_facts(const json_t *facts)
{
	static const char *const titles[] = { "fact", "parent", "since", "", "", NULL };
	struct table *table = table_new(titles);
	size_t index;
	json_t *f;
	json_array_foreach(facts, index, f) {
		char since[WHEN_SIZE];
		const char *state = !json_is_true(json_object_get(f, "stands")) ? "earlier"
		                    : json_is_true(json_object_get(f, "holds")) ? "" : "no more";
		table_row(table, (const char *const[]){ or_none(text(f, "fact")), or_none(text(f, "parent")),
		                                       when_date(since, text(f, "since")), state, or_none(text(f, "text")) });
	}
	if (json_array_size(facts))
		puts("\nKnown");
	table_print(table, stdout, "  ");
}

static void print_parent(const json_t *parent)
{
	size_t index;
	json_t *one;
	const char *name = text(parent, "name"), *address = text(parent, "address");
	char *plain_name = plain_text(or_none(name)), *plain_address = plain_text(or_none(address));
	printf("  %s%s%s%s%s\n", or_none(text(parent, "parent")), name ? "  " : "", plain_name, address ? ", " : "", plain_address);
	free(plain_name);
	free(plain_address);
	json_array_foreach(json_object_get(parent, "penalty_notices"), index, one) {
		char issued[WHEN_SIZE], paid[WHEN_SIZE];
		printf("    penalty notice of %s: ", when_date(issued, text(one, "issued")));
		if (json_is_true(json_object_get(one, "withdrawn")))
			puts("withdrawn");
		else if (text(one, "paid"))
			printf("paid %s\n", when_date(paid, text(one, "paid")));
		else
			puts(json_is_true(json_object_get(one, "lapsed")) ? "not paid in time" : "open");
	}
	json_array_foreach(json_object_get(parent, "same_as"), index, one)
		printf("    also %s of pupil %s\n", or_none(text(one, "parent")), text(one, "upn") ? text(one, "upn") : "(erased)");
}

void print_people(const json_t *people)
{
	size_t index;
	json_t *one;
	printf("Pupil %s\n", text(people, "upn") ? text(people, "upn") : "(erased)");
	print_facts(json_object_get(people, "facts"));
	json_array_foreach(json_object_get(people, "parents"), index, one) {
		if (index == 0)
			puts("\nParents");
		print_parent(one);
	}
	json_array_foreach(json_object_get(people, "siblings"), index, one) {
		const json_t *percentage = json_object_get(one, "percentage");
		if (index == 0)
			puts("\nSiblings");
		printf("  %-15s", text(one, "upn") ? text(one, "upn") : "(erased)");
		if (json_is_number(percentage))
			printf(" attendance %.1f %%", json_number_value(percentage));
		printf(", %lld unauthorised in 10 school weeks%s\n",
		       (long long)json_integer_value(json_object_get(one, "unauthorised_10_weeks")),
		       json_is_true(json_object_get(one, "persistent")) ? ", persistently absent" : "");
	}
	json_array_foreach(json_object_get(people, "schools"), index, one) {
		char from[WHEN_SIZE];
		if (index == 0)
			puts("\nSchools while the case was open");
		printf("  %s%s%s\n", or_none(text(one, "urn")), text(one, "from") ? " from " : "",
		       text(one, "from") ? when_date(from, text(one, "from")) : "");
	}
}

void print_covers(const json_t *items)
{
	static const char *const titles[] = { "officer", "cover", "from", "until", "", NULL };
	struct table *table = table_new(titles);
	size_t index;
	json_t *c;
	json_array_foreach(items, index, c) {
		char from[WHEN_SIZE], until[WHEN_SIZE];
		table_row(table, (const char *const[]){ or_none(text(c, "officer")), or_none(text(c, "cover")),
		                                       when_date(from, text(c, "from")), when_date(until, text(c, "until")),
		                                       json_is_true(json_object_get(c, "now")) ? "now" : "" });
	}
	if (!json_array_size(items))
		puts("Nobody stands in for anybody.");
	table_print(table, stdout, "");
}
