"""Lists: pages that neither skip nor repeat, counts that are counts, search in both languages, masked names."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, update

from refund_desk.domain.cases import CaseState
from refund_desk.domain.words import Role
from refund_desk.service.ports.views import CHIPS, Listed, QueueFilter
from refund_desk.store.tables.cases import refund_case
from refund_desk.store.views import CAP, HIGH
from refund_desk.store.work import SqlStore, SqlWork
from tests.fakes import bundles as b
from tests.fakes.house import FakeHouse
from tests.fakes.scene import Scene
from tests.store.many import NOW, Cases, store_over

ME = 1
ALL = QueueFilter()
STAGES = ("review", "consult", "waiting_customer", "approval", "payout", "return")


@pytest.fixture
def store(engine: Engine) -> SqlStore:
    return store_over(engine)


def pages(store: SqlStore, wanted: QueueFilter = ALL, size: int = 7) -> list[Listed]:
    """All rows of a list, page by page, each in a transaction of its own."""
    out: list[Listed] = []
    after = None
    while True:
        with store.read() as work:
            page = work.views.page(ME, wanted, NOW, after, size)
        out += page
        if len(page) < size:
            return out
        after = page[-1].state.place


# ---------------------------------------------------------------- paging


def test_pages_are_complete_without_repeats_and_in_order(store: SqlStore) -> None:
    """Many stand at the same instant, and instants end in odd microseconds: both have broken cursors before."""
    chance = random.Random(7)
    with store.write() as work:
        cases = Cases(work)
        ids = [
            cases.case(act_by=NOW + timedelta(microseconds=chance.choice((1, 333_333, 999_999)), hours=n % 5))
            for n in range(60)
        ]
    rows = pages(store)
    assert sorted(row.state.id for row in rows) == ids
    assert [row.state.place for row in rows] == sorted(row.state.place for row in rows)


def test_rows_that_change_meanwhile_cost_no_other_row_its_place(store: SqlStore) -> None:
    with store.write() as work:
        cases = Cases(work)
        ids = [cases.case(act_by=NOW + timedelta(minutes=n)) for n in range(40)]
    seen: list[int] = []
    after = None
    for turn in range(10):
        with store.read() as work:
            page = work.views.page(ME, ALL, NOW, after, 5)
        if not page:
            break
        seen += [row.state.id for row in page]
        after = page[-1].state.place
        with store.write() as work:
            # One that was read moves to the front, one to come is closed, a new one comes in before.
            work.cases.update(ids[turn], act_by=NOW - timedelta(days=1))
            work.cases.update(ids[-1 - turn], open=False)
            Cases(work).case(ref=f"N{turn}", order=f"N{turn}", act_by=NOW - timedelta(hours=1))
    assert len(seen) == len(set(seen))
    closed = set(ids[-10:])
    assert set(ids) - closed <= set(seen)


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        (QueueFilter(stage="payout"), lambda s: s.stage == "payout"),
        (QueueFilter(reason="late"), lambda s: s.reason == "late"),
        (QueueFilter(currency="USD"), lambda s: s.currency == "USD"),
        (QueueFilter(assignee=ME), lambda s: s.assignee_id == ME),
        (QueueFilter(chip="conflict", reason="late"), lambda s: s.conflicts > 0 and s.reason == "late"),
    ],
)
def test_filters_narrow(store: SqlStore, wanted: QueueFilter, says: Callable[[CaseState], bool]) -> None:
    ids = mixed(store)
    with store.read() as work:
        states = [work.cases.by_id(number) for number in ids]
    assert {row.state.id for row in pages(store, wanted)} == {s.id for s in states if s.open and says(s)}


def test_closed_ones_are_listed_when_asked_for(store: SqlStore) -> None:
    with store.write() as work:
        closed = Cases(work).case(open=False, stage="closed", closed_at=NOW)
    assert pages(store) == []
    assert [row.state.id for row in pages(store, QueueFilter(closed=True))] == [closed]


# ---------------------------------------------------------------- chips


def mixed(store: SqlStore, number: int = 150) -> list[int]:
    """Cases of every kind that a chip looks at."""
    chance = random.Random(11)
    with store.write() as work:
        people = [work.people.add_person(f"p{n}", NOW) for n in range(3)]
        assert people[0] == ME
        cases = Cases(work)
        return [_any(cases, chance, people) for _ in range(number)]


def _any(cases: Cases, chance: random.Random, people: list[int]) -> int:
    currency = chance.choice(("CNY", "USD", "JPY", "KWD"))
    holder = chance.choice((None, *people))
    return cases.case(
        currency=currency,
        amount_minor=chance.choice((None, 100, HIGH.get(currency, 1000) - 1, HIGH.get(currency, 1000), 10**7)),
        stage=chance.choice(STAGES),
        reason=chance.choice(("damaged", "late")),
        open=chance.random() < 0.8,
        conflicts=chance.choice((0, 0, 2)),
        disputed=chance.random() < 0.3,
        answer_came=chance.random() < 0.5,
        assignee_id=holder,
        returned_to_id=chance.choice((None, holder)),
        proposer_id=chance.choice(people),
        due_at=chance.choice(
            (None, NOW - timedelta(seconds=1), NOW, NOW + timedelta(hours=2), NOW + timedelta(hours=1))
        ),
    )


NAIVE: dict[str, Callable[[CaseState], bool]] = {
    "mine": lambda s: s.assignee_id == ME,
    "returned": lambda s: s.assignee_id == ME and s.returned_to_id == ME,
    "answer_came": lambda s: s.assignee_id == ME and s.answer_came,
    "unassigned": lambda s: s.assignee_id is None and s.stage == "review",
    "overdue": lambda s: s.due_at is not None and s.due_at < NOW,
    "due_2h": lambda s: s.due_at is not None and NOW <= s.due_at < NOW + timedelta(hours=2),
    "conflict": lambda s: s.conflicts > 0,
    "disputed": lambda s: s.disputed,
    "high_amount": lambda s: s.stage == "review" and (s.amount_minor or 0) >= HIGH.get(s.currency, 10**12),
    "waiting_customer": lambda s: s.stage == "waiting_customer",
    "waiting_approval": lambda s: s.stage == "approval",
    "mine_to_approve": lambda s: s.stage == "approval" and s.proposer_id != ME,
}


def test_every_chip_counts_what_its_list_shows_and_what_counting_by_hand_gives(store: SqlStore) -> None:
    ids = mixed(store)
    assert set(NAIVE) == set(CHIPS)
    with store.read() as work:
        states = [state for number in ids if (state := work.cases.by_id(number)).open]
        counted = {c.key: c for c in work.views.counts(ME, frozenset({Role.SUPERVISOR}), NOW)}
        total = work.views.total()
    for key, says in NAIVE.items():
        by_hand = {state.id for state in states if says(state)}
        assert by_hand, key
        assert {row.state.id for row in pages(store, QueueFilter(chip=key), 50)} == by_hand, key
        assert (counted[key].count, counted[key].capped) == (len(by_hand), False), key
    assert (total.count, total.capped) == (len(states), False)


def test_only_who_approves_has_the_chip_for_it(store: SqlStore) -> None:
    with store.read() as work:
        keys = {count.key for count in work.views.counts(ME, frozenset({Role.REVIEWER}), NOW)}
    assert keys == set(CHIPS) - {"mine_to_approve"}


@pytest.mark.parametrize(("number", "capped"), [(CAP, False), (CAP + 1, True)])
def test_a_count_ends_at_its_cap(store: SqlStore, number: int, capped: bool) -> None:
    with store.write() as work:
        cases = Cases(work)
        order = cases.work.facts.ensure_order("O", "CNY", None).id
        first = cases.case()
        row = dict(work.connection.execute(refund_case.select().where(refund_case.c.id == first)).one()._mapping)
        del row["id"]
        rows = [row | {"ref": f"X{n}", "order_id": order} for n in range(number - 1)]
        work.connection.execute(refund_case.insert(), rows)
    with store.read() as work:
        unassigned = next(c for c in work.views.counts(ME, frozenset(), NOW) if c.key == "unassigned")
        total = work.views.total()
    assert (unassigned.count, unassigned.capped) == (CAP, capped) == (total.count, total.capped)


# ---------------------------------------------------------------- search and names


def found(store: SqlStore, words: str) -> list[int]:
    with store.read() as work:
        return [row.state.id for row in work.views.page(ME, QueueFilter(text=words), NOW, None, 50)]


@pytest.fixture
def searchable(store: SqlStore) -> tuple[int, int]:
    """Two cases: 李明 with order 20261118-0042, and Noah O'Brien with order ORD-77."""
    with store.write() as work:
        cases = Cases(work)
        ids = cases.case("20261118-0042"), cases.case("ORD-77")
        texts = (
            {
                "customer": "李明 13800001234",
                "order": "20261118-0042",
                "message": "收到的杯子碎了",
                "ref": "RC-26-02",
            },
            {"customer": "Noah O'Brien +44 7700 900456", "order": "ORD-77", "message": "The mug arrived broken"},
        )
        for number, kinds in zip(ids, texts, strict=True):
            for kind, words in kinds.items():
                work.cases.index(number, kind, "1", words)
    return ids


CHINESE = ("李明", "20261118-0042", "20261118", "0042", "1234", "13800001234", "杯子碎", "李明 杯子", "rc-26-02")
ENGLISH = ("noah", "O'Brien", "BROKEN mug", "bro", "ord-77", "noah mug")
NEITHER = ("李强", "明李", "noah 杯子", "8800", "子杯", '"*', "' OR 1=1 --", "a:* & !b", "broken noa b")


def test_search_in_both_languages_by_names_numbers_and_last_four_digits(
    store: SqlStore, searchable: tuple[int, int]
) -> None:
    """Words of one text or of several, the last as a beginning; signs of the search languages mean nothing."""
    chinese, english = searchable
    wanted = dict.fromkeys(NEITHER, ()) | dict.fromkeys(CHINESE, (chinese,)) | dict.fromkeys(ENGLISH, (english,))
    assert {words: tuple(found(store, words)) for words in wanted} == wanted
    assert sorted(found(store, "   ")) == sorted(searchable)


def test_a_phone_number_is_found_however_it_was_written(engine: Engine, tmp_path: Path) -> None:
    scene = Scene(FakeHouse(engine, tmp_path))
    case = scene.take_in(b.case(customer={"id": "C9", "name": "Noah Brown", "phone": "+44 7700-900 456"}))
    store = scene.house.store
    assert found(store, "0456") == found(store, "447700900456") == found(store, "noah 0456") == [case.id]
    assert found(store, "7700") == [case.id]
    assert found(store, "0457") == []


def test_a_text_that_changes_or_goes_is_found_no_more(store: SqlStore, searchable: tuple[int, int]) -> None:
    with store.write() as work:
        work.cases.index(searchable[0], "customer", "1", "张伟 13900004321")
    assert found(store, "李明") == []
    assert found(store, "张伟") == [searchable[0]]
    with store.write() as work:
        work.cases.forget_index([searchable[0]], ["customer", "message"])
    assert found(store, "张伟") == found(store, "杯子") == []
    assert found(store, "0042") == [searchable[0]]


def test_lists_show_masked_names_alone(store: SqlStore) -> None:
    with store.write() as work:
        cases = Cases(work)
        number = cases.case(customer=cases.customer("欧阳娜娜", "13800001234"))
    (row,) = pages(store)
    assert row.customer == "欧**"
    assert "娜" not in repr(row)
    assert "13800001234" not in repr(row)
    with store.read() as work:
        assert [one.customer for one in work.views.listed(ME, [number])] == ["欧**"]


def test_a_change_since_the_last_look_is_marked(store: SqlStore) -> None:
    with store.write() as work:
        me = work.people.add_person("me", NOW)
        cases = Cases(work)
        old, new, never = cases.case(), cases.case(), cases.case()
        for number in (old, new):
            work.cases.look(me, number, 0, NOW)
    with store.write() as work:
        work.connection.execute(
            update(refund_case).where(refund_case.c.id == new).values(changed_at=NOW + timedelta(seconds=1))
        )
    assert {row.state.id: row.unseen for row in pages(store)} == {old: False, new: True, never: False}


# ---------------------------------------------------------------- what waits for whom


def test_what_waits_for_whom(store: SqlStore) -> None:
    with store.write() as work:
        me, other = (work.people.add_person(name, NOW) for name in ("me", "other"))
        cases = Cases(work)
        mine = cases.case(assignee_id=me)
        returned = cases.case(assignee_id=me, returned_to_id=me)
        own = cases.case(stage="approval", proposer_id=me)
        theirs = cases.case(stage="approval", proposer_id=other)
        asked, asked_by_me = cases.case(stage="consult"), cases.case(stage="consult")
        for number, by in ((asked, other), (asked_by_me, me)):
            _ask(work, number, by)
    with store.read() as work:
        views = work.views
        assert views.held(me, 10) == [mine]
        assert views.returned(me, 10) == [returned]
        assert views.approvals(me, 10) == [theirs]
        assert views.approvals(other, 10) == [own]
        assert views.to_answer(me, frozenset({Role.FINANCE}), 10) == [asked]
        assert views.to_answer(other, frozenset({Role.RISK}), 10) == []
        assert views.at_stage("consult", 1) == [asked]


def _ask(work: SqlWork, case_id: int, by: int) -> None:
    asked = {"case_id": case_id, "round": 1, "role": "finance", "required": True, "question": "?"}
    work.money.ask(**asked, asked_by=by, asked_at=NOW, open=True)


def test_an_informed_line_goes_once_it_was_seen(store: SqlStore) -> None:
    with store.write() as work:
        me, other = (work.people.add_person(name, NOW) for name in ("me", "other"))
        case = Cases(work).case()
        work.cases.inform(case, [Role.FINANCE, Role.RISK], "event.decided.full", {"ref": "R"}, NOW)
    with store.write() as work:
        (line,) = work.views.inbox(me, frozenset({Role.FINANCE}), 10)
        assert (line["code"], line["params"], line["seen"]) == ("event.decided.full", {"ref": "R"}, False)
        assert work.cases.inbox_role(line["id"]) == "finance"
        work.cases.mark_seen(me, [line["id"], line["id"]], NOW)
        work.cases.mark_seen(me, [line["id"]], NOW)
        assert work.views.inbox(me, frozenset({Role.FINANCE}), 10) == []
        assert len(work.views.inbox(other, frozenset({Role.FINANCE, Role.RISK}), 10)) == 2
