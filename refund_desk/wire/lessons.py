"""What a figure taught us, and months that were reported."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from refund_desk.domain.figures import Dimension, Unit
from refund_desk.domain.lessons import LONGEST, Status
from refund_desk.wire.base import MAX_INT, PersonRef, Time, Wire
from refund_desk.wire.commands import Reason
from refund_desk.wire.figures import Said


class NewLesson(Wire):
    """A finding about a figure as a board shows it: days of the shop, both within, of all cases or one member."""

    figure: str = Field(max_length=40)
    first: date
    last: date
    by: Dimension = Dimension.REASON
    of: str | None = Field(default=None, max_length=200)
    text: Annotated[str, Field(min_length=1, max_length=LONGEST)]
    owner: int = Field(ge=1, le=MAX_INT)
    due: date


class SettleLesson(Wire):
    """done: with what came of it; else dropped, with why."""

    done: bool
    result: Reason


class LessonView(Wire):
    """then: the figure when it was seen; after: over `after_first` to `after_last`, null while there are no days."""

    id: int
    figure: str
    unit: Unit
    by: Dimension | None
    of: str | None
    name: str | None
    first: date
    last: date
    text: str
    owner: PersonRef
    due: date
    late: bool
    made_by: PersonRef
    made_at: Time
    status: Status
    settled_by: PersonRef | None
    settled_at: Time | None
    result: str | None
    then: Said
    after: Said
    after_first: date | None
    after_last: date | None


class Lessons(Wire):
    """people: who may own one."""

    lessons: list[LessonView]
    people: list[PersonRef]


class KeptReportView(Wire):
    """A report of a month; by null: made by itself."""

    id: int
    month: str
    format: Literal["pdf", "xlsx"]
    language: Literal["zh", "en"]
    sha256: str
    bytes: int
    at: Time
    by: PersonRef | None
