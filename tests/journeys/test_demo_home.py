"""The demo touches its own home, an empty one or a demo's, and nothing else."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from refund_desk import wiring
from refund_desk.commands.demo import HALF, demo_home, make_demo
from refund_desk.commands.window import OwnDesk
from refund_desk.domain.errors import Conflict
from refund_desk.settings import Settings
from tests.fakes.shell import Shell


def _settings(shell: Shell) -> Settings:
    return Settings(home=shell.home, key_dir=shell.keys)


def test_an_empty_home_is_taken_and_an_absent_one(shell: Shell) -> None:
    settings = _settings(shell)
    assert demo_home(settings) == shell.home
    shell.home.mkdir()
    assert demo_home(settings) == shell.home


def test_a_home_with_a_desk_is_refused_and_left_as_it_is(shell: Shell) -> None:
    shell.add("lin", "administrator")
    before = {path.name: path.stat().st_mtime_ns for path in shell.home.iterdir()}
    with pytest.raises(Conflict, match=r"demo\.real_home"):
        demo_home(_settings(shell))
    assert {path.name: path.stat().st_mtime_ns for path in shell.home.iterdir()} == before


def test_a_directory_with_anything_else_is_refused(shell: Shell) -> None:
    shell.home.mkdir()
    (shell.home / "letter.txt").write_text("mine")
    with pytest.raises(Conflict, match=r"demo\.real_home"):
        demo_home(_settings(shell))


def test_a_desk_that_only_looks_like_a_demo_is_not_opened_as_one(shell: Shell) -> None:
    shell.add("lin", "administrator")
    (shell.home / "demo").touch()
    settings = _settings(shell)
    make_demo(demo_home(settings), settings)  # it is filled already, as far as one can see
    desk = OwnDesk(shell.home, settings, demo=True)
    with pytest.raises(Conflict, match=r"demo\.real_home"):
        asyncio.run(desk.connect())
    desk.close()
    assert [row["demo"] for row in shell.json("user", "list")] == [False]


def test_one_desk_at_a_time_holds_a_home(shell: Shell) -> None:
    settings = _settings(shell)
    first, second = OwnDesk(shell.home, settings), OwnDesk(shell.home, settings)

    async def both() -> None:
        client = await first.connect()
        with pytest.raises(Conflict, match=r"home\.in_use"):
            await second.connect()
        assert (await client.status()).first_start
        await client.aclose()

    asyncio.run(both())
    first.close()
    client = asyncio.run(second.connect())
    asyncio.run(client.aclose())
    second.close()
    first.close()


def test_a_demo_that_was_broken_off_begins_anew(shell: Shell, tmp_path: Path) -> None:
    wiring.mark_demo(shell.home)
    (shell.home / HALF).touch()
    (shell.home / "blobs").mkdir()
    (shell.home / "desk.db").write_bytes(b"half")
    assert demo_home(_settings(shell)) == shell.home
    with wiring.home_lock(shell.home), pytest.raises(Conflict, match=r"home\.in_use"):
        make_demo(shell.home, _settings(shell))
    assert (shell.home / "desk.db").read_bytes() == b"half"
