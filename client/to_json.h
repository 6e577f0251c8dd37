/* to_json.h - a reply's msgpack as JSON, field for field.
 *
 * Bytes become base64; a map's order is kept.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_TO_JSON_H
#define CLIENT_TO_JSON_H

#include <jansson.h>
#include <stddef.h>

/* A new value; an empty object for no bytes; NULL where it is not one sound msgpack value. */
json_t *to_json(const void *bytes, size_t size);

#endif
