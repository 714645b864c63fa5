"""Propose, approve, return, decline, withdraw, take back. Money is reserved in the approval's transaction."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from refund_desk.domain.cases import CaseState, as_proposed, check_fresh
from refund_desk.domain.decisions import ProposalContent, approval_void_reasons, check_content
from refund_desk.domain.errors import Conflict, DeskError, Invalid, Refused
from refund_desk.domain.payouts import Proposed, check_ceilings
from refund_desk.domain.people import Principal
from refund_desk.domain.policies import Advice
from refund_desk.domain.raci import Option, check_approval, check_proposal, decision_option, merge_stricter
from refund_desk.domain.words import MONEY_DECISIONS, Aspect, Role
from refund_desk.service import lifecycle, shifts
from refund_desk.service.advice import advise
from refund_desk.service.carrying_out import apply, reserve, with_amount
from refund_desk.service.casefile import CaseFile, open_file
from refund_desk.service.drafting import Draft, Drafted, Part, draft, parts_of, with_part
from refund_desk.service.gate import must_hold, permit_on
from refund_desk.service.mentions import check_letter
from refund_desk.service.ports import Desk, Work
from refund_desk.service.ports.money import ProposalRow
from refund_desk.service.replies import customer_text


@dataclass(frozen=True, slots=True)
class Done:
    """What a decision step did. `what` is the code of its event; `undo_until` while it can be taken back."""

    state: CaseState
    what: str
    params: Mapping[str, Any]
    number: int | None = None
    undo_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Previewed:
    """A proposal as it would be: with what is wrong with it, who is who, and what the customer would get."""

    drafted: Drafted
    option: Option
    problems: tuple[Mapping[str, Any], ...]
    text: str | None


def digest_of(desk: Desk, content: ProposalContent) -> tuple[bytes, bytes]:
    """Canonical bytes of a proposal, and the SHA-256 that an approval binds to."""
    canonical = desk.canonical(content.to_canonical_dict())
    return canonical, hashlib.sha256(canonical).digest()


def content_of(row: ProposalRow) -> ProposalContent:
    return ProposalContent.from_canonical_dict(json.loads(row.content))


# ---------------------------------------------------------------- before anything is clicked


def preview(work: Work, desk: Desk, who: Principal, ref: str, form: Draft) -> Previewed:
    """What a proposal would be and lack. Writes nothing, reserves nothing."""
    state = work.cases.by_ref(ref)
    permit_on(work, desk, who, "case.look", state)
    file = open_file(work, desk, state, who)
    advice = advise(desk, file)
    drafted = draft(work, file, form, advice)
    option = decision_option(file.process, who.roles, with_amount(file, drafted.content), form.decision)
    problems: list[Mapping[str, Any]] = []
    try:
        check_content(drafted.content, drafted.grounds)
        check_letter(work, desk, file, drafted.content)
        _check_money(file, drafted.content)
    except Invalid as error:
        problems += error.params.get("problems", [{"path": "", "code": error.code, "params": error.params}])
    except Conflict as error:
        problems.append({"path": "amount_minor", "code": error.code, "params": error.params})
    if form.reason and form.reason not in option.reasons:
        problems.append(
            {
                "path": "reason",
                "code": "process.reason_does_not_fit",
                "params": {"decision": form.decision.value, "reason": form.reason},
            }
        )
    text = customer_text(desk, file, drafted.content)
    return Previewed(drafted, option, tuple(problems), text)


def _check_money(file: CaseFile, content: ProposalContent) -> tuple[Part, ...]:
    """Each part against the three ceilings, one after the other. Empty where nothing is given."""
    if content.decision not in MONEY_DECISIONS:
        return ()
    book = file.book
    parts = parts_of(file, content)
    for number, part in enumerate(parts):
        check_ceilings(Proposed(content.currency, part.minor, part.tender, part.payment, part.lines), book)
        book = with_part(book, part, number)
    return parts


# ---------------------------------------------------------------- propose


def propose(work: Work, desk: Desk, who: Principal, ref: str, form: Draft, rests_on: Mapping[Aspect, int]) -> Done:
    """Propose a decision on a case one holds. What needs nobody else's approval is decided at once."""
    state = work.cases.lock(ref)
    permit_on(work, desk, who, "proposal.make", state)
    must_hold(who, state)
    file = open_file(work, desk, state, who)
    check_fresh(state, rests_on, file.events)
    advice = advise(desk, file)
    drafted = draft(work, file, form, advice)
    content = drafted.content
    facts = with_amount(file, content)
    option = check_proposal(file.process, who.roles, facts, form.decision, form.reason)
    check_content(content, drafted.grounds)
    check_letter(work, desk, file, content)
    _check_money(file, content)
    now = desk.clock()
    canonical, digest = digest_of(desk, content)
    number = len(file.proposals) + 1
    undo_until = now + timedelta(seconds=file.process.undo_s)
    proposal_id = work.money.add_proposal(
        case_id=state.id,
        round=state.round,
        number=number,
        decision=content.decision.value,
        reason=content.reason,
        content=canonical,
        digest=digest,
        amount_minor=content.amount_minor,
        currency=content.currency if content.amount_minor is not None else None,
        person_id=who.person_id,
        at=now,
        status="open" if option.needs_approval else "approved",
        undo_until=undo_until,
        note=form.note,
    )
    _remember(work, desk, file, content, advice)
    work.audit(
        "proposal.made",
        who,
        ref,
        number=number,
        decision=content.decision.value,
        reason=content.reason,
        amount=content.amount_minor,
        currency=content.currency,
        digest=digest.hex(),
        policy=content.policy_version,
        process=file.process.version,
    )
    data = {"number": number, "decision": content.decision.value, "amount": content.amount_minor}
    if option.needs_approval:
        moved = lifecycle.move(
            work,
            desk,
            who,
            state,
            "proposal.made",
            facts,
            file.process,
            data=data,
            proposer_id=who.person_id,
            returned_to_id=None,
            answer_came=False,
            lease_until=None,
        )
        return Done(moved, "proposal.made", {**data, "currency": content.currency}, number, undo_until)
    row = work.money.proposal(proposal_id)
    moved = apply(work, desk, who, file, row, content, ())
    return Done(moved, f"decided.{content.decision.value}", data, number, undo_until)


def _remember(work: Work, desk: Desk, file: CaseFile, content: ProposalContent, advice: Advice) -> None:
    """On the thread: how the proposal stands to what the policy advised, for the approver and for learning."""
    same = advice.decision is content.decision and advice.amount in (None, content.amount_minor)
    data = {
        "clause": advice.clause,
        "advised": advice.decision.value if advice.decision else None,
        "advised_amount": advice.amount,
        "same": same,
    }
    work.cases.event(file.state.id, "advice.recorded", Aspect.THREAD, at=desk.clock(), data=data)


# ---------------------------------------------------------------- verdicts


def _open_proposal(
    work: Work, desk: Desk, who: Principal, ref: str, number: int, activity: str
) -> tuple[CaseFile, ProposalRow]:
    state = work.cases.lock(ref)
    permit_on(work, desk, who, activity, state)
    if state.customer_id is not None:
        work.cases.lock_customer(state.customer_id)
    file = open_file(work, desk, state, who)
    row = next((p for p in file.proposals if p.number == number), None)
    if row is None or row.status != "open":
        raise Conflict("proposal.not_open", ref=ref, number=number, status=row.status if row else "none")
    began = desk.process.version(work, state.process_version)
    strict = replace(file.process, limits=merge_stricter(began.limits, file.process.limits))
    return replace(file, process=strict), row


def approve(
    work: Work,
    desk: Desk,
    who: Principal,
    ref: str,
    number: int,
    digest: bytes,
    rests_on: Mapping[Aspect, int],
    reason: str | None = None,
) -> Done:
    """Approve exactly what `digest` names, and reserve its money under the order's lock.

    rests_on: an aspect left out is taken as the proposer saw it: facts that came since are shown first (409).
    When what it rests on no longer holds (money gone, payment changed, policy replaced), the approval
    is void: the proposal is marked so, with why, and goes back to its reviewer. Nothing is reserved.
    """
    file, row = _open_proposal(work, desk, who, ref, number, "proposal.approve")
    who = shifts.deputised(work, desk, who, row.person_id)
    content = content_of(row)
    check_approval(file.process, who.roles, file.facts, content.decision)
    if digest != row.digest:
        raise Conflict("approval.other_content", ref=ref, number=number, digest=row.digest.hex())
    check_fresh(file.state, {**as_proposed(file.events, number), **rests_on}, file.events)
    void = _void_reasons(desk, file, content)
    if void:
        return _void(work, desk, who, file, row, void)
    parts = _check_money(file, content)
    now = desk.clock()
    work.money.settle_proposal(
        row.id, status="approved", verdict_by=who.person_id, verdict_at=now, verdict_reason=reason
    )
    intents = reserve(work, desk, who, file, row, parts)
    work.audit(
        "proposal.approved",
        who,
        ref,
        number=number,
        digest=row.digest.hex(),
        amount=content.amount_minor,
        currency=content.currency,
        intents=[intent.id for intent in intents],
        proposer=row.person_id,
        process=file.process.version,
    )
    moved = apply(work, desk, who, file, row, content, intents)
    data = {"number": number, "decision": content.decision.value, "amount": content.amount_minor}
    return Done(moved, "proposal.approved", {**data, "currency": content.currency}, number)


def _void_reasons(desk: Desk, file: CaseFile, content: ProposalContent) -> list[dict[str, Any]]:
    """What changed since it was proposed: the content as it would be made now, and whether the money is there."""
    advice = advise(desk, file)
    now = replace(content, policy_version=advice.version)
    out = approval_void_reasons(content, now)
    try:
        _check_money(file, content)
    except DeskError as error:
        out.append({"code": f"void.{error.code}", "params": error.params})
    return out


def _void(
    work: Work, desk: Desk, who: Principal, file: CaseFile, row: ProposalRow, why: Sequence[Mapping[str, Any]]
) -> Done:
    now = desk.clock()
    work.money.settle_proposal(row.id, status="void", void_because=list(why), verdict_at=now)
    work.audit("proposal.void", who, file.state.ref, number=row.number, because=[one["code"] for one in why])
    moved = _return_to_reviewer(work, desk, who, file, row, "proposal.void", {"because": [one["code"] for one in why]})
    return Done(moved, "proposal.void", {"number": row.number, "because": list(why)}, row.number)


def _return_to_reviewer(
    work: Work, desk: Desk, who: Principal, file: CaseFile, row: ProposalRow, event: str, data: Mapping[str, Any]
) -> CaseState:
    return lifecycle.move(
        work,
        desk,
        who,
        file.state,
        event,
        file.facts,
        file.process,
        data={"number": row.number, **data},
        inform=(Role.REVIEWER,),
        proposer_id=None,
        **lifecycle.returned_to(desk, file.process, row.person_id),
    )


def send_back(
    work: Work,
    desk: Desk,
    who: Principal,
    ref: str,
    number: int,
    reason: str,
    rests_on: Mapping[Aspect, int],
    *,
    decline: bool = False,
) -> Done:
    """Return a proposal to its reviewer with a reason, or decline it: both open the review again."""
    activity, event = ("proposal.decline", "proposal.declined") if decline else ("proposal.return", "proposal.returned")
    file, row = _open_proposal(work, desk, who, ref, number, activity)
    who = shifts.deputised(work, desk, who, row.person_id)
    check_approval(file.process, who.roles, file.facts, row.decision, activity)
    check_fresh(file.state, rests_on, file.events)
    if not reason.strip():
        raise Invalid("reason.missing")
    status = "declined" if decline else "returned"
    work.money.settle_proposal(
        row.id, status=status, verdict_by=who.person_id, verdict_at=desk.clock(), verdict_reason=reason
    )
    work.audit(event, who, ref, number=number, proposer=row.person_id)
    moved = _return_to_reviewer(work, desk, who, file, row, event, {})
    return Done(moved, event, {"number": number}, number)


def withdraw(work: Work, desk: Desk, who: Principal, ref: str, number: int, *, undo: bool = False) -> Done:
    """The proposer takes a proposal back while nobody has approved it; `undo`: within its seconds, any decision.

    What has reserved money or was told to somebody outside can't be undone this way.
    """
    state = work.cases.lock(ref)
    permit_on(work, desk, who, "proposal.undo" if undo else "proposal.withdraw", state)
    file = open_file(work, desk, state, who)
    row = next((p for p in file.proposals if p.number == number), None)
    if row is None:
        raise Conflict("proposal.not_open", ref=ref, number=number, status="none")
    if row.person_id != who.person_id:
        raise Refused("proposal.not_yours", rule="proposal.own", could=[], ref=ref)
    if row.number != file.proposals[0].number or row.status not in ("open", "approved"):
        raise Conflict("proposal.not_open", ref=ref, number=number, status=row.status)
    if undo and (row.undo_until is None or row.undo_until < desk.clock()):
        raise Conflict("undo.too_late", ref=ref)
    if row.status == "approved" and (row.verdict_by is not None or not undo):
        raise Conflict("undo.approved_already", ref=ref)
    event = "proposal.undone" if undo else "proposal.withdrawn"
    work.money.settle_proposal(row.id, status="withdrawn", verdict_at=desk.clock())
    work.facts.recall_messages(row.id)
    work.audit(event, who, ref, number=number)
    moved = lifecycle.move(
        work,
        desk,
        who,
        state,
        event,
        file.facts,
        file.process,
        data={"number": number},
        taken_back=row.at,
        proposer_id=None,
        returned_to_id=None,
        assignee_id=who.person_id,
        taken_at=desk.clock(),
        lease_until=desk.clock() + timedelta(seconds=file.process.take.lease_s),
    )
    return Done(moved, event, {"number": number}, number)
