"""Use cases of reconciliation: take a statement in, compare, undo a match, settle a break, put a case back.

A run has three parts, so that no transaction is held while lines are compared: `gather` reads, the domain
compares, `record` writes what was found. Payouts of a channel are compared as far as its statements reach.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from refund_desk.domain.cases import CaseState
from refund_desk.domain.errors import Conflict, Invalid, Refused
from refund_desk.domain.intents import IntentState
from refund_desk.domain.people import Principal
from refund_desk.domain.reconciliation import (
    Apart,
    Book,
    Break,
    BreakKind,
    Check,
    Entry,
    Kind,
    Match,
    Outcome,
    Resolution,
    Role,
    Rules,
)
from refund_desk.domain.statements import Statement
from refund_desk.domain.words import Aspect, Stage
from refund_desk.domain.words import Role as Staff
from refund_desk.service import lifecycle, sending
from refund_desk.service.casefile import open_file
from refund_desk.service.gate import permit
from refund_desk.service.ports import Desk, Work
from refund_desk.service.ports.reconciliation import BreakRow, MatchRow

BASE = "CNY"
BANK_FORMATS = frozenset({"camt053"})
EARLY = timedelta(days=1)
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


# ---------------------------------------------------------------- a run


@dataclass(frozen=True, slots=True)
class Gathered:
    """Everything a run compares. case_of: by intent id."""

    entries: tuple[Entry, ...]
    rules: Rules
    apart: Apart
    case_of: Mapping[str, int]
    as_of: datetime


def gather(work: Work, desk: Desk, who: Principal) -> Gathered:
    """Read both sides: the desk's payouts and the statements of their channels."""
    permit(work, desk, who, "reconcile.run")
    rows = work.reconciliation.rows()
    books = {entry.source: Book(role) for role, entry in rows}
    reach: dict[str, tuple[datetime, datetime]] = {}
    for _, entry in rows:
        first, last = reach.get(entry.source, (entry.at, entry.at))
        reach[entry.source] = min(first, entry.at), max(last, entry.at)
    there = [entry for role, entry in rows if entry.kind is not Kind.PAYMENT or role is Role.GATEWAY]
    here, case_of = [], dict[str, int]()
    for case_id, entry in work.reconciliation.paid_out():
        covered = reach.get(entry.source.removeprefix("desk:"))
        if covered is not None and covered[0] - EARLY <= entry.at <= covered[1]:
            here.append(entry)
            case_of[entry.id] = case_id
            books[entry.source] = Book(Role.SHOP)
    apart = frozenset(
        (left, right) for lefts, rights in work.reconciliation.undone() for left in lefts for right in rights
    )
    return Gathered((*here, *there), Rules(books, BASE), apart, case_of, desk.clock())


def record(work: Work, desk: Desk, who: Principal, had: Gathered, outcome: Outcome) -> Mapping[str, int]:
    """Keep what a run found; what arrived is on its payout; a case with a new break goes back to its people.

    Only what the desk can say something about is a break: a payment of the shop, and a refund that no case of
    the desk is behind, are not its own.
    """
    permit(work, desk, who, "reconcile.run")
    now = desk.clock()
    breaks = [one for one in outcome.breaks if _ours(outcome, one)]
    matches = [_match_row(desk, outcome, match) for match in outcome.matches]
    new = work.reconciliation.put_matches(matches, now)
    fresh = work.reconciliation.put_breaks([_break_row(desk, outcome, one, had.case_of) for one in breaks], now)
    arrived = _arrivals(work, desk, who, outcome, breaks)
    for number, row in fresh:
        work.audit("break.found", who, number=number, kind=row.kind, check=row.check, amount=row.minor)
    back = sum(_put_back(work, desk, who, case, some) for case, some in _by_case(fresh).items())
    counts: dict[str, Any] = {
        "lines": len(outcome.entries),
        "matches": len(matches),
        "new_matches": new,
        "breaks": len(breaks),
        "new_breaks": len(fresh),
        "arrived": arrived,
        "cases_back": back,
    }
    work.audit("reconcile.run", who, **counts)
    return counts


def _ours(outcome: Outcome, one: Break) -> bool:
    if one.check is Check.GATEWAY_BANK:
        return True
    return any(outcome.entries[p].source.startswith("desk:") for p in one.left)


def _digest(desk: Desk, *said: Any) -> bytes:
    return hashlib.sha256(desk.canonical(list(said))).digest()


def _match_row(desk: Desk, outcome: Outcome, match: Match) -> MatchRow:
    here, there = outcome.keys(match.left), outcome.keys(match.right)
    digest = _digest(desk, match.check.value, [list(k) for k in here], [list(k) for k in there])
    terms = [(term.code, term.points) for term in match.terms]
    return MatchRow(digest, match.check.value, match.code, here, there, terms, match.difference, match.currency)


def _break_row(desk: Desk, outcome: Outcome, one: Break, case_of: Mapping[str, int]) -> BreakRow:
    here, there = outcome.keys(one.left), outcome.keys(one.right)
    digest = _digest(desk, one.kind.value, one.check.value, [list(k) for k in here], [list(k) for k in there])
    cases = [case_of[number] for _, _, number in here if number in case_of]
    case = cases[0] if cases else None
    return BreakRow(digest, one.kind.value, one.check.value, here, there, one.minor, one.currency, one.at, case)


def _by_case(fresh: Iterable[tuple[int, BreakRow]]) -> dict[int, list[tuple[int, BreakRow]]]:
    made: dict[int, list[tuple[int, BreakRow]]] = {}
    for number, row in fresh:
        if row.case_id is not None:
            made.setdefault(row.case_id, []).append((number, row))
    return made


def _arrivals(work: Work, desk: Desk, who: Principal, outcome: Outcome, breaks: Sequence[Break]) -> int:
    """A payout that a statement shows, and about which nothing is wrong, has arrived."""
    wrong = {p for one in breaks if one.kind is not BreakKind.LATE for p in one.left}
    count = 0
    for match in outcome.matches:
        for position in match.left if match.check is Check.SHOP_GATEWAY else ():
            entry = outcome.entries[position]
            if position in wrong or not entry.source.startswith("desk:"):
                continue
            intent = work.money.intent(entry.id)
            if intent.state != IntentState.SUCCEEDED:
                continue
            seen = outcome.entries[match.right[0]].id if match.right else ""
            sending.arrived(work, desk, who, intent.id, "settlement", seen)
            count += 1
    return count


def _put_back(work: Work, desk: Desk, who: Principal, case_id: int, some: Sequence[tuple[int, BreakRow]]) -> bool:
    """A break on a decided case puts it back into the queue."""
    state: CaseState = work.cases.lock(work.cases.by_id(case_id).ref)
    if state.stage not in (Stage.SETTLEMENT, Stage.CLOSED):
        return False
    file = open_file(work, desk, state)
    number, row = some[0]
    data = {"break": number, "kind": row.kind, "breaks": len(some), "amount": row.minor, "currency": row.currency}
    work.audit("break.case_back", who, state.ref, number=number, kind=row.kind)
    if state.stage is Stage.CLOSED:
        lifecycle.next_round(work, desk, who, state, "break.found", file.facts)
    else:
        lifecycle.move(work, desk, who, state, "break.found", file.facts, file.process, aspect=Aspect.MONEY, data=data)
    return True


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
