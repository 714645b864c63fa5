"""The window around the panels, driven as a person would."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QLineEdit, QMenu, QPushButton, QSplitter, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from refund_desk.desktop.keys import can_type, is_letter
from refund_desk.desktop.palette import Deliver, Found, score
from refund_desk.desktop.shell import MainWindow, RailEntry
from refund_desk.desktop.state import DeskState
from refund_desk.desktop.theme import Theme
from refund_desk.desktop.words import DeskWords
from refund_desk.domain.errors import Conflict
from tests.desktop.hands import click, press, type_text


class Place(QWidget):
    """A page with a button and a field."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.button, self.field = QPushButton(name), QLineEdit()
        column = QVBoxLayout(self)
        column.addWidget(self.button)
        column.addWidget(self.field)


def places() -> list[RailEntry]:
    return [
        RailEntry("queue", "queue", "ui.copy", lambda: Place("queue")),
        RailEntry("audit", "audit", "ui.close", lambda: Place("audit")),
    ]


@pytest.fixture
def window(qtbot: QtBot, theme: Theme, words: DeskWords, tmp_path: Path) -> Iterator[MainWindow]:
    made = MainWindow(DeskState(tmp_path))
    qtbot.addWidget(made)
    made.set_rail(places())
    with qtbot.waitExposed(made):
        made.show()
    made.activateWindow()
    made.open_first()
    yield made
    made.close()


def place(window: MainWindow) -> Place:
    page = window.stack.currentWidget()
    assert isinstance(page, Place)
    return page


def test_the_shell_loads_nothing_heavy() -> None:
    heavy = ("sqlalchemy", "fastapi", "httpx", "pydantic", "babel", "cryptography", "PIL")
    code = (
        "import sys, refund_desk.desktop.shell as s\n"
        f"print([m for m in {heavy!r} if m in sys.modules])\n"
        "floors = ('refund_desk.wire', 'refund_desk.server', 'refund_desk.store')\n"
        "print([m for m in sys.modules if m.startswith(floors)])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert out.stdout.splitlines() == ["[]", "[]"]


def test_pages_are_made_on_the_first_visit(window: MainWindow, qtbot: QtBot) -> None:
    assert window.current == "queue"
    assert window.page("audit") is None
    with qtbot.waitSignal(window.shown) as said:
        click(window.rail.buttons["audit"])
    assert said.args == ["audit"]
    first = window.page("audit")
    window.open("queue")
    assert window.open("audit") is first
    assert window.rail.buttons["audit"].isChecked()


def test_the_last_place_opens_first(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    window.open("audit")
    window.close()
    again = MainWindow(DeskState(tmp_path))
    qtbot.addWidget(again)
    again.set_rail(places())
    again.open_first()
    assert again.current == "audit"
    again.set_rail(places()[:1])
    again.open_first()
    assert again.current == "queue"


def test_a_cover_hides_the_places(window: MainWindow, qtbot: QtBot) -> None:
    cover = QLabel("sign in")
    window.cover(cover)
    assert cover.isVisible()
    assert not window.rail.isVisible()
    with qtbot.waitSignal(cover.destroyed):
        window.uncover()
    assert window.rail.isVisible()
    assert place(window).isVisible()


def test_it_rewords_everything_live(window: MainWindow, words: DeskWords) -> None:
    window.top.set_sync("synced", datetime(2026, 11, 20, 4, 41, tzinfo=UTC))
    window.top.set_person("林晓", ["reviewer"])
    window.status.set_hints([("?", "ui.keys.title")])

    def shown() -> list[str]:
        texts = [label.text() for label in window.findChildren(QLabel) if label.isVisible()]
        return [
            *texts,
            *(b.text() for b in window.rail.buttons.values()),
            window.top.field.text(),
            window.windowTitle(),
        ]

    chinese = shown()
    window.use_language("en")
    english = shown()
    same = [text for text, other in zip(chinese, english, strict=True) if text == other and text.strip()]
    assert same == []
    assert window.state is not None
    assert window.state.language == "en"


def test_theme_is_switched_and_remembered(window: MainWindow, theme: Theme) -> None:
    window.top.mode.click()
    assert theme.mode == "dark"
    assert window.state is not None
    assert window.state.theme == "dark"


def test_menus_say_what_they_do(window: MainWindow, qtbot: QtBot) -> None:
    window.top.set_person("林晓", ["reviewer"])
    window.top.person.click()
    menu = window.top.findChild(QMenu)
    assert isinstance(menu, QMenu)
    assert [action.text() for action in menu.actions()] == ["快捷键", "退出登录"]
    with qtbot.waitSignal(window.sign_out):
        menu.actions()[1].trigger()
    menu.close()


def test_errors_and_notices_stand_below_the_bar(window: MainWindow, words: DeskWords) -> None:
    window.say_error(Conflict("client.deadline", seconds=15))
    assert window.banner.isVisible()
    assert "15 秒" in window.banner.accessibleDescription()
    window.say("info", "ui.sync.offline")
    assert window.banner.title.text() == "未连接"
    words.use("en")
    assert window.banner.title.text() == "Not connected"


# ------------------------------------------------------------ keys


@pytest.mark.parametrize(
    ("keys", "letter"), [("J", True), ("?", True), ("1", True), ("Space", True), ("Ctrl+K", False), ("F1", False)]
)
def test_what_is_a_letter(keys: str, letter: bool) -> None:
    assert is_letter(keys) is letter


def test_letters_act_where_nothing_is_typed(window: MainWindow, qtbot: QtBot) -> None:
    page, hits = place(window), list[object]()
    window.keys.add("next", ("J", "Down"), "ui.copy", lambda: hits.append("next"), owner=page)
    page.button.setFocus()
    press(page.button, Qt.Key.Key_J)
    assert hits == ["next"]
    page.field.setFocus()
    press(page.field, Qt.Key.Key_J)
    assert hits == ["next"]
    assert page.field.text() == "j"


def test_keys_of_a_hidden_place_are_silent(window: MainWindow, qtbot: QtBot) -> None:
    hits: list[str] = []
    window.keys.add("next", "J", "ui.copy", lambda: hits.append("queue"), owner=place(window))
    window.open("audit")
    window.keys.add("next", "J", "ui.copy", lambda: hits.append("audit"), owner=place(window))
    place(window).button.setFocus()
    press(place(window).button, Qt.Key.Key_J)
    assert hits == ["audit"]
    assert window.keys.run("next")
    assert hits == ["audit", "audit"]


def test_what_is_not_enabled_does_not_act(window: MainWindow, qtbot: QtBot) -> None:
    hits: list[int] = []
    window.keys.add("x", "X", "ui.copy", lambda: hits.append(1), owner=window, enabled=lambda: False)
    place(window).button.setFocus()
    press(place(window).button, Qt.Key.Key_X)
    assert hits == []
    assert not window.keys.run("x")


def test_input_methods_are_off_outside_fields(window: MainWindow, qtbot: QtBot) -> None:
    page = place(window)
    page.button.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled)
    page.button.setFocus()
    qtbot.waitUntil(page.button.hasFocus)
    assert not page.button.testAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled)
    page.field.setFocus()
    assert page.field.testAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled)
    assert can_type(page.field)
    assert not can_type(page.button)


def test_bindings_go_with_their_owner(window: MainWindow, qtbot: QtBot) -> None:
    owner = QWidget(window)
    binding = window.keys.add("x", "X", "ui.copy", lambda: None, owner=owner)
    assert binding in window.keys.bindings()
    with qtbot.waitSignal(owner.destroyed):
        owner.deleteLater()
    assert binding not in window.keys.bindings()
    other = window.keys.add("y", "Y", "ui.copy", lambda: None, owner=window)
    window.keys.remove(other)
    assert other not in window.keys.bindings()


def test_the_question_mark_lists_keys(window: MainWindow, qtbot: QtBot) -> None:
    page = place(window)
    window.keys.add("next", "J", "ui.copy", lambda: None, owner=page)
    page.button.setFocus()
    type_text(page.button, "?")
    assert window.overview.isVisible()
    texts = [label.text() for label in window.overview.findChildren(QLabel)]
    assert {"J", "复制", "Ctrl+K"} <= set(texts)
    press(window.overview, Qt.Key.Key_Escape)
    assert not window.overview.isVisible()
    assert page.button.hasFocus()


def test_letters_do_not_pass_through_the_overview(window: MainWindow, qtbot: QtBot) -> None:
    page, hits = place(window), list[object]()
    window.keys.add("next", "J", "ui.copy", lambda: hits.append(1), owner=page)
    window.overview.open()
    press(window.overview, Qt.Key.Key_J)
    assert hits == []
    window.overview.shut()


# ------------------------------------------------------------ palette


def test_scores_prefer_what_one_means() -> None:
    assert score("xyz", "switch theme") is None
    whole, starts, scattered = score("theme", "switch theme"), score("st", "switch theme"), score("hm", "switch theme")
    assert whole is not None
    assert starts is not None
    assert scattered is not None
    assert whole > starts > scattered
    assert score("", "anything") is not None
    assert score("深色", "切换深色与浅色") is not None


def test_ctrl_k_runs_an_action(window: MainWindow, qtbot: QtBot) -> None:
    page, hits = place(window), list[object]()
    window.keys.add("stop", "", "ui.stop", lambda: hits.append("stop"), owner=page)
    page.field.setFocus()
    press(page.field, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    palette = window.palette_bar
    assert palette.isVisible()
    assert palette.field.hasFocus()
    palette.field.setText("停止")
    assert palette.model.rowCount() == 1
    press(palette.field, Qt.Key.Key_Return)
    assert hits == ["stop"]
    assert not palette.isVisible()
    assert page.field.hasFocus()


def test_cases_arrive_later_and_only_for_what_is_asked(window: MainWindow, qtbot: QtBot) -> None:
    asked: list[tuple[str, Deliver]] = []
    opened: list[str] = []
    window.palette_bar.provider = lambda text, deliver: asked.append((text, deliver))
    window.palette_bar.open()
    type_text(window.palette_bar.field, "RC-1")
    qtbot.waitUntil(lambda: bool(asked))
    text, deliver = asked[-1]
    window.palette_bar.field.setText("RC-12")
    found = [Found("RC-12", lambda: opened.append("RC-12"), "王磊\u202e", icon="case")]
    deliver(found)
    assert window.palette_bar.model.rowCount() == 0  # an answer to an older question
    qtbot.waitUntil(lambda: asked[-1][0] == "RC-12")
    asked[-1][1](found)
    index = window.palette_bar.model.index(0)
    assert index.data(Qt.ItemDataRole.AccessibleTextRole) == "RC-12 王磊⟦U+202E⟧"
    assert not window.palette_bar.grab().isNull()
    press(window.palette_bar.field, Qt.Key.Key_Return)
    assert opened == ["RC-12"]
    assert text == "RC-1"


def test_arrows_move_and_escape_closes(window: MainWindow, qtbot: QtBot) -> None:
    palette = window.palette_bar
    palette.open()
    rows = palette.model.rowCount()
    assert rows > 2
    press(palette.field, Qt.Key.Key_Up)
    assert palette.list.currentIndex().row() == rows - 1
    press(palette.field, Qt.Key.Key_Down)
    assert palette.list.currentIndex().row() == 0
    press(palette.field, Qt.Key.Key_Escape)
    assert not palette.isVisible()


def test_keys_of_the_page_beneath_do_not_swallow_arrows(window: MainWindow) -> None:
    page, hits = place(window), list[object]()
    window.keys.add("next", ("J", "Down"), "ui.copy", lambda: hits.append(1), owner=page, repeat=True)
    palette = window.palette_bar
    palette.open()
    press(palette.field, Qt.Key.Key_Down)
    assert palette.list.currentIndex().row() == 1
    palette.shut()
    page.button.setFocus()
    press(page.button, Qt.Key.Key_Down)
    assert hits == [1]


# ------------------------------------------------------------ what is remembered


def test_splitters_remember(qtbot: QtBot, tmp_path: Path, app: object) -> None:
    def split(state: DeskState) -> QSplitter:
        splitter = QSplitter()
        qtbot.addWidget(splitter)
        for _ in range(2):
            splitter.addWidget(QWidget())
        splitter.resize(400, 100)
        splitter.show()
        state.keep_splitter(splitter, "case")
        return splitter

    state = DeskState(tmp_path)
    first = split(state)
    first.moveSplitter(120, 1)
    sizes = first.sizes()
    assert split(DeskState(tmp_path)).sizes() == sizes


def test_nonsense_in_the_file_is_as_if_unset(tmp_path: Path) -> None:
    (tmp_path / "desktop.ini").write_text("[look]\nlanguage=fr\ntheme=pink\n[split]\ncase=7\n")
    state = DeskState(tmp_path)
    assert state.language is None
    assert state.theme == "light"


@pytest.mark.parametrize("size", [(1280, 800), (1920, 1080)])
def test_nothing_in_the_bars_is_cut(qtbot: QtBot, window: MainWindow, words: DeskWords, size: tuple[int, int]) -> None:
    window.resize(*size)
    window.top.set_sync("synced", datetime(2026, 11, 20, 4, 41, tzinfo=UTC))
    window.top.set_person("Ana Ruiz", ["reviewer"])
    window.use_language("en")
    words.use("qps")
    parts: list[QLabel | QPushButton] = [*window.top.findChildren(QLabel), window.top.language, window.top.person]

    def cut() -> list[str]:
        return [part.text() for part in parts if part.isVisible() and part.width() < part.sizeHint().width()]

    qtbot.waitUntil(lambda: cut() == [])
