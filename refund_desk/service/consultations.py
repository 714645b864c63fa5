"""Asking other roles: several at once, required answers block, answered from their own list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from refund_desk.domain.cases import CaseState, check_fresh
from refund_desk.domain.errors import Conflict, Invalid, Refused
from refund_desk.domain.people import Principal
from refund_desk.domain.raci import check_answer, check_override
from refund_desk.domain.words import Aspect, Decision, Role, Stage
from refund_desk.service import lifecycle
from refund_desk.service.advice import advise
from refund_desk.service.casefile import open_file
from refund_desk.service.gate import permit_on
from refund_desk.service.ports import Desk, Work


def ask(
    work: Work,
    desk: Desk,
    who: Principal,
    ref: str,
    roles: Sequence[Role],
    question: str,
    required: bool,
    rests_on: Mapping[Aspect, int],
) -> CaseState:
    """Ask several roles at once. A required answer blocks the decision until it comes or A overrides it."""
    state = work.cases.lock(ref)
    process = permit_on(work, desk, who, "consult.ask", state)
    check_fresh(state, rests_on, work.cases.events(state.id))
    could = set(process.activities["consult.answer"].seats.r)
    wrong = [role.value for role in roles if role not in could]
    if wrong:
        raise Invalid("consultation.role", roles=wrong)
    if not question.strip():
        raise Invalid("message.empty")
    now = desk.clock()
    limit = process.activities["consult.answer"].limit_s
    for role in dict.fromkeys(roles):
        number = work.money.ask(
            case_id=state.id,
            round=state.round,
            role=role.value,
            required=required,
            question=question,
            asked_by=who.person_id,
            asked_at=now,
            due_at=now + timedelta(seconds=limit) if limit else None,
            open=True,
        )
        data = {"consultation": number, "role": role.value, "required": required}
        work.cases.event(state.id, "consult.asked", Aspect.PROPOSAL, at=now, person_id=who.person_id, data=data)
        work.audit("consult.asked", who, ref, **data)
    fresh = work.cases.by_id(state.id)
    if required and state.stage is Stage.REVIEW:
        file = open_file(work, desk, fresh)
        return lifecycle.move(work, desk, who, fresh, "consult.required", file.facts, file.process)
    return fresh


def answer(work: Work, desk: Desk, who: Principal, consultation_id: int, text: str) -> CaseState:
    """Answer for a role one holds. Never by whoever asked: a question to oneself consults nobody."""
    asked = work.money.consultation(consultation_id)
    state = work.cases.lock(work.cases.by_id(asked.case_id).ref)
    permit_on(work, desk, who, "consult.answer", state)
    file = open_file(work, desk, state, who)
    check_answer(file.process, who.roles, asked.role, file.facts)
    if asked.asked_by == who.person_id:
        raise Refused("consultation.own_question", rule="consult.not_self", could=[asked.role.value], ref=state.ref)
    if not text.strip():
        raise Invalid("message.empty")
    return _settle(work, desk, who, state, consultation_id, "consult.answered", answer=text, answered_by=who.person_id)


def override(work: Work, desk: Desk, who: Principal, consultation_id: int, reason: str) -> CaseState:
    """Whoever is accountable goes on without an answer, with a reason, once its clock has run out."""
    asked = work.money.consultation(consultation_id)
    state = work.cases.lock(work.cases.by_id(asked.case_id).ref)
    permit_on(work, desk, who, "consult.override", state)
    file = open_file(work, desk, state, who)
    wanted = file.last_proposal.decision if file.last_proposal else advise(desk, file).decision
    check_override(file.process, who.roles, wanted or Decision.FULL, file.facts)
    if not reason.strip():
        raise Invalid("reason.missing")
    now = desk.clock()
    if asked.due_at and asked.due_at > now:
        raise Conflict("consultation.clock_runs", ref=state.ref, due_at=asked.due_at.isoformat())
    return _settle(
        work,
        desk,
        who,
        state,
        consultation_id,
        "consult.overridden",
        override_reason=reason,
        overridden_by=who.person_id,
    )


def _settle(
    work: Work, desk: Desk, who: Principal, state: CaseState, consultation_id: int, event: str, **columns: Any
) -> CaseState:
    asked = work.money.consultation(consultation_id)
    if not asked.open:
        raise Conflict("consultation.settled", ref=state.ref)
    now = desk.clock()
    work.money.settle_consultation(consultation_id, open=False, answered_at=now, **columns)
    data = {"consultation": consultation_id, "role": asked.role.value}
    work.cases.event(state.id, event, Aspect.FACTS, at=now, person_id=who.person_id, data=data)
    work.audit(event, who, state.ref, **data)
    work.cases.inform(state.id, [Role.REVIEWER], f"event.{event}", {"ref": state.ref, "role": asked.role.value}, now)
    fresh = work.cases.by_id(state.id)
    waiting = [c for c in work.money.consultations(state.id) if c.open and c.required and c.round == state.round]
    if fresh.stage is Stage.CONSULT and not waiting:
        file = open_file(work, desk, fresh)
        columns_back = lifecycle.to_reviewer(desk, file.process, fresh)
        return lifecycle.move(
            work, desk, who, fresh, "consult.settled", file.facts, file.process, answer_came=True, **columns_back
        )
    return fresh
