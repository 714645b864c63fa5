"""Where a case stands in the queue, and why: act_by = due − expected work − weight of amount − weight of risk.
What take-next gives before that order, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from refund_desk.domain.cases import CaseState
from refund_desk.domain.conditions import CaseFacts, risk_score
from refund_desk.domain.process import Prefer, Process, TakeRule
from refund_desk.domain.words import ClockKind, Reason, RequestKind


@dataclass(frozen=True, slots=True)
class UrgencyTerm:
    """One term: an instant to start from (`at`), or seconds to add (negative: earlier). `code` is the catalogue's."""

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)
    seconds: int | None = None
    at: datetime | None = None


def preferred(take: TakeRule, state: CaseState, person: int) -> Prefer:
    """Why take-next gives a case to somebody before others: the first rule that fits it."""
    fits = {
        Prefer.RETURNED_TO_ME: state.returned_to_id == person,
        Prefer.ANSWER_CAME: state.answer_came,
        Prefer.IN_TIME: False,  # no case has it alone: it follows from all that wait
        Prefer.ACT_BY: True,
    }
    return next(rule for rule in take.prefer if fits[rule])


def expected_work_s(process: Process, kind: RequestKind, reason: Reason) -> int:
    """How long a case of this kind is expected to take, in seconds."""
    rule = process.urgency
    return rule.work_reason_s.get(reason, rule.work_s) + rule.work_kind_s.get(kind, 0)


def amount_weight_s(process: Process, minor: int | None, currency: str) -> int:
    """Seconds by which an amount brings a case forward; an amount nobody named weighs nothing."""
    if minor is None:
        return 0
    for at_least, seconds in process.urgency.amount:
        if currency in at_least and minor >= at_least[currency]:
            return seconds
    return 0


def act_by(
    process: Process, facts: CaseFacts, due: datetime, clock: ClockKind | None = None
) -> tuple[datetime, tuple[UrgencyTerm, ...]]:
    """The instant by which somebody should act, and its terms for why-here; terms of no weight are left out.

    due: the earliest running clock, which is `clock`; None while no clock runs and `due` only
    stands in for one. The terms sum to the instant.
    """
    score = risk_score(process, facts)
    level = process.risk.level(score)
    weights = (
        UrgencyTerm("why.work", {"kind": facts.kind.value, "reason": facts.reason.value}, -_work(process, facts)),
        UrgencyTerm(
            "why.amount",
            {"amount": {"minor": facts.amount or 0, "currency": facts.currency}},
            -amount_weight_s(process, facts.amount, facts.currency),
        ),
        UrgencyTerm("why.risk", {"level": level, "score": score}, -process.urgency.risk_s.get(level, 0)),
    )
    start = UrgencyTerm("why.due", {"clock": clock.value}, at=due) if clock else UrgencyTerm("why.no_clock", at=due)
    heavy = tuple(term for term in weights if term.seconds)
    return due + timedelta(seconds=sum(term.seconds or 0 for term in heavy)), (start, *heavy)


def _work(process: Process, facts: CaseFacts) -> int:
    return expected_work_s(process, facts.kind, facts.reason)
