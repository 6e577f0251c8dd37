/* identity.h - a key pair in a file: who somebody is to attend.
 *
 *   # attend identity: keep this file to yourself
 *   public: <Z85, 40 characters>
 *   secret: <Z85, 40 characters>
 *
 * A file that group or others can read or write, or that another user owns, is
 * refused; but a credential from systemd may be root's, and group may read it.
 * Writing never overwrites, is 0600 from the first byte and synced.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTO_IDENTITY_H
#define PROTO_IDENTITY_H

#include <stddef.h>

#include "proto/ids.h"

struct identity {
	char public_text[Z85_KEY_SIZE + 1], secret_text[Z85_KEY_SIZE + 1];
	uint8_t public_key[PUBLIC_KEY_SIZE];
};

/* 0, or -1 with a sentence that names the file and the remedy in `why`. */
int identity_write(const char *path, const struct identity *, char *why, size_t why_size);
int identity_read(const char *path, struct identity *, char *why, size_t why_size);
/* A public key alone (attendd.pub): 40 characters and a line end. */
int identity_read_public(const char *path, char public_text[static Z85_KEY_SIZE + 1], char *why, size_t why_size);

#endif
