"""What the commands share that let a job write a file and fetch it: progress, a stop, a whole file or none."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from refund_desk.commands.calling import Call
from refund_desk.commands.intake import progress
from refund_desk.domain.errors import DeskError, Invalid, NotFound
from refund_desk.wire.commands import Job

FIRST_S, SLOWEST_S = 0.02, 0.5


def finished(call: Call, job: Job) -> Job:
    """The job once it has ended well. An interrupt stops it; raises what it failed with."""
    pause = FIRST_S
    try:
        with progress() as show:
            while job.status == "running":
                show(job.done, job.total)
                time.sleep(pause)
                pause = min(SLOWEST_S, pause * 1.5)
                job = call.ask(call.client.job(job.id))
    except KeyboardInterrupt:
        call.ask(call.client.stop_job(job.id))
        raise
    if job.problem is not None:
        raise DeskError(job.problem.code.removeprefix("error."), **job.problem.params)
    return job


def place(out: Path) -> None:
    """NotFound `export.no_folder` where a file can't be written there."""
    if not out.absolute().parent.is_dir():
        raise NotFound("export.no_folder", path=str(out.absolute().parent))


def fetched(call: Call, job: Job, out: Path, digest: str) -> None:
    """The job's file at its place, once all of it is there and has the digest it should."""
    part = out.with_name(f".{out.name}.part")
    try:
        call.ask(call.client.job_file_to(job.id, part))
        if file_digest(part) != digest:
            raise Invalid("export.damaged", file=out.name)
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)


def file_digest(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    import hashlib

    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_manifest(out: Path, manifest: dict[str, Any]) -> Path:
    """OUT.manifest.json beside OUT."""
    path = out.with_name(f"{out.name}.manifest.json")
    said = {"file": out.name, **manifest}
    path.write_text(json.dumps(said, ensure_ascii=False, indent=1) + "\n", "utf-8")
    return path
