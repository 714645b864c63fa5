"""Use cases: the figures of a month, beside those of the month before."""

from __future__ import annotations

from refund_desk.domain.figures import MonthFigures, month_before, month_bounds
from refund_desk.domain.people import Principal
from refund_desk.service.gate import permit
from refund_desk.service.ports import Desk, Work


def month(work: Work, desk: Desk, who: Principal, wanted: str) -> tuple[MonthFigures, MonthFigures]:
    """This month's and the one's before. Raises Invalid `report.month`."""
    permit(work, desk, who, "report.read")
    before = month_before(wanted)
    return work.figures.month(wanted, *month_bounds(wanted)), work.figures.month(before, *month_bounds(before))


def order_month(work: Work, desk: Desk, who: Principal, wanted: str, form: str) -> None:
    """Before a report is written: whether they may, and the entry that says they did."""
    permit(work, desk, who, "report.read")
    month_bounds(wanted)
    work.audit("report.exported", who, month=wanted, format=form)
