"""Figures of a month, with their definitions."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from refund_desk.domain.figures import Unit
from refund_desk.wire.base import Amount, Wire

Month = Annotated[str, Field(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$", examples=["2026-10"])]


class FigureView(Wire):
    """now and before: of the month and of the one before; null where there is nothing to compute it from.
    A share of 1, seconds, a count, or, of money, an amount for each currency."""

    name: str
    unit: Unit
    formula: str
    source: str
    now: int | float | list[Amount] | None
    before: int | float | list[Amount] | None


class ScoreView(Wire):
    """A merchant's cases that opened in the month. in_time: answered within 24 hours."""

    merchant: str
    cases: int
    answered: int
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
