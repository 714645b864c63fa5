"""Exports read every case that the queue's filters find, once, in one picture; on both databases."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine, insert

from refund_desk.domain.exports import columns
from refund_desk.service.ports.views import CHIPS, QueueFilter
from refund_desk.store.tables.cases import proposal, refund_intent
from refund_desk.store.work import SqlStore, SqlWork
from tests.store.many import NOW, Cases, statements, store_over

MASKED, OPEN = columns(personal=False), columns(personal=True)


@pytest.fixture
def store(engine: Engine) -> SqlStore:
    return store_over(engine)


def rows(work: SqlWork, wanted: QueueFilter, shown: Any = MASKED, size: int = 1_000) -> list[dict[str, Any]]:
    names = [column.name for column in shown]
    pages = list(work.exports.pages(1, wanted, NOW, shown, size))
    found = [dict(zip(names, row, strict=True)) for page in pages for row in page]
    assert work.exports.count(1, wanted, NOW) == len(found)
    return found


def fill(store: SqlStore, number: int) -> None:
    with store.write() as work:
        cases = Cases(work)
        for n in range(number):
            customer = cases.customer(f"王小{n}", phone="13800001234")
            cases.case(
                customer=customer,
                stage=("review", "approval", "payout")[n % 3],
                reason=("damaged", "late")[n % 2],
                conflicts=n % 4 == 0,
                disputed=n % 5 == 0,
                open=n % 7 != 0,
                amount_minor=1_000 * n,
                currency=("CNY", "JPY")[n % 2],
                due_at=None if n % 3 == 0 else NOW,
            )


@pytest.mark.parametrize("page", [1, 7, 1_000])
def test_every_case_once_by_pages_of_any_size(store: SqlStore, page: int) -> None:
    fill(store, 23)
    with store.read_long() as work:
        found = rows(work, QueueFilter(closed=True), size=page)
    assert [row["ref"] for row in found] == sorted(row["ref"] for row in found)
    assert len({row["ref"] for row in found}) == 23


def test_filters_find_what_the_queue_finds(store: SqlStore) -> None:
    fill(store, 42)
    kinds: list[dict[str, Any]] = [{"chip": chip} for chip in CHIPS]
    kinds += [{}, {"closed": True}, {"stage": "review"}, {"reason": "late"}, {"currency": "JPY"}, {"merchant": "none"}]
    with store.read_long() as work:
        for kind in kinds:
            wanted = QueueFilter(**kind)
            listed = {one.state.ref for one in work.views.page(1, wanted, NOW, None, 200)}
            assert {row["ref"] for row in rows(work, wanted)} == listed, kind


def test_a_search_finds_more_than_a_page(store: SqlStore) -> None:
    fill(store, 9)
    with store.write() as work:
        for n in range(1, 10):
            work.cases.index(n, "request", str(n), "broken cup")
    with store.read_long() as work:
        assert len(rows(work, QueueFilter(text="broken", closed=True), size=2)) == 9
        assert rows(work, QueueFilter(text="nothing like it", closed=True)) == []
        assert len(work.views.search("broken", 5)) == 5


def test_names_are_masked_unless_they_are_wanted(store: SqlStore) -> None:
    fill(store, 1)
    with store.read_long() as work:
        (masked,) = rows(work, QueueFilter(closed=True))
        (shown,) = rows(work, QueueFilter(closed=True), OPEN)
    assert masked["customer"] == "王**"
    assert not {"phone", "email"} & masked.keys()
    assert (shown["customer"], shown["phone"]) == ("王小0", "13800001234")


def test_decision_and_money_stand_beside_their_case(store: SqlStore) -> None:
    fill(store, 3)
    with store.write() as work:
        person = work.people.add_person("Rita", NOW)
        common = {"round": 1, "reason": "x", "content": b"", "digest": b"", "person_id": person, "at": NOW}
        for case, number, decision, status in (
            (1, 1, "full", "approved"),
            (1, 2, "partial", "approved"),
            (1, 3, "decline", "returned"),
            (2, 1, "decline", "open"),
        ):
            said = {"id": case * 10 + number, "case_id": case, "number": number, "decision": decision}
            work.connection.execute(insert(proposal), {**common, **said, "status": status})
        money = {"order_id": 1, "proposal_id": 11, "tender": "money", "channel": "x", "proposer_id": person}
        money |= {"created_at": NOW, "changed_at": NOW}
        for number, (state, minor, currency) in enumerate(
            (("succeeded", 100, "CNY"), ("arrived", 20, "CNY"), ("failed", 4, "CNY"), ("succeeded", 8, "USD"))
        ):
            said = {"id": f"i{number}", "case_id": 1, "state": state, "amount_minor": minor, "currency": currency}
            work.connection.execute(insert(refund_intent), {**money, **said})
    with store.read_long() as work:
        found = {row["ref"][-1]: row for row in rows(work, QueueFilter(closed=True))}
    first, second = (found[key] for key in sorted(found)[:2])
    assert (first["decision"], first["decided_at"], first["paid_out"]) == ("partial", NOW, 120)
    assert (second["decision"], second["paid_out"]) == (None, None)


def test_one_picture_while_cases_come_and_go(store: SqlStore) -> None:
    fill(store, 9)
    with store.read_long() as work:
        pages = work.exports.pages(1, QueueFilter(stage="review", closed=True), NOW, MASKED, 2)
        first = next(pages)
        with store.write() as other:
            other.connection.exec_driver_sql("UPDATE refund_case SET stage = 'payout'")
        rest = [row for page in pages for row in page]
    assert len([*first, *rest]) == 3


def test_a_page_costs_the_same_few_statements(store: SqlStore, engine: Engine) -> None:
    fill(store, 30)
    with store.read_long() as work, statements(engine) as seen:
        list(work.exports.pages(1, QueueFilter(closed=True), NOW, MASKED))
    assert len(seen) == 3
