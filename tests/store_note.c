/* Checkpoints against published notes and keys, and everything that is to be refused.
 *
 * The keys PeterNeumann and EnochRoot and their note are those of the tests of
 * golang.org/x/mod/sumdb/note; sum.golang.org's checkpoint is one that it served.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/note.h"

#define DASH "\xe2\x80\x94 "

static const char peter_key[] = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
static const char peter_secret[] = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"; /* type and seed */
static const char enoch_key[] = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop";
static const char peter_text[] =
	"If you think cryptography is the answer to your problem,\n"
	"then you don't know what your problem is.\n";
static const char peter_line[] = DASH "PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
static const char enoch_line[] = DASH "EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n";

static const char golang_key[] = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
static const char golang_note[] =
	"go.sum database tree\n"
	"30055305\n"
	"mXfgRcJ0bG0j3CPdKwgGWtUzBUbX67saZGRmFuJGGsM=\n"
	"\n" DASH "sum.golang.org Az3grpgEild5qw7+5dtV13Kf1C2Xurm8q4fhdxvcsDHnqNTaxL2AFjBY+2TyGKevucFcAAlWFJJYle3EJlDCrQ+y3A8=\n";

static struct note_key key_of(const char *vkey)
{
	struct note_key key;

	assert_true(note_vkey_parse(&key, slice_text(vkey)));
	return key;
}

static struct note_key peter_signer(void)
{
	uint8_t typed[33];
	struct note_key key;

	assert_int_equal(sodium_base642bin(typed, sizeof(typed), peter_secret, strlen(peter_secret), NULL, NULL, NULL,
	                                   sodium_base64_VARIANT_ORIGINAL), 0);
	note_key_from_seed(&key, "PeterNeumann", typed + 1);
	return key;
}

/* Parts joined into one text, in a few rooms that are used in turn. */
static struct slice join(const char *a, const char *b, const char *c, const char *d)
{
	static char rooms[4][4096];
	static unsigned next;
	char *room = rooms[next++ % 4];

	snprintf(room, sizeof(rooms[0]), "%s%s%s%s", a, b, c, d);
	return slice_text(room);
}

static void verifier_keys_as_published(void **state)
{
	uint8_t room[200];
	struct writer w = writer_of(room, sizeof(room));
	struct note_key signer = peter_signer(), key = key_of(peter_key);

	(void)state;
	note_vkey_text(&w, &signer);
	assert_true(slice_is(writer_slice(&w), peter_key));
	assert_string_equal(key.name, "PeterNeumann");
	assert_memory_equal(key.public_key, signer.public_key, NOTE_PUBLIC_SIZE);
	key_of(enoch_key);
	key_of(golang_key);
	key_of("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k\n");
	key_of("TEST+7997405c+AQcC+FTVKf0jlTdHDY3rbevmnKxxPjigCXlVtGe6RIr6"); /* a plus sign in the base64 */
}

static void changed_verifier_keys_are_refused(void **state)
{
	char text[sizeof(peter_key)];
	struct note_key key;

	(void)state;
	/* Any piece of it, and any character changed. */
	for (size_t size = 0; size < strlen(peter_key); size++)
		assert_false(note_vkey_parse(&key, slice_of(peter_key, size)));
	for (size_t i = 0; i < strlen(peter_key); i++) {
		memcpy(text, peter_key, sizeof(text));
		text[i] ^= 1;
		assert_false(note_vkey_parse(&key, slice_text(text)));
	}
	/* An ECDSA key, and a type that there is not. */
	assert_false(note_vkey_parse(&key, slice_text("rekor.sigstore.dev+c0d23d6a+AjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNhtmPtrWm3U1eQXBogSMdGvXwBcK5AW5i0hrZLOC96l+smGNM7nwZ4QvFK/4sueRoVj//QP22Ni4Qt9DPfkWLc=")));
}

static void notes_as_published(void **state)
{
	struct note_key peter = key_of(peter_key), enoch = key_of(enoch_key), golang = key_of(golang_key);
	struct slice text;

	(void)state;
	assert_true(note_verify(join(peter_text, "\n", peter_line, ""), &peter, &text));
	assert_true(slice_is(text, peter_text));
	assert_true(note_verify(join(peter_text, "\n", peter_line, enoch_line), &peter, &text));
	assert_true(note_verify(join(peter_text, "\n", peter_line, enoch_line), &enoch, &text));
	assert_true(note_verify(join(peter_text, "\n", enoch_line, peter_line), &peter, &text));
	assert_false(note_verify(join(peter_text, "\n", enoch_line, ""), &peter, &text));
	assert_true(note_verify(slice_text(golang_note), &golang, &text));
	assert_false(note_verify(slice_text(golang_note), &peter, &text));
}

static void malformed_notes_are_refused(void **state)
{
	struct note_key peter = key_of(peter_key);
	char spoilt[sizeof(peter_line)];
	struct slice text;

	(void)state;
	assert_false(note_verify(join(peter_text, peter_line, "", ""), &peter, &text));
	assert_false(note_verify(join(peter_text, "\n", "", ""), &peter, &text));
	assert_false(note_verify(join("\n", peter_line, "", ""), &peter, &text));
	assert_false(note_verify(slice_text(""), &peter, &text));
	assert_false(note_verify(slice_text("\n\n\n"), &peter, &text));
	assert_false(note_verify(join(peter_text, "\n", peter_line, "x"), &peter, &text));
	assert_false(note_verify(join(peter_text, "\n", peter_line, "\n"), &peter, &text));
	assert_false(note_verify(join("\t", peter_text, "\n", peter_line), &peter, &text));
	assert_false(note_verify(join(peter_text, "\n", peter_line, "- EnochRoot rwz+eBzm\n"), &peter, &text));
	assert_false(note_verify(join(peter_text, "\n", peter_line, DASH "EnochRoot rwz\n"), &peter, &text));
	assert_false(note_verify(join(peter_text, "\n", peter_line, DASH "rwz+eBzm\n"), &peter, &text));
	assert_true(note_verify(join(peter_text, "\n", peter_line, DASH "Other rwz+eBzm\n"), &peter, &text));
	/* A known key's bad signature beside its good one spoils the note. */
	memcpy(spoilt, peter_line, sizeof(spoilt));
	spoilt[40] ^= 1;
	assert_false(note_verify(join(peter_text, "\n", peter_line, spoilt), &peter, &text));
	/* Any changed byte of the note does, but in the signature lines of others. */
	for (size_t i = 0; i < strlen(peter_text) + 1 + strlen(peter_line); i++) {
		struct slice note = join(peter_text, "\n", peter_line, "");
		uint8_t copy[1024];

		memcpy(copy, note.bytes, note.size);
		copy[i] ^= 1;
		assert_false(note_verify(slice_of(copy, note.size), &peter, &text));
	}
}

static void a_checkpoint_is_signed_and_opened(void **state)
{
	static const uint64_t sizes[] = { 0, 1, 9, 10, 20852163, UINT64_MAX };
	uint8_t room[NOTE_SIZE_MAX], root[HASH_SIZE], got[HASH_SIZE];
	struct note_key key = peter_signer(), verifier = key_of(peter_key), other = key_of(enoch_key);
	uint64_t size;

	(void)state;
	for (size_t i = 0; i < sizeof(root); i++)
		root[i] = (uint8_t)(i * 11);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct writer w = writer_of(room, sizeof(room));

		note_sign(&w, &key, sizes[i], root);
		assert_false(w.full);
		assert_true(note_open(writer_slice(&w), &verifier, &size, got));
		assert_true(size == sizes[i]);
		assert_memory_equal(got, root, HASH_SIZE);
		assert_false(note_open(writer_slice(&w), &other, &size, got));
	}
}

/* Its bytes, fixed: Ed25519 signs the same text alike always. */
static void a_checkpoint_golden(void **state)
{
	uint8_t room[NOTE_SIZE_MAX], root[HASH_SIZE] = { 0 };
	struct note_key key = peter_signer();
	struct writer w = writer_of(room, sizeof(room));
	static const char start[] =
		"PeterNeumann\n"
		"42\n"
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
		"\n" DASH "PeterNeumann x08go";

	(void)state;
	note_sign(&w, &key, 42, root);
	assert_true(writer_size(&w) > sizeof(start));
	assert_memory_equal(room, start, sizeof(start) - 1);
	assert_int_equal(w.at[-1], '\n');
}

/* Signs any text as a note, as a log that doesn't keep to the checkpoint's form would. */
static struct slice sign_text(const struct note_key *key, const char *text)
{
	static char room[4096];
	uint8_t signature[4 + 64];
	char base64[128];

	sodium_hex2bin(signature, 4, "c74f20a3", 8, NULL, NULL, NULL);
	crypto_sign_detached(signature + 4, NULL, (const uint8_t *)text, strlen(text), key->secret_key);
	sodium_bin2base64(base64, sizeof(base64), signature, sizeof(signature), sodium_base64_VARIANT_ORIGINAL);
	snprintf(room, sizeof(room), "%s\n" DASH "%s %s\n", text, key->name, base64);
	return slice_text(room);
}

static void signed_texts_that_are_no_checkpoint(void **state)
{
#define ROOT "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
	static const char *const good[] = {
		"PeterNeumann\n7\n" ROOT,
		"PeterNeumann\n0\n" ROOT,
		"PeterNeumann\n18446744073709551615\n" ROOT,
		"PeterNeumann\n7\n" ROOT "an extension\n",
	};
	static const char *const bad[] = {
		"EnochRoot\n7\n" ROOT,
		"PeterNeumann\n07\n" ROOT,
		"PeterNeumann\n+7\n" ROOT,
		"PeterNeumann\n7 \n" ROOT,
		"PeterNeumann\n\n" ROOT,
		"PeterNeumann\n18446744073709551616\n" ROOT,
		"PeterNeumann\n99999999999999999999\n" ROOT,
		"PeterNeumann\n7\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I\n",
		"PeterNeumann\n7\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=\n",
		"PeterNeumann\n7\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxqw==\n",
		"PeterNeumann\n7\n" ROOT "one\n\ntwo\n",
		"PeterNeumann\n7\n",
	};
	struct note_key key = peter_signer();
	uint8_t root[HASH_SIZE];
	struct slice text;
	uint64_t size;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(note_open(sign_text(&key, good[i]), &key, &size, root));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_true(note_verify(sign_text(&key, bad[i]), &key, &text));
		assert_false(note_open(sign_text(&key, bad[i]), &key, &size, root));
	}
}

static void names_of_keys(void **state)
{
	char longest[NOTE_NAME_MAX + 2];

	(void)state;
	memset(longest, 'a', sizeof(longest));
	assert_true(note_name_good(slice_of(longest, NOTE_NAME_MAX)));
	assert_false(note_name_good(slice_of(longest, NOTE_NAME_MAX + 1)));
	assert_true(note_name_good(slice_text("attend/stockport")));
	assert_true(note_name_good(slice_text("Conwy-Sir-y-Fflint-\xc3\xb4")));
	assert_false(note_name_good(slice_text("")));
	assert_false(note_name_good(slice_text("Stockport Council")));
	assert_false(note_name_good(slice_text("a+b")));
	assert_false(note_name_good(slice_text("a\nb")));
	assert_false(note_name_good(slice_text("a\xc2\xa0" "b")));
	assert_false(note_name_good(slice_text("a\xe2\x80\x83" "b")));
	assert_false(note_name_good(slice_text("a\xe3\x80\x80")));
	assert_false(note_name_good(slice_text("\xff")));
	assert_false(note_name_good(slice_text("\xc0\xaf")));
	assert_false(note_name_good(slice_text("\xed\xa0\x80")));
	assert_false(note_name_good(slice_text("\xe2\x80")));
}

static void a_note_without_room_is_not_one(void **state)
{
	uint8_t room[NOTE_SIZE_MAX], root[HASH_SIZE] = { 0 };
	struct note_key key = peter_signer();
	struct writer whole = writer_of(room, sizeof(room));
	size_t size;

	(void)state;
	note_sign(&whole, &key, 7, root);
	size = writer_size(&whole);
	for (size_t less = 0; less < size; less++) {
		uint8_t *exact = malloc(less + 1);
		struct writer w = writer_of(exact, less);

		note_sign(&w, &key, 7, root);
		assert_true(w.full);
		free(exact);
	}
}

static int start(void **state)
{
	(void)state;
	return sodium_init() < 0 ? -1 : 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verifier_keys_as_published),
		cmocka_unit_test(changed_verifier_keys_are_refused),
		cmocka_unit_test(notes_as_published),
		cmocka_unit_test(malformed_notes_are_refused),
		cmocka_unit_test(a_checkpoint_is_signed_and_opened),
		cmocka_unit_test(a_checkpoint_golden),
		cmocka_unit_test(signed_texts_that_are_no_checkpoint),
		cmocka_unit_test(names_of_keys),
		cmocka_unit_test(a_note_without_room_is_not_one),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
