"""Observations on both databases: one current per field, whatever the order in which systems speak."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, func, select

from refund_desk.domain.errors import NotFound
from refund_desk.domain.requests import Saying
from refund_desk.domain.words import RecordKind
from refund_desk.store.facts import FactRepo
from refund_desk.store.tables.facts import observation
from tests.conftest import NewEngine

T0 = datetime(2026, 5, 1, tzinfo=UTC)
NOW = datetime(2026, 6, 1, tzinfo=UTC)


def at(days: float) -> datetime:
    return T0 + timedelta(days=days)


def saying(days: float, source: str = "shop", **fields: Any) -> Saying:
    return Saying("", source, RecordKind.ORDER, "O1", "O1", at(days), fields)


def digest(said: Saying) -> bytes:
    return b"d" * 32


def start(connection: Connection) -> tuple[FactRepo, int]:
    facts = FactRepo(connection)
    return facts, facts.ensure_order("O1", "CNY", None).id


def said(facts: FactRepo, order: int, name: str = "paid") -> list[Any]:
    return [(r.fields[name].value, r.fields[name].as_of) for r in facts.records(order) if name in r.fields]


def test_values_come_back_with_their_types(engine: Engine) -> None:
    with engine.begin() as connection:
        facts, order = start(connection)
        shipment = Saying(
            "", "shop", RecordKind.SHIPMENT, "S1", "O1", at(1), {"tracking": "SF1", "shipped_at": at(0.5)}
        )
        line = Saying("", "shop", RecordKind.ORDER_LINE, "L1", "O1", at(1), {"quantity": 2, "perishable": True}, 0)
        changed = facts.observe(order, [saying(1, paid=129_00, placed_at=at(0)), line, shipment], NOW, digest)
        assert changed == [
            "order.paid",
            "order.placed_at",
            "order_line.perishable",
            "order_line.quantity",
            "shipment.shipped_at",
            "shipment.tracking",
        ]
        head, went, first = sorted(facts.records(order), key=lambda r: r.kind.value in ("order_line",))[:3]
        assert (head.get("paid"), head.get("placed_at"), head.as_of) == (129_00, at(0), at(1))
        assert went.get("shipped_at") == at(0.5)
        assert (first.parent_id, first.get("perishable")) == (head.id, True)


def test_a_later_word_replaces_and_an_earlier_one_is_history(engine: Engine) -> None:
    with engine.begin() as connection:
        facts, order = start(connection)
        assert facts.observe(order, [saying(2, paid=2)], NOW, digest) == ["order.paid"]
        assert facts.observe(order, [saying(1, paid=1)], NOW, digest) == []
        assert said(facts, order) == [(2, at(2))]
        assert facts.observe(order, [saying(3, paid=3)], NOW, digest) == ["order.paid"]
        assert said(facts, order) == [(3, at(3))]
        assert facts.observe(order, [saying(4, paid=3)], NOW, digest) == []
        assert said(facts, order) == [(3, at(4))]
        assert facts.observe(order, [saying(4, paid=5)], NOW, digest) == ["order.paid"]  # a correction
        assert said(facts, order) == [(5, at(4))]
        values = connection.execute(select(observation.c.value, observation.c.current)).all()
        assert sorted(v for v, current in values if not current) == [1, 2, 3]
        assert facts.records(order)[0].as_of == at(4)


def test_the_same_twice_adds_nothing(engine: Engine) -> None:
    with engine.begin() as connection:
        facts, order = start(connection)
        for _ in range(2):
            facts.observe(order, [saying(2, paid=2, note="x")], NOW, digest)
            facts.observe(order, [saying(1, paid=1)], NOW, digest)
        assert connection.execute(select(func.count()).select_from(observation)).scalar_one() == 3


def test_two_systems_keep_their_own_word(engine: Engine) -> None:
    with engine.begin() as connection:
        facts, order = start(connection)
        facts.observe(order, [saying(1, paid=1), saying(2, "erp", paid=2)], NOW, digest)
        assert [(r.source, r.get("paid")) for r in facts.records(order)] == [("shop", 1), ("erp", 2)]


def test_one_current_per_field_is_the_database_s_rule(engine: Engine) -> None:
    with engine.begin() as connection:
        facts, order = start(connection)
        facts.observe(order, [saying(1, paid=1)], NOW, digest)
        row = dict(connection.execute(select(observation)).one()._mapping)
        row.pop("id")
        with pytest.raises(Exception, match=r"(?i)unique"), connection.begin_nested():
            connection.execute(observation.insert().values(**row))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    words=st.lists(
        st.tuples(st.integers(0, 6), st.dictionaries(st.sampled_from(["paid", "status"]), st.integers(0, 2))),
        min_size=2,
        max_size=4,
        unique_by=lambda word: word[0],
    )
)
def test_order_of_arrival_doesn_t_matter(new_engine: NewEngine, words: list[tuple[int, dict[str, Any]]]) -> None:
    engine = new_engine("sqlite")
    ends = set()
    for n, way in enumerate(itertools.permutations(words)):
        with engine.begin() as connection:
            facts = FactRepo(connection)
            order = facts.ensure_order(f"O{n}", "CNY", None).id
            for day, fields in way:
                facts.observe(order, [saying(day, **fields)], NOW, digest)
            (record,) = facts.records(order)
            ends.add((record.as_of, frozenset((k, o.value) for k, o in record.fields.items())))
    assert len(ends) == 1
    engine.dispose()


def test_personal_data_is_filled_and_replaced_by_time(engine: Engine) -> None:
    with engine.begin() as connection:
        facts = FactRepo(connection)
        one = facts.ensure_customer("mall", "C-10001", b"s" * 32)
        assert facts.ensure_customer("mall", "C-10001", b"other" * 6) == one
        facts.put_personal(one.id, "C-10001", at(5), {"name": "王小明"})
        facts.put_personal(one.id, "C-10001", at(1), {"name": "王明", "phone": "138"})
        found = facts.customer(one.id)
        assert (found["name"], found["phone"], found["masked"]) == ("王小明", "138", "王**")
        facts.put_personal(one.id, "C-10001", at(9), {"name": "Noah Brown"})
        found = facts.customer(one.id)
        assert (found["name"], found["phone"], found["masked"]) == ("Noah Brown", "138", "N*** B***")
        with pytest.raises(NotFound):
            facts.customer(999)


def test_merchants_and_orders_are_made_once(engine: Engine) -> None:
    with engine.begin() as connection:
        facts = FactRepo(connection)
        assert facts.ensure_merchant("m1", "Old") == facts.ensure_merchant("m1", "New")
        first = facts.ensure_order("O1", "CNY", None)
        customer = facts.ensure_customer("mall", "C1", b"s" * 32)
        again = facts.ensure_order("O1", "CNY", customer.id)
        assert (again.id, again.customer_id) == (first.id, customer.id)
        assert facts.order_by_number("O1") == facts.order(first.id) == again
        assert facts.order_by_number("O2") is None
