"""Sign-in and the first administrator."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from refund_desk.desktop.signin import SignIn
from refund_desk.desktop.words import DeskWords
from refund_desk.domain.errors import Unavailable
from tests.desktop.hands import click, press


@pytest.fixture
def form(qtbot: QtBot, words: DeskWords) -> SignIn:
    made = SignIn()
    qtbot.addWidget(made)
    made.resize(1000, 700)
    made.show()
    return made


def test_it_sends_login_and_password(form: SignIn, qtbot: QtBot) -> None:
    form.login.setText(" lin ")
    form.password.setText(" secret words ")
    with qtbot.waitSignal(form.submitted) as said:
        press(form.password, Qt.Key.Key_Return)
    assert said.args == ["lin", " secret words "]


def test_what_is_missing_is_said_where_it_is(form: SignIn, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(form.submitted):
        form.button.click()
    assert form.login.property("wrong") == "true"
    assert form.banner.isVisible()
    form.login.setText("lin")
    with qtbot.assertNotEmitted(form.submitted):
        form.button.click()
    assert (form.login.property("wrong"), form.password.property("wrong")) == ("false", "true")


def test_an_error_keeps_the_login_and_asks_again(form: SignIn) -> None:
    form.login.setText("lin")
    form.password.setText("wrong")
    form.set_busy(True)
    assert not form.button.isEnabled()
    form.show_error(Unavailable("client.deadline", seconds=15))
    assert form.button.isEnabled()
    assert (form.login.text(), form.password.text()) == ("lin", "")
    assert "15 秒" in form.banner.accessibleDescription()
    form.clear_error()
    assert not form.banner.isVisible()


@pytest.mark.parametrize(
    ("name", "password", "again", "wrong"),
    [
        ("", "long enough!", "long enough!", "name"),
        ("Ana", "short", "short", "password"),
        ("Ana", "long enough!", "long enough?", "again"),
        ("Ana", "long enough!", "long enough!", None),
    ],
)
def test_the_first_administrator(
    form: SignIn, qtbot: QtBot, name: str, password: str, again: str, wrong: str | None
) -> None:
    assert not form.name.isVisible()
    form.set_mode("first")
    assert form.name.isVisible()
    made: list[tuple[str, str, str]] = []
    form.made.connect(lambda *values: made.append(values))
    form.login.setText("ana")
    form.name.setText(name)
    form.password.setText(password)
    form.again.setText(again)
    click(form.button)
    if wrong is None:
        assert made == [("ana", "Ana", password)]
    else:
        assert made == []
        assert getattr(form, wrong).property("wrong") == "true"


def test_the_language_switches_here(form: SignIn, words: DeskWords) -> None:
    form.set_server("https://desk.example.com")
    before = {label.text() for label in form.findChildren(QLabel) if label.isVisible()}
    form.language.setCurrentIndex(form.language.findData("en"))
    form.language.activated.emit(form.language.currentIndex())
    after = {label.text() for label in form.findChildren(QLabel) if label.isVisible()}
    assert words.language == "en"
    assert before & after == set()
    assert "https://desk.example.com" in form.server.text()


def test_nothing_overlaps_in_the_longest_form(form: SignIn, qtbot: QtBot, words: DeskWords) -> None:
    words.use("qps")
    form.set_mode("first")
    form.set_server(None)
    labels = [label for label in form.findChildren(QLabel) if label.isVisible() and label.text()]

    def needed(label: QLabel) -> int:
        return label.heightForWidth(label.width()) if label.wordWrap() else label.sizeHint().height()

    qtbot.waitUntil(lambda: [label.text() for label in labels if label.height() < needed(label)] == [])
