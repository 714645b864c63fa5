"""Razorpay (REST v1): payments with their refunds; signed webhooks as hints.

Written from the published reference. What matters of it:
- Payments come newest first, pages by `skip`; those of the last `days` days are listed with every run. A row shows what
  was given back of it, not by which refunds: those are a call of their own where there are any.
- `notes` is an object, and an empty list where nobody noted anything. The order is in a field of it that the shop
  chose.
- Webhooks are signed over the body alone, and have an id. Amounts are minor units, times are seconds.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote, urlencode

from refund_desk.domain.errors import Invalid, NotFound, Unavailable
from refund_desk.domain.requests import Problem, Saying
from refund_desk.domain.sources import Heard, Hint, Item, OrderFacts, Page, Setting, SettingType, canonical
from refund_desk.domain.words import RecordKind
from refund_desk.service.ports.sources import Config, Known, Session
from refund_desk.sources import hooks, relisting
from refund_desk.sources.reading import Node, latest
from refund_desk.sources.relisting import Seen
from refund_desk.sources.ways import Ways

STREAM: Final = "payments"
PAGE: Final = 100
ORDER: Final = "order"
_STATES: Final[Mapping[str, str]] = {
    "created": "pending",
    "authorized": "authorised",
    "captured": "captured",
    "refunded": "refunded",
    "failed": "failed",
}
_REFUND: Final[Mapping[str, str]] = {"pending": "pending", "processed": "succeeded", "failed": "failed"}


class Razorpay:
    """The connector."""

    name = "razorpay"
    version = "1"
    settings: Sequence[Setting] = (
        Setting("url", SettingType.URL, required=False, default="https://api.razorpay.com"),
        Setting("key"),
        Setting("secret", SettingType.SECRET),
        Setting("order_field", required=False, default=ORDER),
        Setting("days", SettingType.WHOLE, required=False, default=60, least=1),
        Setting("hook", SettingType.SECRET, required=False),
    )
    streams: Sequence[str] = (STREAM,)

    def open(self, config: Config) -> Session:
        return RazorpaySession(config, config.ways, config.clock)

    def hear(self, headers: Mapping[str, str], body: bytes, secret: str, now: datetime) -> Heard:
        """An event about a payment, or about a refund or dispute that names its payment."""
        wanted = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest().encode()
        if not hmac.compare_digest(wanted, headers.get("x-razorpay-signature", "").encode("utf-8", "replace")):
            raise Invalid("hook.signature")
        about = Node(hooks.content(body)).maybe("payload")
        ids = [about.maybe(kind).maybe("entity").maybe("payment_id").words(100) for kind in ("refund", "dispute")]
        ids.append(about.maybe("payment").maybe("entity").maybe("id").words(100))
        named = tuple(dict.fromkeys(id for id in ids if id))
        return Heard(headers.get("x-razorpay-event-id", "")[:200], tuple(Hint(STREAM, id) for id in named), named)


CONNECTOR = Razorpay()


@dataclass(slots=True)
class RazorpaySession:
    """One account."""

    config: Config
    ways: Ways
    clock: Callable[[], datetime]
    _page: dict[str, dict[str, Any]] = field(default_factory=dict)

    def close(self) -> None:
        """Nothing is held."""

    def check(self) -> None:
        self._rows("/v1/payments", {"count": "1"})

    def pull(self, stream: str, cursor: Mapping[str, Any] | None, known: Known) -> Page:
        days = int(self.config.settings.get("days") or 60)
        return relisting.pull(cursor, known, self.clock, days, self._seen, self._whole)

    def _seen(self, since: datetime, place: Any) -> tuple[list[Seen], Any]:
        """What is new meanwhile moves the others down: some come twice, none is left out."""
        skip = int(place or 0)
        asked = {"from": str(int(since.timestamp())), "count": str(PAGE), "skip": str(skip)}
        rows = self._rows("/v1/payments", asked)
        self._page = {row["id"]: row for row in rows}
        return [Seen(row["id"], mark_of(row)) for row in rows], skip + len(rows) if len(rows) >= PAGE else None

    def _whole(self, ids: Sequence[str]) -> list[Item]:
        return [self._item(self._page[id]) for id in ids]

    def one(self, stream: str, id: str) -> Item | None:
        try:
            row = self._get(f"/v1/payments/{quote(id, safe='')}", {})
        except NotFound:
            return None
        if not isinstance(row, dict) or row.get("id") != id:
            raise Unavailable("source.schema", system=self.config.system, what="payment")
        return self._item(row)

    def file(self, name: str) -> bytes:
        raise NotFound("evidence.missing", file=name)

    def _item(self, row: dict[str, Any]) -> Item:
        refunds: list[dict[str, Any]] = []
        while row.get("amount_refunded") or row.get("refund_status"):
            asked = {"count": str(PAGE), "skip": str(len(refunds))}
            page = self._rows(f"/v1/payments/{quote(row['id'], safe='')}/refunds", asked)
            refunds += page
            if len(page) < PAGE:
                break
        return item_of(self.config.system, row, refunds, str(self.config.settings.get("order_field") or ORDER))

    def _rows(self, path: str, params: Mapping[str, str]) -> list[dict[str, Any]]:
        said = self._get(path, params)
        rows = said.get("items") if isinstance(said, dict) else None
        if not isinstance(rows, list) or not all(isinstance(r, dict) and isinstance(r.get("id"), str) for r in rows):
            raise Unavailable("source.schema", system=self.config.system, what="items")
        return rows

    def _get(self, path: str, params: Mapping[str, str]) -> Any:
        told = f"{self.config.settings['key']}:{self.config.secrets['secret']}".encode()
        query = f"?{urlencode(params)}" if params else ""
        url = f"{str(self.config.settings['url']).rstrip('/')}{path}{query}"
        return self.ways.get(url, {"authorization": f"Basic {b64encode(told).decode('ascii')}"}).json()


def mark_of(row: Mapping[str, Any]) -> str | None:
    """What a list shows of a payment that changes when it does; None while a refund of it may still fail."""
    if row.get("refund_status") and row.get("status") != "failed":
        return None
    return "/".join(str(row.get(name)) for name in ("status", "captured", "amount_refunded", "refund_status"))


def item_of(system: str, row: dict[str, Any], refunds: Sequence[dict[str, Any]], order_field: str) -> Item:
    """A payment as a record of its order."""
    whole = {"payment": row, "refunds": list(refunds)}
    node = Node(whole)
    head, given = node["payment"], list(node["refunds"].each())
    number = head.maybe("notes").maybe(order_field).words(200)
    if number is None:
        node.problems.append(Problem(f"payment.notes.{order_field}", "order.missing"))
    made = head["created_at"].seconds()
    at = latest(made, *(one["created_at"].seconds() for one in given)) or made
    currency = head["currency"].currency()
    sayings = [_payment(system, head, number or "", at, currency)]
    sayings += [_refund(system, one, number or "", at, currency) for one in given]
    what = None if node.problems else OrderFacts(number or "", currency, tuple(sayings))
    return Item(row["id"], canonical(whole), what, at, made, mark_of(row), tuple(node.problems))


def _payment(system: str, head: Node, order: str, at: datetime, currency: str) -> Saying:
    took = head["captured"].flag() and head["status"].text() in ("captured", "refunded")
    captured, back = head["amount"].minor() if took else 0, head["amount_refunded"].minor()
    last, state = head.maybe("card").maybe("last4").words(8), head["status"].text()
    partly = took and 0 < back < captured
    fields = {
        "method": head["method"].words(100),
        "account_hint": f"*{last}" if last else None,
        "status": "partially_refunded" if partly else _STATES.get(state, state),
        "currency": currency,
        "captured": captured,
        "refunded": back,
        "fee": head["fee"].minor() if head.maybe("fee").has else None,
        "captured_at": head["created_at"].seconds() if took else None,
    }
    return _said(system, head, RecordKind.PAYMENT, order, at, fields, None, currency)


def _refund(system: str, node: Node, order: str, at: datetime, currency: str) -> Saying:
    fields = {
        "amount": node["amount"].minor(),
        "status": _REFUND.get(node["status"].text(), "pending"),
        "created_at": node["created_at"].seconds(),
        "reason": node.maybe("notes").maybe("reason").words(400),
        "reference": node["id"].id(),
    }
    return _said(system, node, RecordKind.REFUND, order, at, fields, 0, currency)


def _said(
    system: str,
    node: Node,
    kind: RecordKind,
    order: str,
    at: datetime,
    fields: Mapping[str, Any],
    parent: int | None,
    currency: str,
) -> Saying:
    said = {name: value for name, value in fields.items() if value is not None}
    return Saying(node.path, system, kind, node["id"].id(), order, at, said, parent, currency)
