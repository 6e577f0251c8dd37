"""A client of attendd: submit, query, subscribe.

SPDX-License-Identifier: Apache-2.0
"""
from __future__ import annotations

import collections
import os
import uuid
from types import TracebackType
from typing import (Any, Deque, Dict, Iterable, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Set, Tuple,
                    Type, Union)

from . import keys, wire
from .connection import Connection, Pending
from .errors import KeyFileError, Refused
from .subscription import CREDIT, Subscription

Id = Union[uuid.UUID, str, bytes]
MARKS_MAX = 1000    # of one submission that this package makes
MARKS_SIZE_MAX = 128 * 1024
ROW_SIZE = 128      # what a row of marks is reckoned to take beside its texts
SESSIONS_MAX = 1 << 18
PUPILS_MAX = 1000
PUPILS_SIZE_MAX = wire.FRAME_MAX - 4096
WINDOW = 256


class Mark(NamedTuple):
    """One code of one pupil in one session: `date` as 2026-09-07, `session` AM or PM."""

    upn: str
    date: str
    session: str
    code: str
    minutes_late: Optional[int] = None
    recorded_at: Optional[str] = None
    comment: Optional[str] = None


class RefusedRow(NamedTuple):
    """A row that was refused, by its place among those given, the first being 0."""

    row: int
    field: str
    reason: str
    detail: Optional[str] = None

    def __str__(self) -> str:
        return "row %d: %s: %s%s" % (self.row, self.field, self.reason, ": " + self.detail if self.detail else "")


class Receipt(NamedTuple):
    """What became of rows. Those accepted are on disk; `known` are equal to what is held already; a refused
    row holds up no other."""

    accepted: int
    known: int
    refused: List[RefusedRow]


class Answer(NamedTuple):
    """A submission that was taken: the event that it made, the daemon's words on it, its id, and whether it
    had been taken before under that id."""

    position: int
    body: Dict[str, Any]
    id: uuid.UUID
    before: bool


class Client:
    """A connection to attendd. Keys are read from the files that `attend keygen` and `attendd init` write; what is
    not given is taken from ATTEND_SERVER, ATTEND_SERVER_KEY and ATTEND_IDENTITY, as by the command.

    `timeout`: seconds of silence after which a frame is sent again; `patience`: seconds after which a call gives
    up. A call that gave up may have been taken all the same: call again with the same id.

    A client belongs to one thread at a time, and to the process that made it; several may be used in several.
    """

    def __init__(self, server: Optional[str] = None, server_key: Optional[keys.Path] = None,
                 identity: Union[keys.Path, keys.Identity, None] = None, *,
                 timeout: float = 10.0, patience: float = 60.0) -> None:
        server = server or os.environ.get("ATTEND_SERVER") or "tcp://127.0.0.1:5570"
        server_key = server_key or _from_environment("ATTEND_SERVER_KEY", "the file attendd.pub")
        identity = identity or _from_environment("ATTEND_IDENTITY", "a file that attend keygen wrote")
        if not isinstance(identity, keys.Identity):
            identity = keys.read_identity(identity)
        self._connection = Connection(server, keys.read_server_key(server_key), identity, timeout, patience)
        self._identity = identity

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], value: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connection. What was not answered may or may not have been taken."""
        self._connection.close()

    @property
    def public_key(self) -> str:
        """The key that an administrator grants a role to."""
        return self._identity.public.decode("ascii")

    # ---- submissions ----

    def submit(self, command: Union[wire.Command, str], body: wire.Body, id: Optional[Id] = None, *,
               by_content: bool = False, occurrence: int = 0) -> Answer:
        """Sends a submission and waits until it is on disk. `body` is as PROTOCOL.md, section 4, gives it for the
        command. The id is new, or the one given (keep it, and a call that gave up can be made again), or with
        `by_content` made of what is sent, so that the same is one submission however often it is sent."""
        return _answer(self._connection.wait_for(self._post(command, body, id, by_content, occurrence)))

    def submit_all(self, submissions: Iterable[Tuple[Union[wire.Command, str], wire.Body]], *, by_content: bool = False,
                   window: int = WINDOW) -> Iterator[Union[Answer, Refused]]:
        """Sends many, up to `window` of them unanswered, and gives what became of each in their order; one that was
        refused is given, not raised. Where the order of two matters (a mark and its correction), wait for the first:
        one that had to be sent again comes after those that were taken meanwhile."""
        waiting: Deque[Pending] = collections.deque()
        seen: Dict[Tuple[wire.Command, bytes], int] = {}
        try:
            for command, body in submissions:
                occurrence = 0
                if by_content:  # equal ones are meant to count each
                    key = (_command(command), wire.pack(body))
                    occurrence = seen.get(key, 0)
                    seen[key] = occurrence + 1
                waiting.append(self._post(command, body, None, by_content, occurrence))
                while len(waiting) >= min(window, 1000):
                    yield self._first_of(waiting)
            while waiting:
                yield self._first_of(waiting)
        finally:
            for pending in waiting:
                self._connection.forget(pending)

    def marks(self, urn: str, marks: Iterable[Union[Mark, Sequence[Any]]], *, by_content: bool = False) -> Receipt:
        """Sends register marks of a school, in submissions of up to 1,000 or 128 KiB. Each call is new unless `by_content`: then
        marks sent again (a file that is pushed twice) are answered as the first time and never undo a later correction."""
        total, seen = Receipt(0, 0, []), collections.Counter[bytes]()
        for part in _parts(marks):
            body = _registers(urn, part)
            packed = wire.pack(body)
            total = self._add(total, wire.Command.MARKS, body, [place for place, _ in part], by_content, seen[packed])
            seen[packed] += 1
        return total

    def roster(self, urn: str, pupils: Iterable[Mapping[str, Any]], *, by_content: bool = False) -> Receipt:
        """Sends pupils and their parents, maps as PROTOCOL.md has them: upn, surname, forename, birth_date, parents ..."""
        total = Receipt(0, 0, [])
        for begin, part in _some_pupils(list(pupils)):
            places = range(begin, begin + len(part))
            total = self._add(total, wire.Command.ROSTER, {"urn": urn, "pupils": part}, places, by_content)
        return total

    def action(self, action: str, upn: str, *, case: Optional[str] = None, on: Optional[str] = None,
               parent: Optional[str] = None, override: Optional[str] = None, fields: Optional[Mapping[str, str]] = None,
               id: Optional[Id] = None) -> Answer:
        """Records an action on a pupil's case. Raises Unmet, with its `lacks`, where the pathway wants more first."""
        body = {"action": action, "upn": upn, "case": case, "on": on, "parent": parent, "override": override,
                "fields": dict(fields) if fields else None}
        return self.submit(wire.Command.ACTION, _given(body), id)

    def acknowledge(self, alert: int) -> Answer:
        """Marks an alert as dealt with."""
        return self.submit(wire.Command.ACKNOWLEDGE, {"alert": alert})

    # ---- questions ----

    def hello(self) -> Dict[str, Any]:
        """The daemon that answers, and who this key is to it."""
        return self._connection.ask(wire.Command.HELLO, b"").body

    def query(self, what: str, **keys_: Any) -> Dict[str, Any]:
        """One answer: query("pupil", upn=...), query("case", case="C12", as_of="2026-11-05"). A key that Python keeps
        for itself is written with an underscore after it: from_."""
        return self._connection.ask(wire.Command.QUERY, wire.pack(_query(what, keys_))).body

    def items(self, what: str, **keys_: Any) -> Iterator[Dict[str, Any]]:
        """All items of a query that answers in pages: deadlines, alerts, log, report ..."""
        body = _query(what, keys_)
        while True:
            page = self._connection.ask(wire.Command.QUERY, wire.pack(body)).body
            yield from page["items"]
            if page.get("next") is None:
                return
            body["from"] = page["next"]

    def subscribe(self, what: str = "alerts", *, cursor: Optional[str] = None, from_: Optional[int] = None,
                  credit: int = CREDIT, follow: bool = True, case: Optional[str] = None, upn: Optional[str] = None,
                  officer: Optional[str] = None) -> Subscription:
        """Alerts (or the "log") as they come, from where the `cursor` stands, from a position, or from the beginning."""
        return Subscription(self._connection, what, cursor, from_, credit, follow, case=case, upn=upn, officer=officer)

    # ---- within ----

    def _post(self, command: Union[wire.Command, str], body: wire.Body, id: Optional[Id], by_content: bool,
              occurrence: int) -> Pending:
        number, packed = _command(command), wire.pack(body)
        if id is not None:
            return self._connection.post(number, packed, wire.id_bytes(id))
        if by_content:
            return self._connection.post(number, packed, wire.content_id(number, packed, self._identity.public, occurrence))
        return self._connection.post(number, packed)

    def _first_of(self, waiting: Deque[Pending]) -> Union[Answer, Refused]:
        try:
            return _answer(self._connection.wait_for(waiting[0]))
        except Refused as refused:
            return refused
        finally:
            waiting.popleft()

    def _add(self, total: Receipt, command: wire.Command, body: wire.Body, places: Sequence[int],
             by_content: bool, occurrence: int = 0) -> Receipt:
        """Sends a part of the rows and adds what became of them; the daemon's row n is the caller's places[n]."""
        try:
            told = self.submit(command, body, by_content=by_content, occurrence=occurrence).body
        except Refused as refused:
            if refused.status != 410:  # every row was refused, each with its own reason
                raise
            told = dict({"accepted": 0, "known": 0}, **refused.body)
        rows = [RefusedRow(places[row[0]], *row[1:4]) for row in told.get("refused") or ()]
        return Receipt(total.accepted + int(told.get("accepted", len(places) - len(rows))),
                       total.known + int(told.get("known", 0)), total.refused + sorted(rows))


def _from_environment(name: str, what: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise KeyFileError(name, "is not set, and none was given: %s is wanted" % what)
    return value


def _command(command: Union[wire.Command, str]) -> wire.Command:
    if isinstance(command, wire.Command):
        return command
    try:
        return wire.Command[command.upper()]
    except KeyError:
        raise ValueError("command: there is no %r; attend.Command lists them" % command) from None


def _given(body: Mapping[str, Any]) -> Dict[str, Any]:
    return {key: value for key, value in body.items() if value is not None}


def _query(what: str, keys_: Mapping[str, Any]) -> Dict[str, Any]:
    return dict({"what": what}, **_given({key.rstrip("_"): value for key, value in keys_.items()}))


def _answer(reply: wire.Reply) -> Answer:
    return Answer(reply.position, reply.body, uuid.UUID(bytes=reply.id), reply.status == 201)


def _size(text: Optional[str], more: int = 0) -> int:
    return len(text.encode("utf-8")) + more if text else 0


def _parts(marks: Iterable[Union[Mark, Sequence[Any]]]) -> Iterator[List[Tuple[int, Mark]]]:
    """What goes into one submission: so many, not too large, and no session of a pupil twice, for then the order would
    count. Cut as `attend push` cuts a file (client/grouping.h, client/marks.c), to the row: the ids of a content are
    those of its submissions."""
    part: List[Tuple[int, Mark]] = []
    held: Set[Tuple[str, str, str]] = set()     # since all before was answered
    packed = 0
    for place, given in enumerate(marks):
        mark = given if isinstance(given, Mark) else Mark(*given)
        session = (mark.upn, mark.date, mark.session)
        size = _size(mark.upn) + _size(mark.code) + _size(mark.recorded_at, 16) + _size(mark.comment, 16) + ROW_SIZE
        again = session in held or len(held) == SESSIONS_MAX
        if again:
            held.clear()
        if part and (again or len(part) == MARKS_MAX or packed + size > MARKS_SIZE_MAX):
            yield part
            part, packed = [], 0
        part.append((place, mark))
        held.add(session)
        packed += wire.packed_size(_row(mark))
    if part:
        yield part


def _row(mark: Mark) -> List[Any]:
    more = _given({"minutes_late": mark.minutes_late, "recorded_at": mark.recorded_at or None, "comment": mark.comment or None})
    return [mark.upn, mark.code, more] if more else [mark.upn, mark.code]


def _registers(urn: str, part: Sequence[Tuple[int, Mark]]) -> Dict[str, Any]:
    """The body: marks of one session that follow one another go together, so that its rows are in the caller's order."""
    registers: List[Tuple[str, str, List[List[Any]]]] = []
    for _, mark in part:
        if not registers or registers[-1][:2] != (mark.date, mark.session):
            registers.append((mark.date, mark.session, []))
        registers[-1][2].append(_row(mark))
    return {"urn": urn, "registers": registers}


def _some_pupils(rows: Sequence[Mapping[str, Any]]) -> Iterator[Tuple[int, Sequence[Mapping[str, Any]]]]:
    """Pupils by the submission, each with the place of its first."""
    begin = size = 0
    for place, pupil in enumerate(rows):
        packed = wire.packed_size(pupil)
        if place > begin and (place - begin == PUPILS_MAX or size + packed > PUPILS_SIZE_MAX):
            yield begin, rows[begin:place]
            begin, size = place, 0
        size += packed
    if rows:
        yield begin, rows[begin:]
