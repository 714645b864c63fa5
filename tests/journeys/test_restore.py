"""The database of a home is brought back from a backup, and its operator accepts that."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.fakes.shell import Shell


def back_up(shell: Shell, folder: Path) -> Path:
    return Path(shutil.copy(shell.home / "desk.db", folder / "backup.db"))


def bring_back(shell: Shell, backup: Path) -> None:
    for file in shell.home.glob("desk.db*"):
        file.unlink()
    shutil.copy(backup, shell.home / "desk.db")


def test_a_restore_is_accepted_and_stays_on_record(shell: Shell, tmp_path: Path) -> None:
    assert "There is no desk database" in shell("db", "accept-restore", code=1).stderr
    shell.add("lin", "administrator")
    backup = back_up(shell, tmp_path)
    shell.add("mei", "reviewer")
    assert "Nothing is lost" in shell("db", "accept-restore", code=1).stderr
    kept = tmp_path / "kept.txt"
    shutil.copy(shell.home / "checkpoints" / "latest.txt", kept)
    bring_back(shell, backup)
    assert "The end of the log was cut off" in shell("audit", "verify", code=1).stdout
    asked = shell("db", "accept-restore", code=1, typed="The disk died\nn\n").stdout
    assert "1 checkpoint kept outside is of entries that this log lacks." in asked
    assert "Give a reason." in shell("db", "accept-restore", "--reason", " ", "--yes", code=1).stderr
    said = shell("db", "accept-restore", typed="The disk died\ny\n").stdout
    assert "epoch 1 has begun" in said
    assert shell("audit", "key").stdout.strip() in said
    shell.add("wei", "reviewer")
    whole = shell("audit", "verify").stdout
    assert "signed by the key you trust" in whole
    assert "of a branch that an accepted restore left" in whole
    shell("audit", "export", str(tmp_path / "log.jsonl"))
    file = shell.json("audit", "verify", str(tmp_path / "log.jsonl"), "--checkpoint", str(kept))
    assert [branch["epoch"] for branch in file["branches"]] == [1]
    bring_back(shell, backup)  # and once more: what was accepted once is not accepted for good
    assert shell("audit", "verify", code=1)
    assert "epoch 2 has begun" in shell("db", "accept-restore", "--reason", "again", "--yes").stdout
    assert [branch["epoch"] for branch in shell.json("audit", "verify")["branches"]] == [2]
