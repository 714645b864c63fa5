"""WooCommerce (REST API v3): orders with lines and refunds; webhooks as hints.

Written from the published reference. What matters of it:
- `date_modified` doesn't always move with a refund: orders of the last `days` days are listed with every run, as little
  of each as shows whether it changed, and read whole where it did.
- A refund's time and amount are a call of their own; the order lists no more than its id and total.
- An order that was thrown away (`trash`) is no longer listed, though it can still be asked for.
- Webhooks are signed over the body alone, and have an id.
Amounts are decimal text in major units; totals of lines are without tax, times are GMT without saying so.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote, urlencode

from refund_desk.domain.errors import Invalid, NotFound, Unavailable
from refund_desk.domain.sources import Heard, Hint, Item, Page, Setting, SettingType, canonical
from refund_desk.service.ports.sources import Config, Known, Session
from refund_desk.sources import hooks, relisting
from refund_desk.sources.reading import plain_numbers
from refund_desk.sources.relisting import Seen
from refund_desk.sources.ways import Ways
from refund_desk.sources.woocommerce_orders import item_of

STREAM: Final = "orders"
PAGE: Final = 100
_LIGHT: Final = "id,status,date_modified_gmt,date_paid_gmt,refunds"


class WooCommerce:
    """The connector."""

    name = "woocommerce"
    version = "1"
    settings: Sequence[Setting] = (
        Setting("url", SettingType.URL),
        Setting("key"),
        Setting("secret", SettingType.SECRET),
        Setting("days", SettingType.WHOLE, required=False, default=60, least=1),
        Setting("hook", SettingType.SECRET, required=False),
    )
    streams: Sequence[str] = (STREAM,)

    def open(self, config: Config) -> Session:
        return WooSession(config, config.ways, config.clock)

    def hear(self, headers: Mapping[str, str], body: bytes, secret: str, now: datetime) -> Heard:
        """An order that was made, changed or thrown away."""
        wanted = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest())
        if not hmac.compare_digest(wanted, headers.get("x-wc-webhook-signature", "").encode("utf-8", "replace")):
            raise Invalid("hook.signature")
        said = hooks.content(body)
        id = said.get("id") if isinstance(said, dict) else None
        mine = headers.get("x-wc-webhook-resource", "") == "order"
        known = mine and isinstance(id, int) and not isinstance(id, bool) and 0 < id < 10**18
        return Heard(headers.get("x-wc-webhook-delivery-id", "")[:200], (Hint(STREAM, str(id)),) if known else ())


CONNECTOR = WooCommerce()


@dataclass(slots=True)
class WooSession:
    """One shop."""

    config: Config
    ways: Ways
    clock: Callable[[], datetime]

    def close(self) -> None:
        """Nothing is held."""

    def check(self) -> None:
        self._rows(self._get("orders", {"per_page": "1", "_fields": "id"}))

    def pull(self, stream: str, cursor: Mapping[str, Any] | None, known: Known) -> Page:
        days = int(self.config.settings["days"])
        return relisting.pull(cursor, known, self.clock, days, self._seen, self._whole)

    def _seen(self, since: datetime, place: Any) -> tuple[list[Seen], Any]:
        skip = int(place or 0)
        rows = self._rows(
            self._get(
                "orders",
                {
                    "after": since.strftime("%Y-%m-%dT%H:%M:%S"),
                    "dates_are_gmt": "true",
                    "orderby": "date",
                    "order": "asc",
                    "per_page": str(PAGE),
                    "offset": str(skip),
                    "_fields": _LIGHT,
                },
            )
        )
        seen = [Seen(str(row["id"]), mark_of(row)) for row in rows]
        # A page begins with what ended the last one: a row that went before it moves the others up.
        return seen, None if len(rows) < PAGE else max(skip + 1, skip + len(rows) - 5)

    def _whole(self, ids: Sequence[str]) -> list[Item]:
        asked = {"include": ",".join(ids), "per_page": str(PAGE), "orderby": "date", "order": "asc"}
        return [self._item(row) for row in self._rows(self._get("orders", asked))]

    def one(self, stream: str, id: str) -> Item | None:
        try:
            row = self._get(f"orders/{quote(id, safe='')}", {})
        except NotFound:
            return None
        if not isinstance(row, dict) or str(row.get("id")) != id:
            raise Unavailable("source.schema", system=self.config.system, what="order")
        return None if row.get("status") == "trash" else self._item(row)

    def file(self, name: str) -> bytes:
        raise NotFound("evidence.missing", file=name)

    def _item(self, row: dict[str, Any]) -> Item:
        """An order with its refunds, read beside it where it has any."""
        refunds: list[dict[str, Any]] = []
        if row.get("refunds"):
            refunds = self._rows(self._get(f"orders/{row['id']}/refunds", {"per_page": str(PAGE)}))
        return item_of(self.config.system, row, refunds, mark_of(row))

    def _rows(self, said: Any) -> list[dict[str, Any]]:
        if not isinstance(said, list) or not all(isinstance(row, dict) and "id" in row for row in said):
            raise Unavailable("source.schema", system=self.config.system, what="orders")
        return said

    def _get(self, path: str, params: Mapping[str, str]) -> Any:
        told = f"{self.config.settings['key']}:{self.config.secrets['secret']}".encode()
        query = f"?{urlencode(params)}" if params else ""
        url = f"{str(self.config.settings['url']).rstrip('/')}/wp-json/wc/v3/{path}{query}"
        return self.ways.get(url, {"authorization": f"Basic {base64.b64encode(told).decode('ascii')}"}).json()


def mark_of(row: Mapping[str, Any]) -> str:
    """What a list shows of an order that changes when it does."""
    said = [row.get(name) for name in _LIGHT.split(",")]
    return hashlib.sha256(canonical(plain_numbers(said))).hexdigest()[:32]
