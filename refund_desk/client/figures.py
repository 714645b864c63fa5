"""Calls about figures: a span with its line and members, the cases behind one, the month."""

from __future__ import annotations

from datetime import date
from typing import Any

from refund_desk.client.calls import Calls, part
from refund_desk.wire import commands
from refund_desk.wire import figures as w
from refund_desk.wire.lessons import KeptReportView, Lessons, LessonView, NewLesson, SettleLesson
from refund_desk.wire.process_map import ProcessMap, ProcessPreview, ProcessTry


class FigureCalls(Calls):
    """A part of `DeskClient`."""

    async def figures(self, first: date, last: date, by: str = "reason", of: str | None = None) -> w.FigureBoard:
        """Days of the shop, both within; `of`: one member of the dimension `by`, None: all cases."""
        return await self._get(w.FigureBoard, "/figures", first=first.isoformat(), last=last.isoformat(), by=by, of=of)

    async def figure_cases(
        self,
        figure: str,
        first: date,
        last: date,
        by: str = "reason",
        of: str | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> w.FigureCases:
        asked: dict[str, Any] = {"first": first.isoformat(), "last": last.isoformat(), "by": by, "of": of}
        path = f"/figures/{part(figure)}/cases"
        return await self._get(w.FigureCases, path, **asked, after=after, limit=limit)

    async def process_map(self, first: date | None = None, last: date | None = None) -> ProcessMap:
        """What stands where now, and what went through in a span of days of the shop; without one: today."""
        days = [None if day is None else day.isoformat() for day in (first, last)]
        return await self._get(ProcessMap, "/process/map", first=days[0], last=days[1])

    async def try_process(self, content: Any, after: int = 0) -> ProcessPreview:
        """Which open cases a changed process would treat otherwise."""
        return await self._do(ProcessPreview, "/process/preview", ProcessTry(content=content, after=after))

    async def month(self, month: str) -> w.MonthReport:
        return await self._get(w.MonthReport, "/reports/month", month=month)

    async def start_export_month(self, order: w.MonthOrder, key: str | None = None) -> commands.Job:
        return await self._do(commands.Job, "/exports/month", order, key)

    # ------------------------------------------------------------ what is kept

    async def reports(self) -> list[KeptReportView]:
        """Reports of months that are kept, newest first."""
        return await self._get(list[KeptReportView], "/reports")

    async def report_file(self, number: int) -> bytes:
        return (await self._send("GET", f"/reports/{number}/file")).content

    async def lessons(self) -> Lessons:
        return await self._get(Lessons, "/lessons")

    async def add_lesson(self, body: NewLesson, key: str | None = None) -> LessonView:
        return await self._do(LessonView, "/lessons", body, key)

    async def settle_lesson(self, number: int, body: SettleLesson, key: str | None = None) -> LessonView:
        return await self._do(LessonView, f"/lessons/{number}/settle", body, key)
