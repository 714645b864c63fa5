"""Which free cases will miss their deadline as the desk stands, and which is to be taken so that the fewest do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from refund_desk.domain.forecast import ROOM, Expected, Stream, Waiting, forecast, hopeless, plan
from refund_desk.domain.people import Principal
from refund_desk.domain.process import ClockState as State
from refund_desk.domain.process import Process, clock_calendar, clock_state
from refund_desk.domain.urgency import expected_work_s
from refund_desk.domain.words import ClockKind, Stage
from refund_desk.service.gate import permit
from refund_desk.service.ports import Desk, Work
from refund_desk.service.ports.views import Arrived, Free, Handled

MOST = 1000
"""Free cases that a forecast looks at: those to be acted on first."""

HANDLED, ARRIVED = 500, 500
"""How many proposals and arrivals the desk's own pace and stream are measured by."""

DOUBT_S = 30 * 60.0
"""Expected work of which a person's pace is taken to be as expected before what they did is believed."""

LONGEST_S = 3600.0
"""A case that was held for longer was not worked at all the time."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How long somebody takes for a second of expected work; `cases`: of how many that was measured."""

    person: int
    pace: float
    cases: int


@dataclass(frozen=True, slots=True)
class Outlook:
    """`cases`: free ones with what is expected of them, the likeliest to miss first. `late`: free and late already.

    capacity: seconds of expected work that those at work do in a second; 0 where nobody is, and then nothing is
    foretold.
    """

    at: datetime
    capacity: float
    crew: Sequence[Pace]
    cases: Sequence[tuple[Free, Expected]]
    missing: float


def outlook(work: Work, desk: Desk, who: Principal, limit: int = 200) -> Outlook:
    """The forecast as things stand: from the queue, what arrived of late, and who is at work at which pace."""
    process = permit(work, desk, who, "queue.read")
    now = desk.clock()
    crew = paces(process, work.views.at_work(now), work.views.handled(HANDLED))
    capacity = sum(1 / each.pace for each in crew)
    free = work.views.free_in_time(now, MOST)
    if not crew:
        return Outlook(now, 0.0, (), (), 0.0)
    by_due = sorted(((_waiting(process, case, now), case) for case in free), key=lambda pair: pair[0].due_s)
    found = forecast([each for each, _ in by_due], capacity, 0.0, streams(process, work.views.arrived(ARRIVED), now))
    told = sorted(zip((case for _, case in by_due), found, strict=True), key=lambda pair: -pair[1].miss)
    return Outlook(now, capacity, crew, told[:limit], sum(each.miss for each in found))


def next_in_time(work: Work, desk: Desk, process: Process, who: Principal, free: Sequence[Free]) -> Free | None:
    """Of free cases the one to take so that the fewest miss: what can be kept, and of that what is most urgent."""
    now = desk.clock()
    waiting = sorted(((_waiting(process, case, now), case) for case in free), key=lambda pair: pair[0].due_s)
    still = [(each, case) for each, case in waiting if not hopeless(each)]
    if not still:
        return None
    crew = len({*work.views.at_work(now), who.person_id})
    kept = plan([each for each, _ in still], crew * ROOM).kept
    return min((still[place][1] for place in kept), key=lambda case: (case.act_by, case.id), default=None)


def paces(process: Process, people: Sequence[int], handled: Sequence[Handled]) -> list[Pace]:
    """How fast each of these works, by what they did last; somebody of whom nothing is known, as expected."""
    spent, expected, cases = Counter[int](), Counter[int](), Counter[int]()
    for each in handled:
        took = (each.at - each.taken_at).total_seconds()
        spent[each.person] += round(min(took, LONGEST_S))
        expected[each.person] += expected_work_s(process, each.kind, each.reason)
        cases[each.person] += 1
    return [Pace(one, (spent[one] + DOUBT_S) / (expected[one] + DOUBT_S), cases[one]) for one in people]


def streams(process: Process, arrived: Sequence[Arrived], now: datetime) -> list[Stream]:
    """What arrives, by what it is, at the rate of the last arrivals. Too few, and nothing is expected."""
    if len(arrived) < 10:
        return []
    over = max(1.0, (now - min(each.at for each in arrived)).total_seconds())
    limit = min(process.clocks[kind].limit_s for kind in _running(process))
    counts = Counter(expected_work_s(process, each.kind, each.reason) for each in arrived)
    return [Stream(count / over, work_s, limit) for work_s, count in sorted(counts.items())]


def _running(process: Process) -> list[ClockKind]:
    return [kind for kind in ClockKind if clock_state(process, Stage.REVIEW, kind) is State.RUN] or list(ClockKind)


def _waiting(process: Process, case: Free, now: datetime) -> Waiting:
    """As the plan sees it: time left is working time of the clock that is due first."""
    due = clock_calendar(process, case.due_clock).elapsed(now, case.due_at)
    return Waiting(case.id, expected_work_s(process, case.kind, case.reason), due)


def done_at(at: datetime, expected: Expected) -> datetime:
    """When a case is expected to be done, if work goes on without a break."""
    return at + timedelta(seconds=expected.done_s)
