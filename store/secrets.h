/* secrets.h - the key files beside the store.
 *
 *   store.key     four independent keys, made once: checksums, UPN index, receipts, the
 *                 log's Ed25519 seed
 *   persons.keys  a key for each person: what identifies a pupil is sealed under it
 *
 * Every file is 0600 and owned by the user that runs; one that others can read
 * is refused by name. Files are written whole beside themselves, synced, renamed.
 * persons.keys alone is appended to: records of
 *   pupil:u32 key:32 check:8 (SipHash of the first 36)
 * and the last record of a pupil stands; an erased pupil's record has a key of
 * zeroes and the file is rewritten whole without the old one. Records torn at the
 * end (a crash while appending; nothing refers to them yet) are dropped at open; a
 * bad one before the file's last page is damage, and the file is refused.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_SECRETS_H
#define STORE_SECRETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/bytes.h"

enum { PERSON_KEY_SIZE = 32, SEAL_EXTRA = 24 + 16, UPN_HASH_SIZE = 16 };

struct store_key {
	uint8_t check[16];    /* values' checksums */
	uint8_t upn[16];      /* SipHash-2-4-128 of a UPN */
	uint8_t receipt[16];  /* SipHash-2-4 of what was received */
	uint8_t log_seed[32]; /* Ed25519 */
};

/* 0, or -1 with a sentence in `why`. */
int store_key_create(const char *dir, struct store_key *, char *why, size_t why_size);
int store_key_read(const char *dir, struct store_key *, char *why, size_t why_size);

void upn_hash(uint8_t hash[static UPN_HASH_SIZE], const struct store_key *, struct slice upn);
uint64_t receipt_of(const struct store_key *, struct slice received, const uint8_t actor_key[static 32]);

struct persons;

int persons_create(const char *dir, char *why, size_t why_size);
int persons_open(struct persons **, const char *dir, bool write, char *why, size_t why_size);
void persons_close(struct persons **);
uint32_t persons_count(const struct persons *); /* highest pupil number with a key */
size_t persons_dropped(const struct persons *); /* bytes of torn records at the open, for the journal */
/* A new random key for a pupil who has none, in memory until persons_sync puts all new
 * ones on disk; a crash between that and the event's commit leaves a key that nothing
 * refers to. */
void persons_add(struct persons *, uint32_t pupil);
int persons_sync(struct persons *); /* 0, or -1 with errno: then none is there, and it may be tried again */
/* Forgets what was added since the last sync. */
void persons_drop(struct persons *);
bool persons_known(const struct persons *, uint32_t pupil); /* false: none, or erased */
/* Rewrites the file without this pupil's key, and syncs what was added before. 0 too
 * where there is no such key; -1: the key is still there, or may be: ask again. */
int persons_erase(struct persons *, uint32_t pupil);

/* XChaCha20-Poly1305. `kind` is the event's, `position` that of the event that
 * holds it: both, with the pupil, are authenticated, so that no sealed text can
 * be passed off as another. `out` gets text.size + SEAL_EXTRA bytes. */
bool persons_seal(struct persons *, uint32_t pupil, uint8_t kind, uint64_t position,
                  struct slice text, struct writer *out);
/* False where the person was erased or the seal is not good. */
bool persons_unseal(const struct persons *, uint32_t pupil, uint8_t kind, uint64_t position,
                    struct slice sealed, struct writer *out);

/* For a backup: the whole table as one blob wrapped under `key` (secretstream is
 * not needed: it is sealed in one piece), and back into a new file. */
int persons_wrap(const struct persons *, const uint8_t key[static 32], uint8_t **blob, size_t *size);
int persons_unwrap(const char *dir, const uint8_t key[static 32], struct slice blob, char *why, size_t why_size);

#endif
