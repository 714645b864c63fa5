"""The shipped process is remembered: cases that begin with it outlive the program that shipped it."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any

import pytest
import rfc8785
from sqlalchemy import Engine

from refund_desk.engines import process_book
from refund_desk.engines.versions import Versions
from refund_desk.store.work import SqlStore
from tests.conftest import Kind, NewEngine

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, new_engine: NewEngine) -> Engine:
    kind: Kind = request.param
    return new_engine(kind)


def other() -> dict[str, Any]:
    content = copy.deepcopy(process_book.standard_content())
    content["process"]["version"] = "0"
    return content


def test_an_older_shipped_one_is_kept_and_gives_way(engine: Engine) -> None:
    store, before = SqlStore(engine, rfc8785.dumps, lambda: NOW), process_book.read(other())
    with store.write() as work:  # what a former program did
        work.people.add_version(
            kind="process", version=before.version, content=other(), effective_at=NOW, change_id=None
        )
    for _ in range(2):
        with store.write() as work:
            Versions().remember(work, NOW)
    with store.read() as work:
        versions = Versions()
        assert len(work.people.versions("process")) == 2
        assert versions.current(work).version == process_book.standard().version
        assert versions.version(work, before.version).version == before.version
        assert versions.version(work, "standard@of-nobody") is versions.current(work)


def test_what_two_persons_agreed_on_stays_in_force(engine: Engine) -> None:
    store, agreed = SqlStore(engine, rfc8785.dumps, lambda: NOW), process_book.read(other())
    with store.write() as work:
        person = work.people.add_person("Lin", NOW)
        change = work.people.add_change(
            kind="process",
            subject="process",
            content=other(),
            digest=b"",
            proposed_by=person,
            proposed_at=NOW,
            reason="ours",
            status="approved",
        )
        work.people.add_version(
            kind="process", version=agreed.version, content=other(), effective_at=NOW, change_id=change
        )
        Versions().remember(work, NOW)
        assert Versions().current(work).version == agreed.version
