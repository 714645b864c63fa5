"""A sync that is really killed: SIGKILL to a child at each of its commits, one after the other, then a fresh start.

`test_conformance` walks the same points by an exception; here nothing of the process survives: no rollback is sent,
no `finally` runs.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine

from refund_desk.store.database import open_engine
from refund_desk.store.work import SqlWork
from refund_desk.worker.sync import run
from tests.conftest import NewEngine
from tests.fakes.house import OPERATOR, Clock
from tests.fakes.sources import SourceHouse
from tests.sources.rigs import RIGS

FEW, MOST = 5, 60


class Dying(SourceHouse):
    """Dies by its own hand at a commit: before it, everything of it being done, or right after."""

    def __init__(self, engine: Engine, home: Path, clock: Clock, at: int, *, after: bool) -> None:
        super().__init__(engine, home)
        self.clock.now, self._at, self._after, self._commit = clock.now, at, after, 0

    def write(self) -> AbstractContextManager[SqlWork]:
        return self._dying()

    @contextmanager
    def _dying(self) -> Iterator[SqlWork]:
        self._commit += 1
        mine = self._commit == self._at
        with super().write() as work:
            yield work
            if mine and not self._after:
                os.kill(os.getpid(), signal.SIGKILL)
        if mine:
            os.kill(os.getpid(), signal.SIGKILL)


def child(url: str, home: Path, clock: Clock, at: int, *, after: bool) -> int:
    """Sync in a process of its own; its wait status."""
    number = os.fork()
    if number == 0:
        code = 1
        try:
            run(Dying(open_engine(url, synchronous="OFF"), home, clock, at, after=after), OPERATOR, "shop")
            code = 0
        finally:
            os._exit(code)
    return os.waitpid(number, 0)[1]


@pytest.mark.parametrize("after", [False, True], ids=["before the commit", "after the commit"])
@pytest.mark.parametrize("name", ["imap", "stripe", "vendure"])
def test_killed_for_good_the_next_process_goes_on(
    new_engine: NewEngine, tmp_path: Path, name: str, after: bool
) -> None:
    engine = new_engine("sqlite")
    url = str(engine.url)
    engine.dispose()
    house, rig = SourceHouse(open_engine(url, synchronous="OFF"), tmp_path), RIGS[name]()
    try:
        house.connect("shop", rig.connector, rig.settings, rig.secrets)
        rig.prepare(house)
        for number in range(FEW):
            rig.put(number)
        house.engine.dispose()
        killed = 0
        for at in range(1, MOST):
            house.clock.forward(minutes=5)  # whoever was killed holds its source for a while
            status = child(url, tmp_path, house.clock, at, after=after)
            if os.WIFEXITED(status):
                assert os.WEXITSTATUS(status) == 0
                break
            assert os.WTERMSIG(status) == signal.SIGKILL
            killed += 1
        assert 3 <= killed < MOST - 1
        picture = house.picture()
        assert [rig.version_of(picture, number) for number in range(FEW)] == [0] * FEW
        assert picture["quarantine"] == []
        house.clock.forward(minutes=5)
        again = run(house, OPERATOR, "shop")
        assert (again.new, again.changed, again.gone, again.quarantined) == (0, 0, 0, 0)
        assert house.picture() == picture
    finally:
        rig.close()
        house.engine.dispose()
