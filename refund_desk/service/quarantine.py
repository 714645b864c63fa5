"""Records that can't be taken: kept whole with their reasons and evidence, corrected, taken in again, never lost."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from refund_desk.domain.errors import Conflict, DeskError, Invalid
from refund_desk.domain.evidence import path_problem
from refund_desk.domain.people import Principal
from refund_desk.domain.requests import Problem, reasons
from refund_desk.domain.sources import Hint
from refund_desk.service.gate import permit
from refund_desk.service.intake import ReadFile
from refund_desk.service.ports import Desk, Work

Status = Literal["open", "taken", "dropped"]
_PAGE = 200
_NAMED = 20
"""Requests that an entry names; its count says how many there were."""


def problems_of(error: Invalid) -> list[Problem]:
    """The problems that a refusal `intake.quarantined` carries."""
    return [Problem(p["path"], p["code"], p["params"]) for p in error.params.get("problems", [])]


def set_aside(desk: Desk, raw: bytes, files: Iterable[str], read: ReadFile) -> str | None:
    """Copy a refused record's evidence, so that it can be taken once the bundle is gone. No transaction.

    Returns the folder, None where there is nothing to keep. A file that can't be read is left out.
    """
    folder, kept = hashlib.sha256(raw).hexdigest(), False
    for file in dict.fromkeys(files):
        if path_problem(file):
            continue
        try:
            desk.blobs.keep_aside(folder, file, read(file))
        except DeskError:
            continue
        kept = True
    return folder if kept else None


@dataclass(frozen=True, slots=True)
class Refused:
    """A record to quarantine. `request`: its `system/id` where it could be read; `aside`: where its evidence lies."""

    source: str
    line: int | None
    raw: bytes
    request: str | None
    problems: Sequence[Problem]
    aside: str | None = None


def put(work: Work, desk: Desk, who: Principal, refused: Sequence[Refused]) -> None:
    """Quarantine records, with one entry for all of them; a record that is there already gets today's reasons."""
    permit(work, desk, who, "intake.submit")
    now = desk.clock()
    rows = [
        {
            "at": now,
            "source": one.source,
            "line": one.line,
            "request": one.request,
            "digest": hashlib.sha256(one.raw).digest(),
            "raw": one.raw,
            "reasons": [problem.plain() for problem in one.problems],
            "evidence_dir": one.aside,
        }
        for one in refused
    ]
    # Twice in one batch is once: PostgreSQL takes no row twice in one upsert.
    work.intake.quarantine(list({(row["digest"], row["source"]): row for row in rows}.values()))
    codes = Counter(code for one in refused for code in reasons(one.problems))
    named = [one.request for one in refused if one.request][:_NAMED]
    work.audit("intake.quarantined", who, records=len(rows), requests=named, reasons=dict(sorted(codes.items())))


def number_of(work: Work, raw: bytes, source: str) -> int:
    """The id of a quarantined record."""
    return work.intake.quarantine_id(hashlib.sha256(raw).digest(), source)


def rows(
    work: Work, desk: Desk, who: Principal, *, status: Status | None = "open", after: int = 0, limit: int = 50
) -> Sequence[Mapping[str, Any]]:
    """Quarantined records without their bytes, newest first; `after` is the id of the last row had."""
    permit(work, desk, who, "quarantine.list")
    return work.intake.quarantined(status, after, min(limit, _PAGE))


def show(work: Work, desk: Desk, who: Principal, number: int) -> Mapping[str, Any]:
    """One record with its bytes: a look at personal data, and an entry. The transaction must be a write."""
    permit(work, desk, who, "quarantine.list")
    row = work.intake.quarantined_one(number)
    work.audit("look.quarantine", who, quarantine=number)
    return row


def to_retry(work: Work, desk: Desk, who: Principal, number: int) -> Mapping[str, Any]:
    """The record to try again. Conflict `quarantine.settled` where it was taken or dropped."""
    permit(work, desk, who, "quarantine.retry")
    row = work.intake.quarantined_one(number)
    if row["status"] != "open":
        raise Conflict("quarantine.settled", id=number, status=row["status"])
    return row


def ask_again(work: Work, desk: Desk, row: Mapping[str, Any]) -> bool:
    """A record of a source is asked for again there, with its next run; False where it came another way."""
    connection = work.sources.by_name(row["source"])
    streams = work.sources.streams_of(connection.id, row["request"] or "") if connection else []
    if connection is None or not streams:
        return False
    work.sources.add_hints(connection.id, [Hint(stream, row["request"]) for stream in streams], desk.clock())
    work.sources.ask_for(connection.id, desk.clock())
    return True


def taken(work: Work, desk: Desk, who: Principal, number: int, ref: str) -> None:
    """It is in: in the transaction that took it. Its raw bytes go, what they said is in the tables now."""
    permit(work, desk, who, "quarantine.retry")
    work.intake.settle_quarantine(number, status="taken", raw=b"")
    work.audit("quarantine.taken", who, ref, quarantine=number)


def still_wrong(work: Work, number: int, problems: Sequence[Problem]) -> None:
    """Tried again as it is, and refused again: the reasons as they are now."""
    work.intake.settle_quarantine(number, reasons=[problem.plain() for problem in problems])


def drop(work: Work, desk: Desk, who: Principal, number: int, reason: str) -> Mapping[str, Any]:
    """Give a record up for a stated reason. Its row, bytes and evidence stay; it just isn't open any more."""
    permit(work, desk, who, "quarantine.drop")
    if not reason.strip():
        raise Invalid("reason.missing")
    row = work.intake.quarantined_one(number)
    if row["status"] != "open":
        raise Conflict("quarantine.settled", id=number, status=row["status"])
    work.intake.settle_quarantine(number, status="dropped")
    work.audit("quarantine.dropped", who, quarantine=number, request=row["request"] or "")
    return {**row, "status": "dropped"}
