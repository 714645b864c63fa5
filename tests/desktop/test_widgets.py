"""The widgets: what they say, by eye, ear and keyboard."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QColor, QGuiApplication, QPixmap
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from refund_desk.desktop import widgets as w
from refund_desk.desktop.icons import NAMES, glyph, icon
from refund_desk.desktop.theme import Theme
from refund_desk.desktop.widgets.flow import BETWEEN
from refund_desk.desktop.words import DeskWords, tr
from refund_desk.wire.base import Amount
from tests.desktop.hands import click, press

EVIL = '<img src="file:///etc/passwd">\u202e'
FACTORIES: list[Callable[[], QWidget]] = [
    lambda: w.Pill("x", "warn"),
    lambda: w.Chip("ui.copy"),
    lambda: w.Card("ui.copy"),
    lambda: w.KeyButton("ui.copy", "D"),
    lambda: w.IconButton("close", "ui.close"),
    lambda: w.Avatar("林晓"),
    lambda: w.UndoBar(QWidget()),
    lambda: w.MoneyLabel(Amount(minor=1, currency="CNY")),
]


def test_text_from_outside_is_plain(qtbot: QtBot, words: DeskWords) -> None:
    for label in (w.PlainLabel(EVIL), w.ElidedLabel(EVIL), w.FieldValue("k")):
        qtbot.addWidget(label)
        label.setText(EVIL)
        assert label.textFormat() == Qt.TextFormat.PlainText
        assert label.text() == '<img src="file:///etc/passwd">⟦U+202E⟧'
    assert "<img" not in w.tip(EVIL)


def test_a_button_with_an_ampersand_has_no_mnemonic(qtbot: QtBot, words: DeskWords) -> None:
    button = w.KeyButton()
    button.set_label("R&D")
    qtbot.addWidget(button)
    assert button.text() == "R&&D"
    assert button.accessibleName() == "R&D"


def test_pills_speak(qtbot: QtBot, words: DeskWords) -> None:
    pill = w.Pill("", "danger")
    qtbot.addWidget(pill)
    pill.set_words("ui.undo.left", span="10 s")
    first = pill.accessibleName()
    words.use("en")
    assert pill.text() == pill.accessibleName() == "undo within 10 s" != first
    with pytest.raises(ValueError):
        pill.set_kind("pink")


def test_kinds_differ_in_shape_too(qtbot: QtBot, words: DeskWords) -> None:
    widths = {}
    for kind in ("neutral", "warn"):
        pill = w.Pill("same text", kind)
        qtbot.addWidget(pill)
        widths[kind] = pill.sizeHint().width()
    assert widths["warn"] > widths["neutral"]  # room for its icon


def test_a_chip_counts_and_toggles_by_keyboard(qtbot: QtBot, words: DeskWords) -> None:
    chip = w.Chip("ui.copy")
    qtbot.addWidget(chip)
    chip.show()
    chip.set_count(999, capped=True)
    assert chip.text() == chip.accessibleName() == "复制 999+"
    press(chip, Qt.Key.Key_Space)
    assert chip.isChecked()
    words.use("en")
    assert chip.text() == "Copy 999+"


def test_the_elided_label_keeps_the_whole(qtbot: QtBot, words: DeskWords) -> None:
    label = w.ElidedLabel("a rather long text for a label as narrow as this")
    qtbot.addWidget(label)
    label.resize(90, 20)
    assert label.shown().endswith("…")
    assert label.accessibleName() == "a rather long text for a label as narrow as this"


def test_money_follows_the_language(qtbot: QtBot, words: DeskWords) -> None:
    label = w.MoneyLabel(Amount(minor=5990, currency="EUR"))
    qtbot.addWidget(label)
    assert label.text() == "EUR\u00a059.90"
    assert label.alignment() & Qt.AlignmentFlag.AlignRight
    label.set_amount(None)
    assert label.text() == ""


def test_fields_mark_conflicts_and_copy(qtbot: QtBot, words: DeskWords) -> None:
    grid = w.FieldGrid()
    qtbot.addWidget(grid)
    rows = [w.FieldRow("a", "订单号", "SO-1"), w.FieldRow("b", "已退", "¥0.00", conflict=True, copy="0.00")]
    grid.set_rows(rows)
    grid.show()
    first, second = grid.value("a"), grid.value("b")
    assert first is not None
    assert second is not None
    assert (first.text(), second.text()) == ("SO-1", "≠ ¥0.00")
    assert second.accessibleName() == "已退: ¥0.00"
    assert second.accessibleDescription()
    with qtbot.waitSignal(grid.copied) as said:
        press(second, Qt.Key.Key_C)
    assert said.args == ["0.00"]
    assert QGuiApplication.clipboard().text() == "0.00"
    with qtbot.waitSignal(grid.activated):
        press(first, Qt.Key.Key_Return)
    grid.set_rows(rows[:1])
    assert grid.value("a") is first  # reused, so nothing flickers
    assert grid.value("b") is None


def test_steps_say_their_state(qtbot: QtBot, words: DeskWords) -> None:
    bar = w.StepsBar()
    qtbot.addWidget(bar)
    bar.set_steps([w.StepItem("审核", "12:00", "current"), w.StepItem("批准")])
    assert "审核 (进行中) 12:00" in bar.accessibleDescription()
    bar.resize(300, 44)
    assert not bar.grab().isNull()


def test_a_step_with_long_words_takes_room_from_the_others(qtbot: QtBot, words: DeskWords) -> None:
    bar = w.StepsBar()
    qtbot.addWidget(bar)
    bar.set_steps([w.StepItem("Waiting for the customer", "20 Nov 07:35", "current"), *[w.StepItem("Payout")] * 4])
    bar.resize(480, 44)
    widths = bar._widths()
    assert sum(widths) == pytest.approx(480 + 4)
    assert widths[0] > widths[1] == widths[4]
    bar.resize(2000, 44)
    assert len(set(bar._widths())) == 1


def test_what_parts_two_is_not_left_alone_at_the_end_of_a_line(qtbot: QtBot, words: DeskWords) -> None:
    box, flow = w.flow_widget(gap=4)
    qtbot.addWidget(box)
    first, dot, second = QLabel("one"), QLabel("·"), QLabel("two")
    dot.setProperty(BETWEEN, True)
    for label, wide in ((first, 60), (dot, 6), (second, 60)):
        label.setFixedSize(wide, 16)
        flow.addWidget(label)
    box.resize(140, 60)
    with qtbot.waitExposed(box):
        box.show()
    qtbot.waitUntil(lambda: box.rect().contains(dot.geometry()))
    box.resize(100, 60)
    qtbot.waitUntil(lambda: second.y() > first.y())
    assert second.x() == first.x()
    assert not box.rect().intersects(dot.geometry())


def test_what_was_said_is_reworded_by_a_switch(qtbot: QtBot, words: DeskWords) -> None:
    over = QWidget()
    qtbot.addWidget(over)
    over.show()
    bar, banner = w.UndoBar(over), w.Banner("danger", parent=over)
    bar.offer(lambda: f"RC-1 {tr('ui.copy')}")
    banner.tell("warn", lambda: f"RC-1 {tr('ui.close')}")
    words.use("en")
    assert (bar.text.text(), bar.accessibleName()) == ("RC-1 Copy", "RC-1 Copy")
    assert not any("\u4e00" <= letter <= "\u9fff" for letter in bar.left.text())
    assert [label.text() for label in banner.findChildren(w.PlainLabel) if label.isVisible()] == ["RC-1 Close"]
    banner.tell_title("ok", "ui.copy")
    words.use("zh")
    assert [label.text() for label in banner.findChildren(w.PlainLabel) if label.text()] == ["复制"]
    bar.stop()


def test_a_banner_shows_parts_and_closes(qtbot: QtBot, words: DeskWords) -> None:
    banner = w.Banner("danger", closable=True)
    qtbot.addWidget(banner)
    banner.set_title("ui.field.conflict")
    banner.set_parts([("a", ""), (EVIL, "strong")])
    banner.show()
    assert all("⟦U+202E⟧" in label.text() for label in banner.findChildren(w.PlainLabel) if "<img" in label.text())
    close = banner.findChild(w.IconButton)
    assert isinstance(close, w.IconButton)
    with qtbot.waitSignal(banner.closed):
        click(close)
    assert banner.isHidden()


def test_undo_counts_down_and_expires(qtbot: QtBot, words: DeskWords) -> None:
    over = QWidget()
    qtbot.addWidget(over)
    over.resize(600, 300)
    over.show()
    bar = w.UndoBar(over)
    bar.offer(lambda: "done")
    assert bar.left.text() == "10 秒内可撤销"
    assert over.rect().contains(bar.geometry())
    with qtbot.waitSignal(bar.undone):
        bar.undo()
    bar.undo()  # a second time there is nothing to take back
    with qtbot.waitSignal(bar.expired):
        bar.offer(lambda: "again", seconds=0.01)
    assert bar.isHidden()
    assert not bar.waiting()


def test_a_new_offer_settles_the_last(qtbot: QtBot, words: DeskWords) -> None:
    over = QWidget()
    qtbot.addWidget(over)
    bar = w.UndoBar(over)
    bar.offer(lambda: "one")
    with qtbot.waitSignal(bar.expired):
        bar.offer(lambda: "two")
    assert bar.text.text() == "two"
    bar.stop()


def test_busy_shows_only_what_lasts(qtbot: QtBot, words: DeskWords) -> None:
    over = QWidget()
    qtbot.addWidget(over)
    over.show()
    bar = w.BusyBar(over)
    bar.start("work", stoppable=True)
    assert bar.isHidden()
    qtbot.waitUntil(bar.isVisible)
    bar.progress(3, 10)
    assert (bar.bar.value(), bar.bar.maximum()) == (3, 10)
    with qtbot.waitSignal(bar.stopped):
        click(bar.button)
    bar.finish()
    assert bar.isHidden()


def test_flow_breaks_lines(qtbot: QtBot, words: DeskWords) -> None:
    box, flow = w.flow_widget(gap=5)
    qtbot.addWidget(box)
    for _ in range(6):
        flow.addWidget(w.Pill("sixty pixels or so"))
    assert flow.heightForWidth(2000) < flow.heightForWidth(300) < flow.heightForWidth(150)
    box.resize(300, flow.heightForWidth(300))
    box.show()
    tops = {item.geometry().top() for i in range(flow.count()) if (item := flow.itemAt(i)) is not None}
    assert len(tops) > 1


def test_thumbnails_show_state_and_picture(qtbot: QtBot, theme: Theme, words: DeskWords) -> None:
    thumb = w.Thumbnail(QSize(60, 40))
    qtbot.addWidget(thumb)
    thumb.set_state("refused", "photo 1")
    empty = thumb.grab().toImage()
    pixmap = QPixmap(200, 100)
    pixmap.fill(QColor("red"))
    thumb.set_pixmap(pixmap)
    assert thumb.grab().toImage() != empty
    assert thumb.grab().toImage().pixelColor(QPoint(30, 20)) == QColor("red")
    assert thumb.accessibleName() == "photo 1"


@pytest.mark.parametrize("make", FACTORIES)
def test_everything_can_be_heard_and_painted(
    qtbot: QtBot, theme: Theme, words: DeskWords, make: Callable[[], QWidget]
) -> None:
    widget = make()
    qtbot.addWidget(widget.window())
    for mode in ("dark", "light"):
        theme.use(mode)
        assert not widget.grab().isNull()
    if isinstance(widget, w.UndoBar):
        widget.offer(lambda: "done")
        widget.stop()
    assert widget.accessibleName() or isinstance(widget, w.PlainLabel)


def test_focus_can_be_seen(qtbot: QtBot, theme: Theme, words: DeskWords) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    children = [w.KeyButton("ui.copy", "D"), w.Chip("ui.copy"), w.IconButton("close", "ui.close"), w.Thumbnail()]
    for child in children:
        child.setParent(window)
        child.show()
    with qtbot.waitExposed(window):
        window.show()
    window.activateWindow()
    for child in children:
        other = next(c for c in children if c is not child)
        other.setFocus(Qt.FocusReason.TabFocusReason)
        before = child.grab().toImage()
        child.setFocus(Qt.FocusReason.TabFocusReason)
        qtbot.waitUntil(child.hasFocus)
        assert child.grab().toImage() != before, child


def test_icons_exist_and_follow_the_theme(app: QApplication, theme: Theme) -> None:
    assert all(glyph(name) for name in NAMES)
    with pytest.raises(KeyError):
        icon("no such icon")
    mark = icon("close", "text")
    light = mark.pixmap(QSize(16, 16)).toImage()
    theme.use("dark")
    assert mark.pixmap(QSize(16, 16)).toImage() != light


def test_keys_are_written_as_on_caps() -> None:
    assert w.key_text("Ctrl+Return") == "Ctrl+↵"
    assert w.key_text("D") == "D"
