"""Local servers that speak the providers' protocols, with their faults.

Telegram's Bot API, Twilio's messages and SMTP, as far as a client that sends text can see them.
"""

from __future__ import annotations

import base64
import collections
import contextlib
import http.server
import json
import socket
import socketserver
import ssl
import struct
import threading
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import parse_qs

from tests.fakes.webhook_sink import LocalServer, break_off

TOKEN = "123456:very-secret-token"
SID = "AC0123456789abcdef"


@dataclass
class Reply:
    """What a server says instead of taking the next request.

    Attributes:
        hang: it says nothing at all.
        reset: it resets the connection without a word.
        cut: it resets the connection in the middle of its answer.
    """

    status: int = 200
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    hang: bool = False
    reset: bool = False
    cut: bool = False


class ProviderServer(LocalServer):
    """An HTTP server of a provider: what it took, and what it will do instead of taking more."""

    def __init__(self) -> None:
        super().__init__()
        self.took: list[dict[str, str]] = []
        self.replies: collections.deque[Reply] = collections.deque()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def handle(self, request: http.server.BaseHTTPRequestHandler) -> None:
        raw = request.rfile.read(int(request.headers.get("Content-Length", "0"))).decode()
        reply = self.replies.popleft() if self.replies else self.answer(request, raw)
        if reply.hang:
            self.ending.wait()
        if reply.hang or reply.reset:
            break_off(request, b"")
        elif reply.cut:
            break_off(request, b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{")
        else:
            self._say(request, reply)

    def _say(self, request: http.server.BaseHTTPRequestHandler, reply: Reply) -> None:
        data = reply.body.encode()
        request.send_response(reply.status)
        for name, value in {**reply.headers, "Content-Length": str(len(data))}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(data)

    def answer(self, request: http.server.BaseHTTPRequestHandler, raw: str) -> Reply:
        raise NotImplementedError


class TelegramServer(ProviderServer):
    """https://core.telegram.org/bots/api, sendMessage and getMe."""

    def answer(self, request: http.server.BaseHTTPRequestHandler, raw: str) -> Reply:
        if request.path == f"/bot{TOKEN}/getMe":
            bot = {"id": 123456, "is_bot": True, "first_name": "Standfast", "username": "standfast_bot"}
            return Reply(body=json.dumps({"ok": True, "result": bot}))
        is_json = request.headers.get_content_type() == "application/json"
        form = json.loads(raw) if is_json else {name: values[0] for name, values in parse_qs(raw).items()}
        if request.path != f"/bot{TOKEN}/sendMessage":
            return self.error(401, "Unauthorized")
        if len(form["text"].encode("utf-16-le")) // 2 > 4096:
            return self.error(400, "Bad Request: message is too long")
        if "parse_mode" in form:
            return self.error(400, "Bad Request: can't parse entities")
        self.took.append({name: str(value) for name, value in form.items()})
        chat = {"id": int(form["chat_id"]), "type": "private"}
        result = {"message_id": len(self.took), "date": 1, "chat": chat, "text": form["text"]}
        return Reply(body=json.dumps({"ok": True, "result": result}))

    @staticmethod
    def error(status: int, description: str, **parameters: Any) -> Reply:
        body = {"ok": False, "error_code": status, "description": description}
        return Reply(status, json.dumps({**body, **({"parameters": parameters} if parameters else {})}))


class TwilioServer(ProviderServer):
    """https://www.twilio.com/docs/messaging/api/message-resource, creating one; and the account, fetched."""

    def __init__(self) -> None:
        super().__init__()
        self.account = "active"

    def answer(self, request: http.server.BaseHTTPRequestHandler, raw: str) -> Reply:
        form = {name: values[0] for name, values in parse_qs(raw).items()}
        wanted = "Basic " + base64.b64encode(f"{SID}:{TOKEN}".encode()).decode()
        if request.headers.get("Authorization") != wanted:
            return self.error(401, "Authenticate", 20003)
        if (request.command, request.path) == ("GET", f"/2010-04-01/Accounts/{SID}.json"):
            return Reply(200, json.dumps({"sid": SID, "status": self.account}), {"Content-Type": "application/json"})
        if request.path != f"/2010-04-01/Accounts/{SID}/Messages.json":
            return self.error(404, "not found", 20404)
        self.took.append(form)
        body = {"sid": f"SM{len(self.took)}", "status": "queued", "body": form["Body"], "to": form["To"]}
        return Reply(201, json.dumps(body), {"Content-Type": "application/json"})

    @staticmethod
    def error(status: int, message: str, code: int = 0, **headers: str) -> Reply:
        return Reply(status, json.dumps({"code": code, "message": message, "status": status}), headers)


HANG = "hang"
RESET = "reset"


class SmtpServer(socketserver.ThreadingTCPServer):
    """RFC 5321 as far as a client that sends one message needs it.

    `replies` says what a command gets instead; HANG is no answer, RESET the end of the connection in the middle of
    one. `strangers` are recipients that it does not know. With `encryption` it knows STARTTLS.
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, extensions: tuple[str, ...] = (), encryption: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _SmtpSession)
        self.extensions = (*extensions, "STARTTLS") if encryption else extensions
        self.encryption = encryption
        self.encrypted = 0
        self.took: list[tuple[list[str], bytes]] = []
        self.logins: list[str] = []
        self.heard: list[str] = []
        self.replies = {"STARTTLS": "220 go on"} if encryption else {}
        self.strangers: set[str] = set()
        self.ending = threading.Event()
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05})

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ending.set()
        self.shutdown()
        self._thread.join()
        self.server_close()


class _SmtpSession(socketserver.StreamRequestHandler):
    server: SmtpServer

    def handle(self) -> None:
        with contextlib.suppress(OSError):
            self._say(self.server.replies.get("CONNECT", "220 ready"))
            self._talk()

    def finish(self) -> None:
        super().finish()
        self.request.close()  # the encrypted one, of which the server does not know

    def _talk(self) -> None:
        recipients: list[str] = []
        while line := self.rfile.readline().decode().strip():
            verb = line.split(" ", 1)[0].upper()
            self.server.heard.append(verb)
            if verb in self.server.replies:
                self._say(self.server.replies[verb])
                self._encrypt(verb)
            elif verb == "EHLO":
                lines = ["local", *self.server.extensions]
                self._say(*(f"250{'-' if one is not lines[-1] else ' '}{one}" for one in lines))
            elif verb == "AUTH":
                self.server.logins.append(base64.b64decode(line.split()[2]).decode())
                self._say("235 welcome")
            elif verb == "RCPT":
                self._say(self._recipient(line.partition("<")[2].rstrip(">"), recipients))
            elif verb == "DATA":
                self._say("354 go on")
                self._say(self._taken(recipients, self._data()))
            elif verb == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 ok")

    def _encrypt(self, verb: str) -> None:
        if verb == "STARTTLS" and self.server.encryption is not None:
            self.request = self.server.encryption.wrap_socket(self.request, server_side=True)
            self.server.encrypted += 1
            self.setup()

    def _recipient(self, address: str, recipients: list[str]) -> str:
        if address in self.server.strangers:
            return "550 no such user"
        recipients.append(address)
        return "250 ok"

    def _taken(self, recipients: list[str], data: bytes) -> str:
        if "END OF DATA" in self.server.replies:
            return self.server.replies["END OF DATA"]
        self.server.took.append((recipients, data))
        return "250 taken"

    def _data(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines)

    def _say(self, *lines: str) -> None:
        if lines == (HANG,):
            self.server.ending.wait()
        if lines in ((HANG,), (RESET,)):
            self.wfile.write(b"25")
            self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.request.close()
            raise ConnectionResetError
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())
