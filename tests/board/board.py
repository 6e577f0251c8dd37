"""board.py - `attend board` beside a daemon, for tests: its own key, its readers, a browser of a few lines.

SPDX-License-Identifier: Apache-2.0
"""
import html
import http.client
import os
import re
import select
import signal
import subprocess
import time
import urllib.parse

READY_SECONDS = 30


class Board:
    """The page, served at a free port; used in a with statement."""

    def __init__(self, daemon, *options):
        self.daemon = daemon
        self.identity = os.path.join(daemon.folder, "board.identity")
        if not os.path.exists(self.identity):
            daemon.grant("board", "board")
        self.log = os.path.join(daemon.folder, "board.log")
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([daemon.attend, "board", "--listen", "127.0.0.1:0", *options],
                                            env=daemon.environment(self.identity), stdout=subprocess.PIPE, stderr=log)
        if not select.select([self.process.stdout], [], [], READY_SECONDS)[0]:
            raise SystemExit("attend board was not ready in %d s\n%s" % (READY_SECONDS, self.log_text()))
        line = self.process.stdout.readline().decode().split()
        if line[:1] != ["ready"]:
            raise SystemExit("attend board ended with %s\n%s" % (self.process.wait(), self.log_text()))
        self.url = line[1]
        self.host = self.url.split("//")[1]

    def log_text(self):
        with open(self.log, errors="replace") as file:
            return file.read()[-20000:]

    def link(self, identity):
        """A one-time link of whoever has this identity; its address."""
        return self.daemon.cli("board-link", "--board-key", self.identity, "--url", self.url, identity=identity).stdout.strip()

    def reader(self, identity):
        """A browser in which they are signed in."""
        browser = Browser(self)
        token = urllib.parse.parse_qs(urllib.parse.urlsplit(self.link(identity)).query)["link"][0]
        page = browser.post("/sign-in", {"link": token})
        assert page.status == 303, (page.status, page.text)
        return browser

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        self.process.stdout.close()
        return status

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        status = self.stop()
        if kind or status != 0:
            print(self.log_text())
        if not kind and status != 0:
            raise SystemExit("attend board ended with %d" % status)


class Page:
    def __init__(self, response, took):
        self.status, self.headers, self.took = response.status, response.headers, took
        self.text = response.read().decode("utf-8")

    def token(self):
        return re.search(r'name="token" value="([0-9a-f]+)"', self.text).group(1)

    def form(self, action):
        """The hidden fields of the form that goes there."""
        found = re.search(r'<form method="post" action="%s".*?</form>' % re.escape(action), self.text, re.S)
        assert found, "no form to %s" % action
        return {name: html.unescape(value) for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', found.group(0))}


class Browser:
    """Keeps the cookie; sends what a browser sends; goes on nowhere by itself."""

    def __init__(self, board):
        self.board, self.cookie = board, None

    def send(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection(self.board.host, timeout=30)
        sent = {"Host": self.board.host}
        if self.cookie:
            sent["Cookie"] = self.cookie
        if body is not None:
            sent.update({"Content-Type": "application/x-www-form-urlencoded", "Origin": self.board.url})
        for name, value in (headers or {}).items():
            sent.pop(name, None)
            if value is not None:
                sent[name] = value
        began = time.monotonic()
        connection.request(method, path, body, sent)
        response = connection.getresponse()
        page = Page(response, 0)
        page.took = time.monotonic() - began
        connection.close()
        set_cookie = page.headers.get("Set-Cookie")
        if set_cookie:
            name, value = set_cookie.split(";")[0].split("=", 1)
            self.cookie = "%s=%s" % (name, value) if value else None
        return page

    def get(self, path, **more):
        return self.send("GET", path, **more)

    def post(self, path, fields, **more):
        return self.send("POST", path, urllib.parse.urlencode(fields), **more)
