"""Refunds through a Medusa shop: the payment's own refund, which its provider carries out.

Tried against Medusa 2.21 (tests/upstreams). What matters of it:
- The shop knows no idempotency key: a call is sent once and never again. What it did is found by the intent's id, which
  stands in the refund's `note`.
- A refund is there once the provider has said yes, and has no state after that.
- Amounts are decimals in major units, sent as the number's own digits.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote, urlencode

from refund_desk.domain.errors import DeskError, Unavailable
from refund_desk.domain.money import exponent
from refund_desk.domain.sending import Answer, Listed, Outcome, Paid, Parcel, Snapshot, Terms
from refund_desk.service.ports.gateways import Listing
from refund_desk.sources.medusa import MedusaSession
from refund_desk.sources.reading import Node

TERMS: Final = Terms(
    name="medusa",
    settling=timedelta(minutes=10),
    key_life=timedelta(0),  # there is none: never sent again
    arrival_days=10,
    patience=timedelta(minutes=1),
)
NO: Final = frozenset({"invalid_data", "not_allowed", "not_found"})
"""Kinds of errors of a 400 or 404 that the shop gives before it asks its provider."""
_FIELDS: Final = "id,amount,currency_code,captured_at,canceled_at,*captures,*refunds"
_OURS: Final = re.compile(r"refund-desk/([0-9a-f]{0,64})/([0-9A-Za-z_-]{1,64})\Z")


class MedusaPayout:
    """A channel (`service.ports.gateways.Channel`) over a session of the shop's connector that tries each call once."""

    def __init__(self, session: MedusaSession, clock: Callable[[], datetime], terms: Terms = TERMS) -> None:
        self.terms, self._session, self._clock = terms, session, clock

    def close(self) -> None:
        self._session.ways.close()

    def send(self, parcel: Parcel) -> Answer:
        """One call."""
        note = json.dumps(f"{parcel.case} refund-desk/{parcel.desk}/{parcel.intent}")
        body = f'{{"amount":{major(parcel.minor, parcel.currency)},"note":{note}}}'.encode()
        try:
            answer = self._session.call(
                "POST", f"{_path(parcel.payment)}/refund?{urlencode({'fields': _FIELDS})}", body, frozenset({400, 404})
            )
            said = Node(answer.json())
            if answer.status in (400, 404):
                kind = said.maybe("type").words(100) or ""
                return Answer(Outcome.FAILED if kind in NO else Outcome.UNKNOWN, kind, str(answer.status))
            found = [one for one in self._refunds(said["payment"], parcel.currency) if one.intent == parcel.intent]
        except DeskError as error:
            return Answer(Outcome.UNKNOWN, code=error.code)
        if len(found) != 1:
            return Answer(Outcome.UNKNOWN, code="other_refund")
        return Answer(found[0].outcome, found[0].status, refund=found[0].id)

    def find(self, parcel: Parcel) -> Listing:
        snapshot = self.read(Paid(parcel.payment, parcel.order), self._clock())
        return Listing([one for one in snapshot.refunds if one.intent == parcel.intent], snapshot.theirs)

    def read(self, paid: Paid, at: datetime) -> Snapshot:
        try:
            answer = self._session.call("GET", f"{_path(paid.payment)}?{urlencode({'fields': _FIELDS})}")
            node = Node(answer.json())["payment"]
        except DeskError as error:
            raise self._silent(error.code) from error
        if node["id"].id() != paid.payment:
            raise self._silent("payment")
        currency = node["currency_code"].currency()
        refunds = self._refunds(node, currency)
        captured = sum(one["amount"].major(currency) for one in node["captures"].each())
        self._whole(node)
        back = sum(one.minor for one in refunds)
        return Snapshot(paid.payment, currency, captured, back, tuple(refunds), (), at, answer.time)

    def _refunds(self, node: Node, currency: str) -> list[Listed]:
        out = [_listed(one, currency) for one in node["refunds"].each()]
        self._whole(node)
        return out

    def _whole(self, node: Node) -> None:
        if node.problems:
            raise self._silent("unreadable")

    def _silent(self, why: str) -> Unavailable:
        return Unavailable("channel.silent", channel=self.terms.name, why=why)


def _path(payment: str) -> str:
    return f"/admin/payments/{quote(payment, safe='')}"


def _listed(node: Node, currency: str) -> Listed:
    ours = _OURS.search(node.maybe("note").words(4000) or "")
    return Listed(
        id=node["id"].id(),
        minor=node["amount"].major(currency),
        currency=currency,
        outcome=Outcome.SUCCEEDED,
        status="refunded",
        intent=ours.group(2) if ours else None,
        desk=ours.group(1) if ours else "",
        created_at=node["created_at"].time(),
    )


def major(minor: int, currency: str) -> str:
    """Minor units as the digits of a JSON number in major units: 5990 of EUR is 59.90."""
    digits = exponent(currency)
    if not digits:
        return str(minor)
    return f"{minor // 10**digits}.{minor % 10**digits:0{digits}d}"
