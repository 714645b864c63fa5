"""Orders in a table: which column is what, as somebody said on screen, and what a file says with that. Pure.

A row is a line of an order. Rows of one order stand together; a block that a file has twice, word for word, is one.
Money is decimal in major units of one currency; a value that can't be read stops its order and never becomes 0.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from refund_desk.domain.errors import Invalid
from refund_desk.domain.money import exponent
from refund_desk.domain.requests import Problem

NEEDED: Final = ("order", "placed_at", "sku", "quantity", "unit_price")
MORE: Final = ("name", "customer", "country", "refunded", "changed_at")
FIELDS: Final = (*NEEDED, *MORE)
"""What a column can be."""
MOST_ROWS: Final = 2_000_000
_USUAL: Final[Mapping[str, tuple[str, ...]]] = {
    "order": ("invoiceno", "invoice", "orderno", "ordernumber", "orderid", "order", "订单号", "订单编号"),
    "placed_at": ("invoicedate", "orderdate", "placedat", "createdat", "date", "下单时间", "订单时间"),
    "sku": ("stockcode", "sku", "productid", "itemid", "商品编码", "货号"),
    "quantity": ("quantity", "qty", "数量"),
    "unit_price": ("unitprice", "price", "单价"),
    "name": ("description", "productname", "title", "商品名称"),
    "customer": ("customerid", "customer", "buyerid", "客户号", "买家"),
    "country": ("country", "countrycode", "国家"),
    "refunded": ("refunded", "refundamount", "退款金额"),
    "changed_at": ("changedat", "updatedat", "修改时间"),
}
_SPLITS: Final = ",;\t|"


@dataclass(frozen=True, slots=True)
class Columns:
    """A mapping that is kept. heads: field → heading of its column; zone: of times that say none.

    credit: what the number of a credit invoice begins with, "" where there are none.
    """

    heads: Mapping[str, str]
    currency: str
    zone: str = "UTC"
    credit: str = ""

    def text(self) -> str:
        """As a setting keeps it."""
        said = {"heads": dict(self.heads), "currency": self.currency, "zone": self.zone, "credit": self.credit}
        return json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def columns_of(text: str) -> Columns:
    """The inverse of `Columns.text`. Raises Invalid `columns.…` for one that says too little."""
    try:
        said = json.loads(text)
        heads = {str(name): str(head) for name, head in said["heads"].items() if name in FIELDS and head}
        made = Columns(heads, str(said["currency"]), str(said.get("zone", "UTC")), str(said.get("credit", "")))
    except (ValueError, TypeError, KeyError, AttributeError):
        raise Invalid("columns.unreadable") from None
    lacking = [name for name in NEEDED if name not in made.heads]
    if lacking:
        raise Invalid("columns.lacking", field=lacking[0])
    exponent(made.currency)
    _zone(made.zone)
    return made


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Invalid("columns.zone", zone=name[:40]) from None


def guess(heads: Sequence[str]) -> dict[str, str]:
    """Fields whose column can be told by its heading."""
    plain = {"".join(head.lower().split()).replace("_", ""): head for head in heads}
    found = {name: next((plain[one] for one in usual if one in plain), "") for name, usual in _USUAL.items()}
    return {name: head for name, head in found.items() if head}


# ---------------------------------------------------------------- the table


@dataclass(frozen=True, slots=True)
class Table:
    """A file as it stands: headings, and rows as texts in their order."""

    heads: tuple[str, ...]
    rows: Sequence[Sequence[str]]


def read_table(data: bytes, most: int = MOST_ROWS) -> Table:
    """A CSV in UTF-8 or GB18030, whatever separates its columns. Raises Invalid `columns.no_table`."""
    text = _decoded(data)
    first = text.lstrip("\n").partition("\n")[0]
    split = max(_SPLITS, key=first.count)
    if not first.count(split) or "\0" in text or first.lstrip().startswith(("<", "{")):
        raise Invalid("columns.no_table")
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=split, strict=True)
        heads = tuple(head.strip() for head in next(reader))
        rows: list[Sequence[str]] = []
        for row in reader:
            if len(rows) >= most:
                break
            if row:
                rows.append(row)
    except (csv.Error, StopIteration):
        raise Invalid("columns.no_table") from None
    if len(set(heads)) < len(heads):
        raise Invalid("columns.same_heading")
    return Table(heads, rows)


def _decoded(data: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Invalid("columns.no_table")


# ---------------------------------------------------------------- orders


@dataclass(frozen=True, slots=True)
class FileLine:
    """price: minor units for one."""

    sku: str
    name: str | None
    quantity: int
    price: int


@dataclass(frozen=True, slots=True)
class FileOrder:
    """An order as the file has it. paid: what its lines come to; refunded: given back, of a credit invoice all of it.

    problems: why it can't be taken; then nothing else of it counts.
    """

    number: str
    rows: tuple[tuple[str, ...], ...]
    placed_at: datetime | None = None
    changed_at: datetime | None = None
    customer: str = ""
    country: str = ""
    lines: tuple[FileLine, ...] = ()
    paid: int = 0
    refunded: int = 0
    problems: tuple[Problem, ...] = ()


def orders_of(table: Table, columns: Columns) -> Iterator[FileOrder]:
    """Orders in the order in which they begin. Raises Invalid `columns.gone` for a column that the file lacks."""
    missing = [head for head in columns.heads.values() if head not in table.heads]
    if missing:
        raise Invalid("columns.gone", column=missing[0][:80])
    place = table.heads.index(columns.heads["order"])
    reader = _Reader(table.heads, columns)
    for number, rows in _blocks(table.rows, place).items():
        yield reader.order(number, rows)


def _blocks(rows: Sequence[Sequence[str]], place: int) -> dict[str, list[tuple[str, ...]]]:
    """Rows by their order; a block that stands there a second time, word for word, is left out."""
    found: dict[str, list[tuple[str, ...]]] = {}
    block: list[tuple[str, ...]] = []

    def close() -> None:
        number = _at(block[0], place)
        if number not in found:
            found[number] = list(block)
        elif found[number] != block:
            found[number] += block

    for row in rows:
        if block and _at(row, place) != _at(block[0], place):
            close()
            block = []
        block.append(tuple(row))
    if block:
        close()
    return found


def _at(row: Sequence[str], place: int) -> str:
    return row[place].strip() if place < len(row) else ""


@dataclass(slots=True)
class _Reader:
    """Reads one order after the other; every mistake is told with its row and column."""

    heads: tuple[str, ...]
    columns: Columns
    places: dict[str, int] = field(init=False)
    zone: ZoneInfo = field(init=False)
    scale: int = field(init=False)

    def __post_init__(self) -> None:
        self.places = {name: self.heads.index(head) for name, head in self.columns.heads.items()}
        self.zone = _zone(self.columns.zone)
        self.scale = exponent(self.columns.currency)

    def order(self, number: str, rows: Sequence[tuple[str, ...]]) -> FileOrder:
        problems: list[Problem] = []
        credit = bool(self.columns.credit) and number.startswith(self.columns.credit)
        lines = [self._line(row, at, credit, problems) for at, row in enumerate(rows)]
        first = rows[0]
        placed, changed = self._time(first, "placed_at", problems), self._time(first, "changed_at", problems)
        if not number:
            problems.append(Problem("order", "order.missing"))
        if placed is None and not problems:
            problems.append(Problem("placed_at", "field.empty"))
        total = sum(line.quantity * line.price for line in lines)
        refunded = max((self._money(row, "refunded", at, problems) for at, row in enumerate(rows)), default=0)
        customer, country = self._text(first, "customer"), self._text(first, "country")
        return FileOrder(
            number,
            tuple(rows),
            placed,
            changed,
            customer,
            country,
            tuple(lines),
            paid=0 if credit else total,
            refunded=total if credit else refunded,
            problems=tuple(problems),
        )

    def _text(self, row: Sequence[str], name: str) -> str:
        return _at(row, self.places[name]) if name in self.places else ""

    def _line(self, row: Sequence[str], at: int, credit: bool, problems: list[Problem]) -> FileLine:
        quantity = self._whole(row, at, problems)
        quantity = abs(quantity) if credit else quantity
        if quantity <= 0:
            problems.append(Problem(f"rows[{at}].quantity", "field.too_small", {"limit": 1}))
        price = self._money(row, "unit_price", at, problems)
        return FileLine(self._text(row, "sku"), self._text(row, "name") or None, quantity, price)

    def _whole(self, row: Sequence[str], at: int, problems: list[Problem]) -> int:
        text = self._text(row, "quantity")
        try:
            return int(text)
        except ValueError:
            problems.append(Problem(f"rows[{at}].quantity", "field.wrong_type", {"wanted": "integer"}))
            return 1

    def _money(self, row: Sequence[str], name: str, at: int, problems: list[Problem]) -> int:
        text = self._text(row, name)
        if not text and name not in NEEDED:
            return 0
        try:
            minor = Decimal(text).scaleb(self.scale)
        except InvalidOperation:
            minor = Decimal("NaN")
        if not minor.is_finite() or minor != minor.to_integral_value() or not 0 <= minor < 10**15:
            problems.append(Problem(f"rows[{at}].{name}", "money.not_decimal"))
            return 0
        return int(minor)

    def _time(self, row: Sequence[str], name: str, problems: list[Problem]) -> datetime | None:
        text = self._text(row, name)
        if not text:
            return None
        try:
            found = datetime.fromisoformat(text.replace("/", "-"))
        except ValueError:
            problems.append(Problem(f"rows[0].{name}", "time.unreadable"))
            return None
        return (found if found.tzinfo else found.replace(tzinfo=self.zone)).astimezone(UTC)


def plain(order: FileOrder) -> Any:
    """What a digest of it is of."""
    return [order.number, [list(row) for row in order.rows]]
