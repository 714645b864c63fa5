"""Which open cases a changed process would treat otherwise: asked for page by page, shown as a table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import QVBoxLayout, QWidget

from refund_desk.desktop.context import Desk
from refund_desk.desktop.operations import Report
from refund_desk.desktop.widgets import BusyBar, KeyButton, PlainLabel
from refund_desk.desktop.widgets.tables import Column, RowsModel, table_of
from refund_desk.desktop.words import bind_made, formats, member, tr
from refund_desk.domain.errors import DeskError
from refund_desk.wire.clocks import ClockTerms
from refund_desk.wire.process_map import ProcessPreview, TouchedCase

PAGES = 50
"""How many pages are asked for: 5,000 open cases. What isn't looked at is said."""


class TouchList(QWidget):
    """Hidden until it is asked; `button` asks."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self.button = KeyButton("ui.settings.process.preview", "Ctrl+P")
        self.model = RowsModel[TouchedCase](_columns(), self)
        self.table = table_of(self.model, "ui.settings.process.preview", 28)
        self.said, self.busy = PlainLabel(look="small muted", wrap=True), BusyBar()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        for widget in (self.busy, self.said):
            column.addWidget(widget)
        column.addWidget(self.table, 1)

    def ask(self, content: Any, failed: Callable[[DeskError], None]) -> None:
        """Try a content on every open case; `failed` is told what is wrong with it."""
        client = self._desk.client
        self.show()
        self.model.fill([])
        self.busy.start()

        async def all_pages(report: Report) -> tuple[ProcessPreview, int]:
            page = await client.try_process(content)
            touched, looked = list(page.touched), page.looked_at
            for _ in range(PAGES - 1):
                if page.next is None:
                    break
                report(looked, 0)
                page = await client.try_process(content, page.next)
                touched += page.touched
                looked += page.looked_at
            return page.model_copy(update={"touched": touched}), looked

        def wrong(error: DeskError) -> None:
            self.busy.finish()
            self.hide()
            failed(error)

        self._desk.operations.long(self, all_pages, self._show, wrong, self.busy.progress)

    def _show(self, answer: tuple[ProcessPreview, int]) -> None:
        self.busy.finish()
        found, looked = answer
        self.model.fill(found.touched)
        bind_made(self.said.setText, lambda: _summary(found, looked))


def _summary(found: ProcessPreview, looked: int) -> str:
    parts = [tr("ui.settings.process.touched", n=len(found.touched), of=looked)]
    if found.path:
        parts.append(tr("ui.settings.process.path_kept"))
    if found.next is not None:
        parts.append(tr("ui.settings.process.not_all"))
    return " ".join(parts)


def _columns() -> tuple[Column[TouchedCase], ...]:
    return (
        Column(lambda: tr("report.column.ref"), lambda one: one.ref, 140),
        Column(lambda: tr("report.column.stage"), lambda one: member("stage", one.stage), 150),
        Column(lambda: tr("ui.settings.process.would"), _would),
    )


def _would(one: TouchedCase) -> str:
    said = [
        tr(
            "ui.settings.process.clock_would",
            clock=member("clock", each.kind),
            was=_due(each.was),
            would=_due(each.would),
        )
        for each in one.clocks
    ]
    if one.approver is not None:
        was, would = (member("role", role) for role in one.approver)
        said.append(tr("ui.settings.process.approver_would", was=was, would=would))
    return formats().join(said)


def _due(terms: ClockTerms) -> str:
    if terms.due_at is not None:
        return formats().stamp(terms.due_at)
    return formats().duration(terms.remaining_s or 0)
