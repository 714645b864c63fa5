"""The order as the order system has it: fields, lines with their paid shares, parcels, returns."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QWidget

from refund_desk.desktop.widgets import FieldGrid, FieldRow, words_label
from refund_desk.desktop.words import formats, member, tr
from refund_desk.desktop.workspace import show
from refund_desk.desktop.workspace.pane import (
    LABEL_WIDTH,
    AmountRow,
    Pane,
    Place,
    conflict_rule,
    hairline,
    section,
    show_said,
)
from refund_desk.desktop.workspace.pool import Pool
from refund_desk.wire.cases import CaseView
from refund_desk.wire.facts import FieldView, LineView, OrderPane, RecordView

_SILENT_AT_ZERO = ("order.discount", "order.tax", "order.points", "order.store_credit", "order.coupon")


class OrderCard(Pane):
    """Conflicting values stand marked; a click on one says who says what."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("ui.case.pane.order", parent)
        self.none = words_label("ui.case.no_order", "muted", wrap=True)
        self.fields = FieldGrid(LABEL_WIDTH)
        self.line = hairline()
        self.parcels_title, self.parcels = section("ui.case.parcels", line=False), FieldGrid(LABEL_WIDTH)
        self.returns_title, self.returns = section("ui.case.returns", line=False), FieldGrid(LABEL_WIDTH)
        self._fields: dict[str, FieldView] = {}
        self._rules: dict[str, str] = {}
        self.body.addWidget(self.none)
        self.body.addWidget(self.fields)
        self.body.addWidget(self.line)
        self.lines = Pool(Place(self), self.rows)
        for widget in (self.parcels_title, self.parcels, self.returns_title, self.returns):
            self.body.addWidget(widget)
        self.body.addStretch()
        for grid in (self.fields, self.parcels, self.returns):
            grid.copied.connect(self.copied)
            grid.followed.connect(self.followed)
            grid.activated.connect(lambda key, g=grid: self._explain(g, key))

    def show_case(self, view: CaseView) -> None:
        order = view.order
        self.none.setVisible(order is None)
        self._rules = {c.field: conflict_rule(c.field, c.effective) for c in view.conflicts}
        self._fields = {}
        self.show_source(order.systems if order else [], order.as_of if order else None)
        self._show_fields(order)
        lines = order.lines if order else []
        self.line.setVisible(bool(lines))
        for row, line in zip(self.lines.take(len(lines)), lines, strict=True):
            _show_line(row, line)
        self._show_records(self.parcels_title, self.parcels, order.shipments if order else [])
        self._show_records(self.returns_title, self.returns, order.returns if order else [])

    def _show_fields(self, order: OrderPane | None) -> None:
        rows: list[FieldRow] = []
        if order is not None:
            rows.append(FieldRow("order.number", tr("ui.case.order_number"), order.number, links=order_links(order)))
            for field in order.fields:
                if field.conflict or not _nothing(field):
                    rows.append(self._row(field, order.number))
        self.fields.set_rows(rows)
        self.fields.setVisible(bool(rows))

    def _show_records(self, title: QWidget, grid: FieldGrid, records: list[RecordView]) -> None:
        rows: list[FieldRow] = []
        for record in records:
            texts = {field.value for field in record.fields if isinstance(field.value, str)}
            if record.id not in texts:
                kind = show.upper(member("record_kind", record.kind))
                rows.append(FieldRow(f"{record.id}/id", kind, record.id, links=show.links(record.system, record.link)))
            told = [f for f in record.fields if f.value not in (None, "") or f.conflict]
            rows += [_linked(self._row(f, record.id), record) for f in told]
        grid.set_rows(rows)
        grid.setVisible(bool(rows))
        title.setVisible(bool(rows))

    def _row(self, field: FieldView, scope: str) -> FieldRow:
        row = show.row(field, scope)
        self._fields[row.key] = field
        return row

    def _explain(self, grid: FieldGrid, key: str) -> None:
        field, anchor = self._fields.get(key), grid.value(key)
        if field is not None and field.said and anchor is not None:
            show_said(anchor, field, self._rules.get(field.key, ""))


def order_links(order: OrderPane) -> tuple[tuple[str, str], ...]:
    """The way to the order in each system that shows it."""
    return tuple((show.system(link.system), link.url) for link in order.links)


def _linked(row: FieldRow, record: RecordView) -> FieldRow:
    """The number that a parcel goes by leads where the record is shown."""
    named = row.key.endswith(".tracking") or row.copy == record.id
    return replace(row, links=show.links(record.system, record.link)) if named else row


def _nothing(field: FieldView) -> bool:
    """Whether a field has nothing to say: no value, or a discount, tax or kind of payment that there was none of."""
    if field.key in _SILENT_AT_ZERO and isinstance(field.value, dict):
        return not field.value.get("minor")
    return field.value in (None, "")


def _show_line(row: AmountRow, line: LineView) -> None:
    parts = [f"×{formats().number(line.quantity)}"]
    if line.requested_quantity and line.requested_quantity != line.quantity:
        parts.append(tr("ui.case.line.asked", n=line.requested_quantity))
    if line.sku:
        parts.append(line.sku)
    if line.perishable:
        parts.append(tr("ui.case.line.perishable"))
    if line.made_to_order:
        parts.append(tr("ui.case.line.made_to_order"))
    left = ""
    if line.refundable is not None and line.refundable != line.paid_share:
        left = tr("ui.case.line.left", amount=line.refundable)
    elif line.refundable_quantity != line.quantity:
        left = tr("ui.case.line.left_units", n=line.refundable_quantity)
    row.set_texts(
        line.name, show.joined(*parts), left, copy=line.sku or line.id, links=show.links(line.system, line.link)
    )
    row.set_amount(line.paid_share)
    row.set_pill(tr("ui.case.line.conflict") if line.conflict else "", "danger")
