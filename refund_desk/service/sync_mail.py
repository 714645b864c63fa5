"""Whose a mail is: the case of the thread it answers, the order it names, the one open case of its sender.

A mail that belongs to nothing we know is no case: newsletters end here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from refund_desk.domain.requests import Asked, Buyer, Problem, RequestRecord
from refund_desk.domain.sources import Item, Mail, canonical
from refund_desk.domain.words import Reason, RequestKind, Who
from refund_desk.service.ports import Work
from refund_desk.service.ports.facts import CustomerKey, OrderRef

MOST_NAMES: Final = 200
"""Words of a mail that are looked up as order numbers."""


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a mail goes. as_request: it opens a case (or joins one); problem: nobody can say."""

    case_id: int | None = None
    customer: CustomerKey | None = None
    as_request: RequestRecord | None = None
    problem: Problem | None = None


def place(work: Work, item: Item, mail: Mail) -> Placed:
    """References first, then the order it names, then who wrote it. Reads alone."""
    for case_id in work.sources.cases_of_messages(mail.letter.source, mail.after):
        return _on_case(work, case_id)
    numbers = work.sources.orders_named(mail.names[:MOST_NAMES])
    if len(numbers) == 1:
        return _by_order(work, item, mail, numbers[0])
    spellings = [mail.address]
    cases = work.sources.cases_of_address(spellings)
    if len(numbers) > 1:
        about = {work.facts.order(work.cases.by_id(case_id).order_id).number: case_id for case_id in cases}
        named = [about[number] for number in numbers if number in about]
        if len(named) == 1:
            return _on_case(work, named[0])
        return Placed(problem=Problem("subject", "mail.several_orders", {"orders": numbers[:5]}))
    if len(cases) == 1:
        return _on_case(work, cases[0])
    if cases:
        return Placed(problem=Problem("from", "mail.several_cases", {"cases": len(cases)}))
    if mail.letter.direction == "in" and work.sources.knows_address(spellings):
        return Placed(problem=Problem("subject", "mail.no_order"))
    return Placed()


def _on_case(work: Work, case_id: int) -> Placed:
    state = work.cases.by_id(case_id)
    return Placed(case_id, None if state.customer_id is None else _key(work, state.customer_id))


def _key(work: Work, customer_id: int) -> CustomerKey:
    row = work.facts.customer(customer_id)
    return CustomerKey(customer_id, row["secret"], row["erased_at"] is not None)


def _by_order(work: Work, item: Item, mail: Mail, number: str) -> Placed:
    """On the open case of the order it names, else as a request about that order. Our own mail asks for nothing."""
    order = work.facts.order_by_number(number)
    assert order is not None
    cases = [case for case in work.cases.of_order(order.id) if case.open]
    if cases:
        return _on_case(work, cases[-1].id)
    if mail.letter.direction != "in":
        return Placed()
    return Placed(as_request=_request(work, item, mail, order))


def _request(work: Work, item: Item, mail: Mail, order: OrderRef) -> RequestRecord:
    letter = mail.letter
    return RequestRecord(
        request=Asked(
            system=letter.source,
            id=letter.id,
            order=order.number,
            kind=RequestKind.REFUND_ONLY,
            reason=Reason.OTHER,
            reason_text=mail.subject or None,
            text=letter.text,
            created_at=letter.sent_at,
            amount_minor=None,
            currency=order.currency,
            lines=(),
            language=letter.language or "en",
            channel=letter.channel,
            want=None,
        ),
        buyer=_buyer(work, mail, order),
        seller=None,
        sayings=(),
        letters=(letter,),
        proofs=mail.proofs,
        content=canonical([letter.source, item.id, item.digest.hex()]),
    )


def _buyer(work: Work, mail: Mail, order: OrderRef) -> Buyer | None:
    """The order's customer where the address is theirs, or there is none, as in a chat; else whoever writes, and the
    case will say that they differ."""
    if order.customer_id is not None:
        known = work.facts.customer(order.customer_id)
        if not mail.address or (known["email"] and known["email"].lower() == mail.address):
            return Buyer(known["system"], known["external_id"], None, None, None, None, None)
    if not mail.address:
        return None
    name = mail.letter.name if mail.letter.who is Who.CUSTOMER else None
    return Buyer(mail.letter.source, mail.address, name, mail.address, None, None, None)
