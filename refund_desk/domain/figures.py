"""The figures of the desk, each defined here and nowhere else: name, unit, formula, source. Pure.

The store computes each from the tables that `source` names; panel, report and API show the same value. Labels are
`figure.<name>` of the catalogue.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
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
    """formula: in the words of the source's columns, over what happened in the period."""

    name: str
    unit: Unit
    formula: str
    source: str


_OF_MONTH: Final = (
    Figure("opened", Unit.COUNT, "cases with opened_at in the period", "refund_case"),
    Figure("closed", Unit.COUNT, "cases with closed_at in the period", "refund_case"),
    Figure("decided", Unit.COUNT, "approved proposals settled in the period", "proposal"),
    Figure("approval_rate", Unit.SHARE, "gave / (gave + declined), of decided", "proposal"),
    Figure("first_answer", Unit.SECONDS, "mean(stopped_at - started_at), clock first_answer", "case_clock"),
    Figure("decision_time", Unit.SECONDS, "mean(stopped_at - started_at), clock decision", "case_clock"),
    Figure("missed", Unit.SHARE, "stopped after due_at / stopped, all clocks", "case_clock"),
    Figure("paid_out", Unit.MONEY, "sum(amount) of intents that succeeded in the period", "intent_event"),
    Figure("arrival", Unit.SECONDS, "mean(arrived - created) of intents that arrived in the period", "intent_event"),
    Figure("no_arrival", Unit.SHARE, "succeeded without arrived / succeeded in the period", "intent_event"),
    Figure("repeat_contacts", Unit.SHARE, "cases with two or more messages from the customer / with one", "message"),
    Figure("appeals", Unit.COUNT, "cases reopened in the period", "case_event"),
    Figure("overturned", Unit.COUNT, "approved proposals of a later round that decide otherwise", "proposal"),
)
FIGURES: Final[Mapping[str, Figure]] = {one.name: one for one in _OF_MONTH}
GROUPS: Final = ("reason", "channel", "decision")
"""Counts by a member: cases opened by reason and by channel, proposals decided by decision."""

Value = int | float | Mapping[str, int] | None
"""None: nothing to compute it from. A mapping is money: minor units by currency."""


@dataclass(frozen=True, slots=True)
class Scores:
    """A merchant's cases that opened in a period. answered: it wrote at all; in_time: within `MERCHANT_S`."""

    merchant: str
    cases: int
    answered: int
    in_time: int
    decided: int
    overturned: int


MERCHANT_S: Final = 24 * 3600


@dataclass(frozen=True, slots=True)
class MonthFigures:
    """values by name of a figure; groups: by name, counts by member, largest first."""

    month: str
    values: Mapping[str, Value]
    groups: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    merchants: tuple[Scores, ...] = ()


def month_bounds(month: str) -> tuple[datetime, datetime]:
    """First instant of a month (2026-10) and of the next, UTC. Raises Invalid `report.month`."""
    try:
        first = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
    except ValueError:
        raise Invalid("report.month", said=month[:20]) from None
    last = first.month == 12
    return first, first.replace(year=first.year + last, month=1 if last else first.month + 1)


def month_before(month: str) -> str:
    """2026-01 -> 2025-12."""
    first, _ = month_bounds(month)
    before = (first.year * 12 + first.month - 2) // 12, (first.month - 2) % 12 + 1
    return f"{before[0]:04d}-{before[1]:02d}"


def share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
