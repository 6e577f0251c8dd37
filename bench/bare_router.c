/* bare_router.c - what CURVE and ZeroMQ alone allow: a ROUTER that answers each
 * submission, also of a bundle, with an acknowledgement of the protocol's form, and does nothing else.
 *
 *   bench-bare-router KEY-FILE     writes its public key there, says "ready ENDPOINT"
 *
 * It has no ZAP handler and lets every key in: it is a measure, not a service.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <zmq.h>

enum { HEAD = 20, VERSION_AT = 2, COMMAND_AT = 3, BUNDLE = 0x41, PIECE_AT = 4, REPLY = 30, FRAME_MAX = 256 << 10 };

static void acknowledge(void *socket, const unsigned char *peer, int peer_size, const unsigned char *frame)
{
	unsigned char reply[REPLY] = {0};

	memcpy(reply, frame, HEAD);
	reply[VERSION_AT] = 1; /* one by one, whatever was asked for */
	reply[COMMAND_AT] |= 0x80;
	reply[21] = 200;
	zmq_send(socket, peer, (size_t)peer_size, ZMQ_SNDMORE);
	zmq_send(socket, reply, REPLY, 0);
}

int main(int argc, char **argv)
{
	void *context = zmq_ctx_new(), *socket = zmq_socket(context, ZMQ_ROUTER);
	char public[41], secret[41], endpoint[256];
	size_t endpoint_size = sizeof endpoint;
	int one = 1, none = 0;
	FILE *file = argc == 2 ? fopen(argv[1], "w") : NULL;

	if (!file || zmq_curve_keypair(public, secret)) {
		fprintf(stderr, "usage: bench-bare-router KEY-FILE\n");
		return 2;
	}
	fprintf(file, "%s\n", public);
	fclose(file);
	zmq_setsockopt(socket, ZMQ_CURVE_SERVER, &one, sizeof one);
	zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, secret, 41);
	zmq_setsockopt(socket, ZMQ_SNDHWM, &none, sizeof none);
	zmq_setsockopt(socket, ZMQ_RCVHWM, &none, sizeof none);
	if (zmq_bind(socket, "tcp://127.0.0.1:*") || zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, endpoint, &endpoint_size)) {
		fprintf(stderr, "bench-bare-router: %s\n", zmq_strerror(zmq_errno()));
		return 1;
	}
	printf("ready %s\n", endpoint);
	fflush(stdout);
	for (unsigned char peer[256];;) {
		static unsigned char frame[FRAME_MAX];
		int peer_size = zmq_recv(socket, peer, sizeof peer, 0);
		int size = zmq_recv(socket, frame, sizeof frame, 0);
		if (peer_size < 0 || size < HEAD || size > FRAME_MAX)
			return 1;
		if (frame[COMMAND_AT] != BUNDLE) {
			acknowledge(socket, peer, peer_size, frame);
			continue;
		}
		for (int at = HEAD; at + PIECE_AT + HEAD <= size;) {
			acknowledge(socket, peer, peer_size, frame + at + PIECE_AT);
			at += PIECE_AT + (frame[at + 2] << 8 | frame[at + 3]);
		}
	}
}
