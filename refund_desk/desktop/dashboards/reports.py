"""Reports of months: made here as a file, made by themselves, and kept; each can be saved again, byte for byte."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path

from PySide6.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from refund_desk.desktop.context import Desk
from refund_desk.desktop.exporting import ExportStrip
from refund_desk.desktop.widgets import Banner, BusyBar, Card, KeyButton, words_label
from refund_desk.desktop.widgets.tables import Column, RowsModel, table_of
from refund_desk.desktop.words import bind_text, formats, tr, word_error, words
from refund_desk.domain.errors import DeskError, Invalid
from refund_desk.wire.figures import MonthOrder
from refund_desk.wire.lessons import KeptReportView

MONTHS = 24
_LANGUAGES = {"zh": "简体中文", "en": "English"}


class ReportsPage(QWidget):
    """A month, a format and a language make a report; what was made stands below, newest first."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self.model = RowsModel[KeptReportView](_columns(), self)
        self.table = table_of(self.model, "ui.dashboards.report.kept", 30)
        self.month, self.format, self.language = QComboBox(), QComboBox(), QComboBox()
        self.make = KeyButton("ui.dashboards.report.make", "N", "primary")
        self.save = KeyButton("ui.dashboards.report.save", "S")
        self.strip, self.busy, self.note = ExportStrip(desk), BusyBar(), Banner("danger", closable=True)
        self._build()

    def start(self) -> None:
        self.refresh()

    def refresh(self) -> None:
        self.busy.start()
        self._desk.operations.read(self, self._desk.client.reports, self._show, self._failed)

    def chosen(self) -> KeptReportView | None:
        row = self.table.currentIndex().row()
        return self.model.rows[row] if 0 <= row < len(self.model.rows) else None

    def order(self) -> MonthOrder:
        said = {"month": self.month, "format": self.format, "language": self.language}
        return MonthOrder.model_validate({name: combo.currentData() for name, combo in said.items()})

    def make_report(self, path: Path) -> None:
        """Let the service make what is chosen, and put it at its place."""
        order, client = self.order(), self._desk.client
        self.strip.save(lambda: client.start_export_month(order), path)

    def save_kept(self, path: Path) -> None:
        """The chosen report as it was kept; nothing is written that isn't what was kept."""
        one, client = self.chosen(), self._desk.client
        if one is None:
            return

        def write(data: bytes) -> None:
            if hashlib.sha256(data).hexdigest() != one.sha256:
                self._failed(Invalid("export.damaged", file=path.name))
                return
            path.write_bytes(data)
            self.note.tell_title("ok", "ui.export.done", name=path.name, size=len(data))

        self._desk.operations.read(self, lambda: client.report_file(one.id), write, self._failed)

    # ------------------------------------------------------------ inside

    def _show(self, found: list[KeptReportView]) -> None:
        self.busy.finish()
        self.model.fill(found)
        self.save.setEnabled(bool(found))
        if found:
            self.table.selectRow(0)

    def _failed(self, error: DeskError) -> None:
        self.busy.finish()
        self.note.tell("danger", lambda: word_error(error))

    def _ask_make(self) -> None:
        order = self.order()
        dialog = self._where(f"{order.month}.{order.format}")
        dialog.fileSelected.connect(lambda path: self.make_report(Path(path)))
        dialog.open()

    def _ask_save(self) -> None:
        one = self.chosen()
        if one is not None:
            dialog = self._where(f"{one.month}.{one.language}.{one.format}")
            dialog.fileSelected.connect(lambda path: self.save_kept(Path(path)))
            dialog.open()

    def _where(self, name: str) -> QFileDialog:
        dialog = QFileDialog(self.window(), tr("ui.dashboards.page.reports"), str(Path.home() / name))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        return dialog

    def _build(self) -> None:
        day = self._desk.clock.now().date().replace(day=1)
        for _ in range(MONTHS):
            self.month.addItem(day.isoformat()[:7], day.isoformat()[:7])
            day = (day - timedelta(1)).replace(day=1)
        self.month.setCurrentIndex(1)
        for form in ("pdf", "xlsx"):
            self.format.addItem(form.upper(), form)
        for language, name in _LANGUAGES.items():
            self.language.addItem(name, language)
        self.language.setCurrentIndex(list(_LANGUAGES).index(words().language) if words().language in _LANGUAGES else 0)
        head = QHBoxLayout()
        head.setSpacing(8)
        for combo, key in (
            (self.month, "ui.dashboards.report.month"),
            (self.format, "ui.export.format"),
            (self.language, "ui.export.language"),
        ):
            bind_text(combo.setAccessibleName, key)
            head.addWidget(combo)
        head.addWidget(self.make)
        head.addStretch()
        head.addWidget(self.save)
        card = Card("ui.dashboards.report.kept")
        card.body.setContentsMargins(0, 0, 0, 0)
        card.body.addWidget(self.table)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 10, 0, 0)
        column.setSpacing(8)
        column.addLayout(head)
        for widget in (self.strip, self.busy, self.note):
            column.addWidget(widget)
        column.addWidget(card, 1)
        column.addWidget(words_label("ui.dashboards.report.lead", "small muted", wrap=True))
        self.note.hide()
        self.strip.ended.connect(self.refresh)
        self.make.clicked.connect(self._ask_make)
        self.save.clicked.connect(self._ask_save)
        for name, keys, button, action in (
            ("make", "N", self.make, self._ask_make),
            ("save", "S", self.save, self._ask_save),
        ):
            self._desk.keys.add(
                f"reports.{name}", keys, f"ui.dashboards.report.{name}", action, owner=button, context="dashboards"
            )


def _columns() -> tuple[Column[KeptReportView], ...]:
    return (
        Column(lambda: tr("ui.dashboards.report.month"), lambda one: one.month, 110),
        Column(lambda: tr("ui.export.format"), lambda one: one.format.upper(), 90),
        Column(lambda: tr("ui.export.language"), lambda one: _LANGUAGES[one.language], 110),
        Column(lambda: tr("ui.dashboards.report.at"), lambda one: formats().stamp(one.at), 170),
        Column(lambda: tr("ui.dashboards.report.by"), _by, 140),
        Column(lambda: tr("ui.dashboards.report.bytes"), lambda one: formats().number(one.bytes), 110, right=True),
        Column(lambda: "SHA-256", lambda one: one.sha256),
    )


def _by(one: KeptReportView) -> str:
    return one.by.name if one.by is not None else tr("ui.dashboards.report.itself")
