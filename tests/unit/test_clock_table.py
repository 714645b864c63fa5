"""The worked table of clocks (clock_table.md): every line, by the steps a case takes and by the record they leave."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from refund_desk.domain import clocks
from refund_desk.domain.calendars import Calendar
from refund_desk.domain.clocks import Clock, Pause
from refund_desk.domain.words import ClockKind, WaitFor
from refund_desk.engines import calendars
from refund_desk.engines.plainfile import Node, Problems

TABLE = Path(__file__).with_name("clock_table.md").read_text(encoding="utf-8")
KIND = ClockKind.DECISION
_LIMIT = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?")


@cache
def known() -> dict[str, Calendar]:
    problems = Problems()
    found = calendars.read(Node(yaml.safe_load(TABLE.split("```yaml")[1].split("```")[0]), "", problems))
    assert problems.found == []
    return found


def rows(part: str) -> list[list[str]]:
    lines = TABLE.split(f"## {part}\n")[1].split("\n## ")[0].strip().splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def when(text: str, zone: str) -> datetime:
    """ "Fri 2026-11-20 09:00"; the weekday is checked, since whoever worked the line went by it."""
    at = datetime.strptime(text.partition(" ")[2], "%Y-%m-%d %H:%M").replace(tzinfo=ZoneInfo(zone))
    assert at.strftime("%a") == text.partition(" ")[0], text
    return at.astimezone(UTC)


def seconds(text: str) -> int:
    found = _LIMIT.fullmatch(text)
    assert found is not None, text
    return int(found[1] or 0) * 3600 + int(found[2] or 0) * 60


@dataclass(frozen=True)
class Line:
    calendar: Calendar
    limit_s: int
    start: datetime
    pauses: list[Pause]
    then: tuple[int, Calendar] | None
    due: str

    @property
    def last(self) -> Calendar:
        return self.then[1] if self.then else self.calendar


def line(cells: list[str]) -> Line:
    _, name, limit, start, pauses, then, due, _ = cells
    ours = known()[name]
    changed = then.split()
    return Line(
        ours,
        seconds(limit),
        when(start, ours.zone),
        [_pause(each.strip(), ours.zone) for each in pauses.split(";") if each.strip()],
        (seconds(changed[0]), known()[changed[1]]) if changed else None,
        due,
    )


def _pause(text: str, zone: str) -> Pause:
    party, _, span = text.partition(" ")
    begun, _, ended = span.partition(">")
    until = when(ended.strip(), zone) if ended.strip() else None
    return Pause(KIND, f"clock.paused.by_hand.{party}", when(begun.strip(), zone), until, WaitFor(party))


def stepped(given: Line) -> Clock:
    """As a case does it: a pause begins, another joins it, the clock goes on when the last of them ends."""
    clock = clocks.start(KIND, 1, given.start, given.limit_s, given.calendar)
    steps = sorted({p.from_at for p in given.pauses} | {p.until_at for p in given.pauses if p.until_at})
    for at in steps:
        lasting = [p for p in given.pauses if p.from_at <= at and (p.until_at is None or p.until_at > at)]
        if lasting:
            clock = clocks.pause(clock, at, lasting[0].reason, given.calendar)
        else:
            clock = clocks.resume(clock, at, given.calendar)
    return clock


DUE = rows("Due")


def test_the_table_is_long_enough_and_numbered() -> None:
    assert len(DUE) >= 60
    assert [int(cells[0]) for cells in DUE] == list(range(1, len(DUE) + 1))


@pytest.mark.parametrize("cells", DUE, ids=[f"{cells[0]} {cells[-1]}" for cells in DUE])
def test_due(cells: list[str]) -> None:
    given = line(cells)
    clock = stepped(given)
    limit, calendar = given.then or (given.limit_s, given.calendar)
    replayed = clocks.replay(clock, given.pauses, limit, calendar)
    if given.then is None:
        assert clocks.alike(replayed, clock)
        _says(clock, given)
    _says(replayed, given)


def _says(clock: Clock, given: Line) -> None:
    if given.due.endswith(" left"):
        assert (clock.due_at, clock.remaining_s) == (None, seconds(given.due.removesuffix(" left")))
    else:
        assert clock.due_at == when(given.due, given.last.zone), clock.due_at


@pytest.mark.parametrize("cells", rows("Business days"))
def test_business_days(cells: list[str]) -> None:
    _, name, days, start, arrives, _ = cells
    ours = known()[name]
    begun = when(start, ours.zone)
    assert ours.business_days_after(begun, int(days)) == when(arrives, ours.zone)
    assert ours.business_days(begun, when(arrives, ours.zone)) == int(days)


SPANS = st.lists(st.tuples(st.integers(0, 900), st.integers(1, 300)), max_size=5)


@given(st.sampled_from(["cn", "berlin", "nights", "always"]), st.integers(1, 100), SPANS)
@settings(max_examples=80, deadline=None)
def test_any_pauses_end_alike_by_steps_and_by_record(name: str, hours: int, spans: list[tuple[int, int]]) -> None:
    """Pauses that overlap in any way; minutes after the start and minutes long."""
    ours, start = known()[name], datetime(2026, 10, 23, 8, 0, tzinfo=UTC)
    pauses = [
        Pause(KIND, "why", _after(start, begun * 10), _after(start, begun * 10 + length * 10))
        for begun, length in spans
    ]
    given_line = Line(ours, hours * 3600, start, pauses, None, "")
    clock = stepped(given_line)
    assert clocks.replay(clock, pauses, hours * 3600, ours) == clock


def _after(start: datetime, minutes: int) -> datetime:
    return datetime.fromtimestamp(start.timestamp() + minutes * 60, UTC)
