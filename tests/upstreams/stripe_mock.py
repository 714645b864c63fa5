"""stripe-stateful-mock, a re-implementation by others, on loopback; and a proxy before it that loses answers."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

HERE = Path(__file__).parent / "stripe"


def installed(folder: Path) -> Path:
    """Install it below a folder. Skipped on a laptop without node, a failure in CI."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        note = "node and npm are not here: nothing was tried against a gateway of Stripe's shape"
        if os.environ.get("CI") == "true":
            pytest.fail(note)
        pytest.skip(note)
    shutil.copyfile(HERE / "package.json", folder / "package.json")
    command = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=300)
    return folder


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """Its address, while it runs."""
    process = subprocess.Popen(
        ["node", str(HERE / "run.js"), str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "LOG_LEVEL": "silent"},
    )
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("READY"):
                break
        else:
            raise RuntimeError("the gateway did not start")
        yield f"http://127.0.0.1:{line.split()[1]}"
    finally:
        process.terminate()
        process.wait(timeout=20)
        if process.stdout is not None:
            process.stdout.close()


class Proxy:
    """Passes everything on. `fault` for the next POST: lost (answered to nobody), never (not passed on), error
    (passed on, answered 500), half (the answer is cut in the middle), refused (500 without passing it on)."""

    def __init__(self, upstream: str) -> None:
        self.upstream, self.fault = upstream, ""
        self._client = httpx.Client(base_url=upstream, timeout=20)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._client.close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            def _serve(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                fault = proxy.fault if self.command == "POST" else ""
                if fault:
                    proxy.fault = ""
                if fault == "never":
                    self.connection.close()
                    return
                if fault == "refused":
                    self._answer(500, {}, b"{}")
                    return
                passed = {n: v for n, v in self.headers.items() if n.lower() not in ("host", "content-length")}
                got = proxy._client.request(self.command, self.path, content=body, headers=passed)
                kept = {n: v for n, v in got.headers.items() if n in ("content-type", "date", "idempotent-replayed")}
                if fault == "lost":
                    self.connection.close()
                elif fault == "error":
                    self._answer(500, {}, b'{"error": {"type": "api_error"}}')
                elif fault == "half":
                    self._answer(got.status_code, kept, got.content[: len(got.content) // 2])
                else:
                    self._answer(got.status_code, kept, got.content)

            def _answer(self, status: int, headers: dict[str, str], raw: bytes) -> None:
                self.send_response_only(status)
                for name, value in {**headers, "content-length": str(len(raw)), "connection": "close"}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(raw)

            do_GET = do_POST = _serve  # noqa: N815

            def log_message(self, *_: object) -> None: ...

        return Handler
