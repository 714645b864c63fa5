"""Bills as tables: bytes to cells, the heading found behind any preamble, each row read by a layout.

Encodings: UTF-8 with or without BOM, UTF-16 with one, else GB18030, strictly: a byte that doesn't fit is no text.
xlsx by python-calamine (MIT, maintained, Rust; reads without running anything).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from itertools import zip_longest
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from refund_desk.domain.errors import Invalid
from refund_desk.domain.money import parse
from refund_desk.domain.reconciliation import Kind, State
from refund_desk.domain.statements import BadRow, Statement, StatementFinding, StatementRow

MOST_BYTES = 64 * 1024 * 1024
MOST_PREAMBLE = 60
"""Lines before the heading that are looked at."""
Cells = list[str]
Cell = Mapping[str, str]
_DATE = re.compile(r"\d{4}[-/]\d")
_EMPTY = frozenset({"", "/", "-", "--"})
_TIMES = ("%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M", "%Y-%m-%d", "%Y/%m/%d")


@dataclass(frozen=True, slots=True)
class Layout:
    """A kind of bill. heading: columns that must be there; the others are names of columns, first that is there.

    read: from a row's cells to what it is: (kind, state, side). totals: findings from the preamble and the rows.
    """

    format: str
    currency: str
    zone: tzinfo
    heading: tuple[str, ...]
    at: tuple[str, ...]
    amount: tuple[str, ...]
    id: tuple[str, ...]
    refs: tuple[str, ...]
    name: tuple[str, ...]
    read: Callable[[Cell], tuple[Kind | None, State, str]]
    totals: Callable[[Sequence[str], Sequence[StatementRow], str], Iterable[StatementFinding]]
    fee: tuple[str, ...] = ()
    batch: tuple[str, ...] = ()
    refund_amount: tuple[str, ...] = ()
    refund_id: tuple[str, ...] = ()
    """Of rows that are refunds, where those have columns of their own."""


class Unreadable(Exception):
    """One value of a row: why, and what it said."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code, self.params = code, params


# ---------------------------------------------------------------- bytes to cells


def decode(data: bytes) -> tuple[str, str]:
    """Text and the encoding it was in. Raises Invalid `statement.encoding`."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings: tuple[str, ...] = ("utf-16",)
    else:
        encodings = ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            return data.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    raise Invalid("statement.encoding")


def table(data: bytes) -> tuple[list[Cells], str]:
    """Rows of trimmed cells. Raises Invalid for what is too large, no text, or a broken workbook."""
    if len(data) > MOST_BYTES:
        raise Invalid("statement.too_large", bytes=len(data), most=MOST_BYTES)
    if data.startswith(b"PK\x03\x04"):
        return _workbook(data), "xlsx"
    text, encoding = decode(data)
    if "\0" in text:
        raise Invalid("statement.encoding")
    try:
        return [[_trim(cell) for cell in row] for row in csv.reader(io.StringIO(text, newline=""))], encoding
    except csv.Error as error:
        raise Invalid("statement.broken_table", detail=str(error)) from error


def _workbook(data: bytes) -> list[Cells]:
    try:
        sheet = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0)
        return [[_cell(value) for value in row] for row in sheet.to_python(skip_empty_area=False)]
    except (CalamineError, ValueError, IndexError) as error:
        raise Invalid("statement.broken_table", detail=str(error)[:200]) from error


def _cell(value: object) -> str:
    """A cell of a workbook as a bill would write it. Numbers that are whole lose the point they never had."""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, datetime):
        return value.strftime(_TIMES[0])
    return value.isoformat() if isinstance(value, date) else _trim(str(value))


def _trim(cell: str) -> str:
    """Without the tabs, blanks and back ticks that keep spreadsheets from counting with numbers."""
    return cell.strip(" \t\r\n\u3000\ufeff\u00a0").lstrip("`'").strip()


# ---------------------------------------------------------------- a table by its layout


def find_layout(rows: Sequence[Cells], layouts: Iterable[Layout]) -> tuple[Layout, int] | None:
    """The layout whose heading is there, and in which row."""
    for place, row in enumerate(rows[:MOST_PREAMBLE]):
        cells = set(row)
        for layout in layouts:
            if cells.issuperset(layout.heading):
                return layout, place
    return None


def read_bill(data: bytes, layouts: Iterable[Layout]) -> Statement:
    """A bill of one of these layouts. Raises Invalid `statement.unknown_format` where none fits."""
    rows, encoding = table(data)
    found = find_layout(rows, layouts)
    if found is None:
        raise Invalid("statement.unknown_format")
    layout, place = found
    heading = rows[place]
    good: list[StatementRow] = []
    bad: list[BadRow] = []
    tail: list[str] = []
    for number, cells in enumerate(rows[place + 1 :], place + 2):
        if _is_tail(cells, heading, layout):
            tail.append(" ".join(cells).strip())
            continue
        try:
            good.append(_row(number, dict(zip_longest(heading, cells[: len(heading)], fillvalue="")), layout))
        except Unreadable as problem:
            bad.append(BadRow(number, problem.code, problem.params))
    said = [" ".join(row).strip() for row in rows[:place]] + tail
    findings = tuple(layout.totals(said, good, layout.currency))
    return Statement(layout.format, encoding, layout.currency, tuple(good), tuple(bad), findings)


def _is_tail(cells: Cells, heading: Cells, layout: Layout) -> bool:
    """Empty lines, lines of signs, and sums below the table: less than a row, and without a time."""
    filled = [cell for cell in cells if cell]
    if not filled or set(filled[0]) <= set("-=# "):
        return True
    at = next((place for place, name in enumerate(heading) if name in layout.at), 0)
    has_time = at < len(cells) and _DATE.match(cells[at]) is not None
    return not has_time and len(filled) * 2 <= len(heading)


def _row(number: int, cells: Cell, layout: Layout) -> StatementRow:
    kind, state, side = layout.read(cells)
    back = kind is Kind.REFUND
    minor, refunded = amount(_first(cells, (back and layout.refund_amount) or layout.amount), layout.currency)
    fee_text = _first(cells, layout.fee)
    return StatementRow(
        number,
        kind,
        _first(cells, (*layout.refund_id, *layout.id) if back else layout.id),
        tuple(dict.fromkeys(ref for name in layout.refs if (ref := cells.get(name, "")) not in _EMPTY)),
        abs(minor),
        layout.currency,
        moment(_first(cells, layout.at), layout.zone),
        name="" if (who := _first(cells, layout.name)) in _EMPTY else who,
        fee=fee_of(fee_text, layout.currency),
        state=state,
        refunded=refunded,
        batch=_first(cells, layout.batch),
        side=side,
    )


def _first(cells: Cell, names: Iterable[str]) -> str:
    return next((cells[name] for name in names if cells.get(name)), "")


# ---------------------------------------------------------------- values

_BESIDE = re.compile(r"(.*?)[(（](.*)[)）]\Z")
_BACK = re.compile(r"已退款[:：]?(.+)\Z")
_FEE = re.compile(r"服务费[:：]?\s*[¥￥]?([0-9.,]+)")


def amount(text: str, currency: str) -> tuple[int, int]:
    """Minor units, and what of it was given back: `131.77(已退款89.84)`, `468.32(已全额退款)`, `¥1,000.5`.

    Raises Unreadable; what stands in brackets must be understood too.
    """
    beside = _BESIDE.match(text)
    minor = _decimal(beside[1] if beside else text, currency)
    if beside is None:
        return minor, 0
    if beside[2].strip() in {"已全额退款", "已全额退"}:
        return minor, abs(minor)
    back = _BACK.match(beside[2].strip())
    if back is None:
        raise Unreadable("amount_unreadable", text=text[:60])
    refunded = _decimal(back[1], currency)
    if not 0 <= refunded <= abs(minor):
        raise Unreadable("refunded_above_amount", text=text[:60])
    return minor, refunded


def _decimal(text: str, currency: str) -> int:
    plain = text.strip().lstrip("¥￥").removesuffix("元").strip()
    if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", plain):
        plain = plain.replace(",", "")
    try:
        return parse(plain.removeprefix("+"), currency).minor
    except Invalid as error:
        raise Unreadable("amount_unreadable", text=text[:60]) from error


def fee_of(text: str, currency: str) -> int | None:
    """A fee that a column or a remark tells; None where none does."""
    if text in _EMPTY:
        return None
    found = _FEE.search(text)
    if found:
        return abs(_decimal(found[1], currency))
    return abs(_decimal(text, currency)) if re.fullmatch(r"[+-]?[¥￥]?[0-9.,]+", text) else None


def moment(text: str, zone: tzinfo) -> datetime:
    """A time as bills write it. Raises Unreadable."""
    for form in _TIMES:
        try:
            return datetime.strptime(text, form).replace(tzinfo=zone).astimezone(UTC)
        except ValueError:
            continue
    raise Unreadable("time_unreadable", text=text[:40])


# ---------------------------------------------------------------- totals


@dataclass(frozen=True, slots=True)
class Sums:
    """What a bill says of itself: by side, how many and how much. minor None: it doesn't say how much."""

    said: dict[str, tuple[int, int | None]] = field(default_factory=dict)

    def against(self, counted: Mapping[str, tuple[int, int]], currency: str) -> Iterator[StatementFinding]:
        """Findings where the rows come to something else."""
        for side, (count, minor) in self.said.items():
            rows, total = counted.get(side, (0, 0))
            if count != rows:
                yield StatementFinding("count_differs", {"side": side, "said": count, "rows": rows})
            if minor is not None and minor != total:
                said = {"minor": minor, "currency": currency}
                yield StatementFinding(
                    "total_differs", {"side": side, "said": said, "rows": {"minor": total, "currency": currency}}
                )
