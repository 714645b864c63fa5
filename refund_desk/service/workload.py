"""The board: what everybody has and what will miss, per stage how much and how old; balance. It changes nothing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from refund_desk.domain import workload as rules
from refund_desk.domain.errors import NotFound
from refund_desk.domain.people import Principal
from refund_desk.domain.process import Process, StageRule
from refund_desk.domain.urgency import expected_work_s
from refund_desk.domain.words import ClockKind, Reason, RequestKind, Role, Stage
from refund_desk.domain.workload import Held, Options, Plan, StageLoad, Standing, Worker
from refund_desk.service import forecast, shifts
from refund_desk.service.cases import day_of
from refund_desk.service.fairness import Bars
from refund_desk.service.gate import permit
from refund_desk.service.ports import Desk, Work
from refund_desk.service.ports.workload import Handout, HeldRow, MoveRow, Piece

_KINDS = {each.value: each for each in RequestKind}
_REASONS = {each.value: each for each in Reason}
_STAGES = {each.value: each for each in Stage}
_CLOCKS = {each.value: each for each in ClockKind}

MARGIN_S = 60
"""A desk renews what it shows every so often; so much later it still counts as looked at."""


@dataclass(frozen=True, slots=True)
class PersonLoad:
    """Somebody on the board. `pieces`: their open cases by stage; `handout`: how cases came to them today."""

    id: int
    name: str
    roles: frozenset[Role]
    worker: Worker
    standing: Standing
    pieces: Sequence[Piece]
    handout: Handout | None


@dataclass(frozen=True, slots=True)
class Board:
    """`last`: the caller's last move, as long as it can be undone. missing: of what people hold."""

    at: datetime
    people: Sequence[PersonLoad]
    stages: Sequence[StageLoad]
    bottleneck: Stage | None
    limits: Mapping[Stage, int | None]
    free: Piece
    missing: float
    last: MoveRow | None


def board(work: Work, desk: Desk, who: Principal) -> Board:
    """Everybody's load, and every stage's, as things stand."""
    process = permit(work, desk, who, "workload.read")
    now = desk.clock()
    crew = staff(work, process, now)
    hands = _pairs(work, process)
    mine: dict[int | None, list[Piece]] = defaultdict(list)
    for piece in work.workload.pieces(now):
        mine[piece.person].append(piece)
    handouts = work.workload.handouts(day_of(now))
    people = [
        PersonLoad(
            number,
            name,
            roles,
            crew[number],
            rules.standing_of(crew[number], hands[number], now),
            mine[number],
            handouts.get(number),
        )
        for number, name, roles in work.workload.people(shifts.board_roles(process))
    ]
    stages = _stages(work, process, mine.values(), now)
    free = next((p for p in mine[None] if p.stage == Stage.REVIEW), Piece(None, Stage.REVIEW.value, 0, 0, 0))
    missing = sum(each.standing.missing for each in people)
    limits = {rule.stage: rule.limit_s for rule in process.stages}
    return Board(now, people, stages, rules.bottleneck(stages), limits, free, missing, last_move(work, who, now))


def _pairs(work: Work, process: Process) -> dict[int | None, list[rules.Pair]]:
    """Work and deadline of what everybody has: no more of so many cases."""
    expected: dict[tuple[str, str], float] = {}
    out: dict[int | None, list[rules.Pair]] = defaultdict(list)
    for row in work.workload.held():
        out[row.holder].append((_work_s(process, row.kind, row.reason, expected), row.due_at))
    return out


def last_move(work: Work, who: Principal, now: datetime) -> MoveRow | None:
    """The last move somebody made, as long as it can be undone."""
    row = work.workload.last_move(who.person_id)
    return row if row is not None and row.undone_at is None and row.undo_until > now else None


def staff(work: Work, process: Process, now: datetime) -> dict[int, Worker]:
    """Everybody on the board, with their pace and their share of the approvals that wait."""
    found = shifts.workers(work, process, now)
    paces = forecast.paces(process, sorted(found), work.views.handled(forecast.HANDLED))
    pace = {each.person: each.pace for each in paces}
    approvals = _approvals(work, process, found, now)
    return {
        number: replace(worker, pace=pace.get(number, 1.0), approvals_s=approvals.get(number, 0.0))
        for number, worker in found.items()
    }


def _approvals(work: Work, process: Process, found: Mapping[int, Worker], now: datetime) -> dict[int, float]:
    """Seconds of approving that come to each of those at work who could: by the amount, evenly."""
    waiting = Counter[Role]()
    for amount, currency, count in work.workload.to_approve():
        waiting[_approver(process, amount or 0, currency or "")] += count
    out: dict[int, float] = defaultdict(float)
    people = work.workload.people(waiting) if waiting else []
    for role, count in waiting.items():
        able = [
            number
            for number, _, roles in people
            if role in roles and number in found and found[number].duty(now)[0] is rules.Duty.ON
        ]
        for number in able:
            out[number] += count * process.workload.approval_s / len(able)
    return out


def _approver(process: Process, minor: int, currency: str) -> Role:
    """The lowest role that could approve an amount, whatever its risk and the sums before."""
    for band in process.limits.bands:
        if band.order_max is None or minor <= band.order_max.get(currency, -1):
            return band.role
    return process.limits.bands[-1].role


def in_hand(work: Work, process: Process) -> list[Held]:
    """Every case that is in somebody's hands for review."""
    expected: dict[tuple[str, str], float] = {}
    return [_held(process, row, expected) for row in work.workload.held()]


def _held(process: Process, row: HeldRow, expected: dict[tuple[str, str], float]) -> Held:
    number, ref, holder, kind, reason, language, stage, due_at, due_clock, customer = row
    clock = _CLOCKS[due_clock] if due_clock else None
    work_s = _work_s(process, kind, reason, expected)
    return Held(
        number, ref, holder, work_s, due_at, _REASONS[reason], _KINDS[kind], language, _STAGES[stage], customer, clock
    )


def _work_s(process: Process, kind: str, reason: str, known: dict[tuple[str, str], float]) -> float:
    key = kind, reason
    if key not in known:
        known[key] = float(expected_work_s(process, _KINDS[kind], _REASONS[reason]))
    return known[key]


def _stages(work: Work, process: Process, pieces: Iterable[Sequence[Piece]], now: datetime) -> list[StageLoad]:
    count = Counter[str]()
    for row in pieces:
        for piece in row:
            count[piece.stage] += piece.cases
    rules_ = [rule for rule in process.stages if rule.stage is not Stage.CLOSED]
    return [_stage(work, rule, count[rule.stage.value], now) for rule in rules_]


def _stage(work: Work, rule: StageRule, count: int, now: datetime) -> StageLoad:
    """Of the middle one since when it stands there; and how many for longer than they should."""
    if not count:
        return StageLoad(rule.stage, 0, 0.0, 0)
    since = work.workload.since(rule.stage, (count - 1) // 2)
    median = (now - since).total_seconds() if since is not None else 0.0
    late = now - timedelta(seconds=rule.limit_s) if rule.limit_s is not None else None
    over = work.workload.standing_since(rule.stage, late) if late is not None else 0
    return StageLoad(rule.stage, count, median, over)


# ---------------------------------------------------------------- previews


def looking_since(process: Process, now: datetime) -> datetime:
    """What was looked at after this is being looked at."""
    return now - timedelta(seconds=process.take.renew_s + MARGIN_S)


def _with_looks(work: Work, process: Process, cases: Sequence[Held], now: datetime) -> list[Held]:
    looking = work.workload.looking(looking_since(process, now))
    return [case._replace(looking=looking[case.id]) if case.id in looking else case for case in cases]


def balance(work: Work, desk: Desk, who: Principal, options: Options, most: int = 200) -> Plan:
    """Moves that would leave the fewest late, with everybody they touch before and after."""
    process = permit(work, desk, who, "workload.read")
    now = desk.clock()
    cases = _with_looks(work, process, in_hand(work, process), now)
    crew = staff(work, process, now)
    bars = Bars(work, process, sorted(crew), ((case.id, case.customer) for case in cases))
    return rules.balance(crew, cases, now, lambda person, case: bars.kept(person, case.id), options, most)


def by_hand(work: Work, desk: Desk, who: Principal, refs: Sequence[str], of: int | None, to: int | None) -> Plan:
    """What moving these cases, or all that somebody has (of), would do. to: None is the queue."""
    process = permit(work, desk, who, "workload.read")
    now = desk.clock()
    rows = work.workload.held(of) if of is not None else work.workload.named(refs)
    if not rows and refs:
        raise NotFound("case.not_found", ref=refs[0])
    expected: dict[tuple[str, str], float] = {}
    wanted = _with_looks(work, process, [_held(process, row, expected) for row in rows], now)
    crew = staff(work, process, now)
    cases = touched(work, process, [*(case.holder for case in wanted), to], wanted)
    bars = Bars(work, process, [to] if to else [], ((case.id, case.customer) for case in wanted))
    pairs = [(case, to) for case in wanted]
    return rules.moved(crew, cases, pairs, now, lambda person, case: bars.kept(person, case.id))


def touched(work: Work, process: Process, people: Collection[int | None], more: Sequence[Held] = ()) -> list[Held]:
    """What these persons hold, and more."""
    expected: dict[tuple[str, str], float] = {}
    rows = [row for person in set(people) if person is not None for row in work.workload.held(person)]
    cases = {case.id: case for case in (_held(process, row, expected) for row in rows)}
    return list({**cases, **{case.id: case for case in more}}.values())


def standings(work: Work, desk: Desk, who: Principal, people: Collection[int]) -> dict[int, Standing]:
    """What these persons have now, for whoever shows a move."""
    process, now = permit(work, desk, who, "workload.read"), desk.clock()
    crew = staff(work, process, now)
    hands: dict[int | None, list[Held]] = defaultdict(list)
    for case in touched(work, process, people):
        hands[case.holder].append(case)
    return {person: rules.standing(crew[person], hands[person], now) for person in people if person in crew}
