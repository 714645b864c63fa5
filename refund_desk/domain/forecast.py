"""Which cases will miss their deadline, and which should be next so that the fewest do.

A queue is looked at in seconds of working time from now. The crew's capacity is how many seconds of expected
work all who are there get done in a second. The plan is that of Moore and Hodgson for one machine, carried to
a crew: go by deadline; where one would be late, give up the longest so far, since it frees the most time for
the others. What is given up isn't forgotten: the longest late is taken whenever nothing can still be saved,
and on every `LATE_TURN`th turn.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import NamedTuple

WINDOW = 40
"""So many cases by deadline are planned for; what is due after them can wait."""

LATE_TURN = 100
"""On every such turn the longest late is taken, however much could still be saved: nobody waits for ever."""

ROOM = 0.7
"""Share of the crew's capacity that is planned for what waits already; the rest is for what will come and be urgent."""

RELIED_ON = 0.9
"""Share of the capacity that a forecast believes is used well: the plan is made anew at each turn, not kept to."""

HOPELESS = 0.5
"""Of the expected work: with less time left, a case is late. Durations are skewed: most are below the mean."""

SPREAD = 0.9
"""Standard deviation of a duration as a share of the expected work, until the desk has measured its own."""


@dataclass(frozen=True, slots=True, order=True)
class Waiting:
    """A case that waits: expected work, and seconds until it is due, both of working time; since when it waits."""

    key: int
    work_s: float
    due_s: float
    waited_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Stream:
    """Cases of a kind that arrive: how many a second, their expected work, and the time they are given."""

    rate: float
    work_s: float
    limit_s: float


@dataclass(frozen=True, slots=True)
class Plan:
    """Places in the queue: what is to be done in this order, and what is given up."""

    kept: tuple[int, ...]
    given_up: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Expected:
    """When a case will be begun and done, seconds from now, and how likely it misses its deadline."""

    key: int
    start_s: float
    done_s: float
    miss: float


def hopeless(case: Waiting) -> bool:
    """Whether it can hardly be done in time even if somebody begins now."""
    return case.due_s < HOPELESS * case.work_s


def plan(queue: Sequence[Waiting], capacity: float) -> Plan:
    """What to do in which order so that the fewest are late; `queue` in order of deadline."""
    kept: list[int] = []
    longest: list[tuple[float, int]] = []
    out: set[int] = set()
    load = 0.0
    for place, case in enumerate(queue):
        if hopeless(case):
            out.add(place)
            continue
        kept.append(place)
        heapq.heappush(longest, (-case.work_s, -place))
        load += case.work_s
        if (load - case.work_s) / capacity + case.work_s > max(case.due_s, case.work_s):
            work, gone = heapq.heappop(longest)
            load += work
            out.add(-gone)
    return Plan(tuple(place for place in kept if place not in out), tuple(sorted(out)))


def pick(queue: Sequence[Waiting], capacity: float, turn: int) -> int | None:
    """The place in the queue (in order of deadline) of the case to take next; None for an empty one."""
    if not queue:
        return None
    late = [place for place, case in enumerate(queue) if hopeless(case)]
    if late and turn % LATE_TURN == 0:
        return _oldest(queue, late)
    saved = [place for place, case in enumerate(queue[: WINDOW + len(late)]) if not hopeless(case)][:WINDOW]
    kept = plan([queue[place] for place in saved], capacity * ROOM).kept
    return saved[kept[0]] if kept else _oldest(queue, late or saved)


def _oldest(queue: Sequence[Waiting], places: Sequence[int]) -> int:
    return max(places, key=lambda place: (queue[place].waited_s, -place))


def forecast(
    queue: Sequence[Waiting],
    capacity: float,
    busy_s: float = 0.0,
    streams: Sequence[Stream] = (),
    spread: float = SPREAD,
) -> list[Expected]:
    """When each case will be done and how likely it misses, if the desk goes on as it does; in the order of `queue`.

    queue: in order of deadline. busy_s: work that is left of what is in hand. streams: what will arrive: it is put
    into the queue as it is expected, and planned for like the rest. Times are normal around their mean, with the
    spread of all that is done before.
    """
    merged = sorted(
        [_Coming(case.due_s, 0.0, place, case) for place, case in enumerate(queue)] + _to_come(queue, streams)
    )
    lost = set(plan([each.case for each in merged], capacity * RELIED_ON).given_up)
    kept = [each for number, each in enumerate(merged) if number not in lost]
    out: list[Expected] = [Expected(case.key, 0.0, 0.0, 1.0) for case in queue]
    now, variance, last = busy_s / capacity, busy_s * busy_s / (3 * max(1.0, capacity)), busy_s / capacity
    for each in _served(kept, capacity, now):
        now, own = max(now, each.arrives_s), (spread * each.case.work_s) ** 2
        if each.place >= 0:
            out[each.place] = _expected(each.case, now, (variance / capacity**2 + own) ** 0.5)
        now += each.case.work_s / capacity
        # How many arrive is itself uncertain.
        variance += own if each.place >= 0 else own + each.case.work_s**2
        last = now if each.place >= 0 else last
    for number in lost:  # they have their turn when all that was kept has had its own
        _, _, place, case = merged[number]
        if place >= 0:
            out[place] = _expected(case, last, (variance / capacity**2 + (spread * case.work_s) ** 2) ** 0.5)
    return out


class _Coming(NamedTuple):
    """A case in the queue, or one that will arrive: then it has no place there (-1)."""

    due_s: float
    arrives_s: float
    place: int
    case: Waiting


def _served(kept: Sequence[_Coming], capacity: float, now: float) -> Iterator[_Coming]:
    """In which order they are begun: of those that are there, what is due first."""
    to_come = deque(sorted(kept, key=lambda each: each.arrives_s))
    there: list[_Coming] = []
    while to_come or there:
        while to_come and (to_come[0].arrives_s <= now or not there):
            now = max(now, to_come[0].arrives_s)
            heapq.heappush(there, to_come.popleft())
        each = heapq.heappop(there)
        yield each
        now += each.case.work_s / capacity


def _to_come(queue: Sequence[Waiting], streams: Sequence[Stream]) -> list[_Coming]:
    """What will arrive and be due before the last of the queue, evenly at its rate."""
    last = max((case.due_s for case in queue), default=0.0)
    out = []
    for stream in streams:
        for number in range(int(max(0.0, last - stream.limit_s) * stream.rate)):
            arrives = (number + 0.5) / stream.rate
            due = arrives + stream.limit_s
            out.append(_Coming(due, arrives, -1, Waiting(-1, stream.work_s, due)))
    return out


def _expected(case: Waiting, start: float, deviation: float) -> Expected:
    done = start + case.work_s
    miss = 1.0 - NormalDist(done, max(deviation, 1e-9)).cdf(case.due_s)
    return Expected(case.key, start, done, 1.0 if case.due_s <= 0 else miss)
