"""`rig`: a system under test, one of each connector; `desk`: a desk that is connected to it as `shop`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from refund_desk.store.database import open_engine
from tests.conftest import NewEngine
from tests.fakes.sources import SourceHouse
from tests.sources.rigs import RIGS, Rig


@pytest.fixture(params=sorted(RIGS))
def rig(request: pytest.FixtureRequest) -> Iterator[Rig]:
    made = RIGS[request.param]()
    yield made
    made.close()


@pytest.fixture
def house(new_engine: NewEngine, tmp_path: Path) -> SourceHouse:
    """A desk connected to nothing, on SQLite."""
    engine = new_engine("sqlite")
    ours = open_engine(str(engine.url), synchronous="OFF")
    engine.dispose()
    return SourceHouse(ours, tmp_path)


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest, new_engine: NewEngine, tmp_path: Path) -> SourceHouse:
    """The same on each database."""
    return SourceHouse(new_engine(request.param), tmp_path)


@pytest.fixture
def desk(house: SourceHouse, rig: Rig) -> SourceHouse:
    house.connect("shop", rig.connector, rig.settings, rig.secrets)
    rig.prepare(house)
    return house
