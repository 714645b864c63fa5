"""The figures of the desk, each defined here and nowhere else: name, unit, formula, source. Pure.

Every figure is made of parts that add up (`domain.figure_parts`): sums over days and cases. Panel, report, export and
API take a figure from the same sums by `values_of`. Labels are `figure.<name>` of the catalogue.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from refund_desk.domain.errors import Invalid


class Unit(StrEnum):
    """COUNT: whole; SHARE: of 1; SECONDS; MONEY: minor units by currency."""

    COUNT = "count"
    SHARE = "share"
    SECONDS = "seconds"
    MONEY = "money"


@dataclass(frozen=True, slots=True)
class Figure:
    """`part` of the sums, over `of` where it has one; of money all parts `<part>:<currency>`. Parts of time are
    microseconds. listed: the part whose cases stand behind it. formula: in the words of the source's columns."""

    name: str
    unit: Unit
    part: str
    of: str | None
    listed: str
    formula: str
    source: str


def _count(name: str, formula: str, source: str) -> Figure:
    return Figure(name, Unit.COUNT, name, None, name, formula, source)


def _share(name: str, part: str, of: str, formula: str, source: str) -> Figure:
    return Figure(name, Unit.SHARE, part, of, part, formula, source)


def _mean(name: str, part: str, of: str, formula: str, source: str) -> Figure:
    return Figure(name, Unit.SECONDS, part, of, of, formula, source)


_ALL: Final = (
    _count("opened", "cases with opened_at in the period", "refund_case"),
    _count("closed", "cases with closed_at in the period", "refund_case"),
    _count("decided", "approved proposals settled in the period", "proposal"),
    _share("approval_rate", "gave", "judged", "gave / (gave + declined), of decided", "proposal"),
    _mean("first_answer", "answer_us", "answers", "mean(stopped_at - started_at), clock first_answer", "case_clock"),
    _mean("decision_time", "decision_us", "decisions", "mean(stopped_at - started_at), clock decision", "case_clock"),
    _share("missed", "missed", "clocks", "stopped after due_at / stopped, all clocks", "case_clock"),
    Figure(
        "paid_out",
        Unit.MONEY,
        "paid_out",
        None,
        "paid",
        "sum(amount) of intents that succeeded in the period",
        "intent_event",
    ),
    _mean(
        "arrival",
        "arrival_us",
        "arrivals",
        "mean(arrived - created) of intents that arrived in the period",
        "intent_event",
    ),
    _share("no_arrival", "no_arrival", "paid", "succeeded without arrived / succeeded in the period", "intent_event"),
    _share(
        "reconciled",
        "reconciled",
        "paid",
        "succeeded in the period, of cases without a break that stands / succeeded in the period",
        "intent_event, reconciliation_break",
    ),
    _share(
        "repeat_contacts",
        "repeats",
        "contacts",
        "messages of customers after the first of their case / messages of customers, in the period",
        "message",
    ),
    _count("duplicates", "breaks of kind duplicate found in the period that stand", "reconciliation_break"),
    _count("appeals", "times a case was reopened in the period", "case_event"),
    _count("overturned", "approved proposals of a later round that decide otherwise", "proposal"),
    Figure(
        "reversed",
        Unit.MONEY,
        "reversed",
        None,
        "overturned",
        "sum(abs(amount - amount of the round before)) of overturned",
        "proposal",
    ),
    _share(
        "agreement",
        "agreed",
        "reviewed",
        "second looks of the period that decide alike / second looks",
        "quality_review",
    ),
    _share("automation", "automatic", "moves", "moves between stages without a person / all of them", "case_event"),
)
FIGURES: Final[Mapping[str, Figure]] = {one.name: one for one in _ALL}
GROUPS: Final = ("reason", "channel", "decision")
"""Counts by a member, in the month: cases opened by reason and by channel, proposals decided by decision."""


class Dimension(StrEnum):
    """What figures are told apart by; a case has one member of each. PERSON: who proposed what was first decided."""

    REASON = "reason"
    CHANNEL = "channel"
    REGION = "region"
    PRODUCT = "product"
    CLAUSE = "clause"
    PERSON = "person"
    MERCHANT = "merchant"


EVERYTHING: Final = ""
"""The name under which all cases are summed, whatever their members."""

Value = int | float | Mapping[str, int] | None
"""None: nothing to compute it from. A mapping is money: minor units by currency."""

Sums = Mapping[str, int]
"""By part."""

_US: Final = 1_000_000


def values_of(sums: Sums) -> dict[str, Value]:
    """Every figure of these sums, by name."""
    return {name: value_of(one, sums) for name, one in FIGURES.items()}


def value_of(figure: Figure, sums: Sums) -> Value:
    """One figure; None where there is nothing to compute it from."""
    if figure.unit is Unit.MONEY:
        return by_member(figure.part, sums) or None
    part = sums.get(figure.part, 0)
    if figure.of is None:
        return part
    whole = sums.get(figure.of, 0)
    if not whole:
        return None
    return part / whole / _US if figure.unit is Unit.SECONDS else part / whole


def by_member(part: str, sums: Sums) -> dict[str, int]:
    """An open part, by what stands behind its colon; largest first."""
    found = {name.partition(":")[2]: n for name, n in sums.items() if n and name.startswith(f"{part}:")}
    return dict(sorted(found.items(), key=lambda one: (-one[1], one[0])))


@dataclass(frozen=True, slots=True)
class Span:
    """Days of the shop, both within. Raises Invalid `figures.span` where they are no span, or more than ten years."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if not 0 <= (self.last - self.first).days < 3660 or self.first.year < 1970:
            raise Invalid("figures.span", first=self.first.isoformat(), last=self.last.isoformat())

    @property
    def before(self) -> Span:
        """As many days, right before: months before a span of whole months."""
        if self.first.day == 1 and (self.last + timedelta(1)).day == 1:
            months = (self.last.year - self.first.year) * 12 + self.last.month - self.first.month + 1
            at = self.first.year * 12 + self.first.month - 1 - months
            return Span(date(at // 12, at % 12 + 1, 1), self.first - timedelta(1))
        return Span(self.first - (self.last - self.first) - timedelta(1), self.first - timedelta(1))

    def step(self) -> str:
        """How a line over it goes: day, week or month."""
        days = (self.last - self.first).days + 1
        return "day" if days <= 62 else "week" if days <= 190 else "month"

    def start_of(self, day: date) -> date:
        """The first day of the step that holds a day, within the span."""
        step = self.step()
        at = day - timedelta(day.weekday()) if step == "week" else day.replace(day=1) if step == "month" else day
        return max(self.first, at)

    def starts(self) -> Sequence[date]:
        """The first day of each step, in order."""
        days = (self.first + timedelta(n) for n in range((self.last - self.first).days + 1))
        return list(dict.fromkeys(self.start_of(day) for day in days))


@dataclass(frozen=True, slots=True)
class Scores:
    """A merchant's cases that opened in a period. asked: how often it was; in_time: answered before its clock ran
    out, of those."""

    merchant: str
    cases: int
    asked: int
    in_time: int
    decided: int
    overturned: int


@dataclass(frozen=True, slots=True)
class MonthFigures:
    """values by name of a figure; groups: by name, counts by member, largest first."""

    month: str
    values: Mapping[str, Value]
    groups: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    merchants: tuple[Scores, ...] = ()


def month_span(month: str) -> Span:
    """The days of a month (2026-10). Raises Invalid `report.month`."""
    try:
        first = date.fromisoformat(f"{month}-01")
        return Span(first, (first + timedelta(31)).replace(day=1) - timedelta(1))
    except (ValueError, OverflowError, Invalid):
        raise Invalid("report.month", said=month[:20]) from None


def month_before(month: str) -> str:
    """2026-01 -> 2025-12."""
    return month_span(month).before.first.isoformat()[:7]
