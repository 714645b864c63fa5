"""Payments of a Stripe-shaped gateway: charges with their refunds and disputes.

Tried against stripe-stateful-mock (a re-implementation by others, tests/upstreams) and against a fake that
serves the published reference. What matters of it:
- Lists come newest first, pages by `starting_after`. A filter on `created` is accepted by some
  re-implementations and does nothing: rows are looked at, not trusted to be in it.
- A charge says what was given back of it, not by which refunds, and a charge has no time of change: new
  charges are found from the top down to what is known; those of the last `days` days are listed again with
  every run, and their refunds and disputes read where the sums moved or a dispute stands.
- The order is in a field that the shop chose, `metadata.order_code` unless told otherwise.
Amounts are minor units, times are seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote, urlencode

from refund_desk.domain.errors import NotFound, Unavailable
from refund_desk.domain.requests import Problem, Saying
from refund_desk.domain.sources import Heard, Hint, Item, OrderFacts, Page, Setting, SettingType, canonical, moment
from refund_desk.domain.words import RecordKind
from refund_desk.service.ports.sources import Config, Known, Session
from refund_desk.sources import hooks
from refund_desk.sources.reading import NEVER, Node, latest
from refund_desk.sources.ways import Ways

STREAM: Final = "charges"
INTENT: Final = "refund_desk_intent"
"""In a refund's metadata: the payout of ours that it is (`stripe_payout`)."""
PAGE: Final = 100
WHOLE_EVERY: Final = timedelta(hours=24)
_REFUND: Final[Mapping[str, str]] = {
    "succeeded": "succeeded",
    "pending": "pending",
    "requires_action": "pending",
    "failed": "failed",
    "canceled": "cancelled",
}
_DISPUTE: Final[Mapping[str, str]] = {
    "warning_needs_response": "open",
    "needs_response": "open",
    "under_review": "under_review",
    "warning_under_review": "under_review",
    "warning_closed": "won",
    "charge_refunded": "won",
    "won": "won",
    "lost": "lost",
}


class Stripe:
    """The connector."""

    name = "stripe"
    version = "2"
    settings: Sequence[Setting] = (
        Setting("url", SettingType.URL, required=False, default="https://api.stripe.com"),
        Setting("key", SettingType.SECRET),
        Setting("order_field", required=False, default="metadata.order_code"),
        Setting("days", SettingType.WHOLE, required=False, default=60, least=1),
        Setting("payouts", SettingType.FLAG, required=False, default=False),
        Setting("hook", SettingType.SECRET, required=False),
    )
    streams: Sequence[str] = (STREAM,)

    def open(self, config: Config) -> Session:
        return StripeSession(config, config.ways, config.clock)

    def hear(self, headers: Mapping[str, str], body: bytes, secret: str, now: datetime) -> Heard:
        """An event about a charge, or about something that names its charge."""
        hooks.stripe(headers, body, secret, now)
        said = hooks.content(body)
        data = said.get("data", {}) if isinstance(said, dict) else {}
        thing = data.get("object", {}) if isinstance(data, dict) else {}
        event = said.get("id") if isinstance(said, dict) else None
        id = thing.get("id" if thing.get("object") == "charge" else "charge") if isinstance(thing, dict) else None
        charges = (id,) if isinstance(id, str) and 0 < len(id) <= 200 else ()
        return Heard(event if isinstance(event, str) else "", tuple(Hint(STREAM, one) for one in charges), charges)


CONNECTOR = Stripe()


@dataclass(slots=True)
class StripeSession:
    """One account."""

    config: Config
    ways: Ways
    clock: Callable[[], datetime]

    def close(self) -> None:
        """Nothing is held."""

    def check(self) -> None:
        self._get("/v1/charges", {"limit": "1"})

    # ------------------------------------------------------------ pages

    def pull(self, stream: str, cursor: Mapping[str, Any] | None, known: Known) -> Page:
        """From the newest down: to the end at first, then to what is older than `days`.

        The place in a listing is the last charge seen; with one that is gone the listing begins anew.
        """
        at = dict(cursor or {})
        now, fresh = self.clock(), at.get("list") is None
        listing = at.get("list") or self._listing(at, now)
        try:
            rows, more = self._list(listing["last"])
        except NotFound:
            return self.pull(stream, {**at, "list": None}, known)
        since = moment(listing["since"]) if listing["since"] else None
        old = since is not None and bool(rows) and _created(rows[-1]) < since
        end = not more or not rows or old
        items = self._changed(rows, known, bool(listing["whole"]))
        after = {**at, "list": {**listing, "last": rows[-1]["id"] if rows else None}}
        if end:
            after = {**at, "list": None, "done": True}
            if listing["whole"]:
                after["whole_at"] = listing["began"]
        return Page(
            items=tuple(items),
            cursor=after,
            more=not end,
            listed=frozenset(row["id"] for row in rows),
            fresh=fresh,
            whole=(since or NEVER) if end else None,
        )

    def _listing(self, at: Mapping[str, Any], now: datetime) -> dict[str, Any]:
        """The first one goes to the very end. One in a day looks into everything it lists."""
        since = now - timedelta(days=int(self.config.settings["days"])) if at.get("done") else None
        whole_at = at.get("whole_at")
        whole = whole_at is None or moment(whole_at) <= now - WHOLE_EVERY
        began = now.isoformat()
        return {"last": None, "since": since.isoformat() if since else None, "whole": whole, "began": began}

    def _list(self, after: str | None) -> tuple[list[dict[str, Any]], bool]:
        params = {"limit": str(PAGE), **({"starting_after": after} if after else {})}
        said = self._get("/v1/charges", params)
        return self._rows(said), said.get("has_more") is True

    def _rows(self, said: Any) -> list[dict[str, Any]]:
        rows = said.get("data") if isinstance(said, dict) else None
        if not isinstance(rows, list) or not all(isinstance(r, dict) and isinstance(r.get("id"), str) for r in rows):
            raise Unavailable("source.schema", system=self.config.system, what="data")
        return rows

    def _changed(self, rows: Sequence[dict[str, Any]], known: Known, whole: bool) -> list[Item]:
        marks = known.marks([row["id"] for row in rows])
        shown = [(row, mark_of(row)) for row in rows]
        changed = [row for row, mark in shown if whole or mark is None or marks.get(row["id"]) != mark]
        return [self._item(row, known=not whole and row["id"] in marks) for row in changed]

    def one(self, stream: str, id: str) -> Item | None:
        try:
            row = self._get(f"/v1/charges/{quote(id, safe='')}", {})
        except NotFound:
            return None
        if not isinstance(row, dict) or row.get("id") != id:
            raise Unavailable("source.schema", system=self.config.system, what="charge")
        return self._item(row, known=True)

    def file(self, name: str) -> bytes:
        raise NotFound("evidence.missing", file=name)

    # ------------------------------------------------------------ one charge

    def _item(self, charge: dict[str, Any], known: bool) -> Item:
        """A charge with what belongs to it, read beside it where it has any. known: it may have had some before."""
        refunds: list[dict[str, Any]] = []
        if known or charge.get("amount_refunded") or charge.get("refunded"):
            refunds = self._all("/v1/refunds", {"charge": charge["id"]})
        dispute = charge.get("dispute")
        if isinstance(dispute, str):
            dispute = self._dispute(dispute)
        return item_of(self.config.system, charge, refunds, dispute, str(self.config.settings["order_field"]))

    def _dispute(self, id: str) -> Any:
        try:
            return self._get(f"/v1/disputes/{quote(id, safe='')}", {})
        except NotFound:
            return None

    def _all(self, path: str, params: Mapping[str, str]) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        while True:
            after = {"starting_after": rows[-1]["id"]} if rows else {}
            said = self._get(path, {**params, "limit": str(PAGE), **after})
            page = self._rows(said)
            rows += page
            if said.get("has_more") is not True or not page:
                return rows

    def _get(self, path: str, params: Mapping[str, str]) -> Any:
        base = str(self.config.settings["url"]).rstrip("/")
        query = f"?{urlencode(params)}" if params else ""
        headers = {"authorization": f"Bearer {self.config.secrets['key']}"}
        return self.ways.get(f"{base}{path}{query}", headers).json()


def _created(row: Mapping[str, Any]) -> datetime:
    return Node(row.get("created")).seconds()


def mark_of(charge: Mapping[str, Any]) -> str | None:
    """What a list shows of a charge that changes when it does. A dispute has a life of its own: always read."""
    if charge.get("dispute") or charge.get("disputed"):
        return None
    names = ("status", "captured", "amount_captured", "amount_refunded", "refunded", "paid")
    return "/".join(str(charge.get(name)) for name in names)


def item_of(
    system: str, charge: dict[str, Any], refunds: Sequence[dict[str, Any]], dispute: Any, order_field: str
) -> Item:
    """A charge as a record of its order."""
    bare = {name: value for name, value in charge.items() if name not in ("refunds", "dispute")}
    whole = {"charge": bare, "refunds": list(refunds), "dispute": dispute}
    node = Node(whole)
    head = node["charge"]
    order = head
    for part in order_field.split("."):
        order = order.maybe(part)
    number = order.words(200)
    if number is None:
        node.problems.append(Problem(f"charge.{order_field}", "order.missing"))
    made = head["created"].seconds()
    times = [made, *(r["created"].seconds() for r in node["refunds"].each())]
    if node["dispute"].has:
        times.append(node["dispute"]["created"].seconds())
    as_of = latest(*times) or made
    sayings = _sayings(system, node, number or "", as_of)
    what = None if node.problems else OrderFacts(number or "", sayings[0].currency or "", tuple(sayings))
    waits = any(refund.get("status") not in ("succeeded", "failed", "canceled") for refund in refunds)
    mark = None if waits else mark_of(charge)  # what waits changes without a sign of it in the list
    return Item(charge["id"], canonical(whole), what, as_of, made, mark, tuple(node.problems))


def _sayings(system: str, node: Node, order: str, as_of: datetime) -> list[Saying]:
    head, currency = node["charge"], node["charge"]["currency"].currency()
    refunds, dispute = list(node["refunds"].each()), node["dispute"]
    captured = head["amount"].minor() if head["captured"].flag() and head["status"].text() == "succeeded" else 0
    if captured and head.maybe("amount_captured").has:
        captured = head["amount_captured"].minor()
    card = head.maybe("payment_method_details").maybe("card")
    back = head["amount_refunded"].minor()
    fields = {
        "method": head.maybe("payment_method_details").maybe("type").words(100) or "card",
        "account_hint": f"*{last}" if (last := card.maybe("last4").words(8)) else None,
        "status": _status(head, captured, back),
        "currency": currency,
        "captured": captured,
        "refunded": back,
        "captured_at": head["created"].seconds() if captured else None,
    }
    out = [_said(system, head, RecordKind.PAYMENT, order, as_of, fields, None, currency)]
    for refund in refunds:
        said = {
            "amount": refund["amount"].minor(),
            "status": _REFUND.get(refund["status"].text(), "pending"),
            "created_at": refund["created"].seconds(),
            "reason": refund.maybe("reason").words(400),
            "reference": refund.maybe("metadata").maybe(INTENT).words(400) or refund["id"].id(),
        }
        out.append(_said(system, refund, RecordKind.REFUND, order, as_of, said, 0, currency))
    if dispute.has:
        due = dispute.maybe("evidence_details").maybe("due_by")
        said = {
            "amount": dispute["amount"].minor(),
            "status": _DISPUTE.get(dispute["status"].text(), "open"),
            "opened_at": dispute["created"].seconds(),
            "due_at": due.seconds() if due.has else None,
            "reason": dispute.maybe("reason").words(400),
        }
        out.append(_said(system, dispute, RecordKind.DISPUTE, order, as_of, said, 0, currency))
    return out


def _status(head: Node, captured: int, back: int) -> str:
    if head["status"].text() == "failed":
        return "failed"
    if not captured:
        return "pending" if head["status"].text() == "pending" else "authorised"
    if back >= captured:
        return "refunded"
    return "partially_refunded" if back else "captured"


def _said(
    system: str,
    node: Node,
    kind: RecordKind,
    order: str,
    as_of: datetime,
    fields: Mapping[str, Any],
    parent: int | None,
    currency: str,
) -> Saying:
    said = {name: value for name, value in fields.items() if value is not None}
    return Saying(node.path, system, kind, node["id"].id(), order, as_of, said, parent, currency)
