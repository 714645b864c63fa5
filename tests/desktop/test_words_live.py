"""Live switching of the language, and bindings that go with their widgets."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from refund_desk.desktop.words import DeskWords, bind_text, tr, unbind_text


def test_a_bound_text_rewords_itself(qtbot: QtBot, words: DeskWords) -> None:
    label = QLabel()
    qtbot.addWidget(label)
    bind_text(label.setText, "ui.copy")
    bind_text(label.setAccessibleName, "ui.close")
    assert (label.text(), label.accessibleName()) == ("复制", "关闭")
    with qtbot.waitSignal(words.changed):
        words.use("en")
    assert (label.text(), label.accessibleName()) == ("Copy", "Close")


def test_binding_again_replaces(qtbot: QtBot, words: DeskWords) -> None:
    button = QPushButton()
    qtbot.addWidget(button)
    bind_text(button.setText, "ui.copy")
    bind_text(button.setText, "ui.sign_in.short", least=3)
    words.use("en")
    assert button.text() == tr("ui.sign_in.short", least=3)
    unbind_text(button.setText)
    button.setText("data")
    words.use("zh")
    assert button.text() == "data"


def test_a_binding_goes_with_its_widget(qtbot: QtBot, words: DeskWords) -> None:
    label = QLabel()
    bind_text(label.setText, "ui.copy")
    qtbot.addWidget(label)
    with qtbot.waitSignal(label.destroyed):
        label.deleteLater()
    words.use("en")  # a binding that lived on would touch a deleted label and raise


def test_a_setter_without_an_object_needs_an_owner(words: DeskWords) -> None:
    with pytest.raises(TypeError):
        bind_text(lambda text: None, "ui.copy")


def test_the_same_language_says_nothing(qtbot: QtBot, words: DeskWords) -> None:
    with qtbot.assertNotEmitted(words.changed):
        words.use("zh")
