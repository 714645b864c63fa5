"""Images and files of a case: renditions to look at, originals, notes on them, and new ones."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from refund_desk.domain.errors import Conflict, TooLarge
from refund_desk.domain.evidence import MAX_EVIDENCE_BYTES
from refund_desk.domain.people import Principal
from refund_desk.server import present as p
from refund_desk.server.call import Caller, RowId
from refund_desk.service import evidence
from refund_desk.service.ports import Work
from refund_desk.wire import commands as c
from refund_desk.wire.cases import ImageNote

router = APIRouter(tags=["evidence"])


async def body_bytes(request: Request, call: Caller, ref: str) -> bytes:
    """The raw body, cut off as soon as it is too large: nothing bigger is ever held, and nothing of strangers."""
    await run_in_threadpool(call.read, lambda work, who: evidence.may_add(work, call.desk, who, ref))
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_EVIDENCE_BYTES:
            raise TooLarge("evidence.too_large", file="", bytes=size)
        parts.append(part)
    return b"".join(parts)


_BYTES = {"schema": {"type": "string", "format": "binary"}}
_IMAGE: dict[int | str, dict[str, Any]] = {200: {"content": {"image/jpeg": _BYTES, "image/png": _BYTES}}}
_FILE: dict[int | str, dict[str, Any]] = {200: {"content": {"application/octet-stream": _BYTES}}}
_BODY = {"requestBody": {"required": True, "content": {"application/octet-stream": _BYTES}}}


@router.get("/evidence/{number}/image", response_class=Response, responses=_IMAGE)
def image(call: Caller, number: RowId, size: str = "screen") -> Response:
    """A rendition (thumb, screen, full), upright. Opening one is a look."""

    def use(work: Work, who: Principal) -> bytes:
        data = evidence.rendition(work, call.desk, who, number, size)
        if size != "thumb":  # thumbnails come with the case, which was a look already
            call.house.looks.evidence(who, evidence.ref_of(work, number), number)
        return data

    try:
        data = call.read(use)
    except Conflict as wait:
        if wait.code != "evidence.waiting":
            raise
        call.house.decode_now(number)  # wanted before the worker came to it
        data = call.read(use)
    kind = "image/png" if data.startswith(b"\x89PNG") else "image/jpeg"
    return Response(data, media_type=kind, headers={"Cache-Control": "private, max-age=3600"})


@router.get("/evidence/{number}/original", response_class=Response, responses=_FILE)
def original(call: Caller, number: RowId) -> Response:
    """The bytes as they came. A look, and an audit entry; never shown inline."""
    found: list[bytes] = []
    names: list[str] = []

    def use(work: Work, who: Principal) -> None:
        row, data = evidence.original(work, call.desk, who, number)
        found.append(data)
        names.append(str(row["name"]))

    call.write(use)
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(names[0])}",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(found[0], media_type="application/octet-stream", headers=headers)


@router.post("/cases/{ref}/evidence", response_model=c.UploadMade, openapi_extra=_BODY)
def add(
    call: Caller,
    ref: str,
    name: Annotated[str, Query(min_length=1, max_length=500)],
    data: Annotated[bytes, Depends(body_bytes)],
) -> Response:
    """Add a file: its raw bytes are the body."""

    def use(work: Work, who: Principal) -> c.UploadMade:
        number, duplicate = evidence.add(work, call.desk, who, ref, name, data)
        return c.UploadMade(evidence=number, duplicate=duplicate)

    return call.write(use, raw=data)


@router.post("/evidence/{number}/notes", response_model=ImageNote)
def note(call: Caller, number: RowId, body: c.NewNote) -> Response:
    """Mark a part of an image. The image never changes: notes lie over it."""

    def use(work: Work, who: Principal) -> ImageNote:
        row = evidence.note(work, call.desk, who, number, body.model_dump())
        return ImageNote(
            id=row["id"], by=p.known(who.person_id, {who.person_id: who.name}), at=row["at"], **row["shape"]
        )

    return call.write(use, body=body)


@router.delete("/evidence/{number}/notes/{note_id}", status_code=204)
def remove_note(call: Caller, number: RowId, note_id: RowId) -> Response:
    """Take one's own note off an image."""
    return call.write(lambda work, who: evidence.remove_note(work, call.desk, who, number, note_id), status=204)
