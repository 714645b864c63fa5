"""Every store test runs on both databases: `engine` is a fresh one of each, tables and guards included."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from tests.conftest import Kind, NewEngine


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest) -> Kind:
    """Which database this run of the test is on."""
    name: Kind = request.param
    return name


@pytest.fixture
def engine(kind: Kind, new_engine: NewEngine) -> Engine:
    """A fresh, empty database with the whole schema."""
    return new_engine(kind)
