"""Frames and ids, as proto/PROTOCOL.md lays them down.

SPDX-License-Identifier: Apache-2.0
"""
from __future__ import annotations

import enum
import hashlib
import os
import struct
import time
import uuid
from typing import Any, Callable, Dict, Mapping, NamedTuple, Optional, cast

import msgpack
from zmq.utils import z85

SIGNATURE = 0xA77D
VERSION = 1
REPLY = 0x80
REQUEST_HEAD = struct.Struct(">HBB16s")
REPLY_HEAD = struct.Struct(">HBB16sHQ")
FRAME_MAX = 2 << 20

Body = Mapping[str, Any]
z85_decode = cast(Callable[[bytes], bytes], z85.decode)


class Command(enum.IntEnum):
    """What may be asked; PROTOCOL.md, section 4, gives the body of each."""

    HELLO = 0x01
    MARKS = 0x10
    ROSTER = 0x11
    ACTION = 0x12
    CALENDAR = 0x13
    PATHWAY = 0x14
    GRANT = 0x15
    REVOKE = 0x16
    ACKNOWLEDGE = 0x17
    CLOCK = 0x18
    FACT = 0x19
    LINK = 0x1A
    COVER = 0x1B
    MOVE = 0x1C
    CHOOSE = 0x1D
    SCHOOL = 0x1E
    TASK = 0x1F
    QUERY = 0x20
    SUBSCRIBE = 0x30
    CREDIT = 0x31
    CURSOR = 0x32
    UNSUBSCRIBE = 0x33
    ITEMS = 0x34
    HEARTBEAT = 0x35
    OFFER = 0x40
    BUNDLE = 0x41


class Reply(NamedTuple):
    """An answer. `position` is the event that a submission made; in all else the log's head."""

    command: int
    id: bytes
    status: int
    position: int
    body: Dict[str, Any]


def new_id() -> bytes:
    """An id that nobody else has: a UUID of version 7, for what is done once."""
    return _stamp(int(time.time() * 1000).to_bytes(6, "big") + os.urandom(10), 7)


def content_id(command: Command, body: bytes, public_key: bytes, occurrence: int = 0) -> bytes:
    """An id made of what is sent and by whom (UUID version 8), as libattend and `attend push` make it:
    the same content from the same key is one submission, however often it is sent. `occurrence` tells
    equal bodies apart that are meant to count each."""
    head = b"attend content 1" + bytes([command]) + z85_decode(public_key) + occurrence.to_bytes(8, "big")
    return _stamp(hashlib.sha256(head + body).digest()[:16], 8)


def _stamp(raw: bytes, version: int) -> bytes:
    out = bytearray(raw)
    out[6] = version << 4 | out[6] & 0x0F
    out[8] = 0x80 | out[8] & 0x3F
    return bytes(out)


def id_bytes(value: "uuid.UUID | str | bytes") -> bytes:
    """A submission's id from what people have: refused unless of version 7 or 8."""
    raw = value if isinstance(value, bytes) else uuid.UUID(str(value)).bytes
    if len(raw) != 16 or raw[6] >> 4 not in (7, 8) or raw[8] >> 6 != 2:
        raise ValueError("id: not a UUID of version 7 or 8: %r" % (value,))
    return raw


def pack(body: Optional[Body]) -> bytes:
    """A body's bytes; no body, no bytes."""
    return b"" if body is None else bytes(msgpack.packb(body, use_bin_type=True))


def packed_size(value: Any) -> int:
    return len(msgpack.packb(value, use_bin_type=True))


def encode(command: Command, id: bytes, body: bytes) -> bytes:
    frame = REQUEST_HEAD.pack(SIGNATURE, VERSION, command, id) + body
    if len(frame) > FRAME_MAX:
        raise ValueError("a frame of %d bytes; at most %d pass: send it in parts" % (len(frame), FRAME_MAX))
    return frame


def decode(frame: bytes) -> Optional[Reply]:
    """A reply; None where it is none of this protocol."""
    if len(frame) < REPLY_HEAD.size:
        return None
    signature, version, command, id, status, position = REPLY_HEAD.unpack_from(frame)
    if signature != SIGNATURE or version != VERSION or not command & REPLY:
        return None
    try:
        body = msgpack.unpackb(frame[REPLY_HEAD.size:], raw=False) if len(frame) > REPLY_HEAD.size else {}
    except (ValueError, msgpack.UnpackException):
        return None
    return Reply(command & ~REPLY, id, status, position, body) if isinstance(body, dict) else None
