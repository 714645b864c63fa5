"""Use cases of reconciliation: take a statement in, undo a match, settle or hand on a break. Runs are in
`service.reconciliation_run`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from refund_desk.domain.errors import Conflict, Invalid, Refused
from refund_desk.domain.people import Principal
from refund_desk.domain.reconciliation import (
    BreakKind,
    Resolution,
    Role,
)
from refund_desk.domain.statements import Statement
from refund_desk.domain.words import Role as Staff
from refund_desk.service.gate import permit
from refund_desk.service.ports import Desk, Work
from refund_desk.service.reconciliation_run import look_again

BANK_FORMATS = frozenset({"camt053"})
PAGE = 200


# ---------------------------------------------------------------- statements


def import_statement(
    work: Work, desk: Desk, who: Principal, source: str, data: bytes, statement: Statement
) -> Mapping[str, Any]:
    """Keep a file's rows. The same file again changes nothing; rows that an earlier file had are left out.

    source: the payout channel it is of, by the name that intents have for it.
    """
    permit(work, desk, who, "statement.import")
    if not source.strip():
        raise Invalid("statement.source_missing")
    digest, book = hashlib.sha256(data).digest(), work.reconciliation
    there = book.statement_of(source, digest)
    if there is not None:
        return _told(there, source, statement, 0, again=True)
    role = Role.BANK if statement.format in BANK_FORMATS else Role.GATEWAY
    bad = [{"line": row.line, "code": row.code, "params": dict(row.params)} for row in statement.bad]
    findings = [{"code": one.code, "params": dict(one.params)} for one in statement.findings]
    number = book.add_statement(
        at=desk.clock(),
        source=source,
        format=statement.format,
        digest=digest,
        rows=len(statement.rows),
        fresh=0,
        bad=bad,
        findings=findings,
        person_id=who.person_id or None,
    )
    fresh = book.add_rows(number, role, list(statement.entries(source)))
    book.settle_statement(number, fresh)
    counts = {"rows": len(statement.rows), "fresh": fresh, "bad": len(bad)}
    said: dict[str, Any] = {"source": source, "format": statement.format, "digest": digest.hex(), **counts}
    work.audit("statement.imported", who, statement=number, **said)
    return _told(number, source, statement, fresh, again=False)


def _told(number: int, source: str, statement: Statement, fresh: int, again: bool) -> Mapping[str, Any]:
    return {
        "id": number,
        "source": source,
        "format": statement.format,
        "rows": len(statement.rows),
        "fresh": fresh,
        "again": again,
        "bad": [{"line": row.line, "code": row.code, "params": dict(row.params)} for row in statement.bad],
        "findings": [{"code": one.code, "params": dict(one.params)} for one in statement.findings],
    }


# ---------------------------------------------------------------- matches and breaks


def matches(work: Work, desk: Desk, who: Principal, after: int = 0, limit: int = 50) -> Sequence[Mapping[str, Any]]:
    """Standing matches with the terms that speak for them, newest first."""
    permit(work, desk, who, "reconcile.read")
    return work.reconciliation.matches(after, min(limit, PAGE))


def breaks(
    work: Work,
    desk: Desk,
    who: Principal,
    status: str | None = "open",
    kind: BreakKind | None = None,
    after: int = 0,
    limit: int = 50,
) -> Sequence[Mapping[str, Any]]:
    """Breaks, newest first, with the case's reference where one is about a case."""
    permit(work, desk, who, "reconcile.read")
    found = work.reconciliation.breaks(status, kind.value if kind else None, after, min(limit, PAGE))
    return [{**row, "ref": _ref(work, row["case_id"])} for row in found]


def _ref(work: Work, case_id: int | None) -> str | None:
    return None if case_id is None else work.cases.by_id(case_id).ref


def undo_match(work: Work, desk: Desk, who: Principal, match_id: int, reason: str) -> Mapping[str, Any]:
    """Take a match apart, with a reason: no run links these lines again. What it proved is to be proven anew."""
    permit(work, desk, who, "match.undo")
    if not reason.strip():
        raise Invalid("reason.missing")
    row = work.reconciliation.match(match_id)
    if row["undone_at"] is not None:
        raise Conflict("reconciliation.match_undone", id=match_id)
    work.reconciliation.undo_match(match_id, desk.clock(), who.person_id or None, reason)
    look_again(work, row["order_id"])
    work.audit("match.undone", who, match=match_id, check=row["check"])
    return work.reconciliation.match(match_id)


def resolve(
    work: Work, desk: Desk, who: Principal, break_id: int, resolution: Resolution, reason: str
) -> Mapping[str, Any]:
    """Settle a break, with how and why. Whoever confirmed or decided the payout doesn't settle its difference."""
    permit(work, desk, who, "break.resolve")
    if not reason.strip():
        raise Invalid("reason.missing")
    row = _open(work, break_id)
    _not_your_own(work, who, row)
    work.reconciliation.settle_break(
        break_id,
        status="resolved",
        settled_at=desk.clock(),
        settled_by=who.person_id or None,
        resolution=resolution.value,
        reason=reason,
    )
    ref = _ref(work, row["case_id"])
    work.audit("break.resolved", who, ref, number=break_id, kind=row["kind"], resolution=resolution.value)
    return {**work.reconciliation.break_(break_id), "ref": ref}


def _open(work: Work, break_id: int) -> Mapping[str, Any]:
    row = work.reconciliation.break_(break_id, lock=True)
    if row["status"] != "open":
        raise Conflict("reconciliation.break_settled", id=break_id, status=row["status"])
    return row


def _not_your_own(work: Work, who: Principal, row: Mapping[str, Any]) -> None:
    for source, _, number in row["here"]:
        if str(source).startswith("desk:"):
            intent = work.money.intent(number)
            if who.person_id and who.person_id in (intent.proposer_id, intent.approver_id, intent.confirmed_by):
                raise Refused("break.own_payout", rule="break.third_person", could=[Staff.FINANCE.value])


def assign(work: Work, desk: Desk, who: Principal, break_id: int, person_id: int) -> Mapping[str, Any]:
    """Give a break an owner."""
    permit(work, desk, who, "break.assign")
    row = _open(work, break_id)
    if person_id not in work.people.names([person_id]):
        raise Invalid("reconciliation.nobody", person=person_id)
    work.reconciliation.settle_break(break_id, owner_id=person_id)
    work.audit("break.assigned", who, _ref(work, row["case_id"]), number=break_id, to=person_id)
    return {**work.reconciliation.break_(break_id), "ref": _ref(work, row["case_id"])}
