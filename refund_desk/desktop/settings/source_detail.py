"""One source: how it is set up, how far it was read, its runs, its records in quarantine."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from refund_desk.client.plaintext import plain
from refund_desk.client.words import PLACEHOLDER
from refund_desk.desktop.widgets import Card, FieldGrid, FieldRow, Pill, PlainLabel, clear, words_label
from refund_desk.desktop.words import formats, tr, word, words
from refund_desk.wire.bundle import QuarantineRow
from refund_desk.wire.sources import SourceDetail, SourceRun

RUNS, RECORDS = 8, 20
_LOOKS = {"done": "ok", "running": "info", "stopped": "neutral", "failed": "danger", "lost": "warn"}


class SourceDetailPane(Card):
    """`show_source(detail)`; None empties it. `show_quarantine(rows)` when they have come."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(scroll=True, parent=parent)
        self.detail: SourceDetail | None = None
        self.rows: Sequence[QuarantineRow] = ()
        self.title = PlainLabel(look="heading")
        self.fields = FieldGrid(150)
        self._runs, self._records = QGridLayout(), QVBoxLayout()
        self._build()
        words().changed.connect(self._again)

    def show_source(self, detail: SourceDetail | None) -> None:
        same = detail is not None and self.detail is not None and detail.name == self.detail.name
        self.detail, self.rows = detail, self.rows if same else ()
        self.inner.setVisible(detail is not None)
        if detail is None:
            return
        self.title.setText(plain(detail.name, lines=False))
        self.fields.set_rows(rows_of(detail))
        self._show_runs(detail.runs[:RUNS])
        self.show_quarantine(self.rows)

    def show_quarantine(self, rows: Sequence[QuarantineRow]) -> None:
        self.rows = rows
        clear(self._records)
        if rows:
            self._records.addWidget(words_label("ui.sources.quarantine", "strong"))
        for row in rows[:RECORDS]:
            self._records.addWidget(PlainLabel(_record(row), "small", wrap=True))

    # ------------------------------------------------------------ inside

    def _again(self) -> None:
        self.show_source(self.detail)

    def _show_runs(self, runs: Sequence[SourceRun]) -> None:
        clear(self._runs)
        if runs:
            self._runs.addWidget(words_label("ui.sources.runs", "strong"), 0, 0, 1, 2)
        for number, run in enumerate(runs, start=1):
            pill = Pill(tr(f"source.state.{run.status}"), _LOOKS[run.status])
            self._runs.addWidget(pill, number, 0, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
            self._runs.addWidget(PlainLabel(run_text(run), "small", wrap=True), number, 1)

    def _build(self) -> None:
        self.inner = QWidget()
        self._runs.setColumnStretch(1, 1)
        self._runs.setHorizontalSpacing(10)
        column = QVBoxLayout(self.inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addWidget(self.title)
        column.addWidget(self.fields)
        column.addLayout(self._runs)
        column.addLayout(self._records)
        column.addStretch()
        self.body.addWidget(self.inner)
        self.inner.hide()


def rows_of(detail: SourceDetail) -> list[FieldRow]:
    """Settings, kept secrets by name alone, cursors, webhooks."""
    found = [
        (f"settings.{name}", setting_label(detail.connector, name), _value(v)) for name, v in detail.settings.items()
    ]
    kept = [setting_label(detail.connector, name) for name in detail.secrets]
    if kept:
        found.append(("secrets", tr("ui.sources.secrets"), "\n".join(kept)))
    for stream, cursor in detail.cursors.items():
        found.append((f"cursor.{stream}", tr("ui.sources.cursor", stream=stream), _cursor(cursor)))
    if detail.hook is not None:
        found.append(("hook", tr("ui.sources.hook"), detail.hook))
    if detail.hints:
        found.append(("hints", tr("ui.sources.hints"), formats().number(detail.hints)))
    return [FieldRow(key, label, value) for key, label, value in found if value]


def setting_label(connector: str, name: str) -> str:
    """As the connector's own words say it; its name where it brings none."""
    for key in (f"source.setting.{connector}.{name}", f"source.setting.{name}"):
        if key in words().core.keys():  # noqa: SIM118 - the catalogue is no mapping
            return tr(key)
    return plain(name, lines=False)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return formats().yes(value)
    return formats().number(value) if isinstance(value, int) else plain(str(value), lines=False)


def _cursor(cursor: Any) -> str:
    """Each connector has its own; shown as it is kept, for whoever asks how far."""
    if isinstance(cursor, Mapping) and all(isinstance(value, str | int) for value in cursor.values()):
        return plain(" · ".join(f"{name} {value}" for name, value in cursor.items()), lines=False)
    return plain(json.dumps(cursor, ensure_ascii=False, sort_keys=True), lines=False)[:200]


def run_text(run: SourceRun) -> str:
    """When, what it did, why records were refused, and how it failed."""
    counts = run.counts
    said = {name: getattr(counts, name) for name in ("read", "new", "changed", "quarantined", "gone")}
    parts = [f"{formats().stamp(run.started_at)} · {tr('ui.sources.counts', **said)}"]
    if run.rate is not None:
        parts[0] += f" · {tr('ui.sources.rate', n=run.rate)}"
    reasons = [tr("ui.sources.reason", what=_reason(code), n=count) for code, count in counts.reasons.items()]
    parts += reasons
    if run.error is not None:
        parts.append(word({"code": run.error.code, "params": run.error.params}, "error"))
    return "\n".join(parts)


def _reason(code: str, params: Mapping[str, Any] | None = None) -> str:
    """Without its figures where only how often it came is known."""
    return PLACEHOLDER.sub("…", word({"code": code, "params": dict(params or {})}, "quarantine"))


def _record(row: QuarantineRow) -> str:
    named = plain(row.request or f"#{row.id}", lines=False)
    reasons = [f"{plain(one.path, lines=False)}: {_reason(one.code, one.params)}".lstrip(": ") for one in row.reasons]
    return f"{formats().stamp(row.at)} · {named}\n" + "\n".join(reasons)
