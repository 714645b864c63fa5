"""Requests taken in by API, whole bundles, and the quarantine. Same checks and words as an import.

Intake runs in several short transactions of its own (`server.intake_run`) and is idempotent by what it is
sent: the same record again answers `unchanged`, with or without an Idempotency-Key.
"""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from refund_desk.domain.errors import Invalid, NotFound, TooLarge
from refund_desk.domain.people import Principal
from refund_desk.server.call import Call, Caller, RowId
from refund_desk.server.intake_run import retry, take_one
from refund_desk.server.jobs import Jobs, Running
from refund_desk.server.routes.audit import job_view
from refund_desk.service import quarantine
from refund_desk.service.gate import permit
from refund_desk.service.ports import Work
from refund_desk.wire import bundle as w
from refund_desk.wire import commands as c
from refund_desk.wire.base import MAX_INT

router = APIRouter(tags=["intake"])

MAX_RECORD: Final = 4 * 1024 * 1024
MAX_ZIP: Final = 2 * 1024 * 1024 * 1024
SOURCE: Final = "api"


_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/BundleCase"}}},
    }
}


@dataclass(frozen=True, slots=True)
class Sent:
    """A record as it was sent, and by whom."""

    who: Principal
    raw: bytes


@dataclass(frozen=True, slots=True)
class SentZip:
    """A bundle as it was sent, on disk; whoever takes it removes it."""

    who: Principal
    path: Path


def _permitted(call: Call, activity: str) -> Principal:
    """The caller, if they may; a refusal is audited."""

    def use(work: Work, who: Principal) -> Principal:
        permit(work, call.desk, who, activity)
        return who

    return call.read(use)


async def sent_record(request: Request, call: Caller) -> Sent:
    """One record's bytes; parsing is intake's, so that API and import say the same words."""
    who = await run_in_threadpool(_permitted, call, "intake.submit")  # before the first byte is read
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_RECORD:
            raise TooLarge("intake.record_too_large", limit=MAX_RECORD)
        parts.append(part)
    return Sent(who, b"".join(parts))


async def sent_zip(request: Request, call: Caller) -> SentZip:
    """A bundle's bytes on disk."""
    who = await run_in_threadpool(_permitted, call, "intake.submit")
    kind = request.headers.get("content-type", "").partition(";")[0]
    if kind not in ("application/zip", "application/octet-stream"):
        raise Invalid("intake.media_type", said=kind)
    with tempfile.NamedTemporaryFile(prefix="bundle-", suffix=".zip", delete=False) as file:
        path = Path(file.name)
        try:
            await _receive(request, file)
        except BaseException:  # too large, or the sender went away
            path.unlink()
            raise
    return SentZip(who, path)


async def _receive(request: Request, file: IO[bytes]) -> None:
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_ZIP:
            raise TooLarge("intake.bundle_too_large", limit=MAX_ZIP)
        file.write(part)


def _no_files(file: str) -> bytes:
    raise NotFound("evidence.missing", file=file)


@router.post("/refund-requests", response_model=w.RequestTaken, openapi_extra=_BODY)
def submit(call: Caller, sent: Annotated[Sent, Depends(sent_record)]) -> w.RequestTaken:
    """Take one request in: a line of a case bundle, without files (`POST /imports` takes those, in a zip).

    A record that can't be taken answers 422 with every problem and its path, and is kept in quarantine.
    """
    result = take_one(call.house, sent.who, sent.raw, SOURCE, _no_files)
    return w.RequestTaken(result=result.result, ref=result.ref, findings=list(result.findings))


@router.post(
    "/imports",
    response_model=c.Job,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
def start_import(call: Caller, request: Request, sent: Annotated[SentZip, Depends(sent_zip)]) -> c.Job:
    """Take a whole bundle in, a zip; ask `/jobs/{id}` how it goes. Its result is the counts."""
    jobs: Jobs = request.app.state.jobs

    def run(job: Running) -> Any:
        try:
            return call.house.import_bundle(job, sent.who, sent.path)
        finally:
            sent.path.unlink(missing_ok=True)

    return job_view(jobs.start("import", sent.who, run))


# ---------------------------------------------------------------- quarantine


@router.get("/quarantine")
def rows(
    call: Caller,
    status: quarantine.Status | None = "open",
    after: Annotated[int, Query(ge=0, le=MAX_INT, description="Id of the last row had; 0: from the newest.")] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> w.QuarantinePage:
    """Records that could not be taken, newest first."""
    found = call.read(lambda work, who: quarantine.rows(work, call.desk, who, status=status, after=after, limit=limit))
    page = [_row(row) for row in found]
    return w.QuarantinePage(rows=page, next=page[-1].id if len(page) == limit else None)


@router.get("/quarantine/{number}", response_model=w.QuarantineRecord)
def show(call: Caller, number: RowId) -> Response:
    """One record whole, as it came. A look, and an audit entry."""
    return call.write(lambda work, who: _record(quarantine.show(work, call.desk, who, number)))


@router.post("/quarantine/{number}/retry", response_model=w.RequestTaken)
def try_again(call: Caller, number: RowId, body: w.Retry) -> w.RequestTaken:
    """Take it in again, as it is or corrected; its evidence was kept. 422 with what is still wrong."""
    who = _permitted(call, "quarantine.retry")
    outcome = retry(call.house, who, number, None if body.record is None else body.record.encode())
    return w.RequestTaken(result=outcome.result, ref=outcome.ref, findings=list(outcome.findings))


@router.post("/quarantine/{number}/drop", response_model=w.QuarantineRow)
def drop(call: Caller, number: RowId, body: c.Because) -> Response:
    """Give a record up, with a reason. It stays on record."""
    return call.write(lambda work, who: _row(quarantine.drop(work, call.desk, who, number, body.reason)), body=body)


def _row(row: Mapping[str, Any]) -> w.QuarantineRow:
    names = ("id", "at", "source", "line", "request", "status", "reasons")
    return w.QuarantineRow.model_validate({name: row[name] for name in names})


def _record(row: Mapping[str, Any]) -> w.QuarantineRecord:
    raw = bytes(row["raw"])
    try:
        text, coded = raw.decode("utf-8"), False
    except UnicodeDecodeError:
        text, coded = base64.b64encode(raw).decode("ascii"), True
    return w.QuarantineRecord(**_row(row).model_dump(), raw=text, raw_base64=coded)
