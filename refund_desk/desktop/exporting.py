"""Files out of the desk: what is asked first, and the strip that shows how it goes and what came of it."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from refund_desk.desktop.context import Desk
from refund_desk.desktop.jobs import JobWatch
from refund_desk.desktop.widgets import BusyBar, IconButton, PlainLabel, words_label
from refund_desk.desktop.widgets.dialogs import Dialog
from refund_desk.desktop.words import bind_text, member, tr, word, word_error, words
from refund_desk.domain.errors import DeskError, Invalid
from refund_desk.domain.exports import Format, Purpose
from refund_desk.domain.words import Role
from refund_desk.wire.commands import Job

UNMASK = (Role.LEAD, Role.COMPLIANCE)
"""Who may see personal data in a file; the service checks it."""
FETCH_S = 3600.0


class ExportStrip(QWidget):
    """Nothing until something is exported; then its progress with a stop, then where the file is, or what failed.
    `ended`: well or not."""

    ended = Signal()

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self.watch = JobWatch(desk.client, desk.operations, self)
        self.busy, self.said = BusyBar(), PlainLabel(look="small ok", wrap=True)
        self.close_said = IconButton("close", "ui.close")
        self.close_said.clicked.connect(lambda: self._show_said(False))
        self.busy.stopped.connect(self.watch.stop)
        self.running = False
        row = QHBoxLayout()
        row.addWidget(self.said, 1)
        row.addWidget(self.close_said, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 4, 8, 4)
        column.addWidget(self.busy)
        column.addLayout(row)
        self._show_said(False)

    def save(self, start: Callable[[], Awaitable[Job]], path: Path, *, manifest: bool = False) -> None:
        """Let the service make it, fetch it, and put it at its place once it is whole. One at a time."""
        if self.running:
            return
        self.running = True
        self._show_said(False)
        self.show()
        self.busy.start(tr("ui.export.running", name=path.name), stoppable=True)
        self.watch.run(start, lambda job: self._ended(job, path, manifest), self._failed, self.busy.progress)

    # ------------------------------------------------------------ inside

    def _ended(self, job: Job, path: Path, manifest: bool) -> None:
        if job.status == "stopped":
            self._end("muted", tr("ui.export.stopped"))
            return
        if job.status != "done":
            self._end("danger", word(job.problem, "error") if job.problem else tr("ui.audit.job_failed"))
            return
        client = self._desk.client

        async def fetch() -> int:
            part = path.with_name(f".{path.name}.part")
            try:
                size = await client.job_file_to(job.id, part)
                await asyncio.to_thread(_place, part, path, job.result, manifest)
                return size
            finally:
                part.unlink(missing_ok=True)

        done = lambda size: self._end("ok", tr("ui.export.done", name=path.name, size=size))  # noqa: E731
        self._desk.operations.read(self, fetch, done, self._failed, deadline=FETCH_S)

    def _failed(self, error: DeskError) -> None:
        self._end("danger", word_error(error))

    def _end(self, kind: str, text: str) -> None:
        self.running = False
        self.busy.finish()
        self.said.set_look(f"small {kind}")
        self.said.setText(text)
        self._show_said(True)
        self.ended.emit()

    def _show_said(self, on: bool) -> None:
        self.said.setVisible(on)
        self.close_said.setVisible(on)
        self.setVisible(on)


def _place(part: Path, path: Path, said: dict[str, Any], manifest: bool) -> None:
    """Whole or not at all: what isn't what the service wrote takes no place."""
    with part.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != said["sha256"]:
            raise Invalid("export.damaged", file=path.name)
    part.replace(path)
    if manifest:
        text = json.dumps({"file": path.name, **said}, ensure_ascii=False, indent=1) + "\n"
        path.with_name(f"{path.name}.manifest.json").write_text(text, "utf-8")


# ---------------------------------------------------------------- what is asked first


class _Asking(Dialog):
    """A few choices, then where to."""

    def __init__(self, parent: QWidget, title_key: str, may_unmask: bool, **params: Any) -> None:
        super().__init__(parent, title_key, "ui.export.choose", **params)
        self.purpose = QComboBox()
        self._may_unmask = may_unmask

    def _combo(self, label_key: str, items: Sequence[tuple[str, str]]) -> QComboBox:
        """items: (label, value)."""
        combo = QComboBox()
        for label, value in items:
            combo.addItem(label, value)
        self._labelled(label_key, combo)
        return combo

    def _labelled(self, label_key: str, combo: QComboBox) -> None:
        bind_text(combo.setAccessibleName, label_key)
        label = words_label(label_key, "small strong")
        label.setBuddy(combo)
        self.body.addWidget(label)
        self.body.addWidget(combo)

    def _ask_purpose(self) -> None:
        self.purpose.addItem(tr("ui.export.masked"), "")
        for one in Purpose if self._may_unmask else ():
            self.purpose.addItem(member("purpose", one), one.value)
        if self._may_unmask:
            self._labelled("ui.export.purpose", self.purpose)

    def _where(self, title: str, name: str, given: Callable[[Path], None]) -> None:
        self.accept()
        dialog = QFileDialog(self.parentWidget(), title, str(Path.home() / name))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.fileSelected.connect(lambda path: given(Path(path)))
        dialog.open()


class CasesDialog(_Asking):
    """Which format, closed ones too, masked or for what. `chosen(path, format, closed, purpose)`."""

    chosen = Signal(object, str, bool, str)

    def __init__(self, parent: QWidget, *, may_unmask: bool) -> None:
        super().__init__(parent, "ui.export.cases.title", may_unmask)
        self.add_words("ui.export.cases.text")
        items = [(tr(f"ui.export.format.{one}"), one.value) for one in Format]
        self.format = self._combo("ui.export.format", items)
        self.closed = QCheckBox()
        bind_text(self.closed.setText, "ui.export.closed")
        self.body.addWidget(self.closed)
        self._ask_purpose()
        self.format.setFocus()

    def finish(self) -> None:
        form, closed, purpose = self.format.currentData(), self.closed.isChecked(), self.purpose.currentData()
        self._where(tr("ui.export.cases.title"), f"cases.{form}", lambda p: self.chosen.emit(p, form, closed, purpose))


class CaseDialog(_Asking):
    """Dossier, zip or the pack for a chargeback; in which language. `chosen(path, format, language, purpose)`."""

    chosen = Signal(object, str, str, str)

    def __init__(self, parent: QWidget, ref: str, *, may_unmask: bool) -> None:
        super().__init__(parent, "ui.export.case.title", may_unmask, ref=ref)
        self._ref = ref
        items = [(tr(f"ui.export.case.{one}"), one) for one in ("pdf", "zip", "dispute")]
        self.format = self._combo("ui.export.format", items)
        self.language = self._combo("ui.export.language", [("简体中文", "zh"), ("English", "en")])
        self.language.setCurrentIndex(0 if words().language == "zh" else 1)
        self._ask_purpose()
        self.format.setFocus()

    def finish(self) -> None:
        form, language, purpose = (one.currentData() for one in (self.format, self.language, self.purpose))
        name = f"{self._ref}.zip" if form == "zip" else f"{self._ref}{'-dispute' if form == 'dispute' else ''}.pdf"
        given = lambda path: self.chosen.emit(path, form, language, purpose)  # noqa: E731
        self._where(tr("ui.export.case.title", ref=self._ref), name, given)
