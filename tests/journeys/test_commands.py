"""The command line as somebody types it: accounts, settings, errors, exit codes."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import NullPool, create_engine, make_url
from typer.main import get_group

from refund_desk.client.words import LANGUAGES, load_catalogue
from refund_desk.commands.app import SUBJECTS, app
from refund_desk.commands.printing import width_of
from tests.fakes.shell import Shell

# ------------------------------------------------------------ help


def commands() -> Iterator[list[str]]:
    yield []
    for name in SUBJECTS:
        yield [name]
    yield from (["user", name] for name in ("list", "add", "role", "disable", "enable", "reset", "token"))
    yield from (["quarantine", name] for name in ("list", "show", "retry", "drop"))
    yield from (["config", name] for name in ("list", "show", "propose", "approve", "decline"))
    yield from (["db", name] for name in ("upgrade", "current", "check", "grant", "accept-restore"))
    yield from (["export", name] for name in ("cases",))
    yield from (["audit", name] for name in ("verify", "export", "prove", "key"))


@pytest.mark.parametrize("words", list(commands()), ids=" ".join)
def test_every_command_explains_itself(shell: Shell, words: list[str]) -> None:
    said = shell(*words, "--help").stdout
    assert said.startswith("Usage: ")
    assert "⟦" not in said
    assert "help." not in said
    shell.env["REFUND_DESK_LANGUAGE"] = "zh"
    in_chinese = shell(*words, "--help").stdout
    assert in_chinese.startswith("用法：")
    assert "⟦" not in in_chinese
    sentences = [line for line in in_chinese.splitlines()[1:] if "<" not in line and "--" not in line]
    assert max(map(width_of, sentences)) <= 100  # names with all their choices may be wider
    assert not shell.home.exists()


def told(command: Any, path: str) -> Iterator[str]:
    """The keys of a command's help, and of all below it."""
    yield f"help.{path}"
    for param in command.params:
        if param.help is not None:
            yield param.help
    for name, below in getattr(command, "commands", {}).items():
        yield from told(below, f"{path}.{name}")


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_help_is_missing_and_none_unused(language: str) -> None:
    group = get_group(app)
    keys = set(told(group, "root"))
    for name in SUBJECTS:
        keys.update(told(group.get_command(None, name), name))  # type: ignore[arg-type]
    known = {key for key in load_catalogue(language) if key.startswith("help.")}
    page = {f"help.heading.{heading}" for heading in ("arguments", "options", "commands")}
    assert keys | page | {"help.usage", "help.default", "help.required", "help.option.help"} == known


def test_help_of_a_command_is_in_the_users_language(shell: Shell) -> None:
    shell.env["REFUND_DESK_LANGUAGE"] = "zh"
    said = shell("serve", "--help").stdout
    assert "监听端口；0 表示任意空闲端口。  [默认： 8470]" in said
    assert "显示此帮助并退出。" in said
    assert "必填" in shell("import", "--help").stdout
    assert "  audit       校验、导出并证明审计日志。" in shell("--help").stdout


def test_a_command_that_is_none_is_a_usage_error(shell: Shell) -> None:
    assert "No such command" in shell("frobnicate", code=2).stderr
    assert "Missing argument" in shell("import", code=2).stderr
    shell("user", "add", "lin", "--name", "Lin", "--role", "emperor", code=2)
    assert not shell.home.exists()
    assert "--all" in shell("quarantine", "retry", code=2).stderr


# ------------------------------------------------------------ accounts


def test_the_first_administrator_signs_in_with_the_password_that_was_typed(shell: Shell) -> None:
    shell.add("lin", "administrator")
    assert shell.as_("lin", "user", "list").stdout.splitlines()[1].split() == ["lin", "Lin", "administrator"]
    assert "Login or password is wrong." in shell("user", "list", "--as", "lin", code=1, typed="wrong\n").stderr


def test_a_one_time_password_must_be_changed_before_anything_else(shell: Shell) -> None:
    made = shell.json("user", "add", "lin", "--name", "Lin", "--role", "administrator")
    password = made["one_time_password"]
    assert made["user"]["must_change"] is True
    assert "Change the one-time password" in shell("user", "list", "--as", "lin", code=1, typed=password + "\n").stderr
    assert shell.json("user", "reset", "lin")["one_time_password"] != password


def test_an_account_through_its_life(shell: Shell) -> None:
    shell.add("lin", "administrator")
    shell.add("mei", "reviewer")
    assert shell("user", "role", "mei", "supervisor").stdout == "mei now holds: supervisor.\n"
    token = shell("user", "token", "mei").stdout.strip()
    assert "may" in shell("user", "list", "--token", token, code=1).stderr  # a supervisor manages nobody
    shell("user", "disable", "mei")
    assert "session is over" in shell("quarantine", "list", "--token", token, code=1).stderr
    rows = {row["login"]: row for row in shell.json("user", "list")}
    assert (rows["mei"]["disabled"], rows["mei"]["roles"]) == (True, ["supervisor"])
    shell("user", "enable", "mei")
    assert shell.json("user", "list")[1]["disabled"] is False


def test_what_an_account_may_not_be_is_refused_in_words(shell: Shell) -> None:
    shell.add("lin", "administrator")
    assert "is taken" in shell("user", "add", "lin", "--name", "L", code=1).stderr
    both = ("--role", "administrator", "--role", "finance")
    assert "no deciding role" in shell("user", "add", "eve", "--name", "Eve", *both, code=1).stderr
    assert "last administrator" in shell("user", "disable", "lin", code=1).stderr
    assert "no account nobody" in shell("user", "reset", "nobody", code=1).stderr
    said = shell.json("user", "reset", "nobody", code=1)
    assert said == {"error": {"code": "people.no_account", "params": {"login": "nobody"}}}


def test_two_persons_change_a_role(shell: Shell) -> None:
    shell.add("lin", "administrator")
    shell.add("wei", "administrator")
    shell.add("mei", "reviewer")
    said = shell.as_("lin", "user", "role", "mei", "supervisor", "--reason", "promoted").stdout
    assert "config approve 1" in said
    approve = ("config", "approve", "1", "--reason", "fine")
    assert "Nobody approves their own" in shell.as_("lin", *approve, code=1).stderr
    assert "two persons" in shell(*approve, code=1).stderr  # the machine's operator is none of them
    assert shell.json("user", "list")[1]["roles"] == ["reviewer"]
    assert "in force" in shell.as_("wei", *approve).stdout
    assert shell.json("user", "list")[1]["roles"] == ["supervisor"]
    assert "promoted" in shell("config", "list").stdout


def test_the_process_is_shown_changed_and_proposed(shell: Shell, tmp_path: Path) -> None:
    shell.add("lin", "administrator")
    shell.add("wei", "administrator")
    file = tmp_path / "process.yaml"
    shown = shell("config", "show", "process").stdout
    file.write_text(shown, "utf-8")
    said = shell.as_("lin", "config", "propose", "process", str(file), "--reason", "as it was").stdout
    assert "Change 1 was proposed" in said
    file.write_text("activities: [", "utf-8")
    broken = ("config", "propose", "process", str(file), "--reason", "x")
    assert "can’t be read" in shell.as_("lin", *broken, code=1).stderr
    file.write_text("name: x", "utf-8")
    wrong = shell.as_("lin", *broken, code=1).stderr.splitlines()
    assert len(wrong) > 3  # a line for each mistake, with its path
    assert all(": " in line for line in wrong[1:])


# ------------------------------------------------------------ words


def test_errors_and_heads_are_in_the_users_language(shell: Shell) -> None:
    shell.add("lin", "administrator")
    shell.env["REFUND_DESK_LANGUAGE"] = None
    for name, value in {"LC_ALL": "zh_CN.UTF-8", "LANG": "en_US.UTF-8"}.items():
        shell.env[name] = value
    assert shell("user", "list").stdout.splitlines()[0].split()[0] == "登录名"
    assert shell("user", "reset", "nobody", code=1).stderr == "没有账号 nobody，请查看用户列表。\n"


def test_text_from_outside_cannot_repaint_a_terminal(shell: Shell) -> None:
    shell("user", "add", "eve", "--name", "Eve\x1b[2J‮", "--role", "reviewer")
    assert "Eve⟦U+001B⟧[2J⟦U+202E⟧" in shell("user", "list").stdout


# ------------------------------------------------------------ what can't be reached


def test_a_server_wants_to_know_who_asks(shell: Shell) -> None:
    assert "--as LOGIN or --token" in shell("user", "list", "--server", "http://127.0.0.1:9", code=1).stderr
    gone = shell("user", "list", "--server", "http://127.0.0.1:9", "--token", "x", code=1)
    assert "can't be reached" in gone.stderr
    assert "no address" in shell("user", "list", "--server", "desk.example", "--token", "x", code=1).stderr
    assert not shell.home.exists()


def test_a_home_that_is_a_file(shell: Shell) -> None:
    shell.home.write_text("not a directory")
    said = shell("user", "list", code=1).stderr
    assert str(shell.home) in said
    assert "name another home" in said


def test_a_database_that_is_none(shell: Shell) -> None:
    shell.home.mkdir()
    (shell.home / "desk.db").write_bytes(b"not a database at all" * 500)
    assert "not a database" in shell("user", "list", code=1).stderr
    assert "not a database" in shell("db", "check", code=1).stderr


def test_a_home_of_a_newer_program_is_left_alone(shell: Shell) -> None:
    shell.add("lin", "administrator")
    with sqlite3.connect(shell.home / "desk.db") as database:
        database.execute("UPDATE alembic_version SET version_num = '9999_to_come'")
    database.close()
    assert "9999_to_come" in shell("user", "list", code=1).stderr
    assert "nothing was changed" in shell("db", "upgrade", code=1).stderr
    assert shell.json("db", "check", code=1)["version"] == "9999_to_come"


def test_a_key_that_others_can_read(shell: Shell) -> None:
    shell.add("lin", "administrator")
    (key,) = shell.keys.glob("*.key")
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(shell.home.stat().st_mode) == 0o700
    key.chmod(0o644)
    for words in (("user", "list"), ("audit", "verify")):
        said = shell(*words, code=1).stderr
        assert "0644" in said
        assert "Set its mode to 0600" in said


def test_a_key_inside_the_data(shell: Shell) -> None:
    shell.env["REFUND_DESK_KEY_DIR"] = str(shell.home / "keys")
    assert "lies in the data directory" in shell("user", "list", code=1).stderr


# ------------------------------------------------------------ audit, db


def test_audit_verify_tells_by_its_exit_code(shell: Shell, tmp_path: Path) -> None:
    shell.add("lin", "administrator")
    shell.add("mei", "reviewer")
    report = shell.json("audit", "verify")
    assert (report["ok"], report["origin_proven"], report["unprotected"]) == (True, True, 0)
    assert report["entries"] >= 2
    out = tmp_path / "log.jsonl"
    shell("audit", "export", str(out))
    assert shell.json("audit", "verify", str(out))["entries"] == report["entries"] + 1  # the export is an entry
    with sqlite3.connect(shell.home / "desk.db") as database:
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f"DROP TRIGGER {name}")
        database.execute("UPDATE audit_entry SET actor = 'nobody' WHERE id = 2")
    database.close()
    assert "First bad entry" in shell("audit", "verify", code=1).stdout
    shell("audit", "verify", str(out))  # what was handed out still holds


def test_an_export_of_nothing_makes_nothing(shell: Shell, tmp_path: Path) -> None:
    assert "no desk database" in shell("audit", "export", str(tmp_path / "log"), code=1).stderr
    assert "There is nothing at" in shell("audit", "verify", code=1).stderr
    assert not shell.home.exists()


def test_db_says_where_it_stands_and_makes_nothing_by_looking(shell: Shell) -> None:
    assert shell.json("db", "current")["version"] is None
    assert "no database yet" in shell("db", "check", code=1).stdout
    assert not shell.home.exists()
    shell("db", "upgrade")
    found = shell.json("db", "check")
    assert found["ok"] is True
    assert shell("db", "current").stdout == found["head"] + "\n"


def test_db_takes_the_database_that_is_named(shell: Shell, pg_url: str) -> None:
    shell.env["REFUND_DESK_DATABASE_URL"] = "nonsense"
    assert "no address of a database" in shell("db", "current", code=1).stderr
    shell.env["REFUND_DESK_DATABASE_URL"] = "postgresql://desk:hidden-word@127.0.0.1:9/none"
    said = shell("db", "current", code=1).stderr
    assert "can't be used" in said
    assert "hidden-word" not in said
    with create_engine(pg_url, isolation_level="AUTOCOMMIT", poolclass=NullPool).connect() as admin:
        admin.exec_driver_sql("CREATE DATABASE for_db_command")
    url = make_url(pg_url).set(database="for_db_command", drivername="postgresql")
    shell.env["REFUND_DESK_DATABASE_URL"] = url.render_as_string(hide_password=False)
    assert shell.json("db", "check", code=1)["version"] is None
    shell("db", "upgrade")
    assert shell.json("db", "check")["ok"] is True
    assert "as this program is" in shell("db", "upgrade").stdout
