"""What is said on a case: replies, notes, the customer's messages, promises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from refund_desk.domain.cases import CaseState
from refund_desk.domain.errors import Invalid
from refund_desk.domain.mentions import amounts_in, dates_in
from refund_desk.domain.money import Money, decimal_text
from refund_desk.domain.people import Principal
from refund_desk.domain.process import arrives_by
from refund_desk.domain.words import Aspect, ClockKind, Stage, WaitFor
from refund_desk.service import lifecycle
from refund_desk.service.casefile import CaseFile, open_file
from refund_desk.service.gate import permit_on
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
        check_reply(work, desk, state, text)
    add_message(work, desk, who, state, kind, text, channel=channel)
    if kind == "reply":
        lifecycle.stop_clock(work, desk, state, ClockKind.FIRST_ANSWER, met=True)
        return lifecycle.rank(work, desk.process.current(work), work.cases.by_id(state.id))
    if kind == "received":
        return customer_spoke(work, desk, who, work.cases.by_id(state.id), withdraws=withdraws)
    return work.cases.by_id(state.id)


def check_reply(work: Work, desk: Desk, state: CaseState, text: str) -> None:
    """No text to the customer names an amount or a date that isn't approved, promised, or known to both already."""
    named, dates = amounts_in(text), dates_in(text)
    if not named and not dates:
        return
    file = open_file(work, desk, state)
    messages = work.facts.messages(state.id)
    fine = {p.amount_minor for p in file.proposals if p.status == "approved"}
    fine |= {i.amount_minor for i in file.intents if i.state not in ("failed", "cancelled")}
    fine |= {request["amount_minor"] for request in file.requests}
    fine |= {m["promise_minor"] for m in messages}
    fine |= {file.shares.total_minor, *(line.minor for line in file.shares.lines)}
    fine |= {int(line.get("unit_price", 0)) for line in file.lines}
    wording = {decimal_text(Money(minor, state.currency)) for minor in fine if minor is not None}
    bad = [amount for amount in named if not any(same_amount(amount, other) for other in wording)]
    if bad:
        raise Invalid("message.amount_not_approved", amounts=bad)
    known = _known_dates(desk, file, messages)
    unknown = [f"{month:02d}-{day:02d}" for month, day in dates if (month, day) not in known]
    if unknown:
        raise Invalid("message.date_not_approved", dates=unknown)


def _known_dates(desk: Desk, file: CaseFile, messages: Sequence[Mapping[str, Any]]) -> set[tuple[int, int]]:
    """Dates a reply may name: what happened, today, and when an approved payout should arrive."""
    times = [desk.clock(), file.state.opened_at]
    times += [said.value for r in file.records for said in r.fields.values() if isinstance(said.value, datetime)]
    times += [m["sent_at"] for m in messages] + [r["created_at"] for r in file.requests]
    paid = [i.created_at for i in file.intents if i.state not in ("failed", "cancelled")]
    times += [arrives_by(file.process, file.state.method, at) for at in paid]
    # The customer's own calendar may be a day ahead of ours or behind it.
    near = [time + timedelta(hours=hours) for time in times for hours in (-12, 0, 14)]
    return {(time.month, time.day) for time in near}


def same_amount(one: str, other: str) -> bool:
    """1299 and 1299.00 are one amount."""
    return one.rstrip("0").rstrip(".") == other.rstrip("0").rstrip(".") if "." in one + other else one == other


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
