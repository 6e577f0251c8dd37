/* note.c - signed checkpoints and verifier keys. The input is a note and a vkey, with a zero byte between;
 * the note is tried under a key of ours too, once as it is, and once well signed, with the input's last
 * part behind it (extension lines, other signatures).
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"

#include "store/note.h"

static void vkey(struct slice text)
{
	struct note_key key;
	uint8_t room[400];
	struct writer w = writer_of(room, sizeof room);

	if (!note_vkey_parse(&key, text))
		return;
	MUST(note_name_good(slice_text(key.name)));
	note_vkey_text(&w, &key);
	if (text.bytes[text.size - 1] == '\n')
		text.size--;
	MUST(!w.full && slice_equal(writer_slice(&w), text));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const uint8_t seed[NOTE_SEED_SIZE] = { 7 };
	const uint8_t *cut = size ? memchr(bytes, 0, size) : NULL;
	struct slice note = slice_of(bytes, cut ? (size_t)(cut - bytes) : size), text;
	uint8_t *exact = fuzz_copy(note), root[HASH_SIZE] = { 0 }, room[NOTE_SIZE_MAX];
	struct writer w = writer_of(room, sizeof room);
	struct note_key ours;
	uint64_t of;

	note_key_from_seed(&ours, "attend.example/log", seed);
	if (cut)
		vkey(slice_of(cut + 1, size - note.size - 1));
	vkey(note);
	note = slice_of(exact, note.size);
	if (note_verify(note, &ours, &text))
		MUST(text.bytes >= note.bytes && text.bytes + text.size <= note.bytes + note.size);
	if (note_open(note, &ours, &of, root)) {
		/* only who has the seed can have made it: what was signed is what it says */
		MUST(note_verify(note, &ours, &text));
	}
	free(exact);
	note_sign(&w, &ours, size, root);
	MUST(!w.full && note_open(writer_slice(&w), &ours, &of, root) && of == size);
	/* the same with something behind it: whatever follows must not change what it says */
	uint8_t *longer = malloc(writer_size(&w) + size);

	MUST(longer);
	memcpy(longer, room, writer_size(&w));
	if (size)
		memcpy(longer + writer_size(&w), bytes, size);
	if (note_open(slice_of(longer, writer_size(&w) + size), &ours, &of, root))
		MUST(of == size);
	free(longer);
	return 0;
}
