"""`serve` and `worker` as processes of their own: they answer, say who signs, and stop in order when told to."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import httpx
import pytest

from refund_desk import wiring
from refund_desk.settings import Settings
from tests.fakes import bundles
from tests.fakes.shell import PASSWORD, Shell

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(shell: Shell) -> Iterator[Start]:
    """Starts `refund-desk` with these words; whatever still runs at the end is ended."""
    running: list[subprocess.Popen[str]] = []

    def begin(*words: str) -> subprocess.Popen[str]:
        env = {**os.environ, **{name: value for name, value in shell.env.items() if value is not None}}
        process = subprocess.Popen(
            [sys.executable, "-m", "refund_desk", *words],
            env=env,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        running.append(process)
        return process

    yield begin
    for process in running:
        with suppress(ProcessLookupError):
            process.kill()
        process.communicate()


def _said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, process.communicate()[1]
    return line


def test_a_server_answers_commands_and_stops_with_its_log_signed(shell: Shell, start: Start, tmp_path: Path) -> None:
    shell.add("lin", "administrator")
    process = start("serve", "--port", "0")
    found = re.search(r"http://127\.0\.0\.1:\d+", _said(process))
    assert found
    url = found[0]
    key = _said(process)
    assert wiring.own_vkey(shell.home, Settings(home=shell.home, key_dir=shell.keys)) in key.split()
    assert "open already" in start("serve", "--port", "0").communicate()[1]
    assert [
        row["login"] for row in shell.json("user", "list", "--server", url, "--as", "lin", typed=PASSWORD + "\n")
    ] == ["lin"]
    path = bundles.write(tmp_path / "bundle", [bundles.case("R1"), b"not json"])
    counts = shell.json("import", str(path), "--server", url, "--as", "lin", typed=PASSWORD + "\n")
    assert (counts["new"], counts["quarantined"]) == (1, 1)
    asyncio.run(_stop_while_one_waits(process, url))
    _, complaints = process.communicate(timeout=20)
    assert process.returncode == 0, complaints
    assert "Traceback" not in complaints
    assert shell.json("audit", "verify")["unprotected"] == 0


async def _stop_while_one_waits(process: subprocess.Popen[str], url: str) -> None:
    """A desk that waits for news is let go at once, not after its 25 seconds."""
    async with httpx.AsyncClient(base_url=url) as http:
        session = await http.post("/v1/session", json={"login": "lin", "password": PASSWORD})
        headers = {"Authorization": f"Bearer {session.json()['token']}"}
        top, before = -1, -2
        while top != before:  # entries of this very sign-in come in
            before, ask = top, {"after": top, "wait": 0.3}
            top = (await http.get("/v1/changes", headers=headers, params=ask)).json()["position"]
        waiting = asyncio.create_task(http.get("/v1/changes", headers=headers, params={"after": top, "wait": 25}))
        await asyncio.sleep(0)
        async with asyncio.timeout(15):
            done = asyncio.create_task(asyncio.to_thread(process.wait))
            process.send_signal(signal.SIGTERM)
            with suppress(httpx.HTTPError):  # cut off, if the signal was quicker than the request
                await waiting
            await done


def test_a_port_that_is_taken(shell: Shell) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        said = shell("serve", "--port", str(port), code=1).stderr
    assert f"127.0.0.1:{port}" in said
    assert "--port" in said
    assert not shell.home.exists()


def test_a_worker_runs_beside_and_stops(shell: Shell, start: Start) -> None:
    shell.add("lin", "administrator")
    process = start("worker")
    assert process.stderr is not None
    assert "worker runs" in process.stderr.readline()
    shell.add("mei", "reviewer")
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) == 0
    assert shell.json("audit", "verify")["unprotected"] == 0
