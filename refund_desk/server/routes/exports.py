"""Cases as a file, made by a job."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from refund_desk.domain.errors import Invalid
from refund_desk.domain.exports import Order
from refund_desk.domain.people import Principal
from refund_desk.server.call import Caller
from refund_desk.server.jobs import Jobs, Running
from refund_desk.server.routes.audit import job_view
from refund_desk.service.exports import order_export
from refund_desk.service.ports import Work
from refund_desk.service.ports.views import CHIPS, QueueFilter
from refund_desk.wire import commands as c
from refund_desk.wire.exports import ExportOrder, QueueFilters

router = APIRouter(tags=["exports"])


@router.post("/exports/cases", response_model=c.Job)
def export(call: Caller, request: Request, body: ExportOrder) -> c.Job:
    """Begin to write every case that the filters find into a file; ask `/jobs/{id}` how it goes.

    The result is the manifest (`ExportManifest`), the file is at `/jobs/{id}/file`. Personal data is masked
    unless a purpose is given, which not every role may.
    """
    jobs: Jobs = request.app.state.jobs
    wanted, filters = _filter(body.filters), body.filters.model_dump(mode="json", exclude_defaults=True)
    order = Order(body.format, filters, body.purpose, body.language)
    actors: list[Principal] = []

    def use(work: Work, who: Principal) -> None:
        order_export(work, call.desk, who, order)
        actors.append(who)

    call.write(use, body=body)
    who = actors[0] if actors else call.read(lambda _, who: who)  # the same key again: it is on record already

    def run(job: Running) -> Any:
        return call.house.export_cases(job, who, order, wanted)

    return job_view(jobs.start("export.cases", who, run))


def _filter(said: QueueFilters) -> QueueFilter:
    if said.chip is not None and said.chip not in CHIPS:
        raise Invalid("queue.chip", chip=said.chip, allowed=list(CHIPS))
    values = said.model_dump(mode="json", exclude={"q", "closed"})
    return QueueFilter(**values, text=said.q, closed=said.closed or bool(said.q))
