"""Orders in a CSV at an address: whole with every run, by a column mapping that somebody made on screen.

The file is read again as a whole; its digest says whether anything changed, a digest of each order's rows what. A
run that was cut off goes on in the same file, or begins anew in another one. What the file no longer has is gone.
A credit invoice (its number begins as the mapping says) gives back what its lines come to.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from refund_desk.domain.errors import Invalid, NotFound, Unavailable
from refund_desk.domain.order_files import Columns, FileOrder, columns_of, orders_of, plain, read_table
from refund_desk.domain.requests import Buyer, Saying
from refund_desk.domain.sources import Heard, Item, OrderFacts, Page, Setting, SettingType, canonical
from refund_desk.domain.words import RecordKind
from refund_desk.service.ports.sources import Config, Known, Session
from refund_desk.sources.ways import Ways

PAGE: Final = 200
ORDERS: Final = "orders"
MOST: Final = 256 * 1024 * 1024
"""Bytes of a file that are read."""
BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)


class CsvOrders:
    """The connector."""

    name = "csv_orders"
    version = "1"
    settings: Sequence[Setting] = (
        Setting("url", SettingType.URL),
        Setting("columns", SettingType.COLUMNS),
        Setting("token", SettingType.SECRET, required=False),
    )
    streams: Sequence[str] = (ORDERS,)

    def open(self, config: Config) -> Session:
        return CsvSession(config, config.ways, columns_of(str(config.settings["columns"])))

    def hear(self, headers: Mapping[str, str], body: bytes, secret: str, now: datetime) -> Heard:
        """A file sends nothing."""
        raise Invalid("hook.not_json")


CONNECTOR = CsvOrders()


@dataclass(slots=True)
class CsvSession:
    """One file, fetched once for as long as the session lasts."""

    config: Config
    ways: Ways
    columns: Columns
    _digest: str = ""
    _orders: list[FileOrder] = field(default_factory=list)

    def close(self) -> None:
        """Nothing is held."""

    def check(self) -> None:
        self._read()

    def pull(self, stream: str, cursor: Mapping[str, Any] | None, known: Known) -> Page:
        """Orders as they stand in the file, a page at a time."""
        at = dict(cursor or {})
        self._read()
        if at.get("done") == self._digest:
            return Page((), at)
        skip = int(at.get("skip", 0)) if at.get("reading") == self._digest else 0
        some = self._orders[skip : skip + PAGE]
        end = skip + len(some) >= len(self._orders)
        return Page(
            items=tuple(self._item(order) for order in some),
            cursor={"done": self._digest} if end else {"reading": self._digest, "skip": skip + PAGE},
            more=not end,
            listed=frozenset(order.number for order in some),
            fresh=skip == 0,
            whole=BEGINNING if end else None,
        )

    def one(self, stream: str, id: str) -> Item | None:
        self._read()
        return next((self._item(order) for order in self._orders if order.number == id), None)

    def file(self, name: str) -> bytes:
        raise NotFound("evidence.missing", file=name)

    # ------------------------------------------------------------ inside

    def _read(self) -> None:
        if self._digest:
            return
        token = self.config.secrets.get("token")
        headers = {"authorization": f"Bearer {token}"} if token else {}
        try:
            data = self.ways.get(str(self.config.settings["url"]), headers, limit=MOST).content
        except NotFound:
            raise Unavailable("source.gone", system=self.config.system) from None
        try:
            self._orders = list(orders_of(read_table(data), self.columns))
        except Invalid as no:
            if no.code == "columns.gone":
                raise Unavailable("source.schema", system=self.config.system, what=no.params["column"]) from None
            raise Unavailable("source.garbage", system=self.config.system) from None
        self._digest = hashlib.sha256(data).hexdigest()

    def _item(self, order: FileOrder) -> Item:
        raw = canonical(plain(order))
        if order.problems:
            return Item(order.number, raw, None, order.changed_at, problems=order.problems)
        return Item(order.number, raw, self._facts(order), order.changed_at, order.placed_at)

    def _facts(self, order: FileOrder) -> OrderFacts:
        system, currency = self.config.system, self.columns.currency
        as_of = order.changed_at or order.placed_at or BEGINNING
        number = order.number
        credit = bool(self.columns.credit) and number.startswith(self.columns.credit)
        fields: dict[str, Any] = {
            "placed_at": order.placed_at,
            "status": "cancelled" if credit else "paid",
            "currency": currency,
            "total": order.paid,
            "paid": order.paid,
            "refunded": order.refunded,
        }
        sayings = [Saying("", system, RecordKind.ORDER, number, number, as_of, fields, None, currency)]
        for at, line in enumerate(() if credit else order.lines):
            said = {"sku": line.sku, "name": line.name, "quantity": line.quantity, "unit_price": line.price}
            said = {name: value for name, value in said.items() if value not in (None, "")}
            place = f"rows[{at}]"
            sayings.append(
                Saying(place, system, RecordKind.ORDER_LINE, f"{number}/{at + 1}", number, as_of, said, 0, currency)
            )
        country = order.country if len(order.country) == 2 and order.country.isupper() else None
        buyer = Buyer(system, order.customer, None, None, None, None, country) if order.customer else None
        return OrderFacts(number, currency, tuple(sayings), buyer)
