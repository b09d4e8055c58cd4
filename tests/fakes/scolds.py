"""Servers that refuse whatever they are given, and repeat it in their answer: an OpenAlgo, a webhook and a mail server.

Real ones do the like: a gateway's exception names the URL that was asked for, a relay quotes the login it refused.
usage: scolds.py HTTP-PORT SMTP-PORT; the file `mode` beside this one says how HTTP is refused: a status, or `hang`.
"""

from __future__ import annotations

import base64
import contextlib
import http.server
import json
import socketserver
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


def main(http_port: int, smtp_port: int) -> None:
    """Refuse until the end."""
    socketserver.ThreadingTCPServer.allow_reuse_address = True
    mail = socketserver.ThreadingTCPServer(("127.0.0.1", smtp_port), Smtp)
    mail.daemon_threads = True
    threading.Thread(target=mail.serve_forever, daemon=True).start()
    http.server.ThreadingHTTPServer(("127.0.0.1", http_port), Http).serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
