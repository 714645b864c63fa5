"""Long work on the service: started, asked about, stopped. One thread each; results are kept for an hour."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

from refund_desk.domain.errors import DeskError, NotFound
from refund_desk.domain.people import Principal

KEEP_S = 3600
log = structlog.get_logger(__name__)


class Stopped(Exception):
    """Somebody stopped the job."""


@dataclass(slots=True)
class Running:
    """A job as it stands. `owner` alone may ask about it."""

    id: str
    kind: str
    owner: int
    status: str = "running"
    done: int = 0
    total: int | None = None
    result: Any = None
    problem: tuple[str, dict[str, Any]] | None = None
    file: Path | None = None
    at: float = field(default_factory=time.monotonic)
    stop: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None

    def progress(self, done: int, total: int | None = None) -> None:
        """Called by the work now and then; raises `Stopped` when somebody wants it to end."""
        self.done, self.total = done, total if total is not None else self.total
        if self.stop.is_set():
            raise Stopped


class Jobs:
    """All jobs of this process."""

    def __init__(self) -> None:
        self._jobs: dict[str, Running] = {}
        self._lock = threading.Lock()

    def start(self, kind: str, who: Principal, run: Callable[[Running], Any], *, once: bool = False) -> Running:
        """Begin; `run` gets the job for its progress and returns its result (JSON), or raises.

        once: one who asks again while theirs still runs gets that one.
        """
        job = Running(uuid.uuid4().hex, kind, who.account_id)
        with self._lock:
            alike = [j for j in self._jobs.values() if (j.kind, j.owner, j.status) == (kind, who.account_id, "running")]
            if once and alike:
                return alike[0]
            old = [j.id for j in self._jobs.values() if j.status != "running" and time.monotonic() - j.at > KEEP_S]
            for number in old:
                self._drop(self._jobs.pop(number))
            self._jobs[job.id] = job
        job.thread = threading.Thread(target=self._run, args=(job, run), name=f"job-{kind}", daemon=True)
        job.thread.start()
        return job

    def _run(self, job: Running, run: Callable[[Running], Any]) -> None:
        try:
            job.result = run(job)
            job.status = "done"
        except Stopped:
            job.status = "stopped"
        except DeskError as error:
            job.problem, job.status = (f"error.{error.code}", error.params), "failed"
        except Exception as error:
            log.error("job.bug", kind=job.kind, exc_info=error)
            job.problem, job.status = ("error.server.bug", {"why": type(error).__name__}), "failed"

    def get(self, job_id: str, who: Principal) -> Running:
        job = self._jobs.get(job_id)
        if job is None or job.owner != who.account_id:
            raise NotFound("job.not_found", id=job_id)
        return job

    def _drop(self, job: Running) -> None:
        if job.file is not None:
            job.file.unlink(missing_ok=True)

    def close(self) -> None:
        """Stop them all, and wait a little: what they read is about to go."""
        jobs = list(self._jobs.values())
        for job in jobs:
            job.stop.set()
        for job in jobs:
            if job.thread is not None:
                job.thread.join(5)
            self._drop(job)
