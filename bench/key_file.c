/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/key_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

void key_text(const char *path, const char *label, char key[41])
{
	FILE *file = fopen(path, "r");
	char line[256];

	while (file && fgets(line, sizeof line, file))
		if (line[0] != '#' && !strncmp(line, label, strlen(label)) && strlen(line) >= strlen(label) + 40) {
			memcpy(key, line + strlen(label), 40);
			key[40] = 0;
			fclose(file);
			return;
		}
	fprintf(stderr, "%s: no key\n", path);
	exit(2);
}

void key_bytes(const char *path, const char *label, uint8_t key[32])
{
	char text[41];

	key_text(path, label, text);
	if (!zmq_z85_decode(key, text)) {
		fprintf(stderr, "%s: not a key\n", path);
		exit(2);
	}
}
