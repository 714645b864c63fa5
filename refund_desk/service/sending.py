"""A refund on its way through a gateway: begun, sent with no transaction open, answered, asked about.

Three steps, each safe to be killed after: `begin` commits `submitting` before the first byte leaves; the
worker sends; `answered` commits what came back. Whatever is lost between them is `unknown`, blocks every
other refund of its order, and is settled by what the gateway lists or replays, never by a guess.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from refund_desk.domain import sending as rules
from refund_desk.domain.cases import CaseState
from refund_desk.domain.errors import Conflict
from refund_desk.domain.intents import Book, Intent, IntentState, advance
from refund_desk.domain.money import amount
from refund_desk.domain.people import Principal
from refund_desk.domain.process import arrival_days
from refund_desk.domain.sending import Answer, Attempt, Listed, Outcome, Paid, Parcel, Snapshot, Terms
from refund_desk.domain.words import Aspect, RecordKind, Stage
from refund_desk.service import halting, payout_ends
from refund_desk.service.alarms import alarm, quiet
from refund_desk.service.casefile import open_file
from refund_desk.service.fresh import take_in
from refund_desk.service.gate import permit_on
from refund_desk.service.ports import Desk, Work
from refund_desk.service.ports.gateways import EpochFile, Listing
from refund_desk.service.ports.money import IntentRow
from refund_desk.service.ports.sending import Due, ToRead

_S = IntentState
WATCHED = timedelta(days=60)
"""So long after it was paid a refund is looked at for a failure that comes later."""
DAILY = timedelta(days=1)
AGAIN = timedelta(seconds=5)


def due(work: Work, desk: Desk, channels: Collection[str], limit: int = 20) -> list[Due]:
    """What a worker should look after now."""
    return work.sending.due(channels, desk.clock(), limit)


def _locked(work: Work, intent_id: str) -> tuple[CaseState, IntentRow]:
    """The case under the lock on its order, and the intent as it stands under it."""
    found = work.money.intent(intent_id)
    state = work.cases.lock(work.cases.by_id(found.case_id).ref)
    return state, work.money.intent(intent_id)


def parcel_of(work: Work, intent: IntentRow, state: CaseState, payment: str) -> Parcel:
    """The same every time: nothing in it can change while the intent lives."""
    mine = work.people.mark("desk_id") or ""
    order = work.facts.order(intent.order_id).number
    return Parcel(intent.id, state.ref, mine, order, payment, intent.amount_minor, intent.currency)


def parcel(work: Work, one: Due) -> Parcel:
    """To ask about an intent."""
    intent = work.money.intent(one.intent)
    return parcel_of(work, intent, work.cases.by_id(intent.case_id), one.payment)


# ---------------------------------------------------------------- the first step


@dataclass(frozen=True, slots=True)
class Seen:
    """A payment of the order as its gateway has it now; record: its row."""

    channel: str
    record: int
    snapshot: Snapshot


def payments(work: Work, one: Due, channels: Collection[str]) -> list[tuple[str, int, Paid]]:
    """(channel, row, payment) of every payment of an intent's order that can be read fresh."""
    intent = work.money.intent(one.intent)
    order = work.facts.order(intent.order_id).number
    return [
        (record.source, record.id, Paid(record.external_id, order))
        for record in work.facts.records(intent.order_id)
        if record.kind is RecordKind.PAYMENT and record.source in channels
    ]


def begin(
    work: Work, desk: Desk, who: Principal, one: Due, terms: Terms, seen: Sequence[Seen], file: EpochFile
) -> tuple[Parcel, int] | None:
    """Take fresh snapshots in, of every payment of the order; commit `submitting` if it may leave.

    Returns the parcel and the count of submissions.

    None: it doesn't leave now. It was blocked, went back to its case with the difference, somebody else
    has it, or payouts have halted.
    """
    state, intent = _locked(work, one.intent)
    _not_now(work, desk, intent)
    fine = [take_in(work, desk, who, intent.order_id, it.record, it.snapshot, it.channel) for it in seen]
    mine = next(it.snapshot for it in seen if it.record == intent.payment_record_id)
    if not all(fine):
        _found_before(work, desk, who, intent, mine, terms)
        return None
    now, attempts = desk.clock(), work.sending.attempts(intent.id)
    if not halting.check_epoch(work, desk, who, file) or not _is_its_turn(work, intent, state, now):
        return None
    if not all(rules.is_fresh(it.snapshot, now) for it in seen):
        return None
    if rules.went_back(attempts, intent.changed_at, now):
        told = {"at": intent.changed_at.isoformat()}
        alarm(work, desk, who, "payout.clock_went_back", intent.id, state, intent=intent.id, told=told)
        return None
    again = _S(intent.state) is _S.UNKNOWN
    if again and not rules.may_send_again(attempts, terms, now, mine.theirs):
        return None
    case = open_file(work, desk, work.cases.by_id(state.id))
    book = case.book
    for it in seen:
        book = rules.with_fresh(book, it.snapshot, it.channel)
    try:
        rules.check_leaving(book, _known(book, intent.id), intent.outside or {})
    except Conflict as why:
        if not again and why.code != "payout.unknown_blocks":
            payout_ends.stopped(work, desk, who, case.state, intent, why)
        return None
    number = halting.advance_epoch(work, file)
    _leaves(work, desk, who, state, intent, Attempt("send", now, mine.theirs), terms)
    return parcel_of(work, intent, state, one.payment), number


def _known(book: Book, intent_id: str) -> Intent:
    return next(known for known in book.intents if known.id == intent_id)


def _not_now(work: Work, desk: Desk, intent: IntentRow) -> None:
    """Unless it leaves, a reserved one is looked at again a little later, not at once."""
    if intent.state == _S.RESERVED:
        _wait(work, intent.id, desk.clock() + AGAIN)


def _found_before(work: Work, desk: Desk, who: Principal, intent: IntentRow, snapshot: Snapshot, terms: Terms) -> None:
    """The gateway knows it though here it never left: the store is older. It is settled by what is listed."""
    found = [listed for listed in snapshot.refunds if listed.intent == intent.id]
    if found and intent.state == _S.RESERVED:
        asked(work, desk, who, intent.id, Listing(found, snapshot.theirs), terms)


def reread(work: Work, desk: Desk, who: Principal, one: ToRead, snapshot: Snapshot, terms: Terms) -> None:
    """A payment read again while payouts stand still: what of it the store had forgotten is settled."""
    work.cases.lock_order(one.order_id)
    take_in(work, desk, who, one.order_id, one.record_id, snapshot, one.channel)
    for intent in work.money.intents_on(one.channel, one.payment):
        _found_before(work, desk, who, intent, snapshot, terms)


def _is_its_turn(work: Work, intent: IntentRow, state: CaseState, now: datetime) -> bool:
    """Nobody else has it, its case waits for it, and nothing else of the order is in the air."""
    if intent.state not in (_S.RESERVED, _S.UNKNOWN) or state.stage is not Stage.PAYOUT:
        return False
    if _busy(intent, now) or (intent.state == _S.RESERVED and (intent.due_at is None or intent.due_at > now)):
        return False
    others = [other for other in work.money.intents_of_order(intent.order_id) if other.id != intent.id]
    return not any(other.state in (_S.SUBMITTING, _S.UNKNOWN) for other in others)


def _busy(intent: IntentRow, now: datetime) -> bool:
    return intent.busy_until is not None and intent.busy_until >= now


def _leaves(
    work: Work, desk: Desk, who: Principal, state: CaseState, intent: IntentRow, attempt: Attempt, terms: Terms
) -> None:
    now = desk.clock()
    at = _S(intent.state)
    to = advance(at, _S.SUBMITTING) if at is _S.RESERVED else at
    wait = {"busy_until": now + terms.patience, "due_at": now + terms.patience}
    work.money.set_intent(intent.id, to.value, now, who.person_id, {"by": intent.channel}, **wait)
    work.sending.add_attempt(intent.id, attempt)
    data = {"intent": intent.id, "amount": intent.amount_minor, "channel": intent.channel}
    if at is _S.RESERVED:
        quiet(work, desk, intent.id, state, "payout.stuck")
        _told(work, desk, state, "payout.sent", data)
    work.audit("payout.sent", who, state.ref, currency=intent.currency, again=at is _S.UNKNOWN, **data)


def _told(work: Work, desk: Desk, state: CaseState, event: str, data: dict[str, Any]) -> None:
    work.cases.event(state.id, event, Aspect.MONEY, at=desk.clock(), data=data)


# ---------------------------------------------------------------- what came back


def answered(work: Work, desk: Desk, who: Principal, intent_id: str, answer: Answer, terms: Terms) -> None:
    """Keep what came back of a send, and settle the intent by it, unless something faster has."""
    state, intent = _locked(work, intent_id)
    attempts = work.sending.attempts(intent_id)
    outcome = rules.settled_by_answer(answer, attempts)
    now = desk.clock()
    kept = Attempt("answer", now, None, answer.outcome, answer.status, answer.code, replayed=answer.replayed)
    work.sending.add_attempt(intent_id, kept)
    work.audit("payout.answered", who, state.ref, intent=intent_id, outcome=outcome.value, code=answer.code)
    _settle(work, desk, who, state, intent, outcome, answer.refund, answer.code, terms)
    if outcome is Outcome.UNKNOWN:
        soon = now + timedelta(seconds=answer.retry_after_s or 0)
        _wait(work, intent_id, max(soon, rules.next_ask(attempts, terms, now)))


def taken_over(work: Work, desk: Desk, who: Principal, intent_id: str, terms: Terms) -> bool:
    """A process that was sending has not come back: what it did isn't known. Whether there was one."""
    state, intent = _locked(work, intent_id)
    if intent.state != _S.SUBMITTING or _busy(intent, desk.clock()):
        return False
    _settle(work, desk, who, state, intent, Outcome.UNKNOWN, None, "lost", terms)
    return True


def asked(work: Work, desk: Desk, who: Principal, intent_id: str, listing: Listing, terms: Terms) -> None:
    """Keep what a gateway lists under an intent's id, and settle it by what is found, or by its absence."""
    state, intent = _locked(work, intent_id)
    found = [listed for listed in listing.found if listed.intent == intent_id]
    now = desk.clock()
    first = _which(found)
    outcome, status = (first.outcome.value, first.status) if first else ("", "")
    work.sending.add_attempt(intent_id, Attempt("ask", now, listing.theirs, outcome, status, found=len(found)))
    attempts = work.sending.attempts(intent_id)
    if first is not None:
        _compare(work, desk, who, state, intent, found)
        if intent.state == _S.RESERVED:  # the store is older than the gateway: it left before
            work.money.set_intent(intent.id, advance(_S.RESERVED, _S.SUBMITTING).value, now, who.person_id, {})
            intent = work.money.intent(intent_id)
        _settle(work, desk, who, state, intent, first.outcome, first.id, first.status, terms)
    elif intent.state == _S.UNKNOWN and rules.is_absent(attempts, terms):
        _settle(work, desk, who, state, intent, Outcome.FAILED, None, "absent", terms)
    after = work.money.intent(intent_id)
    if after.due_at is not None:
        _wait(work, intent_id, _next_look(after, attempts, terms, now))


def not_heard(work: Work, desk: Desk, intent_id: str) -> None:
    """The gateway didn't answer a question: it is asked again a little later."""
    _wait(work, intent_id, desk.clock() + AGAIN)


def _next_look(intent: IntentRow, attempts: Sequence[Attempt], terms: Terms, now: datetime) -> datetime | None:
    at = _S(intent.state)
    if at is _S.PENDING:
        return rules.pending_ask(now, intent.created_at)
    if at is _S.SUCCEEDED:
        return now + DAILY if now - intent.changed_at < WATCHED else None
    return rules.next_ask(attempts, terms, now)


def _which(found: Sequence[Listed]) -> Listed | None:
    """The one that tells how it went: one that counts before one that failed."""
    return min(found, key=lambda listed: listed.outcome is Outcome.FAILED, default=None)


def _compare(
    work: Work, desk: Desk, who: Principal, state: CaseState, intent: IntentRow, found: Sequence[Listed]
) -> None:
    """What was booked is what was approved, once; anything else is finance's to look at."""
    counting = [listed for listed in found if listed.outcome is not Outcome.FAILED]
    if len(counting) > 1:
        sums = {"refunds": [one.id for one in counting], "times": len(counting)}
        alarm(work, desk, who, "payout.paid_twice", intent.id, state, intent=intent.id, told=sums)
    for one in counting:
        if (one.minor, one.currency) != (intent.amount_minor, intent.currency):
            booked, wanted = amount(one.minor, one.currency), amount(intent.amount_minor, intent.currency)
            told = {"refund": one.id, "booked": booked, "wanted": wanted}
            alarm(work, desk, who, "payout.amount_differs", intent.id, state, intent=intent.id, told=told)


def _wait(work: Work, intent_id: str, until: datetime | None) -> None:
    work.money.put_off(intent_id, until)


# ---------------------------------------------------------------- what an outcome does


def _settle(
    work: Work,
    desk: Desk,
    who: Principal,
    state: CaseState,
    intent: IntentRow,
    outcome: Outcome,
    refund: str | None,
    said: str,
    terms: Terms,
) -> None:
    """Bring an intent to where an outcome leads, from wherever it is by now."""
    at = _S(intent.state)
    data: dict[str, Any] = {"intent": intent.id, "said": said}
    if at in (_S.FAILED, _S.CANCELLED, _S.RETURNED):
        if outcome in (Outcome.SUCCEEDED, Outcome.PENDING):
            told = {"refund": refund or "", "amount": amount(intent.amount_minor, intent.currency)}
            alarm(work, desk, who, "payout.paid_after_all", intent.id, state, intent=intent.id, told=told)
        return
    if at in (_S.SUCCEEDED, _S.ARRIVED):
        if outcome is Outcome.FAILED and refund is not None and intent.reference in (None, refund):
            payout_ends.came_back(work, desk, who, state, intent)
        return
    named = _reference(work, desk, who, state, intent, refund)
    if outcome is Outcome.UNKNOWN:
        _unknown(work, desk, who, state, intent, data, named)
    elif outcome is Outcome.PENDING:
        _pending(work, desk, who, state, intent, data, named, terms)
    elif outcome is Outcome.SUCCEEDED:
        _succeeded(work, desk, who, state, intent, data, named, terms)
    elif at is not _S.RESERVED:
        now = desk.clock()
        work.money.set_intent(
            intent.id, advance(at, _S.FAILED).value, now, who.person_id, data, due_at=None, busy_until=None
        )
        quiet(work, desk, intent.id, state, "payout.unknown", "payout.clock_went_back")
        payout_ends.failed(work, desk, who, state, intent, "payout.failed", data)


def _reference(
    work: Work, desk: Desk, who: Principal, state: CaseState, intent: IntentRow, refund: str | None
) -> dict[str, Any]:
    """The gateway's id as the intent's reference, unless another payout has it: then somebody looks."""
    if refund is None or intent.reference == refund:
        return {}
    if intent.reference is not None or work.money.reference_used(intent.channel, refund):
        told = {"reference": refund, "channel": intent.channel}
        alarm(work, desk, who, "payout.reference_taken", intent.id, state, intent=intent.id, told=told)
        return {}
    return {"reference": refund}


def _unknown(
    work: Work, desk: Desk, who: Principal, state: CaseState, intent: IntentRow, data: dict[str, Any], named: Any
) -> None:
    at, now = _S(intent.state), desk.clock()
    if at is _S.PENDING:  # the gateway holds it: a word we can't read changes nothing of that
        return
    first = at is _S.SUBMITTING
    to = advance(at, _S.UNKNOWN) if first else at
    if first:
        work.money.set_intent(intent.id, to.value, now, who.person_id, data, due_at=now, busy_until=None, **named)
        work.audit("payout.unknown", who, state.ref, **data)
        _told(work, desk, state, "payout.unknown", data)
    elif intent.busy_until is not None or named:
        work.money.free(intent.id, **named)
    told = {"amount": amount(intent.amount_minor, intent.currency), "channel": intent.channel}
    alarm(work, desk, who, "payout.unknown", intent.id, state, intent=intent.id, told=told)


def _pending(
    work: Work,
    desk: Desk,
    who: Principal,
    state: CaseState,
    intent: IntentRow,
    data: dict[str, Any],
    named: Any,
    terms: Terms,
) -> None:
    at, now = _S(intent.state), desk.clock()
    if at is _S.PENDING:
        return
    when = {"due_at": rules.pending_ask(now, now), "promised_at": _promise(work, desk, state, intent, terms, now)}
    to = advance(at, _S.PENDING)
    work.money.set_intent(intent.id, to.value, now, who.person_id, data, busy_until=None, **when, **named)
    work.audit("payout.pending", who, state.ref, **data)
    _told(work, desk, state, "payout.pending", data)
    quiet(work, desk, intent.id, state, "payout.unknown", "payout.clock_went_back")


def _succeeded(
    work: Work,
    desk: Desk,
    who: Principal,
    state: CaseState,
    intent: IntentRow,
    data: dict[str, Any],
    named: Any,
    terms: Terms,
) -> None:
    at, now = _S(intent.state), desk.clock()
    when = {"due_at": now + DAILY, "promised_at": _promise(work, desk, state, intent, terms, now)}
    to = advance(at, _S.SUCCEEDED)
    work.money.set_intent(intent.id, to.value, now, who.person_id, data, busy_until=None, **when, **named)
    told = {"amount": intent.amount_minor, "currency": intent.currency, "channel": intent.channel}
    work.audit("payout.paid", who, state.ref, **data, **told, reference=named.get("reference", ""))
    quiet(work, desk, intent.id, state, "payout.unknown", "payout.clock_went_back")
    shown = {"intent": intent.id, "amount": intent.amount_minor, "by": intent.channel}
    payout_ends.paid(work, desk, who, state, "payout.confirmed", shown)


def _promise(work: Work, desk: Desk, state: CaseState, intent: IntentRow, terms: Terms, now: datetime) -> datetime:
    """Until when the customer has it; counted from when the gateway first took it."""
    if intent.promised_at is not None:
        return intent.promised_at
    process, days = desk.process.current(work), terms.arrival_days
    if days is None:
        days = arrival_days(process, state.method)
    return rules.promised_by(process.calendars[process.arrival_calendar], now, days)


# ---------------------------------------------------------------- people, and facts of arrival


def ask_again(work: Work, desk: Desk, who: Principal, intent_id: str) -> CaseState:
    """Finance wants to know now: the worker asks at once."""
    found = work.money.intent(intent_id)
    state = work.cases.lock(work.cases.by_id(found.case_id).ref)
    permit_on(work, desk, who, "payout.ask", state)
    if found.state not in (_S.UNKNOWN, _S.PENDING, _S.SUCCEEDED) or not work.sending.attempts(intent_id):
        raise Conflict("payout.nothing_to_ask", ref=state.ref, state=found.state)
    _wait(work, intent_id, desk.clock())
    work.audit("payout.asked", who, state.ref, intent=intent_id)
    return work.cases.event(
        state.id, "payout.asked", Aspect.MONEY, at=desk.clock(), person_id=who.person_id, data={"intent": intent_id}
    )


def hint(work: Work, desk: Desk, channel: str, payment: str) -> int:
    """A notification spoke of a payment, whoever wrote it: what is out on it is asked about now. It changes nothing
    by itself. How many intents."""
    now, asked_about = desk.clock(), 0
    for intent in work.money.intents_on(channel, payment):
        if intent.state in (_S.UNKNOWN, _S.PENDING, _S.SUCCEEDED) and not _busy(intent, now):
            _wait(work, intent.id, now)
            asked_about += 1
    return asked_about


def arrived(work: Work, desk: Desk, who: Principal, intent_id: str, fact: str, reference: str) -> CaseState:
    """A fact says that the customer has it: `settlement` (a line), `bank` (a reference) or `customer` (their yes)."""
    state, intent = _locked(work, intent_id)
    permit_on(work, desk, who, "payout.arrive", state)
    to = advance(_S(intent.state), _S.ARRIVED)
    data = {"intent": intent_id, "fact": fact, "reference": reference}
    work.money.set_intent(intent_id, to.value, desk.clock(), who.person_id, data, due_at=None)
    work.audit("payout.arrived", who, state.ref, **data)
    quiet(work, desk, intent_id, state, "payout.overdue")
    return work.cases.event(
        state.id, "payout.arrived", Aspect.MONEY, at=desk.clock(), person_id=who.person_id or None, data=data
    )


def late(work: Work, desk: Desk, limit: int = 50) -> list[str]:
    """Refunds without a fact of arrival whose promised day is over, of which nobody was told yet."""
    return work.sending.late(desk.clock(), limit)


def stuck(work: Work, desk: Desk, channels: Collection[str], limit: int = 50) -> list[str]:
    """Refunds that wait to leave for a day, of which nobody was told yet."""
    return work.sending.stuck(channels, desk.clock() - DAILY, limit)


def tell_stuck(work: Work, desk: Desk, who: Principal, intents: Sequence[str]) -> None:
    """Their owner is told."""
    for intent_id in intents:
        state, intent = _locked(work, intent_id)
        sum_ = amount(intent.amount_minor, intent.currency)
        told = {"amount": sum_, "channel": intent.channel, "since": intent.changed_at.isoformat()}
        alarm(work, desk, who, "payout.stuck", intent_id, state, intent=intent_id, told=told)


def tell_late(work: Work, desk: Desk, who: Principal, intents: Sequence[str]) -> None:
    """Their owner is told, and they are asked about."""
    for intent_id in intents:
        state, intent = _locked(work, intent_id)
        told = {
            "amount": amount(intent.amount_minor, intent.currency),
            "channel": intent.channel,
            "promised": (intent.promised_at or desk.clock()).isoformat(),
        }
        alarm(work, desk, who, "payout.overdue", intent_id, state, intent=intent_id, told=told)
        if work.sending.attempts(intent_id):
            _wait(work, intent_id, desk.clock())
