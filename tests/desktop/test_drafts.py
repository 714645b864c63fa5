"""Drafts outlive a crash, whole or not at all."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, QTimer
from pytestqt.qtbot import QtBot

from refund_desk.desktop.drafts import DraftKeeper, Drafts


def test_a_draft_comes_back(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path / "drafts")
    drafts.save("case/RC-1/reply", {"text": "您好", "key": "k1"})
    assert Drafts(tmp_path / "drafts").load("case/RC-1/reply") == {"text": "您好", "key": "k1"}
    assert drafts.load("case/RC-2/reply") is None
    assert drafts.forms() == ["case/RC-1/reply"]
    drafts.drop("case/RC-1/reply")
    drafts.drop("case/RC-1/reply")
    assert drafts.forms() == []


def test_only_its_owner_can_read_it(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path / "drafts")
    drafts.save("a", {})
    files = list((tmp_path / "drafts").iterdir())
    assert [stat.S_IMODE(path.stat().st_mode) & 0o077 for path in files] == [0]


@pytest.mark.parametrize("rubbish", ["", "{", "[]", '{"version": 99, "data": {}}', '{"version": 1, "data": 3}'])
def test_rubbish_is_no_draft(tmp_path: Path, rubbish: str) -> None:
    drafts = Drafts(tmp_path)
    drafts.save("a", {"x": 1})
    next(tmp_path.glob("*.json")).write_text(rubbish)
    assert drafts.load("a") is None


def test_a_full_disk_leaves_the_old_one(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path)
    drafts.save("a", {"x": 1})
    with pytest.raises(TypeError):
        drafts.save("a", {"x": object()})
    assert drafts.load("a") == {"x": 1}
    assert len(list(tmp_path.iterdir())) == 1


def test_a_kill_while_writing_leaves_one_whole_draft(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from refund_desk.desktop.drafts import Drafts\n"
        "drafts = Drafts(Path(sys.argv[1])); n = 0\n"
        "while True:\n"
        "    n += 1; drafts.save('a', {'n': n, 'text': 'x' * 20000}); print(n, flush=True)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    seen = 0
    for line in child.stdout:
        seen = int(line)
        if seen >= 20:
            break
    child.kill()
    child.wait()
    child.stdout.close()
    draft = Drafts(tmp_path).load("a")
    assert draft is not None
    assert draft["n"] >= seen
    assert len(draft["text"]) == 20000


def test_the_keeper_writes_a_moment_later(qtbot: QtBot, tmp_path: Path, app: object) -> None:
    drafts, parent = Drafts(tmp_path), QObject()
    content = {"text": ""}
    keeper = DraftKeeper(drafts, "form", lambda: dict(content), parent)
    for text in ("a", "ab", "abc"):
        content["text"] = text
        keeper.touch()
    assert drafts.load("form") is None
    qtbot.waitUntil(lambda: drafts.load("form") == {"text": "abc"})
    content["text"] = "abcd"
    keeper.touch()
    keeper.flush()
    assert drafts.load("form") == {"text": "abcd"}
    keeper.drop()
    assert drafts.load("form") is None


def test_who_types_without_a_pause_is_kept_too(qtbot: QtBot, tmp_path: Path, app: object) -> None:
    drafts, parent = Drafts(tmp_path), QObject()
    keeper = DraftKeeper(drafts, "form", lambda: {"text": "abc"}, parent)
    typing = QTimer(parent)
    typing.setInterval(20)
    typing.timeout.connect(keeper.touch)
    typing.start()
    qtbot.waitUntil(lambda: drafts.load("form") is not None)
    assert typing.isActive(), "it was written while they typed"
    typing.stop()
    keeper.flush()
