"""`refund-desk audit` as somebody runs it: on a data directory, an address, an exported file, a proof."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from refund_desk.client.words import Words
from refund_desk.commands.audit import audit_app
from refund_desk.engines.signing import verify_note
from refund_desk.service.ports.audit import AuditReader
from refund_desk.store.audit_places import is_database, open_place
from tests.conftest import Kind, NewEngine
from tests.store.audit_desk import AuditDesk


class Doors:
    """The doors of a desk that lies in one place."""

    version = "test"

    def __init__(self, place: str, directory: Path, key: str | None) -> None:
        self._place, self._directory, self._key = place, directory, key
        self.recorded: list[tuple[str, str | None]] = []
        self._words = Words("en")

    def verify_note(self, note: str, vkey: str) -> str:
        return verify_note(note, vkey)

    def here(self) -> str:
        return self._place

    def trusted_key(self) -> str | None:
        return self._key

    def is_database(self, place: str) -> bool:
        return is_database(place)

    def open_place(self, place: str) -> AbstractContextManager[tuple[AuditReader, list[str]]]:
        return open_place(place, self._directory)

    def record(self, action: str, case: str | None = None) -> None:
        self.recorded.append((action, case))

    def now(self) -> str:
        return "2026-11-20T09:00:00Z"

    def tr(self, key: str, **params: Any) -> str:
        return self._words.tr(key, **params)


class Shell:
    """Runs commands; remembers the doors they went through."""

    def __init__(self, kind: Kind, new_engine: NewEngine, folder: Path) -> None:
        self.desk = AuditDesk(new_engine(kind), folder)
        self.desk.fill(40, 20)
        url = self.desk.engine.url
        self.place = str(url.database) if kind == "sqlite" else url.render_as_string(hide_password=False)
        self.doors = Doors(self.place, folder, None)

    def __call__(self, *words: str, key: bool = True) -> Result:
        more = ["--key", self.desk.key.vkey] if key and words[0] == "verify" else []
        return CliRunner().invoke(audit_app(lambda: self.doors), [*words, *more])


@pytest.fixture
def shell(kind: Kind, new_engine: NewEngine, tmp_path: Path) -> Shell:
    return Shell(kind, new_engine, tmp_path)


def test_verify_says_what_is_proven(shell: Shell) -> None:
    proven = shell("verify")
    assert (proven.exit_code, proven.stdout) == (0, "The log is whole: 60 entries, signed by the key you trust.\n")
    agrees = shell("verify", shell.place, key=False)
    assert agrees.exit_code == 0
    assert "origin is not proven" in agrees.stdout
    shell.desk.add(2)
    assert "2 entries after the last checkpoint" in shell("verify").stdout
    report = json.loads(shell("verify", "--json").stdout)
    assert (report["ok"], report["entries"], report["unprotected"], report["origin_proven"]) == (True, 62, 2, True)


def test_verify_names_the_first_bad_entry(shell: Shell) -> None:
    shell.desk.attack("UPDATE audit_entry SET actor = 'nobody' WHERE id = 33", "DELETE FROM audit_entry WHERE id = 50")
    found = shell("verify")
    assert found.exit_code == 1
    assert "First bad entry: Entry 33 at position 32" in found.stdout
    report = json.loads(shell("verify", "--json").stdout)
    assert report["first_bad"]["code"] == "audit.copy_changed"
    assert report["first_bad"]["params"]["entry"] == 33


def test_an_export_is_verified_offline(shell: Shell, tmp_path: Path) -> None:
    out = tmp_path / "log.jsonl"
    assert shell("export", str(out)).exit_code == 0
    assert shell.doors.recorded == [("audit.exported", None)]
    key_file = tmp_path / "desk.vkey"
    key_file.write_text(shell.desk.key.vkey + "\n")
    shell.doors = Doors("nowhere", tmp_path, None)
    assert "signed by the key you trust" in shell("verify", str(out), "--key", str(key_file), key=False).stdout
    out.write_bytes(out.read_bytes()[:-200])
    cut = shell("verify", str(out))
    assert cut.exit_code == 1
    assert "cut or changed on its way" in cut.stderr
    assert [path.name for path in tmp_path.glob(".log*")] == []


def test_the_key_is_printed_for_whoever_pins_it(shell: Shell, tmp_path: Path) -> None:
    assert "There is no desk database" in shell("key").stderr
    shell.doors = Doors(shell.place, tmp_path, shell.desk.key.vkey)
    assert shell("key").stdout.strip() == shell.desk.key.vkey


def test_a_case_is_proven_offline(shell: Shell, tmp_path: Path) -> None:
    out = tmp_path / "proof.json"
    assert shell("prove", "R-3", "--out", str(out)).exit_code == 0
    assert json.loads(shell("prove", "R-3").stdout)["case"] == "R-3"
    good = shell("verify", str(out))
    assert good.exit_code == 0
    assert good.stdout.startswith("Case R-3:")
    out.write_text(out.read_text().replace("CNY", "USD", 1))
    bad = shell("verify", str(out))
    assert bad.exit_code == 1
    assert "is not part of the signed log" in bad.stdout


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("verify", "no such file"), "There is nothing at no such file"),
        (("verify", "--key", "hello"), "This is not a verifier key"),
        (("prove", "R-none"), "The log holds no entry about case R-none"),
        (("export", "no/such/dir/x"), "There is nothing at"),
        (("verify", "postgresql://nobody@127.0.0.1:1/none"), "There is no desk database"),
    ],
)
def test_what_can_not_be_done_is_said(new_engine: NewEngine, tmp_path: Path, words: list[str], sentence: str) -> None:
    shell = Shell("sqlite", new_engine, tmp_path)
    result = shell(*words, key=False)
    assert result.exit_code == 1
    assert sentence in result.stderr


def test_a_file_that_is_no_database(new_engine: NewEngine, tmp_path: Path) -> None:
    shell = Shell("sqlite", new_engine, tmp_path)
    (tmp_path / "home").mkdir()
    assert "There is no desk database" in shell("verify", str(tmp_path / "home")).stderr
    (tmp_path / "home" / "desk.db").write_bytes(b"SQLite format 3\x00" + b"garbage" * 1000)
    torn = shell("verify", str(tmp_path / "home"))
    assert torn.exit_code == 1
    assert "The database gives no readable rows" in torn.stdout


def test_every_code_of_the_log_has_words() -> None:
    """Each code in the sources of the log is worded, as a finding, an error, or both."""
    import re

    import refund_desk

    root = Path(refund_desk.__file__).parent
    sources = [*root.glob("**/audit*.py"), root / "domain/checkpoints.py", root / "domain/notes.py"]
    codes = {code for path in sources for code in re.findall(r'"(audit\.[a-z_]+)"', path.read_text("utf-8"))}
    actions = {"audit.exported", "audit.read", "audit.verify", "audit.export", "audit.restore_accepted"}
    for language in ("zh", "en"):
        words = Words(language)
        unworded = {
            code for code in codes - actions if not (words.has(f"finding.{code}") or words.has(f"error.{code}"))
        }
        assert unworded == set()
