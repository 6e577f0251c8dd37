/* keys.c - the key files beside the store, and the persons' keys out of a backup. The input: a byte of which, the file.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"

#include <sys/stat.h>
#include <unistd.h>

#include "store/secrets.h"

static void ask(struct persons *persons)
{
	uint32_t count = persons_count(persons);

	for (uint32_t pupil = 0; pupil <= count && pupil < 2000; pupil++)
		persons_known(persons, pupil);
	persons_known(persons, count + 1);
	MUST(!persons_known(persons, 0));
}

static void persons_file(struct slice file)
{
	struct persons *persons;
	char why[300] = "";
	uint32_t count;

	fuzz_file("persons.keys", file);
	if (persons_open(&persons, fuzz_folder(), true, why, sizeof why) != 0) {
		MUST(*why);
		return;
	}
	count = persons_count(persons);
	ask(persons);
	if (count && persons_known(persons, count)) { /* who is forgotten stays so */
		MUST(persons_erase(persons, count) == 0);
		MUST(!persons_known(persons, count));
		persons_close(&persons);
		MUST(persons_open(&persons, fuzz_folder(), false, why, sizeof why) == 0);
		MUST(!persons_known(persons, count));
		ask(persons);
	}
	persons_close(&persons);
}

/* Records with right checksums, so that what comes behind them is reached: SipHash under a key that everybody knows. */
static void well_formed(struct fuzz f)
{
	static const uint8_t empty[1];
	struct persons *persons;
	char why[300] = "";
	uint8_t *file;
	size_t size = 0;

	fuzz_file("persons.keys", slice_of(empty, 0));
	MUST(persons_open(&persons, fuzz_folder(), true, why, sizeof why) == 0);
	for (unsigned i = 0; i < 300 && fuzz_left(&f); i++) {
		uint8_t what = fuzz_u8(&f);
		uint32_t pupil = 1 + fuzz_u8(&f);

		if (what % 4 == 0)
			MUST(persons_sync(persons) == 0);
		else if (what % 4 == 1)
			persons_drop(persons);
		else if (what % 4 == 2)
			MUST(persons_erase(persons, pupil) == 0 && !persons_known(persons, pupil));
		else if (!persons_known(persons, pupil) && pupil <= persons_count(persons) + 1)
			persons_add(persons, pupil);
	}
	MUST(persons_sync(persons) == 0);
	persons_close(&persons);
	/* and then spoilt */
	struct slice whole = fuzz_read(fuzz_file("unused", slice_of(empty, 0)));
	char path[300];

	free((void *)(uintptr_t)whole.bytes);
	snprintf(path, sizeof path, "%s/persons.keys", fuzz_folder());
	whole = fuzz_read(path);
	file = (uint8_t *)(uintptr_t)whole.bytes;
	size = whole.size;
	if (size) {
		uint16_t at = fuzz_u16(&f);

		file[at % size] ^= fuzz_u8(&f);
		persons_file(slice_of(file, size - (fuzz_u8(&f) % 50 < size ? fuzz_u8(&f) % 50 : 0) % size));
	}
	free(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const uint8_t key[32] = { 3 };
	struct store_key store_key;
	char why[300] = "";

	if (size == 0)
		return 0;
	struct slice file = slice_of(bytes + 1, size - 1);

	fuzz_folder_empty();
	MUST(chmod(fuzz_folder(), 0700) == 0);
	switch (bytes[0] % 4) {
	case 0:
		persons_file(file);
		break;
	case 1:
		fuzz_file("store.key", file);
		if (store_key_read(fuzz_folder(), &store_key, why, sizeof why) != 0)
			MUST(*why);
		break;
	case 2:
		if (persons_unwrap(fuzz_folder(), key, file, why, sizeof why) != 0)
			MUST(*why);
		break;
	case 3:
		well_formed(fuzz_of(file.bytes, file.size));
		break;
	}
	return 0;
}
