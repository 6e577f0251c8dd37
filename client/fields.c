/* SPDX-License-Identifier: Apache-2.0 */
#include "client/fields.h"

#include <stdio.h>
#include <string.h>

void fields_take(struct fields *f, char *argument, struct argp_state *state)
{
	const char *equals = strchr(argument, '=');
	if (!equals || equals == argument)
		argp_error(state, "'%s' is not field=value; a value with spaces is quoted: note='rang home'", argument);
	if (f->count == ACTION_FIELDS_MAX)
		argp_error(state, "at most %d fields", ACTION_FIELDS_MAX);
	for (unsigned i = 0; i < f->count; i++)
		if (strncmp(f->list[i], argument, (size_t)(equals - argument) + 1) == 0)
			argp_error(state, "the field '%.*s' is given twice", (int)(equals - argument), argument);
	f->list[f->count++] = argument;
}

void fields_body(struct body *body, const struct fields *f)
{
	if (!f->count)
		return;
	body_key(body, "fields");
	msgpack_pack_map(&body->pack, f->count);
	for (unsigned i = 0; i < f->count; i++) {
		char *equals = strchr(f->list[i], '=');
		msgpack_pack_str(&body->pack, (size_t)(equals - f->list[i]));
		msgpack_pack_str_body(&body->pack, f->list[i], (size_t)(equals - f->list[i]));
		body_string(body, equals + 1);
	}
}

static void print_field(const json_t *field)
{
	const char *name = json_string_value(json_object_get(field, "name"));
	const char *type = json_string_value(json_object_get(field, "type"));
	const char *title = json_string_value(json_object_get(field, "title"));
	const json_t *values = json_object_get(field, "values");
	printf("      %s=", name ? name : "?");
	if (json_array_size(values)) {
		size_t index;
		json_t *value;
		json_array_foreach(values, index, value)
			printf("%s%s", index ? "|" : "", json_string_value(value));
	} else {
		printf("<%s>", type ? type : "text");
	}
	printf("%s", json_is_true(json_object_get(field, "required")) ? "  (wanted)" : "");
	if (title && *title)
		printf("  %s", title);
	putchar('\n');
}

void fields_print(const json_t *fields)
{
	size_t index;
	json_t *field;
	json_array_foreach(fields, index, field)
		print_field(field);
}
