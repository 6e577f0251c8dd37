/* readers.c - the digest's list of readers, and an answer by mail in which a token may stand. The input: a byte of which.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"

#include "client/digest_state.h"
#include "client/readers.h"

static unsigned told;
static struct digest_state state;

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
	(void)count, (void)arguments;
	memset(state.secret, 9, sizeof state.secret);
	snprintf(state.folder, sizeof state.folder, "%s", fuzz_folder());
	return 0;
}

static void refuse(void *context, uint64_t line, const char *field, const char *reason)
{
	(void)context, (void)line;
	MUST(field && reason && *reason);
	told++;
}

static void list(const char *text, size_t size)
{
	struct readers readers;
	bool good;

	told = 0;
	good = readers_read(&readers, text, size, refuse, NULL);
	MUST(good == !told);
	for (size_t i = 0; good && i < readers.count; i++)
		/* it goes into a mail's head */
		MUST(!address_fault(readers.rows[i].address) && !strpbrk(readers.rows[i].address, "\r\n,<> "));
	readers_free(&readers);
}

static void mail(const char *text, bool with_token)
{
	char id[READER_ID_SIZE + 1], other[READER_ID_SIZE + 1], token[READER_TOKEN_SIZE + 1], *longer;

	digest_reader_id(&state, "head@school.example", id);
	digest_token(&state, id, token);
	/* nobody else can make one */
	if (digest_find_token(&state, text, other))
		MUST(strstr(text, token));
	if (!with_token)
		return;
	MUST(asprintf(&longer, "%s\n%s\n", text, token) > 0);
	MUST(digest_find_token(&state, longer, other) && strcmp(other, id) == 0);
	free(longer);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	if (size == 0)
		return 0;
	char *text = fuzz_text(slice_of(bytes + 1, size - 1));

	if (bytes[0] & 1)
		mail(text, bytes[0] & 2);
	else
		list(text, size - 1);
	free(text);
	return 0;
}
