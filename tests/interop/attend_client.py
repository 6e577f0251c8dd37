"""attend_client.py - a client of attendd, written from proto/PROTOCOL.md alone.

One DEALER socket under CURVE, one frame a message:

    A7 7D | version | command | id (16) | body                      a request
    A7 7D | version | command with bit 7 | id (16) | status (2) | position (8) | body   a reply

Bodies are msgpack maps, or nothing.

SPDX-License-Identifier: Apache-2.0
"""
import collections
import os
import struct
import time
import uuid

import msgpack
import zmq

SIGNATURE = 0xA77D
VERSION = 1
COMMANDS = {
    "hello": 0x01, "marks": 0x10, "roster": 0x11, "action": 0x12, "calendar": 0x13, "pathway": 0x14, "grant": 0x15,
    "revoke": 0x16, "acknowledge": 0x17, "clock": 0x18, "fact": 0x19, "move": 0x1c, "choose": 0x1d, "offer": 0x40, "query": 0x20, "subscribe": 0x30, "credit": 0x31,
    "cursor": 0x32, "unsubscribe": 0x33, "items": 0x34, "heartbeat": 0x35, "bundle": 0x41,
}
NAMES = {number: name for name, number in COMMANDS.items()}
REPLY = 0x80

Reply = collections.namedtuple("Reply", "command id status position body")


class Refused(Exception):
    """A reply of status 300 and up."""

    def __init__(self, reply):
        super().__init__("%s: %d %s" % (reply.command, reply.status, reply.body))
        self.reply = reply


class Silent(Exception):
    """No reply in time."""


def new_id():
    """A UUID of version 7: the time in milliseconds, then chance."""
    head = int(time.time() * 1000).to_bytes(6, "big")
    tail = bytearray(os.urandom(10))
    tail[0] = 0x70 | tail[0] & 0x0F
    tail[2] = 0x80 | tail[2] & 0x3F
    return head + bytes(tail)


def id_text(raw):
    return str(uuid.UUID(bytes=raw))


def read_identity(path):
    """(public, secret) of an identity file, in Z85."""
    keys = {}
    with open(path, encoding="ascii") as file:
        for line in file:
            if not line.startswith("#") and ": " in line:
                name, value = line.rstrip("\n").split(": ", 1)
                keys[name] = value
    return keys["public"].encode(), keys["secret"].encode()


def read_server_key(path):
    with open(path, encoding="ascii") as file:
        return file.read().strip().encode()


def encode(command, submission, body=None):
    number = command if isinstance(command, int) else COMMANDS[command]
    head = struct.pack(">HBB16s", SIGNATURE, VERSION, number, submission)
    return head + (b"" if body is None else msgpack.packb(body, use_bin_type=True))


def decode(frame):
    signature, version, command, submission, status, position = struct.unpack_from(">HBB16sHQ", frame)
    if signature != SIGNATURE or version != VERSION or not command & REPLY:
        raise ValueError("not a reply: %s" % frame[:30].hex())
    body = frame[30:]
    return Reply(NAMES.get(command & ~REPLY, command), submission, status, position,
                 msgpack.unpackb(body, raw=False, strict_map_key=False) if body else {})


class Client:
    """A connection. `identity` is (public, secret) or a file's name."""

    def __init__(self, endpoint, server_key, identity, timeout=30.0):
        self.timeout = timeout
        self.socket = zmq.Context.instance().socket(zmq.DEALER)
        self.socket.linger = 0
        self.socket.sndhwm = self.socket.rcvhwm = 0
        self.socket.curve_publickey, self.socket.curve_secretkey = (
            read_identity(identity) if isinstance(identity, str) else identity)
        self.socket.curve_serverkey = read_server_key(server_key) if isinstance(server_key, str) else server_key
        self.socket.connect(endpoint)
        self.early = collections.deque()  # came while something else was waited for

    @classmethod
    def from_environment(cls, identity=None, **more):
        return cls(os.environ["ATTEND_SERVER"], os.environ["ATTEND_SERVER_KEY"],
                   identity or os.environ["ATTEND_IDENTITY"], **more)

    def close(self):
        self.socket.close()

    def send(self, command, body=None, id=None):
        """Sends and doesn't wait; the request's id."""
        id = id or new_id()
        self.socket.send(encode(command, id, body))
        return id

    def send_bundle(self, submissions):
        """Several of (command, body, id) in one frame."""
        pieces = [encode(command, id, body) for command, body, id in submissions]
        self.socket.send(encode("bundle", new_id()) + b"".join(struct.pack(">I", len(piece)) + piece for piece in pieces))

    def receive(self, timeout=None):
        """The next message, or None when there is none in time."""
        if self.early:
            return self.early.popleft()
        return self.receive_new(timeout)

    def receive_new(self, timeout=None):
        if not self.socket.poll((self.timeout if timeout is None else timeout) * 1000):
            return None
        return decode(self.socket.recv())

    def ask(self, command, body=None, id=None, timeout=None):
        """Sends and waits for its reply, whatever the status."""
        id = self.send(command, body, id)
        ends = time.monotonic() + (self.timeout if timeout is None else timeout)
        while True:
            reply = self.receive_new(max(0, ends - time.monotonic()))
            if reply is None:
                raise Silent("no reply to %s" % command)
            if reply.id == id and reply.command not in ("items", "heartbeat"):
                return reply
            self.early.append(reply)

    def done(self, command, body=None, id=None, timeout=None):
        """As ask; raises Refused from status 300 on."""
        reply = self.ask(command, body, id, timeout)
        if reply.status >= 300:
            raise Refused(reply)
        return reply

    def query(self, what, **more):
        return self.done("query", dict(more, what=what)).body

    def items(self, what, **more):
        """All items of a query that answers in pages."""
        at = more.pop("from_", None)
        while True:
            body = dict(more, what=what)
            if at is not None:
                body["from"] = at
            page = self.done("query", body).body
            yield from page["items"]
            at = page.get("next")
            if at is None:
                return

    def pipelined(self, bodies, window=100):
        """Asks many queries, a window of them at a time; yields the replies in the
        order of the questions."""
        waiting = collections.OrderedDict()
        for body in bodies:
            waiting[self.send("query", body)] = None
            if len(waiting) >= window:
                yield self.first_of(waiting)
        while waiting:
            yield self.first_of(waiting)

    def first_of(self, waiting):
        first = next(iter(waiting))
        while waiting[first] is None:
            reply = self.receive_new()
            if reply is None:
                raise Silent("no reply to a query")
            if reply.id in waiting:
                waiting[reply.id] = reply
            else:
                self.early.append(reply)
        return waiting.pop(first)
