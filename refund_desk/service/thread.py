"""What is said on a case: replies, notes, the customer's messages, promises."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from refund_desk.domain.cases import CaseState
from refund_desk.domain.errors import Invalid
from refund_desk.domain.people import Principal
from refund_desk.domain.words import Aspect, ClockKind, Stage, WaitFor
from refund_desk.service import lifecycle
from refund_desk.service.casefile import open_file
from refund_desk.service.gate import permit_on
from refund_desk.service.mentions import check_reply
from refund_desk.service.ports import Desk, Work


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
        check_reply(work, desk, open_file(work, desk, state), text)
    add_message(work, desk, who, state, kind, text, channel=channel)
    if kind == "reply":
        lifecycle.stop_clock(work, desk, state, ClockKind.FIRST_ANSWER, met=True)
        return lifecycle.rank(work, desk.process.current(work), work.cases.by_id(state.id))
    if kind == "received":
        return customer_spoke(work, desk, who, work.cases.by_id(state.id), withdraws=withdraws)
    return work.cases.by_id(state.id)


_KINDS: Mapping[str, tuple[str, str, str, Aspect]] = {
    "reply": ("out", "agent", "message.sent", Aspect.THREAD),
    # A note never makes a decision stale; what the customer or the merchant says does.
    "note": ("note", "agent", "note.added", Aspect.THREAD),
    "received": ("in", "customer", "message.received", Aspect.FACTS),
    "to_merchant": ("note", "agent", "note.added", Aspect.THREAD),
    "from_merchant": ("in", "merchant", "message.received", Aspect.FACTS),
}
"""Of each kind of message: direction, whose it is, the event, and the aspect that it changes."""


def add_message(
    work: Work, desk: Desk, who: Principal, state: CaseState, kind: str, text: str, *, channel: str | None = None
) -> int:
    """Put a message on the thread and say so. Its body is erasable; the event and entry hold its id alone."""
    now = desk.clock()
    direction, speaker, event, aspect = _KINDS[kind]
    message_id = work.facts.add_message(
        order_id=state.order_id,
        case_id=state.id,
        customer_id=state.customer_id,
        source="desk",
        external_id=desk.ids(),
        direction=direction,
        channel=channel or state.channel or "desk",
        who=speaker,
        name=who.name if speaker == "agent" else None,
        sent_at=now,
        text=text,
        language=None,
        person_id=who.person_id or None,
        taken_at=now,
    )
    work.cases.index(state.id, "message", str(message_id), text)
    work.cases.event(state.id, event, aspect, at=now, person_id=who.person_id, data={"message": message_id})
    work.audit(event, who, state.ref, message=message_id)
    return message_id


def customer_spoke(work: Work, desk: Desk, who: Principal, state: CaseState, *, withdraws: bool = False) -> CaseState:
    """An answer came: the clock goes on and the case returns to its reviewer."""
    if withdraws:
        work.cases.event(state.id, "customer.withdrew", Aspect.FACTS, at=desk.clock(), person_id=who.person_id)
        work.audit("customer.withdrew", who, state.ref)
    process = desk.process.current(work)
    state = lifecycle.go_on(work, process, state, desk.clock(), who, WaitFor.CUSTOMER)
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
        **lifecycle.to_reviewer(desk, file.process, state),
    )
    work.audit("customer.answered", who, state.ref)
    return moved


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


@dataclass(frozen=True, slots=True)
class Template:
    """A reply offered for a case: its label in both languages, its text in the customer's."""

    id: str
    label: Mapping[str, str]
    text: str


def templates(work: Work, desk: Desk, who: Principal, ref: str) -> list[Template]:
    """Reply templates that fit the case as it stands, filled."""
    state = work.cases.by_ref(ref)
    permit_on(work, desk, who, "case.look", state)
    order = work.facts.order(state.order_id)
    name = None
    if state.customer_id is not None:
        name = work.facts.customer(state.customer_id).get("name")
    values = {"ref": ref, "order": order.number, "customer": name or "", "agent": who.name}
    offered = desk.replies.offered(state.progress.value)
    return [Template(key, label, desk.replies.render(key, state.language, values)) for key, label in offered]
