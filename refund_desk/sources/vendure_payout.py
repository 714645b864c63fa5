"""Refunds through a Vendure shop: `refundOrder`, so that shop and gateway behind it agree from the start.

Tried against Vendure 3.7 (tests/upstreams). What matters of it:
- The shop knows no idempotency key: a call is sent once and never again. What it did is found by the intent's id,
  which stands in the refund's `reason`.
- Payments and refunds are read with their order; a payment can't be asked for by itself.
- A pending refund is settled by a person in the shop, and counts until then.
- Errors after the refund's row was written (`…_STATE_TRANSITION_ERROR`) are no no.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from refund_desk.domain.errors import DeskError, Unavailable
from refund_desk.domain.sending import Answer, Listed, Outcome, Paid, Parcel, Snapshot, Terms
from refund_desk.service.ports.gateways import Listing
from refund_desk.sources.reading import Node
from refund_desk.sources.vendure import VendureSession
from refund_desk.sources.vendure_orders import payment_number, refund_number

STATUS: Final[Mapping[str, Outcome]] = {
    "Pending": Outcome.PENDING,
    "Settled": Outcome.SUCCEEDED,
    "Failed": Outcome.FAILED,
}
NO: Final = frozenset(
    {
        "ALREADY_REFUNDED_ERROR",
        "MULTIPLE_ORDER_ERROR",
        "NOTHING_TO_REFUND_ERROR",
        "PAYMENT_ORDER_MISMATCH_ERROR",
        "QUANTITY_TOO_GREAT_ERROR",
        "REFUND_AMOUNT_ERROR",
        "REFUND_ORDER_STATE_ERROR",
    }
)
"""Errors that the shop gives before it writes anything."""
TERMS: Final = Terms(
    name="vendure",
    settling=timedelta(minutes=10),
    key_life=timedelta(0),  # there is none: never sent again
    arrival_days=10,
    patience=timedelta(minutes=2),
)
_REFUND: Final = "id createdAt state total reason transactionId"
_READ: Final = (
    "query($o:OrderListOptions){orders(options:$o){items{id code currencyCode "
    f"payments{{id state amount transactionId refunds{{{_REFUND}}}}}}}}}}}"
)
_SEND: Final = (
    "mutation($i:RefundOrderInput!){refundOrder(input:$i){__typename "
    f"...on Refund{{{_REFUND}}} ...on ErrorResult{{errorCode}}}}}}"
)
_OURS: Final = re.compile(r"refund-desk/([0-9a-f]{0,64})/([0-9A-Za-z_-]{1,64})\Z")


class VendurePayout:
    """A channel (`service.ports.gateways.Channel`) over a session of the shop's connector that tries each call once."""

    def __init__(self, session: VendureSession, terms: Terms = TERMS) -> None:
        self.terms, self._session = terms, session

    def close(self) -> None:
        self._session.close()
        self._session.ways.close()

    # ------------------------------------------------------------ sending

    def send(self, parcel: Parcel) -> Answer:
        """One call. Before it the payment's own id is read: a shop that doesn't answer that was asked for nothing."""
        try:
            payment, _ = self._payment(Paid(parcel.payment, parcel.order))
            wanted = {
                "paymentId": payment["id"].id(),
                "amount": parcel.minor,
                "reason": f"{parcel.case} refund-desk/{parcel.desk}/{parcel.intent}",
                # Called deprecated, and yet needed: without them its database refuses.
                "lines": [],
                "shipping": 0,
                "adjustment": 0,
            }
            said = self._session.ask(_SEND, {"i": wanted}).get("refundOrder")
        except DeskError as error:
            return Answer(Outcome.UNKNOWN, code=error.code)
        return self._answer(said, parcel)

    def _answer(self, said: Any, parcel: Parcel) -> Answer:
        node = Node(said if isinstance(said, dict) else {})
        code = node.maybe("errorCode").words(100) or ""
        if code:
            return Answer(Outcome.FAILED if code in NO else Outcome.UNKNOWN, code, code)
        try:
            listed = self._listed(node, parcel.currency)
        except DeskError as error:
            return Answer(Outcome.UNKNOWN, code=error.code)
        if listed.intent != parcel.intent:
            return Answer(Outcome.UNKNOWN, listed.status, "other_refund")
        return Answer(listed.outcome, listed.status, refund=listed.id)

    # ------------------------------------------------------------ asking

    def find(self, parcel: Parcel) -> Listing:
        snapshot = self.read(Paid(parcel.payment, parcel.order), self._session.clock())
        return Listing([one for one in snapshot.refunds if one.intent == parcel.intent], snapshot.theirs)

    def read(self, paid: Paid, at: datetime) -> Snapshot:
        payment, currency = self._payment(paid)
        refunds = tuple(self._listed(one, currency) for one in payment["refunds"].each())
        captured = payment["amount"].minor() if payment["state"].text() == "Settled" else 0
        back = sum(one.minor for one in refunds if one.outcome is not Outcome.FAILED)
        self._whole(payment)
        return Snapshot(paid.payment, currency, captured, back, refunds, (), at, self._session.theirs)

    def _payment(self, paid: Paid) -> tuple[Node, str]:
        """The payment as its order has it, with the order's currency. Raises Unavailable `channel.silent`."""
        options = {"take": 2, "filter": {"code": {"eq": paid.order}}}
        try:
            data = self._session.ask(_READ, {"o": options})
        except DeskError as error:
            raise self._silent(error.code) from error
        orders = list(Node(data)["orders"]["items"].each())
        if len(orders) != 1 or orders[0]["code"].text() != paid.order:
            raise self._silent("order")
        system = self.terms.name
        found = [one for one in orders[0]["payments"].each() if payment_number(system, one) == paid.payment]
        if len(found) != 1:
            raise self._silent("payment")
        currency = orders[0]["currencyCode"].currency()
        self._whole(orders[0])
        return found[0], currency

    def _listed(self, node: Node, currency: str) -> Listed:
        status, reason = node["state"].text(), node["reason"].words(4000) or ""
        ours = _OURS.search(reason)
        listed = Listed(
            id=refund_number(self.terms.name, node),
            minor=node["total"].minor(),
            currency=currency,
            outcome=STATUS.get(status, Outcome.UNKNOWN),
            status=status,
            intent=ours.group(2) if ours else None,
            desk=ours.group(1) if ours else "",
            created_at=node["createdAt"].time(),
            reference=node["transactionId"].words(400),
        )
        self._whole(node)
        return listed

    def _whole(self, node: Node) -> None:
        if node.problems:
            raise self._silent("unreadable")

    def _silent(self, why: str) -> Unavailable:
        return Unavailable("channel.silent", channel=self.terms.name, why=why)
