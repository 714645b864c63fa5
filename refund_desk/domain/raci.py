"""RACI of a decision about one case: who proposes, who answers for it, who must be asked, what is missing.

The screen shows these answers before anything is clicked, and the service refuses by the same ones.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from refund_desk.domain.conditions import CaseFacts, holds, risk_score
from refund_desk.domain.errors import DeskError, Invalid, Refused
from refund_desk.domain.process import ApprovalRule, Band, Consult, DecisionRule, Limits, Permit, Process, Why, may
from refund_desk.domain.words import Decision, Raci, Role

SeatState = Literal["you", "done", "waiting", "open", "none"]


@dataclass(frozen=True, slots=True)
class Sums:
    """What is decided for the order, and for the customer within the period, by currency; minor units."""

    order: Mapping[str, int]
    customer: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class SeatNow:
    """A seat of a decision's RACI line as it stands now; `why` says why a C is required."""

    letter: Raci
    role: Role
    state: SeatState
    required: bool = False
    why: Why | None = None


@dataclass(frozen=True, slots=True)
class Lack:
    """Something that is missing; `blocking` keeps the decision from being proposed."""

    what: Why
    blocking: bool = True


@dataclass(frozen=True, slots=True)
class Option:
    """A decision the case could get. `allowed`: rules let the viewer propose it; `missing` may still block it.

    `could`: who may propose it, where the viewer may not. Codes are whole keys of the catalogue.
    """

    decision: Decision
    allowed: bool
    why_not: Why | None
    could: tuple[Role, ...]
    seats: tuple[SeatNow, ...]
    missing: tuple[Lack, ...]
    reasons: tuple[str, ...]
    needs_amount: bool
    needs_lines: bool
    needs_approval: bool
    accountable: Role

    @property
    def ready(self) -> bool:
        """Nothing stands in the way of proposing it."""
        return self.allowed and not any(lack.blocking for lack in self.missing)


# ------------------------------------------------------------------ limits


def sums_with(facts: CaseFacts, minor: int) -> Sums:
    """The sums as they would be with this decision's amount on top."""
    currency = facts.currency
    return Sums(
        {**facts.order_sum, currency: facts.order_sum.get(currency, 0) + minor},
        {**facts.customer_sum, currency: facts.customer_sum.get(currency, 0) + minor},
    )


def accountable(process: Process, decision: Decision, sums: Sums, risk: int) -> Role:
    """The one role that answers for a decision: named by the file, or by the first band that holds sums and risk.

    sums: with this decision's own amount included, so that two halves meet the limit of the whole.
    """
    fixed = process.decisions[decision].seats.a
    if fixed is not None:
        return fixed
    return next(band.role for band in process.limits.bands if _within(band, sums, risk))


def _within(band: Band, sums: Sums, risk: int) -> bool:
    return (
        (band.risk_below is None or risk < band.risk_below)
        and _under(band.order_max, sums.order)
        and _under(band.customer_max, sums.customer)
    )


def _under(maxima: Mapping[str, int] | None, sums: Mapping[str, int]) -> bool:
    return maxima is None or all(currency in maxima and minor <= maxima[currency] for currency, minor in sums.items())


def answers_for(process: Process, decision: Decision, facts: CaseFacts) -> Role:
    """`accountable` for the facts of a case; an amount that nobody can name yet is the largest there is."""
    minor = facts.amount if facts.amount is not None else facts.refundable
    risk = risk_score(process, facts)
    if minor is None and process.decisions[decision].seats.a is None:
        return process.limits.bands[-1].role
    return accountable(process, decision, sums_with(facts, minor or 0), risk)


def needs_approval(process: Process, decision: Decision, facts: CaseFacts) -> bool:
    """Whether somebody else must approve before it is decided. Anything that gives value always does."""
    match process.decisions[decision].approval:
        case ApprovalRule.NEVER:
            return False
        case ApprovalRule.UNLESS_WITHDRAWN:
            return not facts.customer_withdrew
        case ApprovalRule.ABOVE:
            limit = process.limits.unapproved.get(decision, {}).get(facts.currency)
            return limit is None or facts.amount is None or facts.amount > limit
    return True


def merge_stricter(proposed: Limits, now: Limits) -> Limits:
    """The stricter of the limits when it was proposed and those now: every bound the lower, the longer period.

    The ladder of roles is the one in force now; a band or currency that only one of them names holds nothing.
    """
    before = {band.role: band for band in proposed.bands}
    *lower, last = now.bands
    bands = [_stricter_band(before[band.role], band) for band in lower if band.role in before]
    alone = {
        decision: _lower(proposed.unapproved[decision], limits)
        for decision, limits in now.unapproved.items()
        if decision in proposed.unapproved
    }
    return Limits(max(proposed.period_s, now.period_s), (*bands, last), alone)


def _stricter_band(a: Band, b: Band) -> Band:
    risks = [risk for risk in (a.risk_below, b.risk_below) if risk is not None]
    return replace(
        b,
        order_max=_lower_or_only(a.order_max, b.order_max),
        customer_max=_lower_or_only(a.customer_max, b.customer_max),
        risk_below=min(risks, default=None),
    )


def _lower_or_only(a: Mapping[str, int] | None, b: Mapping[str, int] | None) -> Mapping[str, int] | None:
    return _lower(a, b) if a is not None and b is not None else a if a is not None else b


def _lower(a: Mapping[str, int], b: Mapping[str, int]) -> Mapping[str, int]:
    return {currency: min(a[currency], b[currency]) for currency in a if currency in b}


# ------------------------------------------------------------------ consultation


def required_consultations(process: Process, decision: Decision, facts: CaseFacts) -> tuple[tuple[Role, Why], ...]:
    """Roles whose answer this decision needs, each with the first condition that asks for it.

    The role that must approve it anyway is not asked as well: its approval is the answer.
    """
    head = answers_for(process, decision, facts)
    seats = [seat for seat in process.decisions[decision].seats.c if seat.required and seat.role is not head]
    return tuple((seat.role, why) for seat in seats if (why := _because(process, seat, facts)))


def _because(process: Process, seat: Consult, facts: CaseFacts) -> Why | None:
    if not seat.when:
        return Why("why.always")
    return next((Why(f"why.{each}") for each in seat.when if holds(process, each, facts)), None)


def _consulted(role: Role, facts: CaseFacts) -> SeatState:
    asked = [each for each in facts.consultations if each.role is role]
    if not asked:
        return "none"
    return "done" if all(each.settled for each in asked) else "waiting"


# ------------------------------------------------------------------ options


def decision_options(process: Process, roles: Collection[Role], facts: CaseFacts) -> list[Option]:
    """Every decision, in the order of the vocabulary, with its RACI line and what keeps it from being made."""
    return [decision_option(process, roles, facts, decision) for decision in Decision]


def decision_option(process: Process, roles: Collection[Role], facts: CaseFacts, decision: Decision) -> Option:
    """One decision as somebody with these roles (`facts.viewer`) could propose it."""
    rule = process.decisions[decision]
    refusal = _refusal(process, roles, facts, rule)
    head = answers_for(process, decision, facts)
    required = dict(required_consultations(process, decision, facts))
    return Option(
        decision=decision,
        allowed=refusal is None,
        why_not=Why(f"error.{refusal.code}", refusal.params) if refusal else None,
        could=rule.seats.r if refusal else (),
        seats=_seats(rule, roles, facts, head, required),
        missing=_missing(facts, required),
        reasons=rule.reasons,
        needs_amount=rule.needs_amount,
        needs_lines=rule.needs_lines,
        needs_approval=needs_approval(process, decision, facts),
        accountable=head,
    )


def _seats(
    rule: DecisionRule, roles: Collection[Role], facts: CaseFacts, head: Role, required: Mapping[Role, Why]
) -> tuple[SeatNow, ...]:
    def here(role: Role) -> SeatState:
        return "you" if role in roles else "open"

    out = [SeatNow(Raci.R, role, here(role)) for role in rule.seats.r]
    # Whoever proposed may hold the accountable role too, and is still not the one who approves.
    own = facts.proposal_open and facts.proposer == facts.viewer
    out.append(SeatNow(Raci.A, head, "open" if own else here(head)))
    for seat in rule.seats.c:
        state = _consulted(seat.role, facts)
        needed = seat.role in required
        out.append(
            SeatNow(Raci.C, seat.role, "open" if needed and state == "none" else state, needed, required.get(seat.role))
        )
    out += [SeatNow(Raci.I, role, "none") for role in rule.seats.i]
    return tuple(out)


def _missing(facts: CaseFacts, required: Mapping[Role, Why]) -> tuple[Lack, ...]:
    out = [
        Lack(Why("missing.consultation", {"role": role.value, "why": {"code": why.code, "params": {}}}))
        for role, why in required.items()
        if _consulted(role, facts) == "none"
    ]
    blocking = {each.role for each in facts.consultations if each.required and not each.settled}
    asked = dict.fromkeys(each.role for each in facts.consultations if not each.settled)
    out += [Lack(Why("missing.answer", {"role": role.value}), role in blocking or role in required) for role in asked]
    if facts.assignee is None or facts.assignee != facts.viewer:
        out.append(Lack(Why("missing.assignment")))
    return tuple(out)


def _refusal(process: Process, roles: Collection[Role], facts: CaseFacts, rule: DecisionRule) -> Refused | None:
    """The first rule that forbids proposing it, or None."""
    named = {
        "decision": rule.decision.value,
        "could": [role.value for role in rule.seats.r],
        "stage": facts.stage.value,
    }
    path = f"decision.{rule.decision.value}"
    if not any(role in roles for role in rule.seats.r):
        return Refused("process.not_responsible", rule=f"{path}.R", **named)
    if facts.proposal_open:
        return Refused("process.proposal_open", rule="proposal.one_open", **named)
    if facts.stage not in rule.stages:
        return Refused("process.decision_not_in_stage", rule=f"{path}.stages", **named)
    if facts.kind not in rule.kinds:
        return Refused("process.not_for_kind", rule=f"{path}.kinds", kind=facts.kind.value, **named)
    if rule.asked is not None and facts.reason not in rule.asked:
        return Refused("process.not_for_reason", rule=f"{path}.asked", reason=facts.reason.value, **named)
    for need in rule.needs:
        if not holds(process, need, facts):
            return Refused("process.condition", rule=f"{path}.needs.{need}", condition=need, **named)
    return None


# ------------------------------------------------------------------ what the service asks before it writes


def check_proposal(
    process: Process, roles: Collection[Role], facts: CaseFacts, decision: Decision, reason: str
) -> Option:
    """Leave to propose, with the option it rests on.

    Raises Refused with rule and could where a rule forbids it or a required answer is missing,
    Invalid `process.reason_does_not_fit` for a reason code that is not one of the decision's.
    """
    may(process, roles, "proposal.make", facts.stage)
    refusal = _refusal(process, roles, facts, process.decisions[decision])
    if refusal:
        raise refusal
    option = decision_option(process, roles, facts, decision)
    if reason not in option.reasons:
        raise Invalid("process.reason_does_not_fit", decision=decision.value, reason=reason)
    for lack in option.missing:
        if lack.blocking:
            raise _as_refusal(lack, decision, facts)
    return option


def _as_refusal(lack: Lack, decision: Decision, facts: CaseFacts) -> DeskError:
    kind = lack.what.code.removeprefix("missing.")
    role = lack.what.params.get("role")
    could = [role] if role else []
    return Refused(
        f"process.{kind}_missing",
        rule=f"decision.{decision.value}.{'C' if role else 'assignment'}",
        could=could,
        decision=decision.value,
        stage=facts.stage.value,
        **dict(lack.what.params),
    )


def check_approval(
    process: Process, roles: Collection[Role], facts: CaseFacts, decision: Decision, activity: str = "proposal.approve"
) -> Permit:
    """Leave to approve, return or decline the open proposal: the accountable role, and never the proposer.

    `facts.amount` is the proposal's own; persons are compared, not accounts. Approving also waits for
    required answers. Raises Refused with rule and could.
    """
    permit = may(process, roles, activity, facts.stage)
    head = answers_for(process, decision, facts)
    rule = f"decision.{decision.value}"
    named = {"could": [head.value], "decision": decision.value, "stage": facts.stage.value}
    if facts.viewer is None or facts.viewer == facts.proposer:
        raise Refused("process.own_proposal", rule="proposal.not_your_own", **named)
    if head not in roles:
        raise Refused("process.not_accountable", rule=f"{rule}.A", role=head.value, **named)
    if activity == "proposal.approve":
        for lack in _missing(facts, dict(required_consultations(process, decision, facts))):
            if lack.blocking and "role" in lack.what.params:
                raise _as_refusal(lack, decision, facts)
    return replace(permit, accountable=head, acting=(head,))


def check_consulted(process: Process, activity: str, facts: CaseFacts) -> None:
    """Raise Refused while a role whose answer an activity needs wasn't asked, or hasn't answered."""
    for seat in process.activities[activity].seats.c:
        why = _because(process, seat, facts) if seat.required else None
        state = _consulted(seat.role, facts)
        if why is not None and state != "done":
            raise Refused(
                "process.consultation_missing" if state == "none" else "process.answer_missing",
                rule=f"activity.{activity}.C",
                could=[seat.role.value],
                stage=facts.stage.value,
                role=seat.role.value,
                why={"code": why.code, "params": {}},
            )


def check_answer(process: Process, roles: Collection[Role], asked: Role, facts: CaseFacts) -> Permit:
    """Leave to answer a question that was put to a role. Raises Refused: only that role answers."""
    permit = may(process, roles, "consult.answer", facts.stage)
    if asked not in roles:
        raise Refused(
            "process.not_asked",
            rule="consult.asked_role",
            could=[asked.value],
            role=asked.value,
            stage=facts.stage.value,
        )
    return replace(permit, acting=(asked,))


def check_override(process: Process, roles: Collection[Role], decision: Decision, facts: CaseFacts) -> Permit:
    """Leave to go on without an answer, for the role that answers for the decision. Its clock is not asked here."""
    permit = may(process, roles, "consult.override", facts.stage)
    head = answers_for(process, decision, facts)
    if head not in roles:
        raise Refused(
            "process.not_accountable",
            rule=f"decision.{decision.value}.A",
            could=[head.value],
            role=head.value,
            decision=decision.value,
            stage=facts.stage.value,
        )
    return replace(permit, accountable=head, acting=(head,))
