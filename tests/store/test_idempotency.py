"""Answers kept by principal, route and key: found again to the byte, claimed by one at a time, forgotten in time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from refund_desk.store.database import writing
from refund_desk.store.idempotency import IdempotencyRepo, Kept
from refund_desk.store.work import SqlStore
from tests.conftest import Kind
from tests.store.many import NOW, store_over


@pytest.fixture
def store(engine: Engine) -> SqlStore:
    return store_over(engine)


def test_an_answer_is_kept_for_its_own_principal_route_and_key(store: SqlStore) -> None:
    with store.write() as work:
        work.idempotency.keep("p1", "POST /x", "k", b"body", 201, b"\x00answer", NOW)
    with store.read() as work:
        kept = work.idempotency.kept
        assert kept("p1", "POST /x", "k") == Kept(b"body", 201, b"\x00answer")
        assert kept("p2", "POST /x", "k") is kept("p1", "POST /y", "k") is kept("p1", "POST /x", "K") is None
    with pytest.raises(IntegrityError), store.write() as work:
        work.idempotency.keep("p1", "POST /x", "k", b"other", 200, b"", NOW)


def test_nothing_is_kept_of_what_was_rolled_back(store: SqlStore) -> None:
    def broken() -> None:
        with store.write() as work:
            work.idempotency.keep("p", "r", "k", b"", 200, b"", NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()
    with store.read() as work:
        assert work.idempotency.kept("p", "r", "k") is None


def test_answers_go_after_thirty_days(store: SqlStore) -> None:
    with store.write() as work:
        for key, days in (("old", 31), ("young", 29)):
            work.idempotency.keep("p", "r", key, b"", 200, b"", NOW - timedelta(days=days))
        assert work.idempotency.forget_old(NOW) == 1
        assert work.idempotency.kept("p", "r", "old") is None
        assert work.idempotency.kept("p", "r", "young") is not None


@pytest.mark.parametrize("kind", ["postgresql"], indirect=True)
def test_while_one_works_on_a_key_another_is_told_to_wait(engine: Engine, kind: Kind) -> None:
    """On SQLite the write lock itself makes the other wait, and then find the answer."""
    with writing(engine) as first:
        assert IdempotencyRepo(first).claim("p", "r", "k")
        with writing(engine) as second:
            assert not IdempotencyRepo(second).claim("p", "r", "k")
            assert IdempotencyRepo(second).claim("p", "r", "other")
            assert IdempotencyRepo(second).claim("p2", "r", "k")
    with writing(engine) as third:
        assert IdempotencyRepo(third).claim("p", "r", "k")
