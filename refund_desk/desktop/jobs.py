"""Long work on the service, watched from here: started, asked about until it ends, stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from PySide6.QtCore import QObject

from refund_desk.client.api import DeskClient
from refund_desk.desktop.operations import Operations, Report, new_key
from refund_desk.domain.errors import DeskError
from refund_desk.wire.commands import Job

FIRST_S, SLOWEST_S = 0.05, 0.5


class JobWatch(QObject):
    """One job at a time. `run` begins it; `stop` asks the service to end it."""

    def __init__(self, client: DeskClient, operations: Operations, parent: QObject) -> None:
        super().__init__(parent)
        self._client, self._operations = client, operations
        self._id = ""

    def run(
        self,
        start: Callable[[], Awaitable[Job]],
        done: Callable[[Job], None],
        failed: Callable[[DeskError], None],
        progress: Callable[[int, int], None],
    ) -> None:
        """`done` gets the job once it is done, failed or stopped."""

        async def watch(report: Report) -> Job:
            job = await start()
            self._id, pause = job.id, FIRST_S
            while job.status == "running":
                await asyncio.sleep(pause)
                pause = min(SLOWEST_S, pause * 1.5)
                job = await self._client.job(job.id)
                report(job.done, job.total or 0)
            return job

        self._operations.long(self, watch, done, failed, progress)

    def stop(self) -> None:
        """The watch goes on until the service says that it has stopped."""
        job_id, client = self._id, self._client
        if job_id:
            self._operations.write(self, lambda _key: client.stop_job(job_id), key=new_key())
