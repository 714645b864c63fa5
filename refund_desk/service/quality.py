"""Use cases: decisions drawn for a second look, the look without knowing, what it says of one's own decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from refund_desk.domain import quality as rules
from refund_desk.domain.errors import Invalid
from refund_desk.domain.figures import Dimension, Span, Value, values_of
from refund_desk.domain.people import Principal
from refund_desk.domain.quality import Sample
from refund_desk.domain.words import Decision
from refund_desk.service.gate import must_be_person, permit
from refund_desk.service.ports import Desk, Work
from refund_desk.service.reading import Reading, read_case

MOST = 50
OWN = ("decided", "overturned", "reversed", "agreement")
"""Figures that somebody sees of their own decisions."""


@dataclass(frozen=True, slots=True)
class Mine:
    """What waits for this person's second look, and the figures of their own decisions in a span."""

    waiting: Sequence[Sample]
    reasons: Mapping[int, str]
    own: Mapping[str, Value]


def draw(work: Work, desk: Desk, case_ids: Sequence[int]) -> int:
    """Draw what was decided on cases that have just been counted; how many it were."""
    process = desk.process.current(work)
    now = desk.clock()
    found = [
        one
        for one in work.quality.decided(case_ids, now - timedelta(seconds=process.quality.within_s))
        if rules.drawn(process.quality, one.reason, one.digest)
    ]
    for one in found:
        work.quality.draw(one, now)
    return len(found)


def mine(work: Work, desk: Desk, who: Principal, span: Span) -> Mine:
    """What I may look at again, and how my own decisions fared."""
    process = permit(work, desk, who, "quality.review")
    since = desk.clock() - timedelta(seconds=process.quality.within_s)
    waiting = work.quality.waiting(who.person_id, since, MOST)
    states = {state.id: state.reason.value for state in work.cases.several([one.case_id for one in waiting])}
    me = str(who.person_id)
    own = values_of(work.figures.sums(Dimension.PERSON.value, span, me).get(me, {}))
    return Mine(waiting, states, {name: own[name] for name in OWN})


def blind(work: Work, desk: Desk, who: Principal, number: int) -> tuple[Sample, Reading]:
    """What was known when it was decided; the edge leaves out what was decided."""
    permit(work, desk, who, "quality.review")
    sample = work.quality.get(number)
    rules.check_reviewer(sample, who.person_id)
    return sample, read_case(work, desk, who, work.cases.by_id(sample.case_id).ref)


def review(
    work: Work, desk: Desk, who: Principal, number: int, decision: Decision, amount: int | None, note: str
) -> Sample:
    """Decide it again; the answer says what was decided first."""
    permit(work, desk, who, "quality.review")
    must_be_person(who)
    sample = work.quality.get(number, lock=True)
    rules.check_reviewer(sample, who.person_id)
    if not note.strip():
        raise Invalid("reason.missing")
    agrees = rules.agrees(sample, decision, amount)
    work.quality.review(
        number,
        reviewed_by=who.person_id,
        reviewed_at=desk.clock(),
        second=decision.value,
        second_minor=amount,
        agrees=agrees,
        note=note.strip(),
    )
    ref = work.cases.by_id(sample.case_id).ref
    work.audit("quality.reviewed", who, ref, sample=number, decision=decision.value, agrees=agrees)
    return work.quality.get(number)
