"""Shopify (REST Admin API): orders with lines, transactions, refunds and fulfilments; webhooks as hints.

Written from the published reference. What matters of it:
- Pages go by `page_info` in the header Link; with it no other filter may be given. It is worth something for a while.
- `updated_at` moves with refunds, edits and fulfilments: it is what the cheap list is asked for.
- What was captured stands in the order's transactions, which are a call of their own; a refund has its own.
- Webhooks are signed over the body alone; their time isn't, so it says nothing. Each has an id.
Amounts are decimal text in major units of the shop's currency.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from refund_desk.domain.errors import Invalid, NotFound, Unavailable
from refund_desk.domain.sources import Heard, Hint, Item, Page, Setting, SettingType
from refund_desk.service.ports.sources import Config, Known, Session
from refund_desk.sources import hooks, relisting
from refund_desk.sources.relisting import Seen
from refund_desk.sources.shopify_orders import item_of
from refund_desk.sources.ways import MAX_ANSWER, Answer, Ways

STREAM: Final = "orders"
API: Final = "2025-10"
"""Version of the interface that this was written for."""
PAGE: Final = 100
TOGETHER: Final = 50
"""Orders that are read whole with one call."""
_NEXT: Final = re.compile(r'<([^>]+)>;\s*rel="next"')


class Shopify:
    """The connector."""

    name = "shopify"
    version = "1"
    settings: Sequence[Setting] = (
        Setting("url", SettingType.URL),
        Setting("token", SettingType.SECRET),
        Setting("api", required=False, default=API),
        Setting("days", SettingType.WHOLE, required=False, default=60, least=1),
        Setting("hook", SettingType.SECRET, required=False),
    )
    streams: Sequence[str] = (STREAM,)

    def open(self, config: Config) -> Session:
        return ShopifySession(config, config.ways, config.clock)

    def hear(self, headers: Mapping[str, str], body: bytes, secret: str, now: datetime) -> Heard:
        """An order, or something that names its order."""
        wanted = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest())
        if not hmac.compare_digest(wanted, headers.get("x-shopify-hmac-sha256", "").encode("utf-8", "replace")):
            raise Invalid("hook.signature")
        said = hooks.content(body)
        about = said if isinstance(said, dict) else {}
        mine = headers.get("x-shopify-topic", "").startswith("orders/")
        id = about.get("id" if mine else "order_id")
        known = isinstance(id, int) and not isinstance(id, bool) and 0 < id < 10**20
        return Heard(headers.get("x-shopify-webhook-id", "")[:200], (Hint(STREAM, str(id)),) if known else ())


CONNECTOR = Shopify()


@dataclass(slots=True)
class ShopifySession:
    """One shop."""

    config: Config
    ways: Ways
    clock: Callable[[], datetime]

    def close(self) -> None:
        """Nothing is held."""

    def check(self) -> None:
        self._rows(self._get("orders.json", {"status": "any", "limit": "1", "fields": "id"}), "orders")

    def pull(self, stream: str, cursor: Mapping[str, Any] | None, known: Known) -> Page:
        days = int(self.config.settings["days"])
        return relisting.pull(cursor, known, self.clock, days, self._seen, self._whole)

    def _seen(self, since: datetime, place: Any) -> tuple[list[Seen], Any]:
        first = {"status": "any", "created_at_min": since.isoformat(), "order": "created_at asc"}
        asked = {"page_info": str(place)} if place is not None else first
        try:
            answer = self._get("orders.json", {**asked, "limit": str(PAGE), "fields": "id,created_at,updated_at"})
        except Unavailable as no:
            if place is not None and no.params.get("status") == 400:
                raise NotFound("source.gone", system=self.config.system) from None
            raise
        rows = [Seen(str(row["id"]), str(row.get("updated_at"))) for row in self._rows(answer, "orders")]
        return rows, self._next(answer)

    def _next(self, answer: Answer) -> str | None:
        found = _NEXT.search(answer.headers.get("link", ""))
        return parse_qs(urlsplit(found[1]).query).get("page_info", [None])[0] if found else None

    def _whole(self, ids: Sequence[str]) -> list[Item]:
        out = []
        for start in range(0, len(ids), TOGETHER):
            some = ids[start : start + TOGETHER]
            asked = {"status": "any", "limit": str(PAGE), "ids": ",".join(some)}
            out += [self._item(row) for row in self._rows(self._get("orders.json", asked), "orders")]
        return out

    def one(self, stream: str, id: str) -> Item | None:
        try:
            said = self._get(f"orders/{quote(id, safe='')}.json", {}).json()
        except NotFound:
            return None
        row = said.get("order") if isinstance(said, dict) else None
        if not isinstance(row, dict) or str(row.get("id")) != id:
            raise Unavailable("source.schema", system=self.config.system, what="order")
        return self._item(row)

    def file(self, name: str) -> bytes:
        raise NotFound("evidence.missing", file=name)

    def _item(self, row: dict[str, Any]) -> Item:
        """An order with its transactions."""
        try:
            paid = self._rows(self._get(f"orders/{row['id']}/transactions.json", {}), "transactions")
        except NotFound:  # it went while we looked
            paid = []
        return item_of(self.config.system, row, paid)

    def _rows(self, answer: Answer, what: str) -> list[dict[str, Any]]:
        said = answer.json()
        rows = said.get(what) if isinstance(said, dict) else None
        if not isinstance(rows, list) or not all(isinstance(row, dict) and "id" in row for row in rows):
            raise Unavailable("source.schema", system=self.config.system, what=what)
        return rows

    def _get(self, path: str, params: Mapping[str, str]) -> Answer:
        base = f"{str(self.config.settings['url']).rstrip('/')}/admin/api/{self.config.settings.get('api') or API}"
        query = f"?{urlencode(params)}" if params else ""
        headers = {"x-shopify-access-token": self.config.secrets["token"], "accept": "application/json"}
        return self.ways.send("GET", f"{base}/{path}{query}", headers, None, MAX_ANSWER)
