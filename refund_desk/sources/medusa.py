"""Medusa (REST admin API): orders with lines, captures, refunds and shipments; returns and claims as requests.

Tried against Medusa 2.21 (tests/upstreams). What its API doesn't say:
- Money is decimal in major units. Totals shrink after refunds: what was paid is the sum of captures.
- A capture and an opened return don't move an order's `updated_at`; orders of the last `days` days are read
  again with every run, and a digest says what changed.
- Returns and claims that are asked for with their order can't be sorted (500): they come by id, which grows.
- Unknown parameters and fields are ignored without a word: what was asked for is looked for in the answer.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote, urlencode

from refund_desk.domain.errors import NotFound, Unavailable
from refund_desk.domain.sources import Heard, Hint, Item, Page, Setting, SettingType, moment
from refund_desk.service.ports.sources import Config, Known, Session
from refund_desk.sources import hooks
from refund_desk.sources.medusa_records import order_item, request_item
from refund_desk.sources.ways import MAX_ANSWER, Answer, Ways

PAGE: Final = 50
ORDERS, RETURNS, CLAIMS = "orders", "returns", "claims"
_ORDER: Final = (
    "id,display_id,status,currency_code,email,created_at,updated_at,shipping_total,discount_total,"
    "*items,*customer,*shipping_address,*fulfillments,*fulfillments.labels,*payment_collections.payments,"
    "*payment_collections.payments.captures,*payment_collections.payments.refunds"
)
_RETURN: Final = "id,status,created_at,updated_at,requested_at,received_at,refund_amount,*items,*items.reason"
_CLAIM: Final = "id,type,created_at,updated_at,canceled_at,refund_amount,*claim_items"
_WITH_ORDER: Final = ",order_id,order.id,order.display_id,order.currency_code,order.email,*order.customer"
_FIELDS: Final[Mapping[str, str]] = {ORDERS: _ORDER, RETURNS: _RETURN + _WITH_ORDER, CLAIMS: _CLAIM + _WITH_ORDER}
_ONE: Final[Mapping[str, str]] = {ORDERS: "order", RETURNS: "return", CLAIMS: "claim"}


class Medusa:
    """The connector."""

    name = "medusa"
    version = "1"
    settings: Sequence[Setting] = (
        Setting("url", SettingType.URL),
        Setting("key", SettingType.SECRET),
        Setting("number_prefix", required=False, default=""),
        Setting("days", SettingType.WHOLE, required=False, default=30, least=1),
        Setting("payouts", SettingType.FLAG, required=False, default=False),
        Setting("hook", SettingType.SECRET, required=False),
    )
    streams: Sequence[str] = (ORDERS, RETURNS, CLAIMS)

    def open(self, config: Config) -> Session:
        return MedusaSession(config, config.ways, config.clock)

    def hear(self, headers: Mapping[str, str], body: bytes, secret: str, now: datetime) -> Heard:
        """What a subscriber posts, signed as standardwebhooks.com says: `{"orderId": …}`."""
        event = hooks.standard(headers, body, secret, now)
        said = hooks.content(body)
        order = said.get("orderId") if isinstance(said, dict) else None
        known = isinstance(order, str) and 0 < len(order) <= 100
        return Heard(event, (Hint(ORDERS, str(order)),) if known else ())


CONNECTOR = Medusa()


@dataclass(slots=True)
class MedusaSession:
    """One shop."""

    config: Config
    ways: Ways
    clock: Callable[[], datetime]

    def close(self) -> None:
        """Nothing is held."""

    def check(self) -> None:
        for stream in (ORDERS, RETURNS, CLAIMS):
            self._list(stream, {"limit": "1"})

    def pull(self, stream: str, cursor: Mapping[str, Any] | None, known: Known) -> Page:
        """Oldest first, from the beginning at first, then from `days` days ago.

        A page begins a second before the last one ended: what was made in one moment stands in no order.
        """
        at = dict(cursor or {})
        listing, fresh = at.get("list"), at.get("list") is None
        if listing is None:
            days = timedelta(days=int(self.config.settings["days"]))
            since = (self.clock() - days).isoformat() if at.get("done") else "1970-01-01T00:00:00+00:00"
            listing = {"since": since, "after": since, "skip": 0}
        params = {"limit": str(PAGE), "offset": str(listing["skip"])}
        if stream == ORDERS:
            params["order"] = "created_at"
        rows = self._list(stream, {**params, "created_at[$gte]": listing["after"]})
        end = len(rows) < PAGE
        counted = {"skip": listing["skip"] + len(rows)}
        further = _next(listing, rows) if stream == ORDERS and not end else counted
        after = {"done": True} if end else {**at, "list": {**listing, **further}}
        return Page(
            items=tuple(self._item(stream, row) for row in rows),
            cursor=after,
            more=not end,
            listed=frozenset(row["id"] for row in rows),
            fresh=fresh,
            whole=moment(listing["since"]) if end else None,
        )

    def _list(self, stream: str, params: Mapping[str, str]) -> list[dict[str, Any]]:
        said = self._get(f"/admin/{stream}", {**params, "fields": _FIELDS[stream]})
        rows = said.get(stream) if isinstance(said, dict) else None
        if not isinstance(rows, list) or not all(isinstance(r, dict) and isinstance(r.get("id"), str) for r in rows):
            raise Unavailable("source.schema", system=self.config.system, what=stream)
        return rows

    def one(self, stream: str, id: str) -> Item | None:
        try:
            said = self._get(f"/admin/{stream}/{quote(id, safe='')}", {"fields": _FIELDS[stream]})
        except NotFound:
            return None
        row = said.get(_ONE[stream]) if isinstance(said, dict) else None
        if not isinstance(row, dict) or row.get("id") != id:
            raise Unavailable("source.schema", system=self.config.system, what=stream)
        return self._item(stream, row)

    def _item(self, stream: str, row: dict[str, Any]) -> Item:
        system, prefix = self.config.system, str(self.config.settings.get("number_prefix") or "")
        return order_item(system, prefix, row) if stream == ORDERS else request_item(system, prefix, stream, row)

    def file(self, name: str) -> bytes:
        raise NotFound("evidence.missing", file=name)

    def _get(self, path: str, params: Mapping[str, str]) -> Any:
        return self.call("GET", f"{path}?{urlencode(params)}").json()

    def call(self, method: str, path: str, body: bytes | None = None, fine: frozenset[int] = frozenset()) -> Answer:
        """The secret key goes as the name of Basic, without a password."""
        name = b64encode(f"{self.config.secrets['key']}:".encode()).decode("ascii")
        kind = {"content-type": "application/json"} if body is not None else {}
        url = f"{str(self.config.settings['url']).rstrip('/')}{path}"
        return self.ways.send(method, url, {"authorization": f"Basic {name}", **kind}, body, MAX_ANSWER, fine)


def _next(listing: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Where the next page begins. Where a second before the last row is no step, by counting."""
    try:
        last = moment(str(rows[-1].get("created_at"))) - timedelta(seconds=1)
        if last > moment(listing["after"]):
            return {"after": last.isoformat(), "skip": 0}
    except ValueError:
        pass
    return {"after": listing["after"], "skip": listing["skip"] + len(rows)}
