"""Alerts or events as they come, resumed where they stood.

SPDX-License-Identifier: Apache-2.0
"""
from __future__ import annotations

import collections
from types import TracebackType
from typing import Any, Deque, Dict, Iterator, Optional, Type

from . import wire
from .connection import Connection, Pending
from .errors import AttendError, KeyRefused, NotNow, Unreachable, refusal

SILENCE = 5.0  # the daemon speaks each second; after so many without a word it is asked anew
CREDIT = 256
CLOSING = 2.0  # how long the last place of a cursor is waited for

Item = Dict[str, Any]


class Subscription:
    """An iterator over items. Nothing is left out and nothing comes twice while it lives, however often the
    line or the daemon goes down: it asks again from where it stood.

    With a `cursor`, the daemon keeps the place on disk under that name. An item counts as dealt with when the
    next one is asked for, or when `done()` says so; a loop that is left by `break` or an exception gets its
    last item again next time, and no other.

    `follow=False` ends once everything so far has been given. `turn(seconds)` waits that long at most, for
    programs that have other things to do.
    """

    def __init__(self, connection: Connection, what: str, cursor: Optional[str] = None, from_: Optional[int] = None,
                 credit: int = CREDIT, follow: bool = True, **filters: Optional[str]) -> None:
        self._connection = connection
        self._wanted: Dict[str, Any] = {"what": what, "credit": credit}
        self._wanted.update((key, value) for key, value in filters.items() if value is not None)
        if cursor is not None:
            self._wanted["cursor"] = cursor
        self._cursor = cursor
        self._follow = follow
        self._next = from_ or 0     # everything below it was given, or is in the inbox
        self._head = 0
        self._inbox: Deque[Item] = collections.deque()
        self._given: Optional[int] = None   # the position of the item last given, until it is dealt with
        self._dealt = 0             # where the cursor should stand
        self._putting = 0           # where it is asked to stand
        self._stood = 0             # where it stands on disk
        self._setting: Optional[Pending] = None
        self._asking: Optional[Pending] = None
        self._owed = 0              # credit to give back
        self._spoke = 0.0           # when the daemon last said something
        self._error: Optional[AttendError] = None
        self._subscribe()
        assert self._asking is not None
        self._begun(connection.wait_for(self._asking))
        self._asking = None

    def __enter__(self) -> "Subscription":
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], value: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        self.close()

    def __iter__(self) -> Iterator[Item]:
        return self

    def __next__(self) -> Item:
        while True:
            item = self.turn(1.0)
            if item is not None:
                return item
            if not self._follow and self._next > self._head:
                self.done()
                raise StopIteration

    def turn(self, seconds: float) -> Optional[Item]:
        """The next item, or None where none came in time. The one before is dealt with."""
        self._mark()
        ends = self._connection.clock + seconds
        while True:
            self._tend()
            if self._inbox:
                return self._give()
            left = ends - self._connection.clock
            if left <= 0 or (not self._follow and self._next > self._head):
                return None
            self._connection.turn(min(left, 1.0))

    def done(self) -> None:
        """The item last given has been dealt with; with a cursor, its place is on disk when this returns."""
        self._mark()
        ends = self._connection.clock + self._connection.patience
        while self._stood < self._dealt:
            self._tend()
            if self._connection.clock > ends:
                raise Unreachable("the cursor %r could not be set: no answer" % self._cursor)
            self._connection.turn(1.0)
            self._tend()

    def close(self) -> None:
        """Ends it. The item last given is not counted as dealt with; those before are, where there is a line."""
        ends = self._connection.clock + CLOSING
        while self._stood < self._dealt and self._error is None and self._connection.clock < ends:
            self._put_cursor()
            self._connection.turn(0.1)
        for pending in (self._setting, self._asking):
            if pending is not None:
                self._connection.forget(pending)
        self._setting = self._asking = None
        self._leave()

    def _leave(self) -> None:
        self._connection.listeners.pop(self._id, None)
        self._connection.tell(wire.Command.UNSUBSCRIBE, self._id, b"")

    def _mark(self) -> None:
        if self._given is not None and self._cursor is not None:
            self._dealt = max(self._dealt, self._given)
        self._given = None

    def _tend(self) -> None:
        """Moves the cursor, and asks the daemon anew where it has fallen silent. A daemon that is away is no
        error: it is sought for as long as it takes."""
        if self._error is not None and not self._inbox:
            raise self._error
        self._put_cursor()
        if self._asking is not None and self._asking.done:
            pending, self._asking = self._asking, None
            if self._ended_well(pending):
                self._begun(pending.result())
        if self._asking is None and self._connection.clock - self._spoke > SILENCE:
            self._leave()
            self._subscribe()

    def _put_cursor(self) -> None:
        """Moves it to the newest item that was dealt with; while one move is on its way, the next ones become one."""
        if self._setting is not None and self._setting.done:
            pending, self._setting = self._setting, None
            if self._ended_well(pending):
                self._stood = max(self._stood, self._putting)
        if self._setting is None and self._stood < self._dealt:
            self._putting = self._dealt
            self._setting = self._connection.post(
                wire.Command.CURSOR, wire.pack({"cursor": self._cursor, "position": self._putting}))

    def _ended_well(self, pending: Pending) -> bool:
        self._connection.forget(pending)
        if isinstance(pending.error, (Unreachable, NotNow)) and not isinstance(pending.error, KeyRefused):
            return False
        pending.result()
        return True

    def _give(self) -> Item:
        item = self._inbox.popleft()
        self._given = item["seq"]
        self._owed += 1
        credit: int = self._wanted["credit"]
        if 2 * self._owed >= credit and self._connection.tell(wire.Command.CREDIT, self._id, wire.pack({"credit": self._owed})):
            self._owed = 0
        return item

    def _subscribe(self) -> None:
        """On a new line the old subscription is gone; what is in the inbox has been taken in for good."""
        body = dict(self._wanted)
        if self._next:
            body["from"] = self._next
        self._asking = self._connection.post(wire.Command.SUBSCRIBE, wire.pack(body))
        self._id = self._asking.id
        self._connection.listeners[self._id] = self._take

    def _begun(self, reply: wire.Reply) -> None:
        self._next = max(self._next, int(reply.body["from"]))
        self._head = max(self._head, int(reply.body["head"]))
        self._owed = 0
        self._spoke = self._connection.clock

    def _take(self, reply: wire.Reply) -> None:
        if reply.command == wire.Command.CREDIT:
            self._spoke = -SILENCE  # answered only where the daemon has given us up for lost: ask anew
            return
        if reply.status >= 300:
            self._error = refusal("subscribe", reply.status, reply.body)
            return
        if reply.command not in (wire.Command.ITEMS, wire.Command.HEARTBEAT):
            return
        self._spoke = self._connection.clock
        for item in reply.body.get("items") or ():
            if item["seq"] >= self._next:
                self._inbox.append(item)
                self._next = item["seq"] + 1
        self._next = max(self._next, int(reply.body["next"]))
        self._head = max(self._head, int(reply.body["head"]))
