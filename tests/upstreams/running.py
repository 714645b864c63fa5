"""Start other people's systems on loopback, and stop them by the id of their process.

Packages are installed once, into the directory that REFUND_DESK_UPSTREAMS names (build/upstreams without it).
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import pytest

HERE = Path(__file__).parent
START_S = 240


def place() -> Path:
    """Where their programs are kept."""
    named = os.environ.get("REFUND_DESK_UPSTREAMS")
    return Path(named) if named else HERE.parents[1] / "build" / "upstreams"


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def lacking(why: str) -> None:
    """What a system stands on isn't here: in CI that is a failure, on a laptop it is a reason to skip."""
    if os.environ.get("CI") == "true":
        pytest.fail(why)
    pytest.skip(why)


def installed(name: str) -> Path:
    """The folder of a system's packages, installed from the public registry at first use, without its scripts."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        lacking("node and npm are not installed")
    target, wanted = place() / name, HERE / name / "package.json"
    there = target / "package.json"
    if not (target / "node_modules").is_dir() or there.read_bytes() != wanted.read_bytes():
        target.mkdir(parents=True, exist_ok=True)
        shutil.copy(wanted, there)
        command = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        done = subprocess.run(command, cwd=target, capture_output=True, text=True, timeout=900, check=False)
        if done.returncode:
            there.unlink()
            lacking(f"npm could not install {name}: {done.stderr[-300:]}")
    for script in (HERE / name).glob("*.js"):
        shutil.copy(script, target)
    return target


@contextmanager
def node(folder: Path, script: str, env: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    """A node program that says READY; what else it says goes to a file beside it."""
    told = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "LANG") if name in os.environ}
    log = (folder / f"{script}.log").open("w", encoding="utf-8")
    process = subprocess.Popen(
        ["node", script], cwd=folder, env={**told, **env}, stdout=subprocess.PIPE, stderr=log, text=True
    )
    try:
        assert process.stdout is not None
        _wait(process, process.stdout)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        log.close()
        if process.stdout is not None:
            process.stdout.close()


def _wait(process: subprocess.Popen[str], out: IO[str]) -> None:
    """Until it says READY; the rest of what it says is read and let go, so that it never waits for us."""
    ready = threading.Event()

    def read() -> None:
        for line in out:
            if line.startswith("READY"):
                ready.set()

    threading.Thread(target=read, name="upstream", daemon=True).start()
    for _ in range(START_S * 2):
        if ready.wait(0.5):
            return
        if process.poll() is not None:
            break
    raise RuntimeError("an upstream system did not start; its log is beside its packages")


@contextmanager
def over_tcp(path: Path) -> Iterator[int]:
    """A port on loopback that leads to a Unix socket: for programs that know no sockets but those."""
    listener = socket.create_server(("127.0.0.1", 0))

    ends: set[socket.socket] = set()

    def carry(one: socket.socket, other: socket.socket) -> None:
        try:
            while data := one.recv(65536):
                other.sendall(data)
        except OSError:
            pass
        for end in (one, other):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def both(near: socket.socket, far: socket.socket) -> None:
        """Until each side has ended; then both are closed."""
        back = threading.Thread(target=carry, args=(far, near), daemon=True)
        back.start()
        carry(near, far)
        back.join()
        for end in (near, far):
            end.close()
            ends.discard(end)

    def serve() -> None:
        while True:
            try:
                near, _ = listener.accept()
                ends.add(near)
                far = socket.socket(socket.AF_UNIX)
                ends.add(far)
                far.connect(str(path))
            except OSError:
                return
            threading.Thread(target=both, args=(near, far), daemon=True).start()

    threading.Thread(target=serve, name="over-tcp", daemon=True).start()
    try:
        yield int(listener.getsockname()[1])
    finally:
        listener.close()
        for end in list(ends):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
