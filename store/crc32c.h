/* crc32c.h - the checksum of a record of the redo log: CRC-32C (as in RFC 3720), by the
 * processor's own instruction where there is one. It tells what a power cut tore; each value has a
 * checksum under the store's key beside that.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_CRC32C_H
#define STORE_CRC32C_H

#include <stdint.h>

#include "proto/bytes.h"

uint32_t crc32c(struct slice);
uint32_t crc32c_by_table(struct slice); /* the same, on any processor */

#endif
