"""Figures computed from what is stored. Filled by `store.figures`."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from refund_desk.domain.figures import MonthFigures


class FigureViews(Protocol):
    def month(self, month: str, first: datetime, end: datetime) -> MonthFigures:
        """All figures of what happened from `first` to before `end`."""
