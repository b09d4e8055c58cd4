"""Servers that refuse whatever they are given, and repeat it in their answer: HTTP, a mail server, a PostgreSQL.

Real ones do the like: a gateway's exception names the URL that was asked for, a relay quotes the login it refused.
usage: scolds.py HTTP-PORT SMTP-PORT POSTGRESQL-PORT; the file `mode` beside this one says how HTTP is refused: a
status, or `hang`.
"""

from __future__ import annotations

import base64
import contextlib
import http.server
import json
import socketserver
import struct
import sys
import threading
from pathlib import Path

MODE = Path(__file__).with_name("mode")


class Http(http.server.BaseHTTPRequestHandler):
    """Every request is refused, all of it is repeated."""

    def do_POST(self) -> None:
        said = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode(errors="replace")
        mode = MODE.read_text().strip()
        if mode == "hang":
            threading.Event().wait()
        text = f"apikey refused: {self.path} {said} {dict(self.headers)}"
        body = json.dumps({"status": "error", "message": text}).encode()
        self.send_response(int(mode), "No")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        self.do_POST()

    def log_request(self, *_: object) -> None:
        """Say nothing: this server's own log is no place of Standfast's."""


class Smtp(socketserver.StreamRequestHandler):
    """Logins are refused with what was sent, in clear."""

    def handle(self) -> None:
        self._say("220 ready")
        while line := self.rfile.readline().decode(errors="replace").strip():
            verb, _, rest = line.partition(" ")
            if verb.upper() == "EHLO":
                self._say("250-local", "250 AUTH PLAIN")
            elif verb.upper() == "AUTH":
                sent = rest.rpartition(" ")[2]
                login = base64.b64decode(sent + "===").decode(errors="replace").replace("\0", " ")
                self._say(f"535 5.7.8 login refused: {login} ({sent})")
            elif verb.upper() == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("530 log in first")

    def _say(self, *lines: str) -> None:
        with contextlib.suppress(OSError):
            self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())


class Postgresql(socketserver.StreamRequestHandler):
    """Passwords are asked for in clear, and refused with what was sent."""

    TLS = 80877103
    SAYS_ITS_PASSWORD = b"p"

    def handle(self) -> None:
        with contextlib.suppress(struct.error, OSError):
            if self._start() == self.TLS:
                self.wfile.write(b"N")
                self._start()
            self.wfile.write(struct.pack("!cii", b"R", 8, 3))
            if self.rfile.read(1) == self.SAYS_ITS_PASSWORD:
                password = self._rest().strip(b"\0")
                told = b"SFATAL\0C28P01\0Mpassword refused: " + password + b"\0\0"
                self.wfile.write(struct.pack("!ci", b"E", 4 + len(told)) + told)

    def _start(self) -> int:
        """What a message without a letter asks for: TLS, or a session."""
        code: int = struct.unpack("!i", self._rest()[:4])[0]
        return code

    def _rest(self) -> bytes:
        return self.rfile.read(struct.unpack("!i", self.rfile.read(4))[0] - 4)


def main(http_port: int, smtp_port: int, postgresql_port: int) -> None:
    """Refuse until the end."""
    socketserver.ThreadingTCPServer.allow_reuse_address = True
    for port, handler in ((smtp_port, Smtp), (postgresql_port, Postgresql)):
        server = socketserver.ThreadingTCPServer(("127.0.0.1", port), handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
    http.server.ThreadingHTTPServer(("127.0.0.1", http_port), Http).serve_forever()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
