"""Keys, read from the files that `attend keygen` and `attendd init` write.

SPDX-License-Identifier: Apache-2.0
"""
from __future__ import annotations

import os
import stat
from typing import NamedTuple, Union

from .errors import KeyFileError
from .wire import z85_decode

Path = Union[str, "os.PathLike[str]"]


class Identity(NamedTuple):
    """A key pair in Z85, 40 characters each."""

    public: bytes
    secret: bytes

    def __repr__(self) -> str:  # a secret does not belong into a log
        return "Identity(public=%r)" % self.public


def _key(path: str, what: str, text: str) -> bytes:
    try:
        raw = text.encode("ascii")
        if len(raw) == 40 and len(z85_decode(raw)) == 32:
            return raw
    except (ValueError, KeyError):
        pass
    raise KeyFileError(path, "%s: not a key of 40 characters (Z85)" % what)


def _lines(path: str) -> list[str]:
    try:
        with open(path, encoding="ascii") as file:
            return [line.strip() for line in file.read(4096).splitlines()]
    except OSError as error:
        raise KeyFileError(path, os.strerror(error.errno or 0)) from None
    except UnicodeDecodeError:
        raise KeyFileError(path, "not a key file") from None


def read_identity(path: Path) -> Identity:
    """One's own key pair. A file that others than its owner can read is refused."""
    name = os.fspath(path)
    lines = _lines(name)
    if stat.S_IMODE(os.stat(name).st_mode) & 0o077:
        raise KeyFileError(name, "others can read it: chmod 600 it, and if they may have, make a new one (attend keygen)")
    found = {}
    for line in lines:
        if line and not line.startswith("#"):
            key, colon, value = line.partition(": ")
            if not colon or key not in ("public", "secret") or key in found:
                raise KeyFileError(name, "not an identity file: attend keygen writes one")
            found[key] = value
    for key in ("public", "secret"):
        if key not in found:
            raise KeyFileError(name, "%s: is not there; attend keygen writes it" % key)
    return Identity(_key(name, "public", found["public"]), _key(name, "secret", found["secret"]))


def read_server_key(path: Path) -> bytes:
    """The daemon's public key: the file attendd.pub."""
    name = os.fspath(path)
    lines = [line for line in _lines(name) if line and not line.startswith("#")]
    if len(lines) != 1:
        raise KeyFileError(name, "not a server's key: one line is wanted, as in attendd.pub")
    return _key(name, "key", lines[0])
