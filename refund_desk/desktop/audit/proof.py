"""The right side of the audit panel: checkpoint, verification, export, and the whole of one entry."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from refund_desk.client.plaintext import plain
from refund_desk.desktop.audit.model import what, who
from refund_desk.desktop.context import Desk
from refund_desk.desktop.jobs import JobWatch
from refund_desk.desktop.widgets import Banner, BusyBar, Card, FieldGrid, FieldRow, KeyButton, PlainLabel, words_label
from refund_desk.desktop.words import formats, tr, word, word_error, words
from refund_desk.domain.checkpoints import read_checkpoint
from refund_desk.domain.errors import DeskError, Invalid
from refund_desk.wire.commands import AuditPage, AuditRow, Job, VerifyReport


class ProofPane(QWidget):
    """`verified(report)` after each verification that came to its end."""

    verified = Signal(object)
    open_case = Signal(str)

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._page: AuditPage | None = None
        self._row: AuditRow | None = None
        self._report: VerifyReport | None = None
        self.watch = JobWatch(desk.client, desk.operations, self)
        self.checkpoint, self.entry = FieldGrid(72), FieldGrid(72)
        self.verify, self.export = KeyButton("ui.audit.verify", "V", "primary"), KeyButton("ui.audit.export", "E")
        self.busy, self.result = BusyBar(), Banner("ok")
        self.result_text = PlainLabel(look="small", wrap=True)
        self.unsigned = words_label("ui.audit.unsigned", "small danger", wrap=True)
        self.trust = words_label("ui.audit.embedded", "small muted", wrap=True)
        self.open = KeyButton("ui.approvals.open", "O", "link")
        self._build()
        self.verify.clicked.connect(self.start_verify)
        self.export.clicked.connect(self.choose_file)
        self.busy.stopped.connect(self.watch.stop)
        self.open.clicked.connect(self.open_current)
        words().changed.connect(self._again)

    # ------------------------------------------------------------ what is shown

    def show_page(self, page: AuditPage) -> None:
        """Size, what no checkpoint covers yet, and the checkpoint itself."""
        self._page = page
        rows = [FieldRow("size", tr("ui.audit.size"), formats().number(page.size))]
        rows.append(FieldRow("unprotected", tr("ui.audit.unprotected"), formats().number(page.unprotected)))
        if page.checkpoint:
            rows += _checkpoint_rows(page.checkpoint)
        else:
            rows.append(FieldRow("none", tr("ui.audit.checkpoint"), tr("ui.audit.no_checkpoint")))
        self.checkpoint.set_rows(rows)
        self.unsigned.setVisible(page.unsigned is not None)

    def show_entry(self, row: AuditRow | None) -> None:
        """One entry with everything it says."""
        self._row = row
        self.entry_card.setVisible(row is not None)
        if row is None:
            return
        self.open.setVisible(bool(row.case))
        rows = [
            FieldRow("what", tr("ui.audit.column.what"), what(row)),
            FieldRow("who", tr("ui.audit.column.who"), who(row)),
            FieldRow("at", tr("ui.audit.column.at"), formats().full(row.at)),
            FieldRow("action", tr("ui.audit.action"), plain(row.action), look="mono"),
            FieldRow("actor", tr("ui.audit.principal"), plain(row.actor), look="mono"),
        ]
        rows += [FieldRow(key, plain(key), _value(value), look="mono") for key, value in sorted(row.data.items())]
        self.entry.set_rows(rows)

    def show_report(self, report: VerifyReport) -> None:
        """What verification found, in words that claim no more than it proves."""
        self._report = report
        kind = "danger" if not report.ok else "ok" if report.origin_proven else "warn"
        key = {"ok": "good", "warn": "unproven", "danger": "bad"}[kind]
        self.result.set_kind(kind)
        self.result.title.show()
        self.result.set_title(f"ui.audit.result.{key}")
        parts = [tr(f"ui.audit.result.{key}_text", entries=report.entries, size=report.size)]
        if report.first_bad is not None:
            parts.append(word(report.first_bad, "finding"))
        for branch in report.branches:
            parts.append(tr("finding.audit.branch", **branch.model_dump()))
        if report.unprotected:
            parts.append(tr("ui.audit.result.unprotected", n=report.unprotected))
        parts.append(tr("ui.audit.result.at", at=report.at))
        self.result_text.setText("\n".join(parts))
        self.result.show()
        self.result_text.show()

    # ------------------------------------------------------------ what is done

    def start_verify(self) -> None:
        """Verify the whole log on the service; it can be stopped."""
        if not self.verify.isEnabled():
            return
        self._begin(tr("ui.audit.verifying"))
        self.watch.run(self._desk.client.start_verify, self._verify_ended, self._failed, self.busy.progress)

    def choose_file(self) -> None:
        """Ask where to, then export."""
        if not self.export.isEnabled():
            return
        name = f"audit-{self._desk.clock.now():%Y%m%d-%H%M}.jsonl"
        dialog = QFileDialog(self.window(), tr("ui.audit.export.title"), str(Path.home() / name))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.fileSelected.connect(lambda path: self.export_to(Path(path)))
        dialog.open()

    def export_to(self, path: Path) -> None:
        """Export the log to a file, beside which a half-written one never stands."""
        self._begin(tr("ui.audit.exporting"))
        self.watch.run(
            self._desk.client.start_export,
            lambda job: self._export_ended(job, path),
            self._failed,
            self.busy.progress,
        )

    def open_current(self) -> None:
        if self._row is not None and self._row.case:
            self.open_case.emit(self._row.case)

    # ------------------------------------------------------------ inside

    def _begin(self, text: str) -> None:
        for button in (self.verify, self.export):
            button.setEnabled(False)
        self.result.hide()
        self.result_text.hide()
        self.busy.start(text, stoppable=True)

    def _end(self) -> None:
        self.busy.finish()
        for button in (self.verify, self.export):
            button.setEnabled(True)

    def _verify_ended(self, job: Job) -> None:
        if self._ended_badly(job):
            return
        self._end()
        report = VerifyReport.model_validate(job.result)
        self.show_report(report)
        self.verified.emit(report)

    def _export_ended(self, job: Job, path: Path) -> None:
        if self._ended_badly(job):
            return
        client = self._desk.client

        async def fetch() -> int:
            data = await client.job_file(job.id)
            await asyncio.to_thread(_write, path, data)
            return len(data)

        self._desk.operations.read(self, fetch, lambda size: self._exported(path, size), self._failed, deadline=600)

    def _exported(self, path: Path, size: int) -> None:
        self._end()
        self._say("ok", lambda: tr("ui.audit.exported", name=path.name, size=size))

    def _ended_badly(self, job: Job) -> bool:
        if job.status == "done":
            return False
        self._end()
        if job.status == "stopped":
            self._say("neutral", lambda: tr("ui.audit.stopped"))
        else:
            self._say("danger", lambda: word(job.problem, "error") if job.problem else tr("ui.audit.job_failed"))
        return True

    def _failed(self, error: DeskError) -> None:
        self._end()
        self._say("danger", lambda: word_error(error))

    def _say(self, kind: str, make: Callable[[], str]) -> None:
        self._report = None
        self.result.tell(kind, make)
        self.result_text.hide()

    def _again(self) -> None:
        if self._page is not None:
            self.show_page(self._page)
        self.show_entry(self._row)
        if self._report is not None:
            self.show_report(self._report)

    def _build(self) -> None:
        proof, self.entry_card = Card("ui.audit.checkpoint"), Card("ui.audit.entry", scroll=True)
        proof.body.addWidget(self.checkpoint)
        proof.body.addWidget(self.unsigned)
        self.unsigned.hide()
        buttons = QHBoxLayout()
        buttons.addWidget(self.verify, 1)
        buttons.addWidget(self.export, 1)
        proof.body.addLayout(buttons)
        for widget in (self.busy, self.result, self.result_text, self.trust):
            proof.body.addWidget(widget)
        self.result.hide()
        self.result_text.hide()
        self.trust.setVisible(self._desk.status.embedded)
        self.entry_card.add_badge(self.open)
        self.entry_card.body.addWidget(self.entry)
        self.entry_card.body.addStretch()
        self.entry_card.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addWidget(proof)
        column.addWidget(self.entry_card, 1)
        column.addStretch()


def _checkpoint_rows(note: str) -> list[FieldRow]:
    try:
        found = read_checkpoint(note)
    except Invalid:
        return [FieldRow("bad", tr("ui.audit.checkpoint"), tr("ui.audit.bad_checkpoint"))]
    return [
        FieldRow("covers", tr("ui.audit.covers"), formats().number(found.size)),
        FieldRow("origin", tr("ui.audit.origin"), plain(found.origin), look="mono"),
        FieldRow("root", tr("ui.audit.root"), f"{found.root.hex()[:16]}…", look="mono", copy=found.root.hex()),
    ]


def _value(value: Any) -> str:
    if isinstance(value, dict) and value.keys() >= {"minor", "currency"}:
        return formats().money(value)
    if isinstance(value, (list, tuple)):
        return ", ".join(_value(one) for one in value)
    return plain(words().core.show(value)) if value is not None else ""


def _write(path: Path, data: bytes) -> None:
    """Whole or not at all."""
    part = path.with_name(path.name + ".part")
    part.write_bytes(data)
    part.replace(path)
