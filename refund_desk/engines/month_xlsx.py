"""The figures of a month as a workbook: numbers as numbers, charts that go by the cells beside them."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import xlsxwriter

from refund_desk.domain.figures import FIGURES, GROUPS, MonthFigures, Unit, Value
from refund_desk.domain.money import exponent
from refund_desk.service.ports.exports import Catalogue

_HEADS = ("figure", "unit", "month", "before", "formula", "source_table")
_SCORES = ("merchant", "cases", "asked_merchant", "in_time", "decided", "overturned")


def month_book(now: MonthFigures, before: MonthFigures, words: Catalogue) -> bytes:
    """Sheets: the figures, counts by reason, channel and decision each with a chart, merchants."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        made = _Month(book, words)
        made.figures(now, before)
        for group in GROUPS:
            if now.groups.get(group):
                made.group(group, now.groups[group])
        if now.merchants:
            made.merchants(now)
    return out.getvalue()


class _Month:
    def __init__(self, book: xlsxwriter.Workbook, words: Catalogue) -> None:
        self._book, self._words = book, words
        self._head = book.add_format({"bold": True, "bg_color": "#E8ECF3", "bottom": 1})
        self._share = book.add_format({"num_format": "0.0%"})
        self._money = {n: book.add_format({"num_format": "#,##0" + ("." + "0" * n if n else "")}) for n in (0, 2, 3)}
        self._plain = book.add_format({"num_format": "#,##0"})

    def figures(self, now: MonthFigures, before: MonthFigures) -> None:
        """A row for each figure; of money one for each currency. Times in seconds."""
        sheet = self._sheet("figures", _HEADS, (34, 10, 16, 16, 60, 16), {"month": now.month, "before": before.month})
        row = 0
        for name, one in FIGURES.items():
            values, earlier = now.values.get(name), before.values.get(name)
            for currency in self._currencies(values, earlier) if one.unit is Unit.MONEY else [""]:
                row += 1
                sheet.write_string(row, 0, self._words.tr(f"figure.{name}"))
                sheet.write_string(row, 1, currency or self._words.tr(f"unit.{one.unit}"))
                self._value(sheet, row, 2, values, one.unit, currency)
                self._value(sheet, row, 3, earlier, one.unit, currency)
                sheet.write_string(row, 4, one.formula)
                sheet.write_string(row, 5, one.source)

    def group(self, group: str, counts: Mapping[str, int]) -> None:
        """Counts by member, and a chart of them."""
        name = self._words.tr(f"report.section.by_{group}")
        sheet = self._sheet(f"by_{group}", (group, "cases"), (28, 10))
        for row, (member, count) in enumerate(counts.items(), 1):
            label = self._words.member(group, member) if member else self._words.tr("report.none")
            sheet.write_string(row, 0, label)
            sheet.write_number(row, 1, count, self._plain)
        chart = self._book.add_chart({"type": "bar"})
        last = len(counts)
        chart.add_series({"categories": [name, 1, 0, last, 0], "values": [name, 1, 1, last, 1], "name": name})
        chart.set_legend({"none": True})
        chart.set_y_axis({"reverse": True})
        sheet.insert_chart(1, 3, chart, {"description": name})

    def merchants(self, now: MonthFigures) -> None:
        """One row each."""
        sheet = self._sheet("merchants", _SCORES, (28, 10, 10, 10, 10, 10))
        for row, one in enumerate(now.merchants, 1):
            sheet.write_string(row, 0, one.merchant)
            for column, count in enumerate((one.cases, one.asked, one.in_time, one.decided, one.overturned), 1):
                sheet.write_number(row, column, count, self._plain)

    # ------------------------------------------------------------ inside

    def _sheet(
        self, name: str, heads: tuple[str, ...], widths: tuple[int, ...], said: Mapping[str, str] | None = None
    ) -> Any:
        sheet = self._book.add_worksheet(self._words.tr(f"report.section.{name}"))
        for column, (head, width) in enumerate(zip(heads, widths, strict=True)):
            sheet.set_column(column, column, width)
            text = (said or {}).get(head) or self._words.tr(f"report.field.{head}")
            sheet.write_string(0, column, text, self._head)
        sheet.freeze_panes(1, 0)
        return sheet

    def _currencies(self, *values: Value) -> list[str]:
        return sorted({currency for value in values if isinstance(value, Mapping) for currency in value})

    def _value(self, sheet: Any, row: int, column: int, value: Value, unit: Unit, currency: str) -> None:
        if isinstance(value, Mapping):
            digits = exponent(currency)
            sheet.write_number(row, column, value.get(currency, 0) / 10**digits, self._money[digits])
        elif value is not None:
            sheet.write_number(row, column, value, self._share if unit is Unit.SHARE else self._plain)
