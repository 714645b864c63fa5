"""A workbook for people, row by row (XlsxWriter, constant memory): worded, typed, with totals; nothing runs in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, tzinfo
from functools import partial
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from refund_desk.domain.exports import Column, Kind
from refund_desk.domain.money import exponent
from refund_desk.service.ports.exports import Batch, Catalogue

ROWS = 1_048_575
"""Below the head of one sheet; Excel has no more."""
LONGEST = 32_767
"""Characters of a cell; Excel has no more."""
_DAY_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001 - a spreadsheet's times have no zone
_DAY_US = 86_400_000_000
_SAFE = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}

Put = Callable[[Worksheet, int, int, Any, str], object]
"""Write a value into (sheet, row, column); last the currency of the row."""


def write_xlsx(
    path: Path,
    columns: Sequence[Column],
    batches: Iterable[Batch],
    words: Catalogue,
    *,
    rows: int = ROWS,
    zone: tzinfo | None = None,
) -> None:
    """Every row on a sheet of its own kind, a further sheet past `rows`, totals by currency on the last.

    zone: of the times; None: this machine's.
    """
    with xlsxwriter.Workbook(path, {"constant_memory": True, **_SAFE}) as book:
        made = _Book(book, columns, words, rows, zone)
        for batch in batches:
            made.add(batch)
        made.close()


class _Book:
    """A workbook in the making. Rows are written once, from the top, and can't be gone back to."""

    def __init__(
        self, book: xlsxwriter.Workbook, columns: Sequence[Column], words: Catalogue, most: int, zone: tzinfo | None
    ) -> None:
        self._book, self._columns, self._words, self._most, self._zone = book, columns, words, most, zone
        self._head = book.add_format({"bold": True, "bg_color": "#E8ECF3", "bottom": 1, "text_wrap": True})
        self._money = {n: book.add_format({"num_format": "#,##0" + ("." + "0" * n if n else "")}) for n in (0, 2, 3)}
        self._instant = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        self._puts = [self._put(column) for column in columns]
        self._names = [column.name for column in columns]
        self._currency = self._names.index("currency")
        self._totals: dict[str, list[int]] = {}
        self._summed = [n for n, column in enumerate(columns) if column.kind is Kind.MONEY]
        self._sheets = self._row = 0
        self._sheet = self._new_sheet()

    def add(self, batch: Batch) -> None:
        """Write rows; where a sheet is full the next begins."""
        puts, currency = self._puts, self._currency
        for cells in batch:
            if self._row == self._most:
                self._end_sheet()
                self._sheet = self._new_sheet()
            self._row += 1
            sheet, row, said = self._sheet, self._row, cells[currency]
            for column, value in enumerate(cells):
                if value is not None:
                    puts[column](sheet, row, column, value, said)
            total = self._totals.get(said) or self._totals.setdefault(said, [0] * (len(self._summed) + 1))
            total[0] += 1
            for place, column in enumerate(self._summed, 1):
                total[place] += cells[column] or 0

    def close(self) -> None:
        """End the last sheet, and write the totals."""
        self._end_sheet()
        sheet = self._book.add_worksheet(self._words.tr("report.sheet.totals"))
        sheet.set_column(0, len(self._summed) + 1, 18)
        heads = ["currency", "cases", *(self._names[column] for column in self._summed)]
        for column, name in enumerate(heads):
            sheet.write_string(0, column, self._words.tr(f"report.column.{name}"), self._head)
        sheet.freeze_panes(1, 0)
        for row, (currency, (count, *sums)) in enumerate(sorted(self._totals.items()), 1):
            sheet.write_string(row, 0, currency)
            sheet.write_number(row, 1, count)
            for column, minor in enumerate(sums, 2):
                self._put_money(sheet, row, column, minor, currency)

    # ------------------------------------------------------------ inside

    def _new_sheet(self) -> Worksheet:
        self._sheets += 1
        self._row = 0
        name = self._words.tr("report.sheet.cases")
        sheet = self._book.add_worksheet(name if self._sheets == 1 else f"{name} {self._sheets}")
        for column, about in enumerate(self._columns):
            sheet.set_column(column, column, about.width)
        sheet.freeze_panes(1, 1)
        for column, about in enumerate(self._columns):
            sheet.write_string(0, column, self._words.tr(f"report.column.{about.name}"), self._head)
        return sheet

    def _end_sheet(self) -> None:
        self._sheet.autofilter(0, 0, max(1, self._row), len(self._columns) - 1)

    def _put(self, column: Column) -> Put:
        if column.kind is Kind.CODE:
            return partial(self._put_code, {}, column.vocabulary)
        puts: dict[Kind, Put] = {
            Kind.TEXT: _put_text,
            Kind.WHOLE: _put_number,
            Kind.YES: _put_yes,
            Kind.MONEY: self._put_money,
            Kind.TIME: self._put_time,
        }
        return puts[column.kind]

    def _put_code(
        self, known: dict[str, str], vocabulary: str, sheet: Worksheet, row: int, column: int, value: str, _: str
    ) -> None:
        label = known.get(value)
        if label is None:
            label = self._words.member(vocabulary, value)
            if len(known) < 1_000:  # of systems, too: any number
                known[value] = label
        _put_text(sheet, row, column, label, _)

    def _put_money(self, sheet: Worksheet, row: int, column: int, minor: int, currency: str) -> None:
        digits = exponent(currency)
        sheet.write_number(row, column, minor / 10**digits, self._money[digits])

    def _put_time(self, sheet: Worksheet, row: int, column: int, value: datetime, _: str) -> None:
        since = value.astimezone(self._zone).replace(tzinfo=None) - _DAY_ZERO
        micros = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
        sheet.write_number(row, column, micros / _DAY_US, self._instant)


def _put_text(sheet: Worksheet, row: int, column: int, value: str, _: str) -> None:
    if len(value) > LONGEST:
        value = value[: LONGEST - 1] + "…"
    sheet.write_string(row, column, value)


def _put_number(sheet: Worksheet, row: int, column: int, value: int, _: str) -> None:
    sheet.write_number(row, column, value)


def _put_yes(sheet: Worksheet, row: int, column: int, value: bool, _: str) -> None:
    sheet.write_boolean(row, column, value)
