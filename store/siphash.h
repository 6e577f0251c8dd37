/* siphash.h - SipHash-2-4-128 of eight UPNs at once.
 *
 * Of a register's marks each names its pupil, and hashing the names one after the
 * other waits for the result of each step of each; eight side by side fill the
 * processor's vectors (AVX-512 or AVX2 where it has them, found out at run time).
 * The results are those of libsodium's crypto_shorthash_siphashx24, which hashes
 * what is of another size or comes alone (upn_hash in secrets.h).
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_SIPHASH_H
#define STORE_SIPHASH_H

#include <stdint.h>

enum { SIPHASH_LANES = 8 };

/* Each text is of UPN_SIZE bytes; the same one may stand in several places. */
void siphash_upns(uint8_t *const hashes[static SIPHASH_LANES], const uint8_t key[static 16],
                  const uint8_t *const upns[static SIPHASH_LANES]);

#endif
