"""`house`: a desk on a fresh SQLite database with the standard process; `pg_house` the same on PostgreSQL;
`scene`: either, with people."""

from __future__ import annotations

from pathlib import Path

import pytest

from refund_desk.store.database import open_engine
from tests.conftest import NewEngine
from tests.fakes.house import FakeHouse
from tests.fakes.scene import Scene


@pytest.fixture
def house(new_engine: NewEngine, tmp_path: Path) -> FakeHouse:
    engine = new_engine("sqlite")
    ours = open_engine(str(engine.url), synchronous="OFF")  # nothing here outlives the run
    engine.dispose()
    return FakeHouse(ours, tmp_path)


@pytest.fixture
def pg_house(new_engine: NewEngine, tmp_path: Path) -> FakeHouse:
    return FakeHouse(new_engine("postgresql"), tmp_path)


@pytest.fixture(params=["sqlite", "postgresql"])
def scene(request: pytest.FixtureRequest, new_engine: NewEngine, tmp_path: Path) -> Scene:
    """A staffed desk, on each database."""
    return Scene(FakeHouse(new_engine(request.param), tmp_path))
