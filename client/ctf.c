/* SPDX-License-Identifier: Apache-2.0 */
#include "client/ctf.h"

#include <ctype.h>
#include <expat.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "client/encoding.h"

enum { CHUNK = 16 * 1024, NAME_MAX_SIZE = 40, SILENT_MAX = 256 * 1024 };

struct contact {
	const char *order, *title, *forename, *surname, *address;
	bool not_responsible, as_pupil;
};

struct pupil {
	const char *values[ROSTER_OWN];
	const char *address, *sen_from, *sen_start, *sen;
	struct contact contacts[ROSTER_PARENTS_MAX];
	unsigned contact_count;
	bool too_many;
	struct ctf_year year;
};

struct ctf {
	struct records *records;
	const char *school;
	const struct ctf_totals *totals;
	XML_Parser parser;
	char path[CTF_DEPTH_MAX][NAME_MAX_SIZE];
	unsigned depth;
	char text[CTF_TEXT_MAX + 1];
	size_t text_size;
	size_t silent;         /* bytes fed since expat told anything */
	struct pupil pupil;
	bool in_pupil, at_hand, at_end, suspended;
	unsigned next;         /* of the pupil at hand: which contact comes */
	unsigned row_count;    /* of its rows given */
	uint64_t number;
	char room[CTF_PUPIL_MAX]; /* the pupil's texts */
	size_t used;
	char parent_id[16], parent_name[3 * CTF_TEXT_MAX];
	char why[240];         /* empty: nothing is wrong */
};

__attribute__((format(printf, 2, 3)))
static void fail(struct ctf *c, const char *format, ...)
{
	if (c->why[0])
		return;
	int used = snprintf(c->why, sizeof c->why, "line %llu: ", (unsigned long long)XML_GetCurrentLineNumber(c->parser));
	va_list list;
	va_start(list, format);
	vsnprintf(c->why + used, sizeof c->why - (size_t)used, format, list);
	va_end(list);
	XML_StopParser(c->parser, XML_FALSE);
}

static const char *keep(struct ctf *c, const char *text, size_t size)
{
	if (size >= sizeof c->room - c->used) {
		fail(c, "a pupil of more than %d KiB", CTF_PUPIL_MAX / 1024);
		return NULL;
	}
	char *kept = c->room + c->used;
	memcpy(kept, text, size);
	kept[size] = '\0';
	c->used += size + 1;
	return kept;
}

static bool under(const struct ctf *c, unsigned depth, const char *name)
{
	return depth < c->depth && strcmp(c->path[depth], name) == 0;
}

/* An address is its lines, whatever each is called. */
static void add_address(struct ctf *c, const char **address, const char *name, const char *text)
{
	static const char *const others[] = { "UniquePropertyReferenceNumber", "UPRN", "Easting", "Northing", "Country", NULL };
	char joined[CTF_TEXT_MAX + 1];
	for (unsigned i = 0; others[i]; i++)
		if (strcmp(name, others[i]) == 0)
			return;
	int size = snprintf(joined, sizeof joined, "%s%s%s", *address ? *address : "", *address ? ", " : "", text);
	*address = keep(c, joined, size < (int)sizeof joined ? (size_t)size : sizeof joined - 1);
}

static bool is_no(const char *text)
{
	return strcasecmp(text, "false") == 0 || strcasecmp(text, "no") == 0 || strcasecmp(text, "N") == 0 || strcmp(text, "0") == 0;
}

static void in_contact(struct ctf *c, const char *name, const char *text)
{
	struct pupil *p = &c->pupil;
	if (!p->contact_count || p->too_many)
		return;
	struct contact *contact = &p->contacts[p->contact_count - 1];
	if (strcmp(name, "AddressAsPupil") == 0) /* stands in the address's place */
		contact->as_pupil = !is_no(text);
	else if (under(c, 5, "Address"))
		add_address(c, &contact->address, name, text);
	else if (strcmp(name, "Order") == 0)
		contact->order = keep(c, text, strlen(text));
	else if (strcmp(name, "Title") == 0)
		contact->title = keep(c, text, strlen(text));
	else if (strcmp(name, "Forename") == 0)
		contact->forename = keep(c, text, strlen(text));
	else if (strcmp(name, "Surname") == 0)
		contact->surname = keep(c, text, strlen(text));
	else if (strcmp(name, "Responsibility") == 0 || strcmp(name, "Responsible") == 0)
		contact->not_responsible = is_no(text);
}

static void in_year(struct ctf *c, const char *name, const char *text)
{
	struct ctf_year *y = &c->pupil.year;
	const struct { const char *name; const char **text; long *number; } fields[] = {
		{ "Year", &y->year, NULL }, { "LEA", &y->lea, NULL }, { "Estab", &y->estab, NULL }, { "SchoolName", &y->school, NULL },
		{ "SessionsPossible", NULL, &y->possible }, { "SessionsAttended", NULL, &y->attended },
		{ "SessionsAuthorised", NULL, &y->authorised }, { "SessionsUnauthorised", NULL, &y->unauthorised },
	};
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
		if (strcmp(name, fields[i].name) != 0)
			continue;
		char *end;
		long number = strtol(text, &end, 10);
		if (fields[i].text)
			*fields[i].text = keep(c, text, strlen(text));
		else
			*fields[i].number = *end || number < 0 || number > 10000 ? -1 : number;
	}
}

/* The text of an element inside a pupil; path[2] is Pupil, path[3] what is in it. */
static void in_pupil(struct ctf *c, const char *name, const char *text)
{
	static const struct { const char *parent, *name; unsigned column; } own[] = {
		{ "UPN", "UPN", ROSTER_UPN }, { "Surname", "Surname", ROSTER_SURNAME }, { "Forename", "Forename", ROSTER_FORENAME },
		{ "DOB", "DOB", ROSTER_BIRTH_DATE }, { "BasicDetails", "NCyearActual", ROSTER_YEAR_GROUP },
		{ "BasicDetails", "Language", ROSTER_LANGUAGE },
	};
	struct pupil *p = &c->pupil;
	for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
		if (under(c, 3, own[i].parent) && strcmp(name, own[i].name) == 0 && !p->values[own[i].column])
			p->values[own[i].column] = keep(c, text, strlen(text));
	if (under(c, 3, "SENhistory") && strcmp(name, "StartDate") == 0)
		p->sen_start = keep(c, text, strlen(text));
	else if (under(c, 3, "SENhistory") && strcmp(name, "SENprovision") == 0)
		p->sen = keep(c, text, strlen(text));
	else if (under(c, 3, "Address"))
		add_address(c, &p->address, name, text);
	else if (under(c, 3, "Contacts"))
		in_contact(c, name, text);
	else if (under(c, 3, "Attendance") && under(c, 4, "YearData"))
		in_year(c, name, text);
}

/* Special needs have a history; what holds is what began last. */
static void end_sen(struct pupil *p)
{
	if (p->sen && (!p->sen_from || (p->sen_start && strcmp(p->sen_start, p->sen_from) >= 0))) {
		p->values[ROSTER_SEND] = p->sen;
		p->sen_from = p->sen_start ? p->sen_start : "";
	}
	p->sen = p->sen_start = NULL;
}

static void XMLCALL start_element(void *context, const XML_Char *name, const XML_Char **attributes)
{
	struct ctf *c = context;
	(void)attributes;
	c->silent = 0;
	const char *colon = strrchr(name, ':');
	name = colon ? colon + 1 : name;
	if (c->depth == CTF_DEPTH_MAX) {
		fail(c, "elements nested more than %d deep", CTF_DEPTH_MAX);
		return;
	}
	if (c->depth == 0 && strcmp(name, "CTfile") != 0) {
		fail(c, "this is XML, but no Common Transfer File: its root is <%.40s>", name);
		return;
	}
	snprintf(c->path[c->depth++], NAME_MAX_SIZE, "%s", name);
	c->text_size = 0;
	if (c->depth == 3 && under(c, 1, "CTFpupilData") && strcmp(name, "Pupil") == 0) {
		c->pupil = (struct pupil){ .contact_count = 0 };
		c->used = 0;
		c->in_pupil = true;
		c->number++;
	} else if (c->in_pupil && c->depth == 5 && under(c, 3, "Contacts") && strcmp(name, "Contact") == 0) {
		c->pupil.too_many = c->pupil.contact_count == ROSTER_PARENTS_MAX;
		if (!c->pupil.too_many)
			c->pupil.contacts[c->pupil.contact_count++] = (struct contact){ .order = NULL };
	} else if (c->in_pupil && c->depth == 5 && strcmp(name, "YearData") == 0) {
		c->pupil.year = (struct ctf_year){ .possible = -1, .attended = -1, .authorised = -1, .unauthorised = -1 };
	}
}

static char *trimmed(struct ctf *c)
{
	char *text = c->text, *end = text + c->text_size;
	while (end > text && isspace((unsigned char)end[-1]))
		end--;
	*end = '\0';
	while (isspace((unsigned char)*text))
		text++;
	return text;
}

static void XMLCALL end_element(void *context, const XML_Char *given)
{
	struct ctf *c = context;
	(void)given;
	c->silent = 0;
	if (c->why[0])
		return;
	const char *name = c->path[c->depth - 1], *text = trimmed(c);
	if (c->in_pupil && c->depth > 3 && *text)
		in_pupil(c, name, text);
	c->text_size = 0;
	if (c->in_pupil && c->depth == 5 && strcmp(name, "SEN") == 0)
		end_sen(&c->pupil);
	if (c->in_pupil && c->depth == 5 && strcmp(name, "YearData") == 0 && c->totals) {
		c->pupil.year.upn = c->pupil.values[ROSTER_UPN];
		c->totals->tell(c->totals->context, &c->pupil.year);
	}
	if (c->in_pupil && c->depth == 3) {
		c->in_pupil = false;
		c->at_hand = true;
		c->next = 0;
		XML_StopParser(c->parser, XML_TRUE);
	}
	c->depth--;
}

static void XMLCALL take_text(void *context, const XML_Char *text, int size)
{
	struct ctf *c = context;
	c->silent = 0;
	if (c->why[0])
		return;
	if ((size_t)size > CTF_TEXT_MAX - c->text_size) {
		fail(c, "a text of more than %d bytes", CTF_TEXT_MAX);
		return;
	}
	memcpy(c->text + c->text_size, text, (size_t)size);
	c->text_size += (size_t)size;
}

static void XMLCALL pass_over(void *context, const XML_Char *text)
{
	(void)text;
	((struct ctf *)context)->silent = 0;
}

static void XMLCALL refuse_doctype(void *context, const XML_Char *name, const XML_Char *system, const XML_Char *public, int subset)
{
	(void)name, (void)system, (void)public, (void)subset;
	fail(context, "it declares a document type, which is where entities come from; a Common Transfer File has none");
}

static int XMLCALL know_encoding(void *context, const XML_Char *name, XML_Encoding *encoding)
{
	(void)context;
	if (strcasecmp(name, "windows-1252") != 0 && strcasecmp(name, "cp1252") != 0)
		return XML_STATUS_ERROR;
	for (int i = 0; i < 256; i++)
		encoding->map[i] = (int)encoding_windows_char((unsigned char)i);
	return XML_STATUS_OK;
}

struct ctf *ctf_open(struct records *records, const char *school, const struct ctf_totals *totals)
{
	struct ctf *c = calloc(1, sizeof *c);
	if (!c)
		return NULL;
	*c = (struct ctf){ .records = records, .school = school, .totals = totals, .parser = XML_ParserCreate(NULL) };
	if (!c->parser) {
		free(c);
		return NULL;
	}
	XML_SetUserData(c->parser, c);
	XML_SetElementHandler(c->parser, start_element, end_element);
	XML_SetCharacterDataHandler(c->parser, take_text);
	XML_SetCommentHandler(c->parser, pass_over);
	XML_SetStartDoctypeDeclHandler(c->parser, refuse_doctype);
	XML_SetUnknownEncodingHandler(c->parser, know_encoding, NULL);
	records_form(records); /* passes over what stands before the first element */
	return c;
}

void ctf_close(struct ctf **ctf)
{
	if (!*ctf)
		return;
	XML_ParserFree((*ctf)->parser);
	free(*ctf);
	*ctf = NULL;
}

const char *ctf_failed(const struct ctf *c)
{
	return c->why[0] ? c->why : NULL;
}

/* Reads on until a pupil is at hand. */
static void feed(struct ctf *c)
{
	enum XML_Status status;
	if (c->suspended) {
		status = XML_ResumeParser(c->parser);
	} else {
		char *buffer = XML_GetBuffer(c->parser, CHUNK);
		size_t size = buffer ? records_bytes(c->records, buffer, CHUNK) : 0;
		c->silent += size;
		c->at_end = size == 0;
		if (!buffer || c->silent > SILENT_MAX || records_failed(c->records)) {
			fail(c, "%s", !buffer ? "no memory" : records_failed(c->records) ? records_failed(c->records)
			     : "a tag or comment of more than 256 KiB");
			return;
		}
		status = XML_ParseBuffer(c->parser, (int)size, c->at_end);
	}
	c->suspended = status == XML_STATUS_SUSPENDED;
	if (status == XML_STATUS_ERROR) {
		enum XML_Error error = XML_GetErrorCode(c->parser);
		fail(c, error == XML_ERROR_NO_ELEMENTS || (c->at_end && error != XML_ERROR_SYNTAX) ? "the file ends in the middle: half a file? (%s)"
		     : "no sound XML: %s", XML_ErrorString(error));
	}
}

static const char *parent_name(struct ctf *c, const struct contact *contact)
{
	const char *const parts[] = { contact->title, contact->forename, contact->surname };
	size_t used = 0;
	c->parent_name[0] = '\0';
	for (unsigned i = 0; i < 3; i++)
		if (parts[i])
			used += (size_t)snprintf(c->parent_name + used, sizeof c->parent_name - used, "%s%s", used ? " " : "", parts[i]);
	return used ? c->parent_name : NULL;
}

bool ctf_next(struct ctf *c, struct roster_row *row)
{
	const struct contact *contact = NULL;
	while (!c->why[0]) {
		/* The next parent with responsibility; or the pupil without any. */
		while (c->at_hand && c->next < c->pupil.contact_count && c->pupil.contacts[c->next].not_responsible)
			c->next++;
		if (c->at_hand && c->next < c->pupil.contact_count) {
			contact = &c->pupil.contacts[c->next++];
			break;
		}
		if (c->at_hand && c->row_count == 0)
			break;
		c->at_hand = false;
		c->row_count = 0;
		if (c->at_end && !c->suspended)
			return false;
		feed(c);
	}
	if (c->why[0])
		return false;
	c->row_count++;
	*row = (struct roster_row){ .line = c->number };
	memcpy(row->values, c->pupil.values, sizeof c->pupil.values);
	row->values[ROSTER_URN] = c->school;
	if (!contact)
		return true;
	bool numbered = contact->order && strspn(contact->order, "0123456789") == strlen(contact->order) && strlen(contact->order) < 8;
	if (numbered)
		snprintf(c->parent_id, sizeof c->parent_id, "p%s", contact->order);
	else
		snprintf(c->parent_id, sizeof c->parent_id, "p%u", c->next);
	row->values[ROSTER_PARENT] = c->parent_id;
	row->values[ROSTER_PARENT_NAME] = parent_name(c, contact);
	row->values[ROSTER_PARENT_ADDRESS] = contact->as_pupil ? c->pupil.address : contact->address;
	return true;
}
