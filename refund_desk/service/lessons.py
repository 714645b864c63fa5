"""Use cases: what a figure taught us, with an owner and a day, until it is settled; its effect on the figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from refund_desk.domain import lessons as rules
from refund_desk.domain.errors import Invalid
from refund_desk.domain.figures import FIGURES, Span, Value, value_of
from refund_desk.domain.lessons import Lesson, Status
from refund_desk.domain.people import Principal
from refund_desk.domain.words import Role
from refund_desk.service.figures import Asked
from refund_desk.service.gate import must_be_person, permit
from refund_desk.service.ports import Desk, Work

OWNERS = tuple(role for role in Role if role is not Role.AUDITOR)
"""Who can be given one: an auditor only reads."""


@dataclass(frozen=True, slots=True)
class Followed:
    """A lesson with the figure when it was seen and since: `after` over `days`, None while there are none."""

    lesson: Lesson
    late: bool
    then: Value
    after: Value
    days: Span | None


@dataclass(frozen=True, slots=True)
class Listed:
    """names: of persons and merchants that the lessons name; people: who may own one."""

    lessons: Sequence[Followed]
    names: Mapping[int, str]
    people: Sequence[tuple[int, str]]


def add(work: Work, desk: Desk, who: Principal, figure: str, asked: Asked, text: str, owner: int, due: date) -> Lesson:
    """Write down what a figure of a board shows. Raises Invalid for what `check_new` refuses, `lesson.owner`."""
    process = permit(work, desk, who, "lesson.write")
    must_be_person(who)
    rules.check_new(figure, text, due, _day(desk.clock(), process.zone))
    if owner not in {person for person, _ in _people(work)}:
        raise Invalid("lesson.owner", person=owner)
    dimension, member = asked.of
    sums = work.figures.sums(dimension, asked.span, member).get(member, {})
    number = work.lessons.add(
        figure=figure,
        dimension=dimension,
        member=member,
        first=asked.span.first.toordinal(),
        last=asked.span.last.toordinal(),
        sums=rules.kept(sums),
        text=text.strip(),
        owner_id=owner,
        due=due.toordinal(),
        made_by=who.person_id,
        made_at=desk.clock(),
        status=Status.OPEN.value,
    )
    work.audit("lesson.written", who, lesson=number, figure=figure, owner=owner, due=due.isoformat())
    return work.lessons.get(number)


def settle(work: Work, desk: Desk, who: Principal, number: int, done: bool, result: str) -> Lesson:
    """It is done, with what came of it; or dropped, with why."""
    permit(work, desk, who, "lesson.write")
    must_be_person(who)
    rules.check_open(work.lessons.get(number, lock=True))
    if not result.strip():
        raise Invalid("reason.missing")
    status = Status.DONE if done else Status.DROPPED
    work.lessons.settle(number, status, desk.clock(), who.person_id, result.strip())
    work.audit("lesson.settled", who, lesson=number, status=status.value)
    return work.lessons.get(number)


def listed(work: Work, desk: Desk, who: Principal) -> Listed:
    """All of them, open ones first, each with its effect."""
    process = permit(work, desk, who, "report.read")
    today = _day(desk.clock(), process.zone)
    found = [followed(work, one, today, process.zone) for one in work.lessons.all()]
    ids = {number for one in found for number in (one.lesson.owner_id, one.lesson.made_by, one.lesson.settled_by or 0)}
    return Listed(found, work.people.names(ids), _people(work))


def followed(work: Work, one: Lesson, today: date, zone: str) -> Followed:
    """The figure when it was seen, and over as many days since."""
    figure = FIGURES[one.figure]
    days = rules.effect_span(one, _day(one.settled_at, zone) if one.settled_at else None, today)
    after = None
    if days is not None:
        after = value_of(figure, work.figures.sums(one.dimension, days, one.member).get(one.member, {}))
    return Followed(one, rules.late(one, today), value_of(figure, one.sums), after, days)


def _day(at: datetime, zone: str) -> date:
    return at.astimezone(ZoneInfo(zone)).date()


def _people(work: Work) -> list[tuple[int, str]]:
    found = {person: name for people in work.people.persons_with(OWNERS).values() for person, name in people}
    return sorted(found.items(), key=lambda one: one[1])
