"""What can go wrong, each with a sentence that says what to do about it.

SPDX-License-Identifier: Apache-2.0
"""
from __future__ import annotations

from typing import Any, Mapping, NamedTuple, Optional


class AttendError(Exception):
    """Everything that this package raises of its own."""


class KeyFileError(AttendError):
    """A key file that can't be used: which one, and why."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__("%s: %s" % (path, reason))
        self.path = path
        self.reason = reason


class Unreachable(AttendError):
    """No answer in time. What was sent may or may not have been taken: send it again under the same id."""


class KeyRefused(Unreachable):
    """The daemon does not let this key in: it was never granted, or was revoked."""


class NotNow(AttendError):
    """The daemon asked again and again to be asked later (3xx, 500): its disk is full, say."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__("not now (%d): %s" % (status, reason))
        self.status = status
        self.reason = reason


class Lack(NamedTuple):
    """One thing that stands in the way of an action. A `bar` is lifted by no override."""

    text: str
    bar: bool = False
    clause: Optional[str] = None
    supplied_by: Optional[str] = None
    field: Optional[str] = None

    def __str__(self) -> str:
        said = "%s: %s" % (self.field, self.text) if self.field else self.text
        if self.clause:
            said += " [%s]" % self.clause
        if self.bar:
            said += "; no override lifts this"
        elif self.supplied_by:
            said += "; recorded by: %s" % self.supplied_by
        return said


class Refused(AttendError):
    """Answered, but not done. `field` and `reason` say what to mend; nothing was recorded.

    `status` is PROTOCOL.md's; `body` the whole answer, with what is rarer (`offset`, `faults`).
    """

    def __init__(self, command: str, status: int, body: Mapping[str, Any]) -> None:
        self.command = command
        self.status = status
        self.body = body
        self.field: Optional[str] = body.get("field")
        self.reason: str = body.get("reason") or "no reason was given"
        self.lacks = [Lack(one["text"], bool(one.get("bar")), one.get("clause"), one.get("supplied_by"), one.get("field"))
                      for one in body.get("lacks") or []]
        said = "%s refused (%d): %s%s" % (command, status, self.field + ": " if self.field else "", self.reason)
        super().__init__("\n  - ".join([said] + [str(lack) for lack in self.lacks]))


class NotAllowed(Refused):
    """403, 414: the key's role does not allow it, or the key was revoked."""


class NotFound(Refused):
    """404: what was named is not there, or not for this key."""


class Unmet(Refused):
    """412: conditions are unmet; `lacks` lists them, and an override with a reason may pass them."""


class Barred(Unmet):
    """413: as Unmet, and one of the lacks is a bar, which nothing lifts."""


class StoreDamaged(Refused):
    """501: the daemon's store is damaged. Stop, and tell its operator."""


def refusal(command: str, status: int, body: Mapping[str, Any]) -> Refused:
    """The exception for a status of 400 and up."""
    kinds = {403: NotAllowed, 414: NotAllowed, 404: NotFound, 412: Unmet, 413: Barred, 501: StoreDamaged}
    return kinds.get(status, Refused)(command, status, body)
