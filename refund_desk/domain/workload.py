"""Whose work is how much, what will miss its deadline, and which moves would leave the fewest that do.

Load is expected work at the person's own pace against what is left of their shift, both in seconds. A case is in
time for somebody by their own working time: what is due when nobody of them works is late. Balance takes from those
who have more than they can do, or who aren't there, and gives to those who are and fit; what can't be moved is told
with why. Nothing here changes anything.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from refund_desk.domain.calendars import Calendar
from refund_desk.domain.fairness import KeepFrom
from refund_desk.domain.forecast import RELIED_ON, SPREAD, Expected, Waiting, forecast
from refund_desk.domain.process import Why
from refund_desk.domain.words import ClockKind, Reason, RequestKind, Stage

FULL = 1.0
"""Share of what is left of a shift above which somebody has too much."""

ROOM = 0.9
"""Share of it up to which balance gives."""

LIKELY = 0.5
"""A case that misses with this likelihood is moved, if somebody else would have it in time."""


class Duty(StrEnum):
    """ON: at work. OFF: no shift now. AWAY: for a while. ABSENT: until a date."""

    ON = "on"
    OFF = "off"
    AWAY = "away"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Worker:
    """Somebody as the board sees them. No skills, or no languages: all of them. `reviews`: may hold cases."""

    id: int
    calendar: Calendar
    reviews: bool = True
    skills: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    away: bool = False
    absent_until: datetime | None = None
    pace: float = 1.0
    approvals_s: float = 0.0

    def duty(self, now: datetime) -> tuple[Duty, datetime | None]:
        """Whether they are at work, and until when that is so, where it is known."""
        if self.absent_until is not None:
            return Duty.ABSENT, self.absent_until
        left, ends = self.calendar.rest_of_day(now)
        if not left:
            return Duty.OFF, None
        if self.away:
            return Duty.AWAY, ends
        return Duty.ON, ends

    def left_s(self, now: datetime) -> float:
        """Working time left today."""
        return 0.0 if self.absent_until is not None else self.calendar.rest_of_day(now)[0]

    def until(self, now: datetime, due: datetime) -> float:
        """Their own working time until an instant."""
        return self.calendar.elapsed(max(now, self.absent_until or now), due)


class Held(NamedTuple):
    """A case in somebody's hands (None: nobody's). `due_at` None: no clock runs. `looking`: who has it open now."""

    id: int
    ref: str
    holder: int | None
    work_s: float
    due_at: datetime | None
    reason: Reason
    kind: RequestKind
    language: str
    stage: Stage = Stage.REVIEW
    customer: int | None = None
    due_clock: ClockKind | None = None
    looking: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Standing:
    """What somebody has: cases, their expected work with approvals, working time left, and how many will miss."""

    cases: int
    load_s: float
    left_s: float
    missing: float

    @property
    def share(self) -> float:
        """Load of what is left; where nothing is left, any load is too much."""
        return self.load_s / self.left_s if self.left_s > 0 else (0.0 if not self.load_s else 9.99)


@dataclass(frozen=True, slots=True)
class Move:
    """One case from somebody to somebody; `to` None: back to the queue."""

    case: Held
    to: int | None

    @property
    def of(self) -> int | None:
        return self.case.holder


@dataclass(frozen=True, slots=True)
class Skipped:
    """A case that stays where it is, and why."""

    case: Held
    why: Why


@dataclass(frozen=True, slots=True)
class Options:
    """What balance respects."""

    skills: bool = True
    languages: bool = True
    interests: bool = True


@dataclass(frozen=True, slots=True)
class Plan:
    moves: tuple[Move, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    before: Mapping[int, Standing] = field(default_factory=dict)
    after: Mapping[int, Standing] = field(default_factory=dict)


Bar = Callable[[int, Held], KeepFrom | None]
"""The rule that keeps a case from a person; None: they may have it."""


Pair = tuple[float, datetime | None]
"""Expected work of a case, and when it is due: all that load and deadlines ask of it."""

SURE = 4.0
"""So many deviations before its deadline a case is done in time, and nothing more is asked."""


def standing(worker: Worker, cases: Iterable[Held], now: datetime) -> Standing:
    """What somebody has, and what of it will miss."""
    return standing_of(worker, [(case.work_s, case.due_at) for case in cases], now)


def standing_of(worker: Worker, work: Sequence[Pair], now: datetime) -> Standing:
    """The same, of nothing but work and deadlines."""
    load = sum(each for each, _ in work) * worker.pace + worker.approvals_s
    return Standing(len(work), load, worker.left_s(now), missing(worker, work, now))


def missing(worker: Worker, work: Iterable[Pair], now: datetime) -> float:
    """How many of somebody's cases are expected to miss their deadline, if they do them in a good order."""
    queue = sorted((worker.until(now, due), each) for each, due in work if due is not None)
    late = _plain(queue, worker.pace)
    return late if late is not None else sum(each.miss for each in _foretold(worker, queue))


def _plain(queue: Iterable[tuple[float, float]], pace: float) -> float | None:
    """How many are late already where all others are surely in time; None: it must be foretold."""
    late, start, variance = 0.0, 0.0, 0.0
    for due, work in queue:
        if due <= 0:
            late += 1.0
            continue
        own = (SPREAD * work) ** 2
        if due < start + work + SURE * (variance * pace * pace + own) ** 0.5:
            return None
        start += work * pace
        variance += own
    return late


def _foretold(worker: Worker, queue: Iterable[tuple[float, float]]) -> list[Expected]:
    return forecast([Waiting(place, work, due) for place, (due, work) in enumerate(queue)], 1.0 / worker.pace)


def misses(worker: Worker, cases: Iterable[Held], now: datetime) -> dict[int, float]:
    """How likely each case of somebody misses its deadline."""
    mine = sorted((worker.until(now, case.due_at), case.work_s, case.id) for case in cases if case.due_at is not None)
    found = _foretold(worker, [(due, work) for due, work, _ in mine]) if mine else []
    return {number: each.miss for (_, _, number), each in zip(mine, found, strict=True)}


def unfit(worker: Worker, case: Held, now: datetime, options: Options, bar: Bar) -> Why | None:
    """Why somebody can't have a case; None: they can."""
    if not worker.reviews:
        return Why("workload.no_reviewer")
    duty, _ = worker.duty(now)
    if duty is not Duty.ON:
        return Why(f"workload.not_on.{duty.value}")
    if options.languages and worker.languages and case.language.partition("-")[0] not in worker.languages:
        return Why("workload.no_language", {"language": case.language})
    if options.skills and worker.skills and not worker.skills & {case.reason.value, case.kind.value}:
        return Why("workload.no_skill", {"reason": case.reason.value})
    kept = bar(worker.id, case) if options.interests else None
    return Why(f"workload.kept.{kept.value}", {"person": worker.id}) if kept else None


def looked_at(case: Held) -> Why | None:
    """Why a case isn't moved under somebody's eyes."""
    return Why("workload.looking", {"person": min(case.looking)}) if case.looking else None


def moved(
    workers: Mapping[int, Worker],
    cases: Sequence[Held],
    wanted: Sequence[tuple[Held, int | None]],
    now: datetime,
    bar: Bar,
    options: Options = Options(),
) -> Plan:
    """What moves by hand would do: those that can be, those that can't and why, and everybody before and after."""
    moves, skipped = [], []
    for case, to in wanted:
        why = looked_at(case)
        if why is None and to is not None:
            why = unfit(workers[to], case, now, options, bar) if to in workers else Why("workload.no_reviewer")
        if why is None and case.holder == to:
            why = Why("workload.there_already")
        if why is None:
            moves.append(Move(case, to))
        else:
            skipped.append(Skipped(case, why))
    return told(workers, cases, moves, skipped, now)


def told(
    workers: Mapping[int, Worker],
    cases: Sequence[Held],
    moves: Sequence[Move],
    skipped: Sequence[Skipped],
    now: datetime,
) -> Plan:
    """Moves with what everybody who is touched has before and after."""
    touched = {person for move in moves for person in (move.of, move.to) if person in workers}
    hands = _hands(cases)
    before = {person: standing(workers[person], hands[person], now) for person in touched if person is not None}
    gone = {move.case.id for move in moves}
    for person in touched:
        hands[person] = [case for case in hands[person] if case.id not in gone]
    for move in moves:
        hands[move.to].append(move.case)
    after = {person: standing(workers[person], hands[person], now) for person in touched if person is not None}
    return Plan(tuple(moves), tuple(skipped), before, after)


def _hands(cases: Iterable[Held]) -> dict[int | None, list[Held]]:
    hands: dict[int | None, list[Held]] = defaultdict(list)
    for case in cases:
        hands[case.holder].append(case)
    return hands


# ---------------------------------------------------------------- balance

TRIES = 5
"""So many cases of somebody that find no room anywhere, and no more of theirs are tried."""


@dataclass(slots=True)
class _Hand:
    """Somebody while moves are tried: what they have and what that comes to."""

    worker: Worker
    cases: list[Held]
    load_s: float
    left_s: float
    duty: Duty
    risk: dict[int, float] | None = None
    line: list[tuple[float, float]] | None = None

    @property
    def share(self) -> float:
        return self.load_s / self.left_s if self.left_s > 0 else 9.99

    def miss(self, case: Held, now: datetime) -> bool:
        """Whether a case they have is likely to miss its deadline with them. What is late already, nobody can save."""
        if self.risk is None:
            self.risk = misses(self.worker, self.cases, now)
        return self.risk.get(case.id, 0.0) >= LIKELY and case.due_at is not None and case.due_at > now

    def takes(self, case: Held, now: datetime) -> bool:
        """Whether there is room, and time for it before it is due, and nothing they have is late for it.

        What is late already only needs the room.
        """
        work = case.work_s * self.worker.pace
        if self.load_s + work > self.left_s * ROOM:
            return False
        if case.due_at is None or case.due_at <= now:
            return True
        due = self.worker.until(now, case.due_at) * RELIED_ON
        ahead, after = 0.0, 0.0
        for until, each in self._due(now):
            ahead += each if until <= due else 0.0
            after += each
            if until > due and after <= until < after + work:
                return False
        return ahead + work <= due

    def _due(self, now: datetime) -> list[tuple[float, float]]:
        """What they have that isn't late yet: time until it is due, and their work for it; soonest first."""
        if self.line is None:
            pace = self.worker.pace
            self.line = sorted(
                (self.worker.until(now, case.due_at) * RELIED_ON, case.work_s * pace)
                for case in self.cases
                if case.due_at is not None and case.due_at > now
            )
        return self.line

    def change(self, case: Held, sign: int) -> None:
        """Have it from now on (1), or no more (-1)."""
        if sign > 0:
            self.cases.append(case)
        else:
            self.cases = [each for each in self.cases if each.id != case.id]
        self.load_s += sign * case.work_s * self.worker.pace
        self.risk = self.line = None


class _Balance:
    """One attempt: the hands as they change, and what was moved and skipped so far."""

    def __init__(
        self,
        workers: Mapping[int, Worker],
        cases: Sequence[Held],
        now: datetime,
        bar: Bar,
        options: Options,
    ) -> None:
        held = _hands(cases)
        self.now, self.bar, self.options = now, bar, options
        self.moves: list[Move] = []
        self.skipped: list[Skipped] = []
        self.hands = [self._hand(worker, held[worker.id]) for worker in workers.values()]
        self._fits: dict[tuple[str, ...], list[_Hand]] = {}

    def _hand(self, worker: Worker, cases: list[Held]) -> _Hand:
        load = sum(case.work_s for case in cases) * worker.pace + worker.approvals_s
        return _Hand(worker, cases, load, worker.left_s(self.now), worker.duty(self.now)[0])

    def run(self, most: int) -> None:
        """Those who are gone first, then whoever has most."""
        for giver in sorted(self.hands, key=lambda hand: (hand.duty is Duty.ON, -hand.share)):
            full = 0
            for case in self._to_give(giver):
                if len(self.moves) >= most or full >= TRIES or self._enough(giver, case):
                    break
                full += self._try(giver, case)

    def _to_give(self, giver: _Hand) -> list[Held]:
        """What somebody could give, what should go first in front; nothing where all is well."""
        if giver.duty is Duty.AWAY:
            return []  # back in a while
        own = [case for case in giver.cases if case.holder == giver.worker.id]  # what they were given stays
        if giver.duty is Duty.ABSENT:
            return sorted(own, key=_due)
        late = sorted((case for case in own if giver.miss(case, self.now)), key=_due)
        if giver.duty is Duty.OFF or giver.share <= FULL:
            return late
        gone = {case.id for case in late}
        return late + sorted((case for case in own if case.id not in gone), key=_due, reverse=True)

    def _enough(self, giver: _Hand, case: Held) -> bool:
        """Whether somebody at work needs to give no more: there is room, and this case won't miss."""
        return giver.duty is Duty.ON and giver.share <= FULL and not giver.miss(case, self.now)

    def _try(self, giver: _Hand, case: Held) -> bool:
        """Move a case, or say why not. True: there is no room for it."""
        why = looked_at(case)
        found = why or self._taker(giver, case)
        taker = found if isinstance(found, _Hand) else None
        if taker is None and (why is not None or giver.duty is not Duty.ABSENT):
            assert isinstance(found, Why)
            self.skipped.append(Skipped(case, found))
            return found.code == "workload.no_room"
        giver.change(case, -1)
        if taker is not None:
            taker.change(case, 1)
        self.moves.append(Move(case, taker.worker.id if taker is not None else None))
        return False

    def _able(self, case: Held) -> list[_Hand]:
        """Who can have cases like this one, whoever's they are."""
        kind = (case.reason.value, case.kind.value, case.language)
        if kind not in self._fits:
            plain = replace(self.options, interests=False)
            self._fits[kind] = [
                hand for hand in self.hands if unfit(hand.worker, case, self.now, plain, self.bar) is None
            ]
        return self._fits[kind]

    def _taker(self, giver: _Hand, case: Held) -> _Hand | Why:
        """Who should have a case: of those who fit and have time for it, whoever has least; else why nobody."""
        able = [hand for hand in self._able(case) if hand is not giver]
        if not able:
            return Why("workload.nobody_fits", {"reason": case.reason.value, "language": case.language})
        kept: Why | None = None
        for hand in sorted(able, key=lambda each: each.share):
            if hand.share >= ROOM:
                break
            if not hand.takes(case, self.now):
                continue
            rule = self.bar(hand.worker.id, case) if self.options.interests else None
            if rule is None:
                return hand
            kept = kept or Why(f"workload.kept.{rule.value}", {"person": hand.worker.id})
        return kept or Why("workload.no_room")


def balance(
    workers: Mapping[int, Worker],
    cases: Sequence[Held],
    now: datetime,
    bar: Bar,
    options: Options = Options(),
    most: int = 200,
) -> Plan:
    """Moves that bring everybody below a full shift and let the fewest cases miss.

    Who is absent gives all they have: what nobody has room for goes back to the queue. Who has too much gives what
    would miss with them first, then what is due last, until they have enough.
    """
    attempt = _Balance(workers, cases, now, bar, options)
    attempt.run(most)
    return told(workers, cases, attempt.moves, attempt.skipped[:most], now)


def _due(case: Held) -> tuple[bool, float, int]:
    return case.due_at is None, case.due_at.timestamp() if case.due_at else 0.0, case.id


# ---------------------------------------------------------------- stages


@dataclass(frozen=True, slots=True)
class StageLoad:
    """A stage: open cases, their median age, and how many stand in it for longer than it gives. Seconds."""

    stage: Stage
    count: int
    median_s: float
    over: int


def bottleneck(stages: Sequence[StageLoad]) -> Stage | None:
    """Where most stand for longer than they should; None: nowhere."""
    worst = max(stages, key=lambda each: each.over, default=None)
    return worst.stage if worst is not None and worst.over else None


def lease_until(worker: Worker | None, now: datetime, lease_s: int) -> datetime:
    """Until when somebody holds what they are given: to the end of their day, or a lease where that is longer."""
    least = now + timedelta(seconds=lease_s)
    ends = worker.duty(now)[1] if worker is not None else None
    return max(least, ends) if ends is not None else least
