"""Whose case it is, and what is said on it: take, lease, assign, messages, notes, consultations, looks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from refund_desk.domain.cases import CaseState, check_fresh
from refund_desk.domain.errors import Conflict, Invalid, Refused
from refund_desk.domain.mentions import amounts_in
from refund_desk.domain.money import Money, decimal_text
from refund_desk.domain.people import Principal
from refund_desk.domain.process import Process
from refund_desk.domain.words import Aspect, ClockKind, Role, Stage
from refund_desk.service import lifecycle
from refund_desk.service.casefile import open_file
from refund_desk.service.gate import permit, permit_on
from refund_desk.service.ports import Desk, Work

# ---------------------------------------------------------------- take and lease


def take_next(work: Work, desk: Desk, who: Principal) -> CaseState | None:
    """The most urgent free case, now theirs. Atomic: two who ask at once get two cases, or one gets none.

    Their own lease on what they already hold is not touched. None: nothing is free.
    """
    process = permit(work, desk, who, "case.take", Stage.REVIEW)
    _room(work, process, who)
    for state in work.cases.next_free(limit=1):
        return _give(work, desk, process, state, who.person_id, who, "case.taken")
    return None


def take(work: Work, desk: Desk, who: Principal, ref: str) -> CaseState:
    """This very case, if nobody else holds it."""
    state = work.cases.lock(ref)
    process = permit_on(work, desk, who, "case.take", state)
    if state.assignee_id == who.person_id:
        return _give(work, desk, process, state, who.person_id, who, None)
    now = desk.clock()
    if state.assignee_id and (state.lease_until is None or state.lease_until > now):
        raise Conflict("case.taken", ref=ref, holder=work.people.names([state.assignee_id]).get(state.assignee_id, ""))
    _room(work, process, who)
    return _give(work, desk, process, state, who.person_id, who, "case.taken")


def _room(work: Work, process: Process, who: Principal) -> None:
    held = work.cases.held_by(who.person_id)
    active = [case for case in held if case.stage in (Stage.REVIEW, Stage.CONSULT)]
    if len(active) >= process.take.max_held:
        raise Conflict("case.too_many_held", held=len(active), most=process.take.max_held)


def _give(
    work: Work, desk: Desk, process: Process, state: CaseState, person: int, who: Principal, event: str | None
) -> CaseState:
    now = desk.clock()
    until = now + timedelta(seconds=process.take.lease_s)
    if event is None:
        work.cases.update(state.id, lease_until=until)
    else:
        work.cases.event(
            state.id,
            event,
            Aspect.ASSIGNMENT,
            at=now,
            person_id=who.person_id,
            data={"to": person, "from": state.assignee_id},
            assignee_id=person,
            taken_at=now,
            lease_until=until,
        )
        work.audit(event, who, state.ref, to=person, previous=state.assignee_id)
    return work.cases.by_id(state.id)


def renew(work: Work, desk: Desk, who: Principal, ref: str) -> datetime:
    """Lengthen the lease one holds. Raises Conflict when it has passed to somebody else."""
    state = work.cases.by_ref(ref)
    process = permit_on(work, desk, who, "case.renew", state)
    until = desk.clock() + timedelta(seconds=process.take.lease_s)
    if not work.cases.renew(who.person_id, state.id, until):
        raise Conflict("case.lease_lost", ref=ref)
    return until


def release(work: Work, desk: Desk, who: Principal, ref: str, reason: str | None = None) -> CaseState:
    """Back to the queue. A case that isn't one's own is released by nobody but the desk (lease, absence)."""
    state = work.cases.lock(ref)
    permit_on(work, desk, who, "case.release", state)
    if state.assignee_id is None:
        return state
    if state.assignee_id != who.person_id and not who.is_desk:
        raise Refused("case.not_yours", rule="case.holder", could=[], ref=ref, holder=state.assignee_id)
    return _back(work, desk, state, who, "case.released", {"reason": "given" if reason else "none"})


def _back(
    work: Work, desk: Desk, state: CaseState, who: Principal, event: str, data: Mapping[str, object]
) -> CaseState:
    work.cases.event(
        state.id,
        event,
        Aspect.ASSIGNMENT,
        at=desk.clock(),
        person_id=who.person_id,
        data={"from": state.assignee_id, **data},
        assignee_id=None,
        taken_at=None,
        lease_until=None,
    )
    work.audit(event, who, state.ref, previous=state.assignee_id)
    return work.cases.by_id(state.id)


def expire_leases(work: Work, desk: Desk, who: Principal, limit: int = 50) -> int:
    """Leases that ran out come back. Cases under way elsewhere (approval, return …) keep their reviewer."""
    now, count = desk.clock(), 0
    for state in work.cases.expired_leases(now, limit):
        fresh = work.cases.lock(state.ref)
        if fresh.lease_until is None or fresh.lease_until > now:
            continue
        if fresh.stage in (Stage.REVIEW, Stage.CONSULT):
            _back(work, desk, fresh, who, "case.lease_expired", {})
        else:
            work.cases.update(fresh.id, lease_until=None)
        count += 1
    return count


def assign(work: Work, desk: Desk, who: Principal, ref: str, person: int, reason: str | None) -> CaseState:
    """Pass a case on. To a reviewer, and not to one who may not have it."""
    state = work.cases.lock(ref)
    process = permit_on(work, desk, who, "case.assign", state)
    reviewers = {p for p, _ in work.people.persons_with([Role.REVIEWER])[Role.REVIEWER]}
    if person not in reviewers:
        raise Invalid("case.no_reviewer", person=person)
    given = _give(work, desk, process, state, person, who, "case.assigned")
    if reason:
        add_message(work, desk, who, given, "note", reason)
    return given


# ---------------------------------------------------------------- looks


def look(work: Work, desk: Desk, who: Principal, ref: str, evidence: Iterable[int], seen_event: int | None) -> None:
    """What somebody saw: each look at personal data is an entry; `seen_event` is how far they read."""
    state = work.cases.by_ref(ref)
    permit_on(work, desk, who, "case.look", state)
    now = desk.clock()
    if seen_event is not None:
        work.cases.look(who.person_id, state.id, min(seen_event, work.cases.last_event(state.id)), now)
        work.audit("look.case", who, ref)
    known = {int(row["id"]) for row in work.facts.evidence(state.id)}
    opened = [number for number in dict.fromkeys(evidence) if number in known]
    if opened:
        work.facts.mark_opened(who.person_id, opened, now)
        work.audit("look.evidence", who, ref, evidence=opened)


def unmask(work: Work, desk: Desk, who: Principal, ref: str, reason: str) -> Mapping[str, object]:
    """The customer as they are, for a stated reason. An entry says who asked; the reason stays on the thread."""
    state = work.cases.by_ref(ref)
    permit_on(work, desk, who, "customer.unmask", state)
    if state.customer_id is None:
        raise Conflict("customer.none", ref=ref)
    if not reason.strip():
        raise Invalid("reason.missing")
    work.audit("look.customer", who, ref, customer=state.customer_id)
    work.cases.event(
        state.id, "customer.unmasked", Aspect.THREAD, at=desk.clock(), person_id=who.person_id, data={"why": "stated"}
    )
    return work.facts.customer(state.customer_id)


# ---------------------------------------------------------------- messages


def say(
    work: Work,
    desk: Desk,
    who: Principal,
    ref: str,
    kind: str,
    text: str,
    *,
    channel: str | None = None,
    withdraws: bool = False,
) -> CaseState:
    """A reply to the customer, an internal note, or a message of the customer's typed in.

    A reply may name no amount that isn't approved. A customer's message resumes the clock and gives
    the case back to its reviewer.
    """
    activity = {"reply": "message.reply", "note": "note.add", "received": "message.receive"}[kind]
    state = work.cases.lock(ref)
    permit_on(work, desk, who, activity, state)
    if not text.strip():
        raise Invalid("message.empty")
    if kind == "reply":
        check_reply(work, desk, state, text)
    add_message(work, desk, who, state, kind, text, channel=channel)
    if kind == "reply":
        lifecycle.stop_clock(work, desk, state, ClockKind.FIRST_ANSWER)
        return lifecycle.rank(work, desk.process.current(work), work.cases.by_id(state.id))
    if kind == "received":
        return customer_spoke(work, desk, who, work.cases.by_id(state.id), withdraws=withdraws)
    return work.cases.by_id(state.id)


def check_reply(work: Work, desk: Desk, state: CaseState, text: str) -> None:
    """No text to the customer names an amount that isn't approved, promised or their own figure."""
    named = amounts_in(text)
    if not named:
        return
    file = open_file(work, desk, state)
    fine = {p.amount_minor for p in file.proposals if p.status == "approved"}
    fine |= {i.amount_minor for i in file.intents if i.state not in ("failed", "cancelled")}
    fine |= {request["amount_minor"] for request in file.requests}
    fine |= {m["promise_minor"] for m in work.facts.messages(state.id)}
    fine |= {file.shares.total_minor, *(line.minor for line in file.shares.lines)}
    fine |= {int(line.get("unit_price", 0)) for line in file.lines}
    wording = {decimal_text(Money(minor, state.currency)) for minor in fine if minor is not None}
    bad = [amount for amount in named if not any(same_amount(amount, other) for other in wording)]
    if bad:
        raise Invalid("message.amount_not_approved", amounts=bad)


def same_amount(one: str, other: str) -> bool:
    """1299 and 1299.00 are one amount."""
    return one.rstrip("0").rstrip(".") == other.rstrip("0").rstrip(".") if "." in one + other else one == other


_DIRECTION = {"reply": "out", "note": "note", "received": "in"}


def add_message(
    work: Work, desk: Desk, who: Principal, state: CaseState, kind: str, text: str, *, channel: str | None = None
) -> int:
    """Put a message on the thread and say so. Its body is erasable; the event and entry hold its id alone."""
    now = desk.clock()
    message_id = work.facts.add_message(
        order_id=state.order_id,
        case_id=state.id,
        customer_id=state.customer_id,
        source="desk",
        external_id=desk.ids(),
        direction=_DIRECTION[kind],
        channel=channel or state.channel or "desk",
        who="customer" if kind == "received" else "agent",
        name=None if kind == "received" else who.name,
        sent_at=now,
        text=text,
        language=None,
        person_id=who.person_id or None,
        taken_at=now,
    )
    work.cases.index(state.id, "message", str(message_id), text)
    # A note never makes a decision stale; what the customer says does.
    aspect = Aspect.FACTS if kind == "received" else Aspect.THREAD
    event = {"reply": "message.sent", "note": "note.added", "received": "message.received"}[kind]
    work.cases.event(state.id, event, aspect, at=now, person_id=who.person_id, data={"message": message_id})
    work.audit(event, who, state.ref, message=message_id)
    return message_id


def customer_spoke(work: Work, desk: Desk, who: Principal, state: CaseState, *, withdraws: bool = False) -> CaseState:
    """An answer came: the clock goes on and the case returns to its reviewer."""
    if withdraws:
        work.cases.event(state.id, "customer.withdrew", Aspect.FACTS, at=desk.clock(), person_id=who.person_id)
        work.audit("customer.withdrew", who, state.ref)
    if state.stage is not Stage.WAITING_CUSTOMER:
        work.cases.update(state.id, answer_came=True)
        return work.cases.by_id(state.id)
    file = open_file(work, desk, state)
    moved = lifecycle.move(
        work,
        desk,
        who,
        state,
        "customer.answered",
        file.facts,
        file.process,
        aspect=Aspect.THREAD,
        answer_came=True,
        **_to_reviewer(desk, file.process, state),
    )
    work.audit("customer.answered", who, state.ref)
    return moved


def _to_reviewer(desk: Desk, process: Process, state: CaseState) -> dict[str, object]:
    """Columns that give a case back to who had it, if anybody did."""
    person = state.assignee_id or state.returned_to_id
    if person is None:
        return {}
    now = desk.clock()
    return {
        "assignee_id": person,
        "taken_at": now,
        "lease_until": now + timedelta(seconds=process.take.lease_s),
    }


def mark_promise(
    work: Work, desk: Desk, who: Principal, ref: str, message: int, minor: int, currency: str, form: str
) -> CaseState:
    """A promise made in a message becomes a fact of the case: a decision below it will need a reason."""
    state = work.cases.lock(ref)
    permit_on(work, desk, who, "note.add", state)
    if currency != state.currency:
        raise Invalid("promise.currency", currency=currency, allowed=state.currency)
    if message not in {int(row["id"]) for row in work.facts.messages(state.id)}:
        raise Invalid("promise.no_message", message=message)
    work.facts.set_promise(message, minor, currency, form)
    data = {"message": message, "minor": minor, "currency": currency, "form": form}
    work.cases.event(state.id, "promise.marked", Aspect.FACTS, at=desk.clock(), person_id=who.person_id, data=data)
    work.audit("promise.marked", who, ref, **data)
    return work.cases.by_id(state.id)


# ---------------------------------------------------------------- consultation


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
    if asked.role not in who.roles:
        raise Refused("consultation.not_your_role", rule="consult.role", could=[asked.role.value], ref=state.ref)
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
    work: Work, desk: Desk, who: Principal, state: CaseState, consultation_id: int, event: str, **columns: object
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
        columns_back = _to_reviewer(desk, file.process, fresh)
        return lifecycle.move(
            work, desk, who, fresh, "consult.settled", file.facts, file.process, answer_came=True, **columns_back
        )
    return fresh
