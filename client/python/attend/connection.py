"""One connection: frames out, frames in, and again where no answer came.

A request stays on the list until its answer is there. It is sent again, byte for byte, after a silence
and where the daemon asked for it; its id makes that safe. Waiting doubles from 50 ms to 5 s, half of it
by chance, so that a hundred connectors do not come back at once.

Time is counted while something is waited for: what a program does between its calls, or a machine that
sleeps, uses up nobody's patience.

A connection belongs to one thread at a time.

SPDX-License-Identifier: Apache-2.0
"""
from __future__ import annotations

import os
import random
import time
from typing import Callable, Dict, Optional

import zmq
import zmq.utils.monitor

from . import wire
from .errors import AttendError, KeyRefused, NotNow, Unreachable, refusal
from .keys import Identity

FIRST_WAIT = 0.05
LONGEST_WAIT = 5.0
KEY_REFUSED = 3.0  # a key that was turned away is not tried for longer: it may just have been granted
LOOK_EVERY = 0.05  # how often the list is gone through for what must be sent again


def backoff(attempts: int) -> float:
    """Seconds to wait before the next of so many attempts."""
    whole = min(FIRST_WAIT * 2.0 ** min(attempts, 10), LONGEST_WAIT)
    return whole * random.uniform(0.5, 1.0)


class Pending:
    """A request without an answer yet; then its reply, or the error that it ended with."""

    def __init__(self, command: wire.Command, id: bytes, frame: bytes, now: float) -> None:
        self.command = command
        self.id = id
        self.frame = frame
        self.born = now
        self.send_at = now      # when to send it (again)
        self.attempts = 0
        self.asked_again: Optional[wire.Reply] = None  # the newest "not now"
        self.reply: Optional[wire.Reply] = None
        self.error: Optional[AttendError] = None

    @property
    def done(self) -> bool:
        return self.reply is not None or self.error is not None

    def result(self) -> wire.Reply:
        if self.error is not None:
            raise self.error
        assert self.reply is not None
        return self.reply


class Connection:
    """`timeout`: seconds of silence after which a frame is sent again. `patience`: seconds after which a
    request is given up, with Unreachable or NotNow."""

    def __init__(self, server: str, server_key: bytes, identity: Identity, timeout: float, patience: float) -> None:
        self.identity = identity
        self.server = server
        self.timeout = timeout
        self.patience = patience
        self.pending: Dict[bytes, Pending] = {}
        self.listeners: Dict[bytes, Callable[[wire.Reply], None]] = {}  # of subscriptions, by their id
        self.key_refused = False
        self.clock = 0.0    # seconds spent waiting
        self._process = os.getpid()
        self._look_at = 0.0
        socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.DEALER)
        socket.linger = 500
        socket.immediate = True
        socket.set(zmq.HEARTBEAT_IVL, 2000)
        socket.set(zmq.HEARTBEAT_TIMEOUT, 6000)
        socket.set(zmq.RECONNECT_IVL, random.randint(100, 200))
        socket.set(zmq.RECONNECT_IVL_MAX, 5000)
        socket.set(zmq.MAXMSGSIZE, wire.FRAME_MAX)
        socket.curve_serverkey = server_key
        socket.curve_publickey = identity.public
        socket.curve_secretkey = identity.secret
        self.socket = socket
        self._monitor = socket.get_monitor_socket(
            zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_HANDSHAKE_FAILED_AUTH)
        try:
            socket.connect(server)
        except zmq.ZMQError as error:
            self.close()
            raise Unreachable("%s: not an endpoint such as tcp://127.0.0.1:5570: %s" % (server, error)) from None

    def close(self) -> None:
        """The line of a process that was forked is its parent's: nothing is done to it."""
        if self._ours() and not self.socket.closed:
            self.socket.disable_monitor()
            self._monitor.close(0)
            self.socket.close()

    def _ours(self) -> bool:
        return os.getpid() == self._process

    def _check(self) -> None:
        """ZeroMQ answers with a wait that never ends, or a fault of its own."""
        if not self._ours():
            raise AttendError("this client was made before a fork: make one in each process")
        if self.socket.closed:
            raise AttendError("this client is closed")

    def post(self, command: wire.Command, body: bytes, id: Optional[bytes] = None) -> Pending:
        """Puts a request on the list and sends it; its answer comes while something is waited for."""
        self._check()
        id = id or wire.new_id()
        if id in self.pending:
            raise ValueError("id: a submission under this id is on its way already")
        pending = Pending(command, id, wire.encode(command, id, body), self.clock)
        self.pending[id] = pending
        self._send(pending, pending.born)
        return pending

    def ask(self, command: wire.Command, body: bytes, id: Optional[bytes] = None) -> wire.Reply:
        """Posts and waits."""
        return self.wait_for(self.post(command, body, id))

    def wait_for(self, pending: Pending) -> wire.Reply:
        """Waits until it is answered, and takes it off the list. Raises what errors.py lists."""
        try:
            while not pending.done:
                self.turn(1.0)
        finally:
            self.forget(pending)
        return pending.result()

    def forget(self, pending: Pending) -> None:
        """Takes a request off the list: it is not sent again."""
        self.pending.pop(pending.id, None)

    def tell(self, command: wire.Command, id: bytes, body: bytes) -> bool:
        """Sends what has no answer; False where there is no line."""
        return self._ours() and not self.socket.closed and self._send_frame(wire.encode(command, id, body))

    def turn(self, wait: float) -> None:
        """Takes in what has come, waiting at most so many seconds for it, and sends again what must be."""
        self._check()
        if any(not pending.done for pending in self.pending.values()):
            wait = min(wait, LOOK_EVERY)
        began = time.monotonic()
        if self.socket.poll(int(wait * 1000)):
            self._take_all()
        self.clock += min(time.monotonic() - began, wait + LOOK_EVERY)
        now = self.clock
        if now >= self._look_at:
            self._look_at = now + LOOK_EVERY
            self._take_news()
            for pending in list(self.pending.values()):
                if not pending.done and now >= pending.send_at:
                    self._send(pending, now)

    def _send(self, pending: Pending, now: float) -> None:
        waited = now - pending.born
        if waited > self.patience or (self.key_refused and waited > KEY_REFUSED):
            pending.error = self._hopeless(pending)
            return
        if self._send_frame(pending.frame):
            pending.attempts += 1
            pending.send_at = now + self.timeout
        else:
            pending.send_at = now + FIRST_WAIT

    def _send_frame(self, frame: bytes) -> bool:
        try:
            self.socket.send(frame, zmq.DONTWAIT)
        except zmq.Again:
            return False
        return True

    def _hopeless(self, pending: Pending) -> AttendError:
        if pending.asked_again is not None:
            return NotNow(pending.asked_again.status, str(pending.asked_again.body.get("reason") or "the daemon says no more"))
        if self.key_refused:
            return KeyRefused("%s does not let this key in: it was never granted, or was revoked; its administrator runs "
                              "attend grant %s ROLE" % (self.server, self.identity.public.decode()))
        return Unreachable("no answer from %s in %g s: is attendd running there, and is the server's key the right one?"
                           % (self.server, self.patience))

    def _take_all(self) -> None:
        while True:
            try:
                frame = self.socket.recv(zmq.DONTWAIT)
            except zmq.Again:
                return
            reply = wire.decode(frame)
            if reply is not None:
                self._take(reply)

    def _take(self, reply: wire.Reply) -> None:
        pending = self.pending.get(reply.id)
        if pending is None or pending.command != reply.command:
            listener = self.listeners.get(reply.id)
            if listener is not None:
                listener(reply)
        elif pending.done:
            pass  # it was sent twice, and answered twice
        elif 300 <= reply.status < 400 or reply.status == 500:
            pending.asked_again = reply
            pending.send_at = self.clock + backoff(pending.attempts)
        elif reply.status >= 400:
            pending.error = refusal(pending.command.name.lower(), reply.status, reply.body)
        else:
            pending.reply = reply

    def _take_news(self) -> None:
        while self._monitor.poll(0):
            event = zmq.utils.monitor.recv_monitor_message(self._monitor)
            self.key_refused = event["event"] == zmq.EVENT_HANDSHAKE_FAILED_AUTH
