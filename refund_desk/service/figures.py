"""Use cases: the figures of a span of days, told apart by a dimension; the cases behind one; a month's report.

All of them come from sums that the worker keeps: `keep` follows the log, so that a case whose rows changed is
counted again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from refund_desk.domain.errors import NotFound
from refund_desk.domain.figures import (
    EVERYTHING,
    FIGURES,
    Dimension,
    MonthFigures,
    Scores,
    Span,
    Sums,
    Value,
    by_member,
    month_before,
    month_span,
    values_of,
)
from refund_desk.domain.people import Principal
from refund_desk.service.gate import permit
from refund_desk.service.ports import Desk, Work
from refund_desk.service.ports.figures import Drilled, KeptReport

MARK = "figures"
RULES = 2
"""Of the parts: with another number, or another zone, all is counted anew."""
AT_ONCE = 100
"""Cases of a transaction, that must not last."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a board shows: a span, told apart by a dimension, of all cases or of one member of it."""

    span: Span
    by: Dimension = Dimension.REASON
    member: str | None = None

    @property
    def of(self) -> tuple[str, str]:
        """Dimension and member whose sums are shown."""
        return (EVERYTHING, "") if self.member is None else (self.by.value, self.member)


@dataclass(frozen=True, slots=True)
class Board:
    """values and before: of the span and of the one before it. line: by first day of each step. members: each
    member's figures. waiting: entries of the log that aren't counted yet; None while all is counted anew."""

    asked: Asked
    zone: str
    today: date
    waiting: int | None
    values: Mapping[str, Value]
    before: Mapping[str, Value]
    line: Mapping[date, Mapping[str, Value]]
    members: Mapping[str, Mapping[str, Value]]
    names: Mapping[str, str]


def board(work: Work, desk: Desk, who: Principal, asked: Asked) -> Board:
    """Figures of a span beside those of the one before."""
    process = permit(work, desk, who, "report.read")
    found = work.figures.sums(asked.by.value, asked.span)
    dimension, member = asked.of
    return Board(
        asked=asked,
        zone=process.zone,
        today=desk.clock().astimezone(ZoneInfo(process.zone)).date(),
        waiting=_State.read(work).waiting(work),
        values=_values(work, dimension, member, asked.span),
        before=_values(work, dimension, member, asked.span.before),
        line=_line(work, dimension, member, asked.span),
        members={name: values_of(sums) for name, sums in found.items()},
        names=_names(work, asked.by, found),
    )


def behind(
    work: Work,
    desk: Desk,
    who: Principal,
    figure: str,
    asked: Asked,
    after: tuple[int, int] | None = None,
    limit: int = 50,
) -> list[Drilled]:
    """Cases behind a figure, newest first. Raises NotFound `figures.unknown`."""
    permit(work, desk, who, "report.read")
    if figure not in FIGURES:
        raise NotFound("figures.unknown", name=figure[:40])
    return work.figures.behind(FIGURES[figure].listed, asked.span, *asked.of, after, limit)


def month(work: Work, desk: Desk, who: Principal, wanted: str) -> tuple[MonthFigures, MonthFigures]:
    """This month's and the one's before. Raises Invalid `report.month`."""
    permit(work, desk, who, "report.read")
    return _month(work, wanted), _month(work, month_before(wanted))


def check_month(work: Work, desk: Desk, who: Principal, wanted: str) -> None:
    """Whether they may have a month's report, before all that waits is counted for it."""
    permit(work, desk, who, "report.read")
    month_span(wanted)


def order_month(work: Work, desk: Desk, who: Principal, wanted: str, form: str) -> None:
    """Before a report is written: whether they may, and the entry that says they did."""
    check_month(work, desk, who, wanted)
    work.audit("report.exported", who, month=wanted, format=form)


def keep_month(work: Work, desk: Desk, who: Principal, wanted: str, form: str, language: str, data: bytes) -> None:
    """Keep a report that was made, beside the originals of evidence and under the desk's own key."""
    digest = desk.blobs.put(None, data)
    person = who.person_id or None
    work.lessons.keep_report(wanted, form, language, digest, len(data), desk.clock(), person)


def kept(work: Work, desk: Desk, who: Principal) -> tuple[Sequence[KeptReport], Mapping[int, str]]:
    """Reports that are kept, newest first, and who made them."""
    permit(work, desk, who, "report.read")
    found = work.lessons.reports()
    return found, work.people.names({one.person_id or 0 for one in found})


def kept_file(work: Work, desk: Desk, who: Principal, number: int) -> tuple[KeptReport, bytes]:
    """A kept report, byte for byte, and the entry that says who has it."""
    permit(work, desk, who, "report.read")
    found = work.lessons.report(number)
    work.audit("report.fetched", who, report=number, month=found.month, format=found.format)
    return found, desk.blobs.get(None, found.digest)


def due_months(work: Work, desk: Desk) -> list[tuple[str, str, str]]:
    """Reports (month, format, language) that the process wants of the month before, and nobody has made yet by
    itself; none while figures of it aren't counted."""
    process = desk.process.current(work)
    today = desk.clock().astimezone(ZoneInfo(process.zone)).date()
    month = month_before(today.isoformat()[:7])
    if today.day < process.reports.day or _State.read(work).waiting(work):
        return []
    if not work.figures.sums(EVERYTHING, month_span(month)):
        return []
    there = {(one.format, one.language) for one in work.lessons.reports(month) if one.person_id is None}
    rule = process.reports
    wanted = [(form, language) for form in rule.formats for language in rule.languages]
    return [(month, form, language) for form, language in wanted if (form, language) not in there]


# ---------------------------------------------------------------- asked of the sums


def _values(work: Work, dimension: str, member: str, span: Span) -> dict[str, Value]:
    return values_of(work.figures.sums(dimension, span, member).get(member, {}))


def _line(work: Work, dimension: str, member: str, span: Span) -> dict[date, dict[str, Value]]:
    steps: dict[date, dict[str, int]] = {start: {} for start in span.starts()}
    for day, sums in work.figures.line(dimension, member, span).items():
        step = steps[span.start_of(day)]
        for part, n in sums.items():
            step[part] = step.get(part, 0) + n
    return {start: values_of(sums) for start, sums in steps.items()}


def _names(work: Work, by: Dimension, members: Mapping[str, Sums]) -> Mapping[str, str]:
    """Names of members that are rows of a table."""
    if by is Dimension.MERCHANT:
        return work.figures.merchants(members)
    if by is Dimension.PERSON:
        return {str(number): name for number, name in work.people.names(int(one) for one in members if one).items()}
    return {}


def _month(work: Work, wanted: str) -> MonthFigures:
    span = month_span(wanted)
    sums = work.figures.sums(EVERYTHING, span).get("", {})
    groups = {
        name: _opened(work.figures.sums(name, span)) for name in (Dimension.REASON.value, Dimension.CHANNEL.value)
    }
    groups["decision"] = by_member("decided", sums)
    return MonthFigures(wanted, values_of(sums), groups, tuple(_scores(work, span)))


def _opened(found: Mapping[str, Sums]) -> dict[str, int]:
    counts = {member: sums.get("opened", 0) for member, sums in found.items()}
    return {member: n for member, n in sorted(counts.items(), key=lambda one: (-one[1], one[0])) if n}


def _scores(work: Work, span: Span) -> Sequence[Scores]:
    found = {member: sums for member, sums in work.figures.sums(Dimension.MERCHANT.value, span).items() if member}
    names = work.figures.merchants(found)
    parts = ("opened", "asked", "in_time", "decided", "overturned")
    scores = [Scores(names.get(key, key), *(sums.get(part, 0) for part in parts)) for key, sums in found.items()]
    return sorted(scores, key=lambda one: (-one.cases, one.merchant))


# ---------------------------------------------------------------- kept


@dataclass(frozen=True, slots=True)
class _State:
    """How far the sums are. behind: the last case that was counted, while all are counted anew; None: they are.
    position: of the last entry of the log whose case was counted again."""

    rules: str = ""
    behind: int | None = 0
    position: int = -1

    @classmethod
    def read(cls, work: Work) -> _State:
        kept = work.people.mark(MARK)
        return cls(**json.loads(kept)) if kept else cls()

    def write(self, work: Work) -> None:
        said = {"rules": self.rules, "behind": self.behind, "position": self.position}
        work.people.set_mark(MARK, json.dumps(said))

    def waiting(self, work: Work) -> int | None:
        return max(0, work.figures.top() - self.position) if self.behind is None else None


def keep(work: Work, desk: Desk, limit: int = AT_ONCE) -> bool:
    """Count a few cases again; whether more wait. For the worker and commands at this machine."""
    work.figures.lock()
    state, zone = _State.read(work), desk.process.current(work).zone
    rules, top = f"{RULES} {zone}", work.figures.top()
    if state.rules != rules or state.position > top:
        work.figures.forget()
        state = _State(rules, 0, top)
    if state.behind is not None:
        return _anew(work, state, zone, limit)
    if state.position >= top:
        return False
    position, cases = work.figures.changed(state.position, limit)
    work.figures.count_again(cases, ZoneInfo(zone))
    _State(rules, None, position).write(work)
    return position < top


def _anew(work: Work, state: _State, zone: str, limit: int) -> bool:
    cases = work.figures.cases_after(state.behind or 0, limit)
    work.figures.count_again(cases, ZoneInfo(zone))
    last = cases[-1] if len(cases) == limit else None
    _State(state.rules, last, state.position).write(work)
    return True
