"""An HTTP server on loopback that answers as it is told, and fails as it is told: for tests of connectors."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came; header names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Said:
    """An answer. `cut`: its connection ends in the middle; `after`: seconds before its first byte."""

    status: int = 200
    content: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False
    after: float = 0.0


def said(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Said:
    return Said(status, json.dumps(value).encode(), {"content-type": "application/json", **(headers or {})})


Answer = Callable[[Asked], Said]


class Faulty:
    """Answers with `answer`, unless a fault is due. faults: given one by one, before anything else is asked."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.faults: list[Said] = []
        self.asked: list[Asked] = []
        self.at: list[float] = []
        self.released = threading.Event()
        self.date: Callable[[], str] | None = None  # what it says of its own clock, instead of the machine's
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="faulty", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def close(self) -> None:
        """Once; a second time does nothing."""
        if self.released.is_set():
            return
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _next(self, asked: Asked) -> Said:
        self.asked.append(asked)
        self.at.append(time.monotonic())
        return self.faults.pop(0) if self.faults else self.answer(asked)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

            def _any(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                self._say(outer._next(Asked(self.command, self.path, headers, body)))

            def _say(self, answer: Said) -> None:
                if answer.after:
                    outer.released.wait(answer.after)
                try:
                    self.send_response_only(answer.status)
                    self.send_header("date", outer.date() if outer.date else self.date_time_string())
                    for name, value in answer.headers.items():
                        self.send_header(name, value)
                    self.send_header("content-length", str(len(answer.content)))
                    self.end_headers()
                    self.wfile.write(answer.content[: len(answer.content) // 2] if answer.cut else answer.content)
                    self.wfile.flush()
                except OSError:  # whoever asked went away
                    self.close_connection = True
                if answer.cut:
                    self.close_connection = True
                    self.connection.close()

            do_GET = do_POST = _any  # noqa: N815 - the names that the server calls

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing: a test's output is its own."""

        return Handler


@contextmanager
def serving(answer: Answer) -> Iterator[Faulty]:
    server = Faulty(answer)
    try:
        yield server
    finally:
        server.close()
