"""Figures of a span and of a month, with their definitions."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from refund_desk.domain.figures import Dimension, Unit
from refund_desk.wire.base import Amount, Wire

Month = Annotated[str, Field(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$", examples=["2026-10"])]


Said = int | float | list[Amount] | None
"""A share of 1, seconds, a count, or, of money, an amount for each currency; null: nothing to compute it from."""


class FigureView(Wire):
    """now and before: of the span and of the one before it."""

    name: str
    unit: Unit
    formula: str
    source: str
    now: Said
    before: Said


class FigureStep(Wire):
    """A day, week or month of the line: values by name of a figure."""

    first: date
    values: dict[str, Said]


class FigureMember(Wire):
    """A member of the dimension: its name where it is a row of a table, else null; values by name of a figure."""

    member: str
    name: str | None
    values: dict[str, Said]


class FigureBoard(Wire):
    """Days of the shop, both within. `of` null: all cases, else one member of `by`. waiting: changes that aren't
    counted yet; null while all is counted anew."""

    first: date
    last: date
    before_first: date
    before_last: date
    today: date
    zone: str
    by: Dimension
    of: str | None
    waiting: int | None
    figures: list[FigureView]
    step: Literal["day", "week", "month"]
    line: list[FigureStep]
    members: list[FigureMember]


class FigureCase(Wire):
    """A case behind a figure: the day, and what it adds to the figure's part on it (microseconds of time)."""

    ref: str
    reason: str
    stage: str
    day: date
    adds: dict[str, int]


class FigureCases(Wire):
    """next: what to ask after; null at the end."""

    cases: list[FigureCase]
    next: str | None


class ScoreView(Wire):
    """A merchant's cases that opened in the month. asked: how often it was; in_time: answered before its clock ran
    out, of those."""

    merchant: str
    cases: int
    asked: int
    in_time: int
    decided: int
    overturned: int


class MonthReport(Wire):
    """groups: cases by reason and by channel, decisions by kind."""

    month: str
    before: str
    figures: list[FigureView]
    groups: dict[str, dict[str, int]]
    merchants: list[ScoreView]


class MonthOrder(Wire):
    month: Month
    format: Literal["pdf", "xlsx"] = "pdf"
    language: Literal["zh", "en"] = "en"


class MonthFile(Wire):
    """What was written; the job's result."""

    month: str
    format: str
    sha256: str
    bytes: int
