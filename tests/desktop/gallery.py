"""Draws every widget to PNG in both languages and both themes: python tests/desktop/gallery.py DIR"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtWidgets import QApplication, QCheckBox, QComboBox, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from refund_desk.desktop import widgets as w
from refund_desk.desktop.shell import MainWindow, RailEntry
from refund_desk.desktop.signin import SignIn
from refund_desk.desktop.theme import MODES, theme
from refund_desk.desktop.words import formats, words
from refund_desk.wire.base import Amount

CNY = Amount(minor=129900, currency="CNY")
EUR = Amount(minor=5990, currency="EUR")


def badges() -> QWidget:
    card = w.Card("ui.product")
    card.add_badge(w.Pill("Vendure · 12:40"))
    box, flow = w.flow_widget()
    for kind in ("neutral", "info", "ok", "warn", "danger"):
        flow.addWidget(w.Pill(f"{kind} {formats().left(6720)}", kind))
    flow.addWidget(w.Pill("R 林晓 ✓", "ok", icon=""))
    card.body.addWidget(box)
    chips, flow = w.flow_widget()
    for count, kind in ((23, "neutral"), (410, "neutral"), (6, "danger"), (999, "warn")):
        chip = w.Chip("ui.step.done", kind)
        chip.set_count(count, capped=count == 999)
        chip.setChecked(count == 23)
        flow.addWidget(chip)
    card.body.addWidget(chips)
    card.body.addStretch()
    return card


def fields() -> QWidget:
    card = w.Card("ui.steps", scroll=True)
    grid = w.FieldGrid()
    grid.set_rows(
        [
            w.FieldRow("a", "订单号", "SO-8841207"),
            w.FieldRow("b", "已退", formats().money(EUR), conflict=True, tip="vendure ¥0.00\nstripe ¥300.00"),
            w.FieldRow("c", "运单", "SF1409226637281 with a long remark that wraps over two lines", look="mono"),
            w.FieldRow("d", "Name", "<b>a</b> \u202eevil\u202c name"),
        ]
    )
    card.body.addWidget(grid)
    line = QHBoxLayout()
    line.addWidget(w.PlainLabel("可退上限", "strong"))
    line.addWidget(w.MoneyLabel(CNY, "strong"), 1)
    card.body.addLayout(line)
    card.body.addWidget(w.ElidedLabel("a very long text that will not fit into the width of this card at all, truly"))
    row = QHBoxLayout()
    for state in ("waiting", "ready", "refused", "file"):
        thumb = w.Thumbnail()
        thumb.set_state(state, state)
        thumb.setChecked(state == "ready")
        thumb.set_marked(state == "file")
        row.addWidget(thumb)
    row.addWidget(w.Avatar("林晓"))
    row.addWidget(w.Avatar("Ana Ruiz"))
    row.addStretch()
    card.body.addLayout(row)
    card.body.addStretch()
    return card


def controls() -> QWidget:
    card = w.Card("ui.copy")
    row = QHBoxLayout()
    row.addWidget(w.KeyButton("ui.copy", "D"))
    row.addWidget(w.KeyButton("ui.undo", "Ctrl+Return", "primary"))
    row.addWidget(w.KeyButton("ui.stop", "R", "danger"))
    row.addWidget(w.KeyButton("ui.close", look="quiet", icon_name="refresh"))
    row.addWidget(w.KeyButton("ui.close", look="link"))
    off = w.KeyButton("ui.undo", "Ctrl+Return", "primary")
    off.setEnabled(False)
    row.addWidget(off)
    row.addWidget(w.IconButton("zoom_in", "ui.copy"))
    row.addStretch()
    card.body.addLayout(row)
    row = QHBoxLayout()
    combo = QComboBox()
    combo.addItems(["部分退款", "全额退款"])
    row.addWidget(combo)
    edit = QLineEdit("¥ 999.00")
    row.addWidget(edit)
    wrong = QLineEdit("x")
    wrong.setProperty("wrong", "true")
    row.addWidget(wrong)
    check = QCheckBox("check")
    check.setChecked(True)
    row.addWidget(check)
    row.addWidget(QCheckBox("check"))
    card.body.addLayout(row)
    busy = w.BusyBar()
    busy.start("12 / 31", stoppable=True)
    busy.progress(12, 31)
    busy.show()
    card.body.addWidget(busy)
    card.body.addStretch()
    return card


def page() -> QWidget:
    root = QWidget()
    root.setObjectName("central")
    root.setStyleSheet("")
    column = QVBoxLayout(root)
    head = QHBoxLayout()
    head.addWidget(w.PlainLabel("RC-26-004182", "title"))
    head.addWidget(w.Pill("待审核", "info"))
    head.addWidget(w.Pill(f"决定时限 {formats().left(6720)}", "warn"))
    head.addWidget(w.Pill(formats().left(-840), "danger"))
    head.addStretch()
    head.addWidget(w.MoneyLabel(CNY, "amount"))
    column.addLayout(head)
    steps = w.StepsBar()
    steps.set_steps(
        [
            w.StepItem("已提交", "11-21 20:14", "done"),
            w.StepItem("自动核验", "20:14 · 转人工:冲突", "skipped"),
            w.StepItem("审核 · R 审核员", "时限 14:33", "current"),
            w.StepItem("批准 · A 主管", "> ¥1,000"),
            w.StepItem("退款中", "原路 3–7 工作日"),
        ]
    )
    column.addWidget(steps)
    for kind in ("danger", "warn", "info", "ok"):
        banner = w.Banner(kind, closable=kind == "info")
        banner.set_title("ui.field.conflict")
        banner.set_parts(
            [("已退金额: 支付网关", ""), ("¥300.00", "strong danger"), ("≠ 订单系统", ""), ("¥0.00", "strong")]
        )
        banner.add_button(w.KeyButton("ui.copy", "D"))
        column.addWidget(banner)
    cards = QHBoxLayout()
    for card in (badges(), fields(), controls()):
        cards.addWidget(card, 1)
    column.addLayout(cards, 1)
    column.addWidget(w.EmptyState("ui.busy", "ui.field.conflict"))
    undo = w.UndoBar(root)
    undo.offer(lambda: "RC-26-004182 · 部分退款 ¥999.00")
    return root


def shell(covered: bool) -> MainWindow:
    window = MainWindow()
    names = ("for_me", "queue", "approve", "payment", "audit", "people")
    window.set_rail([RailEntry(name, name, "ui.product", page) for name in names])
    window.rail.buttons["for_me"].set_badge("12")
    window.top.set_sync("synced", datetime(2026, 11, 20, 4, 41, tzinfo=UTC))
    window.top.set_person("林晓", ["reviewer"])
    window.status.set_hints([("?", "ui.keys.title"), ("Ctrl+K", "ui.palette.open")])
    window.status.set_audit("ui.palette.found")
    window.open_first()
    if covered:
        form = SignIn()
        window.cover(form)
        form.set_server("https://desk.example.com")
        form.submit()
    return window


def shots(language: str, mode: str) -> Iterator[tuple[str, QWidget]]:
    yield "widgets", page()
    yield "signin", shell(covered=True)
    first = shell(covered=True)
    form = first.outer.currentWidget()
    assert isinstance(form, SignIn)
    form.set_mode("first")
    form.set_server(None)
    yield "first", first
    with_keys = shell(covered=False)
    with_keys.resize(1280, 800)
    with_keys.show()
    with_keys.overview.open()
    yield "keys", with_keys
    finding = shell(covered=False)
    finding.resize(1280, 800)
    finding.show()
    finding.palette_bar.open()
    yield "palette", finding


def main(target: Path) -> None:
    app = QApplication([])
    theme().apply(app)
    target.mkdir(parents=True, exist_ok=True)
    for language in ("zh", "en", "qps"):
        words().use(language)
        for mode in MODES:
            theme().use(mode)
            for name, root in shots(language, mode):
                if name == "widgets":
                    root.resize(1440, 900)
                else:
                    root.resize(1280, 800)
                root.show()
                app.processEvents()
                root.grab().save(str(target / f"{name}-{language}-{mode}.png"))
                root.close()
                root.deleteLater()
                app.processEvents()


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "gallery"))
