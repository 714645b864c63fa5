"""Months that were reported, and what was learnt from a figure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from refund_desk.domain.errors import NotFound
from refund_desk.domain.figures import Span
from refund_desk.domain.lessons import Lesson, Status
from refund_desk.service.ports.figures import KeptReport
from refund_desk.store.statements import new_id
from refund_desk.store.tables.figures import lesson, month_report

_MOST = 500


class LessonRepo:
    """Over one connection."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    # ------------------------------------------------------------ months

    def keep_report(
        self, month: str, form: str, language: str, digest: bytes, size: int, at: datetime, person_id: int | None
    ) -> int:
        said = {"month": month, "format": form, "language": language, "digest": digest, "bytes": size}
        return new_id(self._c.execute(insert(month_report).values(**said, at=at, person_id=person_id)))

    def reports(self, month: str | None = None) -> Sequence[KeptReport]:
        """Newest first."""
        query = select(month_report).order_by(month_report.c.id.desc()).limit(_MOST)
        if month is not None:
            query = query.where(month_report.c.month == month)
        return [_report(row) for row in self._c.execute(query)]

    def report(self, number: int) -> KeptReport:
        row = self._c.execute(select(month_report).where(month_report.c.id == number)).one_or_none()
        if row is None:
            raise NotFound("report.not_kept", id=number)
        return _report(row)

    # ------------------------------------------------------------ lessons

    def add(self, **columns: Any) -> int:
        return new_id(self._c.execute(insert(lesson).values(**columns)))

    def all(self) -> Sequence[Lesson]:
        """Open ones by the day they are due, then settled ones, newest first."""
        query = select(lesson).order_by(
            lesson.c.status != "open", lesson.c.settled_at.desc(), lesson.c.due, lesson.c.id
        )
        return [_lesson(row) for row in self._c.execute(query.limit(_MOST))]

    def get(self, number: int, lock: bool = False) -> Lesson:
        query = select(lesson).where(lesson.c.id == number)
        row = self._c.execute(query.with_for_update() if lock else query).one_or_none()
        if row is None:
            raise NotFound("lesson.not_found", id=number)
        return _lesson(row)

    def settle(self, number: int, status: Status, at: datetime, person_id: int, result: str) -> None:
        said = {"status": status.value, "settled_at": at, "settled_by": person_id, "result": result}
        self._c.execute(update(lesson).where(lesson.c.id == number).values(**said))


def _report(row: Any) -> KeptReport:
    return KeptReport(row.id, row.month, row.format, row.language, bytes(row.digest), row.bytes, row.at, row.person_id)


def _lesson(row: Any) -> Lesson:
    return Lesson(
        id=row.id,
        figure=row.figure,
        dimension=row.dimension,
        member=row.member,
        span=Span(date.fromordinal(row.first), date.fromordinal(row.last)),
        sums=row.sums,
        text=row.text,
        owner_id=row.owner_id,
        due=date.fromordinal(row.due),
        made_by=row.made_by,
        made_at=row.made_at,
        status=Status(row.status),
        settled_by=row.settled_by,
        settled_at=row.settled_at,
        result=row.result,
    )
