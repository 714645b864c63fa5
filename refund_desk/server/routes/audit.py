"""The log: read, verify and export it, as jobs."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse

from refund_desk.domain.errors import Conflict
from refund_desk.domain.people import Principal
from refund_desk.server.call import Caller
from refund_desk.server.jobs import Jobs, Running
from refund_desk.service.gate import permit
from refund_desk.service.ports import Work
from refund_desk.wire import commands as c
from refund_desk.wire.base import MAX_INT, Coded

router = APIRouter(tags=["audit"])


@router.get("/audit/entries")
def entries(
    call: Caller,
    before: Annotated[
        int | None, Query(ge=0, le=MAX_INT, description="Id of the last row seen; None: the newest.")
    ] = None,
    case: Annotated[str | None, Query(max_length=40)] = None,
    action: Annotated[str | None, Query(max_length=100)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
) -> c.AuditPage:
    """A page of the log, newest first."""

    def use(work: Any, who: Principal) -> c.AuditPage:
        permit(work, call.desk, who, "audit.read")
        found = work.log.page(before=before, case=case, action=action, limit=limit)
        parsed = [(row, json.loads(row.bytes)) for row in found]
        names = work.people.names({_person(entry["actor"]) for _, entry in parsed})
        return c.AuditPage(
            rows=[
                c.AuditRow(
                    position=row.position,
                    at=_at(entry["at"]),
                    actor=entry["actor"],
                    name=names.get(_person(entry["actor"])),
                    action=entry["action"],
                    case=entry["case"],
                    data=entry["data"],
                )
                for row, entry in parsed
            ],
            next=found[-1].id if len(found) == limit else None,
            size=work.log.size(),
            unprotected=work.log.unprotected(),
            checkpoint=work.log.latest_checkpoint(),
            unsigned=call.house.unsigned(),
        )

    return call.read(use)


def _person(actor: str) -> int:
    head = actor.split("/")[0]
    return int(head.removeprefix("person:")) if head.startswith("person:") else 0


def _at(micros: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)


def job_view(job: Running) -> c.Job:
    """A job on the wire."""
    return c.Job(
        id=job.id,
        kind=job.kind,
        status=job.status,
        done=job.done,
        total=job.total,
        result=job.result,
        problem=Coded(code=job.problem[0], params=job.problem[1]) if job.problem else None,
    )


@router.post("/audit/verify")
def verify(call: Caller, request: Request) -> c.Job:
    """Begin to verify the whole log; ask `/jobs/{id}` how it goes."""
    jobs: Jobs = request.app.state.jobs

    def use(work: Work, who: Principal) -> Principal:
        permit(work, call.desk, who, "audit.verify")
        return who

    who = call.read(use)
    return job_view(jobs.start("verify", who, call.house.verify, once=True))


@router.post("/audit/export", response_model=c.Job)
def export(call: Caller, request: Request) -> c.Job:
    """Begin to write the whole log into one file that proves itself offline."""
    jobs: Jobs = request.app.state.jobs
    actors: list[Principal] = []

    def use(work: Work, who: Principal) -> None:
        permit(work, call.desk, who, "audit.export")
        work.audit("audit.exported", who)
        actors.append(who)

    call.write(use)
    who = actors[0] if actors else call.read(lambda _, who: who)  # the same key again: it is on record already
    return job_view(jobs.start("export", who, call.house.export, once=True))


@router.get("/audit/proof/{ref}")
def prove(call: Caller, ref: str) -> dict[str, Any]:
    """The entries of a case with their inclusion proofs and the checkpoint they lead to."""

    def use(work: Work, who: Principal) -> None:
        permit(work, call.desk, who, "audit.export")
        work.cases.by_ref(ref)

    call.read(use)
    return call.house.prove(ref)


@router.get("/audit/consistency")
def consistency(
    call: Caller, old: Annotated[int, Query(ge=0, le=MAX_INT)], new: Annotated[int, Query(ge=0, le=MAX_INT)]
) -> dict[str, Any]:
    """That the log of `new` entries continues the one of `old`: a proof for whoever kept a checkpoint."""

    def use(work: Any, _: Principal) -> dict[str, Any]:
        if not old <= new <= work.log.size():
            raise Conflict("audit.size_unknown", old=old, new=new)
        return {"proof": [node.hex() for node in work.log.consistency(old, new)]}

    return call.read(use)


@router.get("/jobs/{job_id}")
def job(call: Caller, request: Request, job_id: str) -> c.Job:
    """How a job of one's own goes."""
    jobs: Jobs = request.app.state.jobs
    return call.read(lambda _, who: job_view(jobs.get(job_id, who)))


@router.post("/jobs/{job_id}/stop")
def stop(call: Caller, request: Request, job_id: str) -> c.Job:
    """Let a job of one's own end early."""
    jobs: Jobs = request.app.state.jobs

    def use(_: Work, who: Principal) -> c.Job:
        found = jobs.get(job_id, who)
        found.stop.set()
        return job_view(found)

    return call.read(use)


_FILE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
}


@router.get("/jobs/{job_id}/file", response_class=Response, responses=_FILE)
def file(call: Caller, request: Request, job_id: str) -> Response:
    """What a finished job wrote."""
    jobs: Jobs = request.app.state.jobs
    found = call.read(lambda _, who: jobs.get(job_id, who))
    if found.file is None or found.status != "done":
        raise Conflict("job.no_file", id=job_id)
    kind = "application/octet-stream"
    if not found.file.stat().st_size:  # of nothing, no range can be had
        return Response(b"", media_type=kind)
    return FileResponse(found.file, media_type=kind)
