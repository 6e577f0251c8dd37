/* note.h - signed checkpoints: C2SP signed-note and tlog-checkpoint, Ed25519.
 *
 *   <origin>\n<size>\n<base64 root>\n\n— <name> <base64(4-byte key id || signature)>\n
 *
 * key id = first four bytes of SHA-256(name || "\n" || 0x01 || public key);
 * the verifier key is "<name>+<hex key id>+<base64(0x01 || public key)>".
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_NOTE_H
#define STORE_NOTE_H

#include "proto/bytes.h"
#include "store/tree.h"

enum { NOTE_NAME_MAX = 100, NOTE_SIZE_MAX = 512, NOTE_SEED_SIZE = 32, NOTE_PUBLIC_SIZE = 32 };

struct note_key {
	char name[NOTE_NAME_MAX + 1];   /* origin: no space, no plus sign */
	uint8_t public_key[NOTE_PUBLIC_SIZE];
	uint8_t secret_key[64];         /* zero where only verifying */
};

/* May it be a key's name? Not empty, no white space, no plus sign, no control character, UTF-8. */
bool note_name_good(struct slice name);

/* The name is a good one (asserted). */
void note_key_from_seed(struct note_key *, const char *name, const uint8_t seed[static NOTE_SEED_SIZE]);
void note_vkey_text(struct writer *, const struct note_key *); /* without a newline */
bool note_vkey_parse(struct note_key *, struct slice text);

void note_sign(struct writer *, const struct note_key *, uint64_t size, const uint8_t root[static HASH_SIZE]);
/* True where the text is a checkpoint of that origin with a good signature of that
 * key. Signatures of other keys (witnesses) and extension lines may stand there too;
 * `size` and `root` are only to be looked at where it is true. */
bool note_open(struct slice text, const struct note_key *, uint64_t *size, uint8_t root[static HASH_SIZE]);

/* Any signed note, whatever its text says: true where that key has signed it well. */
bool note_verify(struct slice note, const struct note_key *, struct slice *text);

#endif
