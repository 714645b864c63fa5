"""Use cases of reconciliation: take a statement in, undo a match, settle or hand on a break. Runs are in
`service.reconciliation_run`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from refund_desk.domain.cases import CaseState
from refund_desk.domain.errors import Conflict, Invalid, Refused
from refund_desk.domain.people import Principal
from refund_desk.domain.reconciliation import BreakKind, Resolution, Role
from refund_desk.domain.reconciliation_differences import differing
from refund_desk.domain.requests import Asked, keys_of
from refund_desk.domain.statements import Statement
from refund_desk.domain.words import Reason, RequestKind
from refund_desk.domain.words import Role as Staff
from refund_desk.service import intake, lifecycle
from refund_desk.service.gate import permit
from refund_desk.service.ports import Desk, Work
from refund_desk.service.ports.facts import OrderRef
from refund_desk.service.ports.reconciliation import BreakCounts, BreakFilter
from refund_desk.service.reconciliation_lines import Line, lines
from refund_desk.service.reconciliation_run import look_again

BANK_FORMATS = frozenset({"camt053"})
PAGE = 200
DESK = "desk"
"""The system of a request that nobody outside made."""
LANGUAGE = "zh"
"""Of a case that no customer asked for: nobody has said which is theirs."""


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
    work: Work, desk: Desk, who: Principal, wanted: BreakFilter, after: int = 0, limit: int = 50
) -> Sequence[Mapping[str, Any]]:
    """Breaks with the case's reference where there is one about the order, its number and the owner's name."""
    permit(work, desk, who, "reconcile.read")
    found = work.reconciliation.breaks(wanted, after, min(limit, PAGE))
    return [_shown(work, row) for row in found]


def counts(work: Work, desk: Desk, who: Principal) -> tuple[BreakCounts, list[tuple[int, str]]]:
    """Open breaks by kind, mine and nobody's; and who may be given one."""
    permit(work, desk, who, "reconcile.read")
    holders = work.people.persons_with([Staff.FINANCE])[Staff.FINANCE]
    return work.reconciliation.count_breaks(who.person_id), holders


def _shown(work: Work, row: Mapping[str, Any]) -> Mapping[str, Any]:
    order = row["order_id"]
    if order is None and row["case_id"] is not None:
        order = work.cases.by_id(row["case_id"]).order_id
    owner = row["owner_id"]
    return {
        **row,
        "ref": _ref(work, row),
        "order": None if order is None else work.facts.order(order).number,
        "owner": None if owner is None else work.people.names([owner]).get(owner),
    }


def _ref(work: Work, row: Mapping[str, Any]) -> str | None:
    """Of the case that a break is about, else of the order's latest."""
    if row["case_id"] is not None:
        return work.cases.by_id(row["case_id"]).ref
    cases = work.cases.of_order(row["order_id"]) if row["order_id"] is not None else []
    return cases[-1].ref if cases else None


@dataclass(frozen=True, slots=True)
class BreakFile:
    """A break with its lines, in which fields they differ, and what its order's lines were matched to."""

    row: Mapping[str, Any]
    here: Sequence[Line]
    there: Sequence[Line]
    differs: Sequence[str]
    matches: Sequence[Mapping[str, Any]]


def one_break(work: Work, desk: Desk, who: Principal, break_id: int) -> BreakFile:
    """A break as it is looked at, side by side."""
    permit(work, desk, who, "reconcile.read")
    row = work.reconciliation.break_(break_id)
    here, there = lines(work, row["here"], row["order_id"]), lines(work, row["there"], row["order_id"])
    known = [[line.entry for line in side if line.entry is not None] for side in (here, there)]
    matches = work.reconciliation.matches_of_order(row["order_id"]) if row["order_id"] is not None else []
    return BreakFile(_shown(work, row), here, there, differing(*known), matches)


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
    work.audit("break.resolved", who, _ref(work, row), number=break_id, kind=row["kind"], resolution=resolution.value)
    return _shown(work, work.reconciliation.break_(break_id))


def reopen(work: Work, desk: Desk, who: Principal, break_id: int) -> Mapping[str, Any]:
    """Take back that a break was settled: it is open again, and blocks its case as before."""
    permit(work, desk, who, "break.resolve")
    row = work.reconciliation.break_(break_id, lock=True)
    if row["status"] != "resolved":
        raise Conflict("reconciliation.break_not_settled", id=break_id)
    said = dict.fromkeys(("settled_at", "settled_by", "resolution", "reason"))
    work.reconciliation.settle_break(break_id, status="open", **said)
    work.audit("break.reopened", who, _ref(work, row), number=break_id, kind=row["kind"])
    return _shown(work, work.reconciliation.break_(break_id))


def _asked(desk: Desk, row: Mapping[str, Any], order: OrderRef) -> Asked:
    """The request of a case that no customer asked for."""
    return Asked(
        system=DESK,
        id=f"break-{row['id']}",
        order=order.number,
        kind=RequestKind.REFUND_ONLY,
        reason=_REASONS.get(BreakKind(row["kind"]), Reason.OTHER),
        reason_text=None,
        text=None,
        created_at=desk.clock(),
        amount_minor=row["minor"] if row["currency"] == order.currency else None,
        currency=order.currency,
        lines=(),
        language=LANGUAGE,
        channel=None,
        want=None,
    )


def _opened(work: Work, desk: Desk, who: Principal, asked: Asked, order: OrderRef) -> CaseState:
    """A case with its request, found by its words, and met by whoever asks for the same later."""
    state = lifecycle.open_case(
        work,
        desk,
        who,
        order_id=order.id,
        customer_id=order.customer_id,
        merchant_id=None,
        kind=asked.kind,
        reason=asked.reason,
        amount_minor=asked.amount_minor,
        currency=asked.currency,
        language=asked.language,
        channel=None,
        asked_at=asked.created_at,
    )
    said = {"kind": asked.kind.value, "reason": asked.reason.value, "amount_minor": asked.amount_minor}
    work.cases.add_request(
        state.id,
        system=asked.system,
        external_id=asked.id,
        currency=asked.currency,
        lines=[],
        created_at=asked.created_at,
        taken_at=asked.created_at,
        **said,
    )
    work.cases.add_keys(state.id, keys_of(asked))
    work.cases.index(state.id, "ref", "ref", state.ref)
    intake.settle(work, desk, [state.id], order)
    return state


_REASONS = {BreakKind.DUPLICATE: Reason.DUPLICATE_CHARGE, BreakKind.OVER: Reason.OVERCHARGED}


def make_case(work: Work, desk: Desk, who: Principal, break_id: int) -> Mapping[str, Any]:
    """A case about a break whose order has none. One that has is shown instead."""
    permit(work, desk, who, "break.case")
    row = _open(work, break_id)
    if row["order_id"] is None:
        raise Conflict("reconciliation.no_order", id=break_id)
    if _ref(work, row) is None:
        order = work.facts.order(row["order_id"])
        state = _opened(work, desk, who, _asked(desk, row, order), order)
        work.reconciliation.settle_break(break_id, case_id=state.id)
        work.audit("break.case_made", who, state.ref, number=break_id, kind=row["kind"])
    return _shown(work, work.reconciliation.break_(break_id))


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
    work.audit("break.assigned", who, _ref(work, row), number=break_id, to=person_id)
    return _shown(work, work.reconciliation.break_(break_id))
