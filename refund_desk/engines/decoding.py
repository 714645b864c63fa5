"""Decode images where it can't hurt: in a child process with memory and time limits.

`Decoder` keeps one child, hands it one image at a time, and replaces it when it dies or hangs; the
image that killed it gets a clear word. The child is `python -m refund_desk.engines.decoding`.
"""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, Any, Final

from refund_desk.domain.evidence import Decoded, Trouble

TIME_LIMIT_S: Final = 30.0
MEMORY_LIMIT: Final = 1536 * 1024 * 1024
"""Address space of the child: 100 megapixels in four channels twice, and the libraries."""
JOBS_PER_CHILD: Final = 500
LARGEST_FRAME: Final = 192 * 1024 * 1024
_LENGTH: Final = struct.Struct("!I")


class Decoder:
    """One child process, one image at a time; calls from several threads take turns."""

    def __init__(self, time_limit_s: float = TIME_LIMIT_S, memory_limit: int = MEMORY_LIMIT) -> None:
        self._time_limit, self._memory_limit = time_limit_s, memory_limit
        self._child: subprocess.Popen[bytes] | None = None
        self._jobs = 0
        self._lock = threading.Lock()

    def decode(self, data: bytes | Path) -> Decoded | Trouble:
        """Turn upright, read capture data, write renditions. Never raises for what is in the image."""
        raw = data.read_bytes() if isinstance(data, Path) else data
        with self._lock:
            return self._decode(raw)

    def close(self) -> None:
        """End the child; the next `decode` starts another."""
        with self._lock:
            self._end()

    def _decode(self, raw: bytes) -> Decoded | Trouble:
        child = self._ready()
        late = threading.Event()

        def stop() -> None:
            late.set()
            child.kill()

        watch = threading.Timer(self._time_limit, stop)
        watch.daemon = True
        watch.start()
        try:
            answer = _ask(child, raw)
        except (OSError, EOFError):
            self._end()
            if late.is_set():
                return Trouble("evidence.decoder_timeout", {"seconds": round(self._time_limit)})
            return Trouble("evidence.decoder_died")
        finally:
            watch.cancel()
            watch.join()
        self._jobs += 1
        return answer

    def _ready(self) -> subprocess.Popen[bytes]:
        if self._child is None or self._child.poll() is not None or self._jobs >= JOBS_PER_CHILD:
            self._end()
            self._child = subprocess.Popen(  # noqa: S603 - our own interpreter, fixed arguments
                [sys.executable, "-m", "refund_desk.engines.decoding", str(self._memory_limit)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=_environment(),
            )
            self._jobs = 0
        return self._child

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:  # an unsent rest for a child that is gone
                    continue


def _environment() -> dict[str, str]:
    """Enough to start Python and find this package; nothing secret goes to a process that reads strangers' bytes."""
    kept = ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR", "TEMP", "LANG")
    here = str(Path(__file__).resolve().parents[2])
    return {name: os.environ[name] for name in kept if name in os.environ} | {"PYTHONPATH": here}


def _ask(child: subprocess.Popen[bytes], raw: bytes) -> Decoded | Trouble:
    if child.stdin is None or child.stdout is None:
        raise EOFError
    write_frame(child.stdin, raw)
    child.stdin.flush()
    head: dict[str, Any] = json.loads(read_frame(child.stdout))
    if code := head.get("trouble"):
        return Trouble(code, head.get("params", {}))
    return Decoded(
        width=head["width"],
        height=head["height"],
        media_type=head["media_type"],
        renditions={name: read_frame(child.stdout) for name in head["renditions"]},
        exif=head["exif"],
        taken_at=head["taken_at"],
        edited=head["edited"],
    )


def write_frame(pipe: IO[bytes], data: bytes) -> None:
    """Length, then bytes."""
    pipe.write(_LENGTH.pack(len(data)))
    pipe.write(data)


def read_frame(pipe: IO[bytes]) -> bytes:
    """The next frame; EOFError where the other side is gone."""
    size = _LENGTH.unpack(_exactly(pipe, _LENGTH.size))[0]
    if size > LARGEST_FRAME:
        raise EOFError  # whoever says so is no longer our child
    return _exactly(pipe, size)


def _exactly(pipe: IO[bytes], size: int) -> bytes:
    data = pipe.read(size)
    if len(data) != size:
        raise EOFError
    return data


if __name__ == "__main__":
    from refund_desk.engines.decoding_child import main

    main(int(sys.argv[1]))
