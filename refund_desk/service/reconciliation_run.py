"""A run of reconciliation: what is new is read, compared with nothing held, and written in small steps.

Two comparisons, each with its own matches and breaks. *Payouts*: what the desk paid out against the statements of
its channels, as far as they reach. *Orders*: what connected systems say of an order, and statement lines that
name it, against one another; only orders of which something new was said, and those left open, take part. A
system has a word on an order as soon as it has a line of it; that one is silent about a whole order is no break.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from refund_desk.domain.cases import CaseState
from refund_desk.domain.intents import IntentState
from refund_desk.domain.people import Principal
from refund_desk.domain.reconciliation import (
    Apart,
    Book,
    Break,
    BreakKind,
    Check,
    Entry,
    Key,
    Kind,
    Match,
    Outcome,
    Role,
    Rules,
    State,
)
from refund_desk.domain.reconciliation_run import reconcile
from refund_desk.domain.reconciliation_systems import OrderSaid, SystemLine, lines_of
from refund_desk.domain.words import Aspect, Stage
from refund_desk.service import lifecycle, sending
from refund_desk.service.casefile import open_file
from refund_desk.service.gate import permit
from refund_desk.service.ports import Desk, Work
from refund_desk.service.ports.reconciliation import BreakRow, MatchRow, News, Scope

BASE = "CNY"
EARLY = timedelta(days=1)
EVERY = timedelta(hours=1)
"""So often what waits is looked at again though nothing new was said: its time may have come."""
WINDOW = 10_000
"""Observations that one part of a run takes in: a window may live in this process, and wait for it."""
ROWS = 50
"""Matches that one step writes."""
_PAYING = (Role.GATEWAY, Role.BANK)
"""Sides through which customers pay: a bank is one where they transfer."""
_DONE, _AGAIN = "reconcile_done", "reconcile_again"
Step = Callable[[Work], Counter[str]]
Rowed = tuple[Role, Entry]


@dataclass(frozen=True, slots=True)
class Part:
    """One comparison. scope: its orders, None for payouts; case_of: by intent id; seen_at: when a line was heard."""

    scope: Scope
    entries: tuple[Entry, ...]
    rules: Rules
    case_of: Mapping[str, int] = field(default_factory=dict)
    order_of: Mapping[Key, int] = field(default_factory=dict)
    seen_at: Mapping[Key, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Gathered:
    """Everything a run compares. until: how far it looked; more: there is more that is new."""

    parts: tuple[Part, ...]
    apart: Apart
    as_of: datetime
    until: News
    more: bool


@dataclass(slots=True)
class Found:
    """What a comparison found. left: its orders that have something open."""

    scope: Scope
    matches: list[MatchRow] = field(default_factory=list)
    breaks: list[BreakRow] = field(default_factory=list)
    arrived: list[tuple[str, str]] = field(default_factory=list)
    left: set[int] = field(default_factory=set)
    lines: int = 0
    heard: dict[bytes, datetime] = field(default_factory=dict)
    """When the right side of a break of an order was last heard, by the break's digest."""


# ---------------------------------------------------------------- reading


def look_again(work: Work, order_id: int | None) -> None:
    """With the next run, whatever is new: a match of it was taken apart."""
    if order_id is None:
        work.people.set_mark(_AGAIN, "1")
    else:
        work.reconciliation.leave_open([order_id], [order_id])


def gather(work: Work, desk: Desk, who: Principal, *, whole: bool = False) -> Gathered | None:
    """What is to be compared now; None: nothing is new and nothing is due. whole: as if nothing was ever looked at."""
    permit(work, desk, who, "reconcile.run")
    now, book = desk.clock(), work.reconciliation
    done = json.loads(work.people.mark(_DONE) or "{}")
    since = News() if whole else News(**done.get("news", {}))
    latest = book.news()
    due = whole or work.people.mark(_AGAIN) == "1" or "at" not in done or _at(done) + EVERY <= now
    if latest == since and not due:
        return None
    until = News(min(latest.observation, since.observation + WINDOW), latest.row, latest.event)
    orders = sorted({*book.touched(since, until), *book.named(since, until)})
    rows, paid = book.rows(), book.paid_out()
    said = book.said(orders)
    parts = []
    if due or until.row != since.row or until.event != since.event:
        parts.append(_payouts(rows, paid))
    parts += _orders(said, rows, [entry for _, entry in paid])
    apart = frozenset((left, right) for lefts, rights in book.undone() for left in lefts for right in rights)
    return Gathered(tuple(parts), apart, now, until, until.observation < latest.observation)


def _at(done: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(done["at"])


def _payouts(rows: Sequence[Rowed], paid: Sequence[tuple[int, Entry]]) -> Part:
    """The desk's payouts and the statements of their channels."""
    books = {entry.source: Book(role) for role, entry in rows}
    reach: dict[str, tuple[datetime, datetime]] = {}
    for _, entry in rows:
        first, last = reach.get(entry.source, (entry.at, entry.at))
        reach[entry.source] = min(first, entry.at), max(last, entry.at)
    there = [entry for role, entry in rows if entry.kind is not Kind.PAYMENT or role is Role.GATEWAY]
    here, case_of = [], dict[str, int]()
    for case_id, entry in paid:
        covered = reach.get(entry.source.removeprefix("desk:"))
        if covered is not None and covered[0] - EARLY <= entry.at <= covered[1]:
            here.append(entry)
            case_of[entry.id] = case_id
            books[entry.source] = Book(Role.SHOP)
    return Part(None, (*here, *there), Rules(books, BASE), case_of)


def _orders(said: Sequence[OrderSaid], rows: Sequence[Rowed], paid: Sequence[Entry]) -> Iterator[Part]:
    """Orders with books of finance and orders without, apart: no line is missing in books that nobody keeps."""
    naming: dict[str, list[Rowed]] = {}
    for role, entry in rows:
        if role in _PAYING and entry.kind in (Kind.PAYMENT, Kind.REFUND):
            for ref in entry.refs:
                naming.setdefault(ref, []).append((role, entry))
    ours: dict[str, set[str]] = {}
    for entry in paid:
        ours.setdefault(entry.refs[-1], set()).update((entry.id, *entry.refs[:-1]))
    booked: list[tuple[OrderSaid, list[SystemLine]]] = []
    plain: list[tuple[OrderSaid, list[SystemLine]]] = []
    for one in said:
        lines = _with_statements(one, lines_of(one), naming)
        lines = _but_ours(lines, ours.get(one.number, set()))
        (booked if any(line.role is Role.LEDGER for line in lines) else plain).append((one, lines))
    for some in (booked, plain):
        if some:
            yield _part(some)


def _with_statements(one: OrderSaid, lines: list[SystemLine], naming: Mapping[str, list[Rowed]]) -> list[SystemLine]:
    """Statement lines that name the order or one of its payments, where no system has told of them."""
    if not lines or not naming:
        return lines
    known = {line.entry.id for line in lines if line.role in _PAYING}
    sides = {line.entry.source: line.role for line in lines}
    made, seen = list(lines), set[Key]()
    for name in {one.number, *(line.entry.id for line in lines)}:
        for role, entry in naming.get(name, ()):
            if sides.get(entry.source, role) is not role or entry.key in seen or entry.id in known:
                continue
            seen.add(entry.key)
            refs = entry.refs if one.number in entry.refs else (*entry.refs, one.number)
            made.append(SystemLine(role, entry._replace(refs=refs), 0, entry.at))
    return made


def _but_ours(lines: list[SystemLine], ours: set[str]) -> list[SystemLine]:
    """Refunds that this desk paid are compared with its payouts; here only where the order system knows of them."""
    if not ours:
        return lines
    refunds = [line for line in lines if line.entry.kind is Kind.REFUND]
    mine = [one for one in refunds if one.role in _PAYING and not ours.isdisjoint((one.entry.id, *one.entry.refs))]
    told = sum(one.entry.minor for one in refunds if one.role is Role.SHOP)
    others = sum(one.entry.minor for one in refunds if one.role in _PAYING and one not in mine)
    return lines if told > others else [line for line in lines if line not in mine]


def _part(some: Sequence[tuple[OrderSaid, list[SystemLine]]]) -> Part:
    """Of orders that more than one side speaks of."""
    books, entries = dict[str, Book](), list[Entry]()
    order_of, seen_at = dict[Key, int](), dict[Key, datetime]()
    for one, lines in some:
        if all(line.role not in _PAYING for line in lines):
            continue
        for line in lines:
            books[line.entry.source] = Book(line.role)
            entries.append(line.entry)
            order_of[line.entry.key], seen_at[line.entry.key] = one.id, line.seen_at
    scope = tuple(one.id for one, _ in some)
    return Part(scope, tuple(entries), Rules(books, BASE), {}, order_of, seen_at)


# ---------------------------------------------------------------- comparing


def compare(desk: Desk, had: Gathered) -> list[Found]:
    """Nothing is held while lines are compared."""
    return [_compared(desk, had, part) for part in had.parts]


def _compared(desk: Desk, had: Gathered, part: Part) -> Found:
    outcome = reconcile(part.entries, part.rules, had.as_of, had.apart)
    found = Found(part.scope, lines=len(outcome.entries))
    breaks = [one for one in outcome.breaks if part.scope is not None or _ours(outcome, one)]
    found.matches = [_match_row(desk, outcome, match, part) for match in outcome.matches]
    for one in breaks:
        row = _break_row(desk, outcome, one, part)
        found.breaks.append(row)
        if one.right and part.scope is not None:
            found.heard[row.digest] = max(part.seen_at[key] for key in outcome.keys(one.right))
    if part.scope is None:
        found.arrived = list(_arrivals(outcome, breaks))
    else:
        found.left = _left(outcome, breaks, part)
    return found


def _ours(outcome: Outcome, one: Break) -> bool:
    """What the desk can say something about: a payment of the shop, and a refund that no case is behind, are not its
    own."""
    if one.check is Check.GATEWAY_BANK:
        return True
    return any(outcome.entries[p].source.startswith("desk:") for p in one.left)


def _left(outcome: Outcome, breaks: Sequence[Break], part: Part) -> set[int]:
    """Orders with a break, with a line whose answer isn't due, or with one that nothing answers yet."""
    matched = {p for match in outcome.matches for p in (*match.left, *match.right)}
    open_ = {p for one in breaks for p in (*one.left, *one.right)} | set(outcome.waiting)
    free = {p for p, one in enumerate(outcome.entries) if p not in matched and one.state is not State.FAILED}
    return {part.order_of[outcome.entries[p].key] for p in open_ | free}


def _digest(desk: Desk, *said: Any) -> bytes:
    return hashlib.sha256(desk.canonical(list(said))).digest()


def _order(keys: Iterable[Key], part: Part) -> int | None:
    return next((part.order_of[key] for key in keys if key in part.order_of), None)


def _match_row(desk: Desk, outcome: Outcome, match: Match, part: Part) -> MatchRow:
    here, there = outcome.keys(match.left), outcome.keys(match.right)
    digest = _digest(desk, match.check.value, [list(k) for k in here], [list(k) for k in there])
    terms = [(term.code, term.points) for term in match.terms]
    order = _order((*here, *there), part)
    return MatchRow(digest, match.check.value, match.code, here, there, terms, match.difference, match.currency, order)


def _break_row(desk: Desk, outcome: Outcome, one: Break, part: Part) -> BreakRow:
    here, there = outcome.keys(one.left), outcome.keys(one.right)
    digest = _digest(desk, one.kind.value, one.check.value, [list(k) for k in here], [list(k) for k in there])
    case = next((part.case_of[number] for _, _, number in here if number in part.case_of), None)
    order = _order((*here, *there), part)
    return BreakRow(digest, one.kind.value, one.check.value, here, there, one.minor, one.currency, one.at, case, order)


def _arrivals(outcome: Outcome, breaks: Sequence[Break]) -> Iterator[tuple[str, str]]:
    """A payout that a statement shows, and about which nothing is wrong, has arrived: (intent, what showed it)."""
    wrong = {p for one in breaks if one.kind is not BreakKind.LATE for p in one.left}
    for match in outcome.matches:
        for position in match.left if match.check is Check.SHOP_GATEWAY else ():
            entry = outcome.entries[position]
            if position not in wrong and entry.source.startswith("desk:"):
                yield entry.id, outcome.entries[match.right[0]].id if match.right else ""


# ---------------------------------------------------------------- writing


def steps(work: Work, desk: Desk, who: Principal, had: Gathered, found: Sequence[Found]) -> list[Step]:
    """What is to be written, each a piece of a few milliseconds. Only what isn't so already; the last one remembers
    how far the run looked, so that a run that is cut off is run again."""
    made: list[Step] = []
    for one in found:
        made += _match_steps(work, desk, one)
        made += _break_steps(work, desk, who, one)
        made += [_arrival(desk, who, intent, seen) for intent, seen in one.arrived if _on_its_way(work, intent)]
        if one.scope is not None:
            made += [_left_step(some, one.left) for some in _some(sorted(one.scope))]
    return [*made, _remember(desk, had)]


def _some(rows: Sequence[Any]) -> list[Sequence[Any]]:
    return [rows[start : start + ROWS] for start in range(0, len(rows), ROWS)]


def _match_steps(work: Work, desk: Desk, one: Found) -> list[Step]:
    known = work.reconciliation.known_matches(one.scope)
    kept = {row.digest for row in one.matches}
    new = [row for row in one.matches if row.digest not in known]
    gone = [number for digest, (number, stands) in known.items() if stands and digest not in kept]
    back = [number for digest, (number, stands) in known.items() if not stands and digest in kept]

    def add(some: Sequence[MatchRow], work: Work) -> Counter[str]:
        work.reconciliation.add_matches(some, desk.clock())
        return Counter(new_matches=len(some))

    def end(some: Sequence[int], at: datetime | None, work: Work) -> Counter[str]:
        work.reconciliation.end_matches(some, at)
        return Counter()

    now = desk.clock()
    return [
        *(_bound(add, some) for some in _some(new)),
        *(_bound(end, some, now) for some in _some(gone)),
        *(_bound(end, some, None) for some in _some(back)),
    ]


def _bound(call: Callable[..., Counter[str]], *given: Any) -> Step:
    return lambda work: call(*given, work)


def _break_steps(work: Work, desk: Desk, who: Principal, one: Found) -> list[Step]:
    known = work.reconciliation.known_breaks(one.scope)
    kept = {row.digest for row in one.breaks}
    new = [row for row in one.breaks if known.get(row.digest, (0, "gone"))[1] == "gone"]
    gone = [number for digest, (number, status) in known.items() if status == "open" and digest not in kept]

    def end(some: Sequence[int], work: Work) -> Counter[str]:
        work.reconciliation.end_breaks(some, desk.clock())
        return Counter(settled=len(some))

    def tell(row: BreakRow, work: Work) -> Counter[str]:
        return _tell(work, desk, who, row, one.heard.get(row.digest))

    return [*(_bound(tell, row) for row in new), *(_bound(end, some) for some in _some(gone))]


def _tell(work: Work, desk: Desk, who: Principal, row: BreakRow, heard: datetime | None) -> Counter[str]:
    """Keep a new break. One on a decided case puts it back into the queue."""
    case = _case_of(work, row, heard)
    row = BreakRow(**{**_fields(row), "case_id": case.id if case is not None else row.case_id})
    number = work.reconciliation.put_break(row, desk.clock())
    if number is None:
        return Counter()
    said = {"number": number, "kind": row.kind, "check": row.check, "amount": row.minor}
    work.audit("break.found", who, _latest(work, row), **said)
    back = case is not None and _put_back(work, desk, who, case, number, row)
    return Counter(new_breaks=1, cases_back=int(back))


def _latest(work: Work, row: BreakRow) -> str | None:
    """The case whose readers are shown the break."""
    cases = work.cases.of_order(row.order_id) if row.order_id is not None else []
    return cases[-1].ref if cases else None


def _fields(row: BreakRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in BreakRow.__dataclass_fields__}


def _case_of(work: Work, row: BreakRow, heard: datetime | None) -> CaseState | None:
    """The case that a break is news for. Of an order, that is one decided before the line was heard: whatever whoever
    decided could have seen is no news."""
    if row.case_id is not None:
        return work.cases.lock(work.cases.by_id(row.case_id).ref)
    cases = work.cases.of_order(row.order_id) if row.order_id is not None and heard is not None else []
    if not cases or heard is None or not _is_decided(cases[-1]):
        return None
    since = work.cases.entered(cases[-1].id, cases[-1].stage)
    return work.cases.lock(cases[-1].ref) if since is not None and heard > since else None


def _is_decided(state: CaseState) -> bool:
    return state.stage in (Stage.SETTLEMENT, Stage.CLOSED)


def _put_back(work: Work, desk: Desk, who: Principal, state: CaseState, number: int, row: BreakRow) -> bool:
    if not _is_decided(state):
        return False
    file = open_file(work, desk, state)
    data = {"break": number, "kind": row.kind, "breaks": 1, "amount": row.minor, "currency": row.currency}
    work.audit("break.case_back", who, state.ref, number=number, kind=row.kind)
    if state.stage is Stage.CLOSED:
        lifecycle.next_round(work, desk, who, state, "break.found", file.facts)
    else:
        lifecycle.move(work, desk, who, state, "break.found", file.facts, file.process, aspect=Aspect.MONEY, data=data)
    return True


def _on_its_way(work: Work, intent: str) -> bool:
    return work.money.intent(intent).state == IntentState.SUCCEEDED


def _arrival(desk: Desk, who: Principal, intent: str, seen: str) -> Step:
    def step(work: Work) -> Counter[str]:
        if not _on_its_way(work, intent):
            return Counter()
        sending.arrived(work, desk, who, intent, "settlement", seen)
        return Counter(arrived=1)

    return step


def _left_step(orders: Sequence[int], left: set[int]) -> Step:
    def step(work: Work) -> Counter[str]:
        work.reconciliation.leave_open(orders, left.intersection(orders))
        return Counter()

    return step


def _remember(desk: Desk, had: Gathered) -> Step:
    def step(work: Work) -> Counter[str]:
        work.people.set_mark(_DONE, json.dumps({"news": asdict(had.until), "at": desk.clock().isoformat()}))
        work.people.set_mark(_AGAIN, "")
        return Counter()

    return step


def finish(work: Work, who: Principal, counts: Mapping[str, int]) -> None:
    """The entry of a run that changed something."""
    said: dict[str, Any] = dict(counts)
    work.audit("reconcile.run", who, **said)
