"""An IMAP4rev1 server on loopback, as much of RFC 3501 as a reader of one mailbox asks; fails as it is told."""

from __future__ import annotations

import base64
import re
import socketserver
import threading
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

USER, PASSWORD = "support@shop.test", "mail-pässword-7"


@dataclass
class Mailbox:
    """Mails by UID. faults: for the next commands after sign-in: `no`, `cut`, `garbage`, `slow`."""

    mails: dict[int, bytes] = field(default_factory=dict)
    validity: int = 77
    next_uid: int = 1
    faults: list[str] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    double: bool = False

    def add(self, raw: bytes) -> int:
        uid, self.next_uid = self.next_uid, self.next_uid + 1
        self.mails[uid] = raw
        return uid


def mail(number: int, subject: str, text: str, **headers: str) -> bytes:
    """A customer's mail."""
    message = EmailMessage()
    message["From"] = headers.pop("sender", f"Ama Owusu <ama{number}@example.com>")
    message["To"] = headers.pop("to", USER)
    message["Subject"] = subject
    message["Message-ID"] = f"<m{number}@shop.test>"
    message["Date"] = headers.pop("date", "Wed, 18 Nov 2026 08:00:00 +0000")
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message.as_bytes()


class Server:
    """The mailbox, served."""

    def __init__(self, mailbox: Mailbox) -> None:
        class Handler(socketserver.StreamRequestHandler):
            disable_nagle_algorithm = True  # an answer of several lines would wait 40 ms for its acknowledgement

            def handle(self) -> None:
                try:
                    _Talk(self.rfile, self.wfile, mailbox).run()
                except (OSError, ValueError):  # whoever asked went away
                    return

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        self.mailbox = mailbox
        self.port = int(self._server.server_address[1])

    def close(self) -> None:
        self.mailbox.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Talk:
    """One connection."""

    def __init__(self, rfile: Any, wfile: Any, mailbox: Mailbox) -> None:
        self._in, self._out, self._box = rfile, wfile, mailbox
        self._signed_in = False

    def _say(self, line: bytes) -> None:
        self._out.write(line + b"\r\n")
        self._out.flush()

    def run(self) -> None:
        self._say(b"* OK ready")
        while line := self._in.readline():
            tag, _, rest = line.rstrip(b"\r\n").partition(b" ")
            if self._signed_in and self._box.faults and not rest.upper().startswith(b"LOGOUT"):
                fault = self._box.faults.pop(0)
                if fault == "no":
                    self._say(tag + b" NO [UNAVAILABLE] later")
                    continue
                if fault == "slow":
                    self._box.released.wait(30)
                if fault == "garbage":
                    self._say(b"\xff\xfe{{{ what " + tag)
                return
            if not self._command(tag, rest):
                return

    def _command(self, tag: bytes, rest: bytes) -> bool:
        word = rest.split(b" ")[0].upper()
        if word == b"CAPABILITY":
            self._say(b"* CAPABILITY IMAP4rev1 AUTH=PLAIN")
        elif word == b"AUTHENTICATE":
            self._say(b"+ ")
            _, name, given = base64.b64decode(self._in.readline()).decode().split("\0")
            self._signed_in = (name, given) == (USER, PASSWORD)
            if not self._signed_in:
                self._say(tag + b" NO [AUTHENTICATIONFAILED] no")
                return True
        elif word == b"EXAMINE":
            self._say(b"* %d EXISTS" % len(self._box.mails))
            self._say(b"* OK [UIDVALIDITY %d]" % self._box.validity)
            self._say(b"* OK [UIDNEXT %d]" % self._box.next_uid)
            self._say(tag + b" OK [READ-ONLY] done")
            return True
        elif word == b"UID":
            self._uid(rest[4:])
        elif word == b"LOGOUT":
            self._say(b"* BYE")
            self._say(tag + b" OK")
            return False
        self._say(tag + b" OK done")
        return True

    def _uid(self, rest: bytes) -> None:
        if match := re.match(rb"SEARCH UID (\d+):\*", rest):
            begin = int(match[1])
            found = [uid for uid in self._box.mails if uid >= begin]
            found = found or list(self._box.mails)[-1:]  # `n:*` is never empty
            self._say(b"* SEARCH " + b" ".join(b"%d" % uid for uid in found))
        elif match := re.match(rb'SEARCH HEADER Message-ID "([^"]*)"', rest):
            found = [uid for uid, raw in self._box.mails.items() if match[1] in raw]
            self._say(b"* SEARCH " + b" ".join(b"%d" % uid for uid in found))
        elif match := re.match(rb"FETCH (\d+) \((.*)\)", rest):
            raw = self._box.mails.get(int(match[1]))
            if raw is None:
                return
            if match[2] == b"UID RFC822.SIZE":
                self._say(b"* 1 FETCH (UID %s RFC822.SIZE %d)" % (match[1], len(raw)))
            else:
                self._out.write(b"* 1 FETCH (UID %s BODY[] {%d}\r\n" % (match[1], len(raw)) + raw + b")\r\n")
