"""macrozheng/mall: its tables as JSON over HTTP: orders with lines; return applications as requests.

`GET <url>/oms_order.json`, `oms_order_item.json` and `oms_order_return_apply.json`, each a list of rows as the table
has them, with a bearer token; names and meanings of columns are those of its published schema. Tried on its demo rows.
What matters of it:
- Rows have no time of change that can be trusted: the tables are read whole with every run, and a digest says what
  changed. That is for shops as small as the demo is; a larger one exports what it has since some day.
- Times are Beijing's and don't say so. Amounts are yuan; those of a line are for one unit.
- An application names a product, not a line: the line of its order with it is meant, nearest in its attributes.
- It pays nothing by itself: what was given back is in no table, so this connector says nothing of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from refund_desk.domain.errors import NotFound, Unavailable
from refund_desk.domain.sources import Heard, Hint, Item, Page, Setting, SettingType
from refund_desk.service.ports.sources import Config, Known, Session
from refund_desk.sources import hooks
from refund_desk.sources.mall_records import apply_item, order_item
from refund_desk.sources.reading import NEVER
from refund_desk.sources.ways import Ways

ORDERS, RETURNS = "orders", "returns"
PAGE: Final = 100
Row = dict[str, Any]


class Mall:
    """The connector."""

    name = "mall"
    version = "1"
    settings: Sequence[Setting] = (
        Setting("url", SettingType.URL),
        Setting("token", SettingType.SECRET),
        Setting("hook", SettingType.SECRET, required=False),
    )
    streams: Sequence[str] = (ORDERS, RETURNS)

    def open(self, config: Config) -> Session:
        return MallSession(config, config.ways, config.clock)

    def hear(self, headers: Mapping[str, str], body: bytes, secret: str, now: datetime) -> Heard:
        """Signed as standardwebhooks.com says: `{"orderSn": …}`."""
        event = hooks.standard(headers, body, secret, now)
        said = hooks.content(body)
        order = said.get("orderSn") if isinstance(said, dict) else None
        known = isinstance(order, str) and 0 < len(order) <= 100
        return Heard(event, (Hint(ORDERS, str(order)),) if known else ())


CONNECTOR = Mall()


@dataclass(slots=True)
class MallSession:
    """One shop. A run reads each table once."""

    config: Config
    ways: Ways
    clock: Callable[[], datetime]
    _tables: dict[str, list[Row]] = field(default_factory=dict)
    _lines: dict[str, list[Row]] = field(default_factory=dict)
    _orders: dict[str, Row] = field(default_factory=dict)

    def close(self) -> None:
        """Nothing is held."""

    def check(self) -> None:
        self._table("order_return_apply")

    def pull(self, stream: str, cursor: Mapping[str, Any] | None, known: Known) -> Page:
        """The rows after the last one, by number; at the end the whole table was listed."""
        after = (cursor or {}).get("after")
        if after is None:
            self._forget()
        rows = self._rows(stream)
        left = [row for row in rows if after is None or _place(row) > tuple(after)]
        page, end = left[:PAGE], len(left) <= PAGE
        return Page(
            items=tuple(self._item(stream, row) for row in page),
            cursor={} if end else {"after": list(_place(page[-1]))},
            more=not end,
            listed=frozenset(_id(stream, row) for row in page),
            fresh=after is None,
            whole=NEVER if end else None,
        )

    def one(self, stream: str, id: str) -> Item | None:
        self._forget()
        return next((self._item(stream, row) for row in self._rows(stream) if _id(stream, row) == id), None)

    def file(self, name: str) -> bytes:
        raise NotFound("evidence.missing", file=name)

    # ------------------------------------------------------------ tables

    def _rows(self, stream: str) -> list[Row]:
        return sorted(self._table("order" if stream == ORDERS else "order_return_apply"), key=_place)

    def _item(self, stream: str, row: Row) -> Item:
        number = str(row.get("order_sn"))
        if not self._orders:
            self._orders = {str(one["order_sn"]): one for one in self._table("order")}
            for line in self._table("order_item"):
                self._lines.setdefault(str(line["order_sn"]), []).append(line)
        lines = self._lines.get(number, [])
        if stream == ORDERS:
            return order_item(self.config.system, row, lines)
        return apply_item(self.config.system, row, self._orders.get(number), lines)

    def _forget(self) -> None:
        for kept in (self._tables, self._lines, self._orders):
            kept.clear()

    def _table(self, name: str) -> list[Row]:
        if name not in self._tables:
            url = f"{str(self.config.settings['url']).rstrip('/')}/oms_{name}.json"
            rows = self.ways.get(url, {"authorization": f"Bearer {self.config.secrets['token']}"}).json()
            if not isinstance(rows, list) or not all(
                isinstance(r, dict) and {"id", "order_sn"} <= r.keys() for r in rows
            ):
                raise Unavailable("source.schema", system=self.config.system, what=f"oms_{name}")
            self._tables[name] = list({str(row["id"]): row for row in rows}.values())  # a row that came twice is one
        return self._tables[name]


def _place(row: Row) -> tuple[int, str]:
    """Numbers in their order, whether they came as numbers or as text."""
    id = str(row.get("id"))
    return (int(id) if id.isascii() and id.isdigit() and len(id) < 19 else 0, id)


def _id(stream: str, row: Row) -> str:
    """Orders by the number that people know, applications by their own."""
    return str(row.get("order_sn" if stream == ORDERS else "id"))
