/* identity.c - key files: an identity, a public key alone.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"

#include "proto/identity.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	const char *path = fuzz_file("key", slice_of(bytes, size));
	char why[200] = "", text[Z85_KEY_SIZE + 1];
	struct identity identity;
	uint8_t key[PUBLIC_KEY_SIZE];

	if (identity_read(path, &identity, why, sizeof why) == 0) {
		MUST(z85_key_parse(slice_text(identity.public_text), key) && memcmp(key, identity.public_key, sizeof key) == 0);
		MUST(z85_key_parse(slice_text(identity.secret_text), key));
	} else {
		MUST(*why && !identity.secret_text[0]);
	}
	if (identity_read_public(path, text, why, sizeof why) == 0)
		MUST(z85_key_parse(slice_text(text), key));
	return 0;
}
