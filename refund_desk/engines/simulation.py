"""A desk whose truth is known: how many deadlines each order of work misses, and how far the forecast can be believed.

Working time in seconds, no calendars: they would be the same for all orders. The model, with every number of
it, is `MODEL`; docs/simulation.md explains it. Every order sees what the desk sees of a case: its kind, the
estimate and the deadline; never how long it will really take.
"""

from __future__ import annotations

import heapq
import math
import random
from bisect import insort
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from statistics import mean, stdev
from typing import Any, Final, Protocol

from refund_desk.domain.forecast import LATE_TURN, ROOM, WINDOW, Stream, Waiting, forecast, hopeless, plan

MINUTE, HOUR = 60.0, 3600.0
DAY: Final = 8 * HOUR

KINDS: Final = (
    # share of arrivals, estimate (minutes), time given (hours)
    (0.22, 3.0, 2.0),
    (0.24, 6.0, 4.0),
    (0.20, 7.0, 8.0),
    (0.14, 8.0, 4.0),
    (0.12, 12.0, 8.0),
    (0.05, 14.0, 2.0),
    (0.03, 25.0, 8.0),
)
PACES: Final = (0.75, 0.85, 0.95, 1.0, 1.1, 1.35)
SIGMA: Final = 0.8
USED_UP: Final = 0.3
WAITS: Final = 0.15
WAIT_S: Final = 6 * HOUR
SECOND_LOOK: Final = 0.5
BREAK_EVERY_S, BREAK_S = 2.5 * HOUR, 15 * MINUTE
SICK: Final = 0.05
DAYS: Final = 10
T_95: Final = {20: 2.093, 30: 2.045, 40: 2.023}

MODEL: Final[dict[str, Any]] = {
    "kinds": [{"share": s, "estimate_min": e, "given_hours": g} for s, e, g in KINDS],
    "paces": list(PACES),
    "duration": f"estimate x pace x lognormal, mean 1, sigma {SIGMA}",
    "arrivals": "Poisson, the rate swinging by 40 % over the day",
    "used_up": f"up to {USED_UP:.0%} of the time given is gone when a case arrives",
    "pauses": f"{WAITS:.0%} wait once for somebody, {WAIT_S / HOUR:.0f} h on average (exponential), the clock stands; "
    f"then {SECOND_LOOK:.0%} of the work again",
    "absences": f"a break of {BREAK_S / MINUTE:.0f} min every {BREAK_EVERY_S / HOUR} h on average; a day off in "
    f"{SICK:.0%} of days",
    "days": DAYS,
}


@dataclass(slots=True)
class Job:
    """A case. `truth` is what an order may not look at; `queued`: since when it waits in the queue."""

    number: int
    arrived: float
    estimate: float
    due: float
    truth: float
    waits: float | None
    queued: float
    done: float | None = None
    missed: bool = False


class Order(Protocol):
    """An order of work."""

    def add(self, job: Job) -> None: ...
    def take(self, _now: float, /) -> Job | None: ...


class ByKey:
    """A fixed key, the smallest first."""

    def __init__(self, key: Callable[[Job], float]) -> None:
        self._key = key
        self._heap: list[tuple[float, int, Job]] = []

    def add(self, job: Job) -> None:
        heapq.heappush(self._heap, (self._key(job), job.number, job))

    def take(self, _now: float, /) -> Job | None:
        return heapq.heappop(self._heap)[2] if self._heap else None


class Ours:
    """The desk's own: `domain.forecast.pick`, with what is late kept apart so that a turn costs no walk over it."""

    def __init__(self, capacity: float) -> None:
        self._capacity, self._turn = capacity, 0
        self.by_due: list[tuple[float, int, Job]] = []
        self.late: list[tuple[float, int, Job]] = []

    def add(self, job: Job) -> None:
        insort(self.by_due, (job.due, job.number, job))

    def take(self, now: float) -> Job | None:
        self._turn += 1
        window = self._window(now)
        if self.late and (self._turn % LATE_TURN == 0 or not window):
            return heapq.heappop(self.late)[2]
        if not window:
            return None
        kept = plan(window, self._capacity * ROOM).kept
        return self.by_due.pop(kept[0] if kept else 0)[2]

    def _window(self, now: float) -> list[Waiting]:
        window: list[Waiting] = []
        place = 0
        while place < len(self.by_due) and len(window) < WINDOW:
            job = self.by_due[place][2]
            seen = Waiting(job.number, job.estimate, job.due - now, now - job.queued)
            if hopeless(seen):
                heapq.heappush(self.late, (job.queued, job.number, job))
                del self.by_due[place]
                continue
            window.append(seen)
            place += 1
        return window

    def queue(self, now: float) -> list[Waiting]:
        """All that wait, in order of deadline: what a forecast looks at."""
        jobs = sorted([*self.late, *self.by_due], key=lambda each: (each[2].due, each[1]))
        return [Waiting(job.number, job.estimate, job.due - now, now - job.queued) for _, _, job in jobs]


def orders(capacity: float) -> dict[str, Callable[[], Order]]:
    """The four that are compared."""
    return {
        "ours": lambda: Ours(capacity),
        "first_come": lambda: ByKey(lambda job: job.arrived),
        "cherry_pick": lambda: ByKey(lambda job: job.estimate),
        "earliest_deadline": lambda: ByKey(lambda job: job.due),
    }


# ------------------------------------------------------------------ the world


def mean_work() -> float:
    """Expected work of a case in seconds, the second look included."""
    return sum(share * estimate for share, estimate, _ in KINDS) * MINUTE * (1 + WAITS * SECOND_LOOK)


def crew_capacity() -> float:
    """Seconds of expected work that the crew does in a second, breaks and days off counted."""
    there = (1 - SICK) * BREAK_EVERY_S / (BREAK_EVERY_S + BREAK_S)
    return sum(1 / pace for pace in PACES) * there


def arrivals(dice: random.Random, load: float) -> Iterator[Job]:
    """Cases as they arrive until the last day ends."""
    rate, now, numbers = load * crew_capacity() / mean_work(), 0.0, count(1)
    shares = [share for share, _, _ in KINDS]
    while (now := now + dice.expovariate(rate * 1.4)) < DAYS * DAY:
        if dice.random() * 1.4 > 1 + 0.4 * math.sin(2 * math.pi * now / DAY):
            continue
        _, estimate, given = dice.choices(KINDS, shares)[0]
        left = given * HOUR * (1 - USED_UP * dice.random())
        noise = math.exp(SIGMA * dice.gauss(0, 1) - SIGMA * SIGMA / 2)
        waits = dice.expovariate(1 / WAIT_S) if dice.random() < WAITS else None
        yield Job(next(numbers), now, estimate * MINUTE, now + left, estimate * MINUTE * noise, waits, now)


@dataclass(slots=True)
class Outcome:
    """Of one run: jobs as they ended, how long the oldest had waited at any time, and what was foretold."""

    jobs: list[Job]
    oldest_s: float
    foretold: list[tuple[int, float]] = field(default_factory=list)

    @property
    def missed(self) -> float:
        return sum(job.missed for job in self.jobs) / len(self.jobs)


def run(seed: int, load: float, make: Callable[[], Order], *, foretell: bool = False) -> Outcome:
    """One history. The same seed gives the same arrivals, durations, pauses and absences to every order."""
    world = _World(seed, load, make(), foretell)
    world.play()
    return Outcome(world.jobs, world.oldest, world.foretold)


class _World:
    def __init__(self, seed: int, load: float, order: Order, foretell: bool) -> None:
        self.jobs = list(arrivals(random.Random(seed), load))  # noqa: S311 - a simulation
        self._order, self._load, self._foretell = order, load, foretell
        self._away = [random.Random(f"{seed}/{who}") for who in range(len(PACES))]  # noqa: S311
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._ticks = count()
        self._free: list[int] = list(range(len(PACES)))
        self._next_break = [dice.expovariate(1 / BREAK_EVERY_S) for dice in self._away]
        self._off = [{day for day in range(DAYS) if dice.random() < SICK} for dice in self._away]
        self._waiting: dict[int, Job] = {}
        self._busy: dict[int, float] = {}
        self.now, self.oldest = 0.0, 0.0
        self.foretold: list[tuple[int, float]] = []

    def play(self) -> None:
        for job in self.jobs:
            self._at(job.arrived, lambda job=job: self._arrive(job))  # type: ignore[misc]
        if self._foretell:
            for day in range(1, DAYS):
                self._at(day * DAY + 2.5 * HOUR, self._look_ahead)
        while self._events and self._events[0][0] < DAYS * DAY:
            self.now, _, happen = heapq.heappop(self._events)
            happen()
        self.now = DAYS * DAY
        for job in self._waiting.values():
            self._note_age(job)
        self.jobs = [job for job in self.jobs if self._counts(job)]

    def _counts(self, job: Job) -> bool:
        """Settled one way or the other by the end: done, or due and not done."""
        if job.done is None:
            job.missed = job.due <= self.now
            return job.missed
        return True

    def _at(self, when: float, happen: Callable[[], None]) -> None:
        heapq.heappush(self._events, (when, next(self._ticks), happen))

    def _arrive(self, job: Job) -> None:
        job.queued = self.now
        self._waiting[job.number] = job
        self._order.add(job)
        self._hand_out()

    def _hand_out(self) -> None:
        for who in list(self._free):
            if (back := self._away_until(who)) > self.now:
                self._free.remove(who)
                self._at(back, lambda who=who: self._come_back(who))  # type: ignore[misc]
                continue
            job = self._order.take(self.now)
            if job is None:
                return
            self._free.remove(who)
            del self._waiting[job.number]
            self._note_age(job)
            self._busy[who] = job.estimate
            self._at(self.now + job.truth * PACES[who], lambda who=who, job=job: self._finish(who, job))  # type: ignore[misc]

    def _away_until(self, who: int) -> float:
        day = int(self.now // DAY)
        if day in self._off[who]:
            return (day + 1) * DAY
        if self.now >= self._next_break[who]:
            self._next_break[who] = self.now + BREAK_S + self._away[who].expovariate(1 / BREAK_EVERY_S)
            return self.now + BREAK_S
        return self.now

    def _come_back(self, who: int) -> None:
        self._free.append(who)
        self._hand_out()

    def _finish(self, who: int, job: Job) -> None:
        self._busy.pop(who, None)
        if job.waits is not None:
            self._pause(job, job.waits)
        else:
            job.done, job.missed = self.now, job.missed or self.now > job.due
        self._come_back(who)

    def _pause(self, job: Job, waits: float) -> None:
        """The clock stands while somebody else has to answer; what was late before it is late."""
        job.missed = job.missed or self.now > job.due
        job.waits, job.due = None, job.due + waits
        job.estimate, job.truth = job.estimate * SECOND_LOOK, job.truth * SECOND_LOOK
        self._at(self.now + waits, lambda: self._arrive(job))

    def _note_age(self, job: Job) -> None:
        self.oldest = max(self.oldest, self.now - job.queued)

    def _look_ahead(self) -> None:
        assert isinstance(self._order, Ours)
        rate = self._load * crew_capacity() / mean_work()
        streams = [
            Stream(rate * s, e * MINUTE * (1 + WAITS * SECOND_LOOK), g * HOUR * (1 - USED_UP / 2)) for s, e, g in KINDS
        ]
        seen = forecast(self._order.queue(self.now), crew_capacity(), sum(self._busy.values()) / 2, streams)
        self.foretold += [(each.key, each.miss) for each in seen]


# ------------------------------------------------------------------ what comes of it


def interval(values: Sequence[float]) -> dict[str, float]:
    """Mean and 95 % interval of the mean."""
    middle = mean(values)
    half = T_95.get(len(values), 1.96 if len(values) > 40 else 2.1) * stdev(values) / math.sqrt(len(values))
    return {"mean": middle, "low": max(0.0, middle - half), "high": min(1.0, middle + half)}


def simulate(
    loads: Sequence[float], seeds: int, first: int = 1, tell: Callable[[int, int], None] = lambda _done, _all: None
) -> dict[str, Any]:
    """Share missed by each order at each load, over the same seeds; the oldest case; the forecast's calibration."""
    makers = orders(crew_capacity())
    rows, told = [], []
    for number, load in enumerate(loads):
        runs: dict[str, list[Outcome]] = {name: [] for name in makers}
        for seed in range(first, first + seeds):
            for name, make in makers.items():
                runs[name].append(run(seed, load, make, foretell=name == "ours"))
            tell(number * seeds + seed - first + 1, len(loads) * seeds)
        told += [_truth(outcome) for outcome in runs["ours"]]
        rows.append(_row(load, runs))
    foretold = [pair for pairs in told for pair in pairs]
    return {
        "seeds": seeds,
        "first_seed": first,
        "model": MODEL,
        "loads": rows,
        "calibration": calibration(foretold),
        "brier": mean((miss - missed) ** 2 for miss, missed in foretold) if foretold else None,
        "within": all(row["within"] for row in rows),
    }


def _row(load: float, runs: dict[str, list[Outcome]]) -> dict[str, Any]:
    missed = {name: interval([outcome.missed for outcome in outcomes]) for name, outcomes in runs.items()}
    best = min(each["mean"] for name, each in missed.items() if name != "ours")
    allowed = 1.1 * best + 0.002
    return {
        "load": load,
        "cases": round(mean(len(outcome.jobs) for outcome in runs["ours"])),
        "missed": missed,
        "oldest_hours": {name: mean(o.oldest_s for o in outcomes) / HOUR for name, outcomes in runs.items()},
        "best": best,
        "allowed": allowed,
        "within": missed["ours"]["mean"] <= allowed,
    }


def _truth(outcome: Outcome) -> list[tuple[float, bool]]:
    ended = {job.number: job.missed for job in outcome.jobs}
    return [(miss, ended[number]) for number, miss in outcome.foretold if number in ended]


def calibration(foretold: Sequence[tuple[float, bool]]) -> list[dict[str, Any]]:
    """Of cases foretold to miss with a likelihood in each tenth: how many, the mean of it, and how many did."""
    out = []
    for tenth in range(10):
        there = [(miss, missed) for miss, missed in foretold if min(9, int(miss * 10)) == tenth]
        if there:
            out.append(
                {
                    "from": tenth / 10,
                    "to": (tenth + 1) / 10,
                    "cases": len(there),
                    "foretold": mean(miss for miss, _ in there),
                    "missed": mean(1.0 if missed else 0.0 for _, missed in there),
                }
            )
    return out
