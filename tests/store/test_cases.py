"""Cases in the database: aspects with versions of their own, the thread, leases, keys, findings, clocks."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from refund_desk.domain import clocks
from refund_desk.domain.calendars import always
from refund_desk.domain.errors import NotFound
from refund_desk.domain.words import Aspect, ClockKind, Stage
from refund_desk.store.cases import CaseRepo
from refund_desk.store.work import SqlStore, SqlWork
from tests.store.many import NOW, Cases, store_over


@pytest.fixture
def store(engine: Engine) -> SqlStore:
    return store_over(engine)


def test_an_event_moves_the_version_of_its_aspect_alone(store: SqlStore) -> None:
    later = NOW + timedelta(microseconds=1)
    with store.write() as work:
        me = work.people.add_person("me", NOW)
        case = Cases(work).case()
        state = work.cases.event(
            case, "proposal.made", Aspect.PROPOSAL, at=later, person_id=me, data={"额": 1}, answer_came=True
        )
        assert state == work.cases.by_id(case)
        work.cases.event(case, "note.added", Aspect.THREAD, at=later)
        work.cases.event(case, "note.added", Aspect.THREAD, at=later)
    with store.read() as work:
        state = work.cases.by_id(case)
        events = work.cases.events(case)
        assert {aspect.value: version for aspect, version in state.versions.items()} == {
            "facts": 1, "money": 1, "proposal": 2, "assignment": 1, "thread": 3,
        }  # fmt: skip
        assert (state.changed_at, state.answer_came) == (later, True)
        assert [(e.type, e.version, e.round, e.person_id) for e in events] == [
            ("proposal.made", 2, 1, me),
            ("note.added", 2, 1, None),
            ("note.added", 3, 1, None),
        ]
        assert (events[0].at, events[0].data) == (later, {"额": 1})
        assert [e.id for e in work.cases.events(case, events[0].id)] == [e.id for e in events[1:]]
        assert work.cases.last_event(case) == events[-1].id


def test_what_is_not_there_is_said_so(store: SqlStore) -> None:
    with store.read() as work:
        with pytest.raises(NotFound, match=r"case\.not_found"):
            work.cases.by_ref("RC-26-000001")
        with pytest.raises(NotFound, match=r"case\.not_found"):
            work.cases.by_id(1)
    with store.write() as work, pytest.raises(NotFound, match=r"case\.not_found"):
        work.cases.lock("RC-26-000001")


def test_leases_that_ran_out_are_found_oldest_first(store: SqlStore) -> None:
    with store.write() as work:
        me = work.people.add_person("me", NOW)
        cases = Cases(work)
        held = [
            cases.case(assignee_id=me, lease_until=NOW + timedelta(seconds=seconds)) for seconds in (-60, 0, 1, -120)
        ]
        assert [state.id for state in work.cases.expired_leases(NOW)] == [held[3], held[0], held[1]]
        assert [state.id for state in work.cases.expired_leases(NOW, limit=1)] == [held[3]]
        assert {state.id for state in work.cases.held_by(me)} == set(held)


def test_a_lease_is_lengthened_by_its_holder_alone_and_changes_nothing_else(store: SqlStore) -> None:
    until = NOW + timedelta(minutes=20)
    with store.write() as work:
        me, other = (work.people.add_person(name, NOW) for name in ("me", "other"))
        case = Cases(work).case(assignee_id=me, lease_until=NOW)
        before = work.cases.by_id(case)
        assert not work.cases.renew(other, case, until, NOW)
        assert work.cases.renew(me, case, until, NOW)
        after = work.cases.by_id(case)
        assert (after.lease_until, after.versions, after.changed_at) == (until, before.versions, before.changed_at)


def test_the_next_free_case_is_the_most_urgent_that_nobody_has(store: SqlStore) -> None:
    with store.write() as work:
        me = work.people.add_person("me", NOW)
        cases = Cases(work)
        hour = timedelta(hours=1)
        cases.case(act_by=NOW - 5 * hour, assignee_id=me)
        cases.case(act_by=NOW - 4 * hour, stage="payout")
        cases.case(act_by=NOW - 3 * hour, open=False)
        later, sooner = cases.case(act_by=NOW + hour), cases.case(act_by=NOW)
        tied = cases.case(act_by=NOW)
        assert [state.id for state in work.cases.next_free(limit=9)] == [sooner, tied, later]
        assert [state.id for state in work.cases.next_free()] == [sooner]


def test_keys_lead_to_the_cases_that_hold_them(store: SqlStore) -> None:
    with store.write() as work:
        cases = Cases(work)
        first, second = cases.case(), cases.case(open=False)
        work.cases.add_keys(second, ["mall|O1|L1|1|quality", "mall|O1|L1|2|quality"])
        work.cases.add_keys(first, ["mall|O2|*|0|delivery"])
        work.cases.add_keys(first, ["mall|O1|L1|1|quality"])  # taken: it stays with who had it
        find = work.cases.find_by_keys
        assert find(["mall|O1|L1|1|quality", "nobody's"]) == [second]
        assert find(["mall|O2|*|0|delivery", "mall|O1|L1|2|quality"]) == sorted([first, second])
        assert find([]) == []


def test_findings_are_exactly_what_was_said_last_and_old_ones_are_kept(store: SqlStore) -> None:
    with store.write() as work:
        case = Cases(work).case()
        work.cases.set_findings(case, [("a", {"n": 1}, "warn"), ("a", {"n": 2}, "warn"), ("b", {}, "info")], NOW)
        kept = {row["code"]: row["id"] for row in work.cases.findings(case)}
        work.cases.set_findings(case, [("b", {}, "info"), ("c", {"m": "x"}, "warn")], NOW)
        now = work.cases.findings(case)
        assert [(row["code"], row["params"]) for row in now] == [("b", {}), ("c", {"m": "x"})]
        assert now[0]["id"] == kept["b"]
        rows = work.connection.exec_driver_sql("SELECT code FROM finding WHERE gone_at IS NOT NULL ORDER BY id")
        assert list(rows.scalars()) == ["a", "a"]


def test_clocks_come_back_as_they_were_put_by_round(store: SqlStore) -> None:
    with store.write() as work:
        case = Cases(work).case()
        decision = clocks.start(ClockKind.DECISION, 1, NOW, 3600, always())
        paused = clocks.pause(
            clocks.start(ClockKind.PAYOUT, 1, NOW, 60, always()), NOW + timedelta(seconds=10), "why", always()
        )
        again = clocks.start(ClockKind.DECISION, 2, NOW + timedelta(days=1), 3600, always())
        work.cases.put_clocks(case, [decision, paused, again])
        work.cases.put_clocks(case, [clocks.stop(decision, NOW)])
        first = {clock.kind: clock for clock in work.cases.clocks(case, 1)}
        assert first == {ClockKind.DECISION: clocks.stop(decision, NOW), ClockKind.PAYOUT: paused}
        assert work.cases.clocks(case, 2) == [again]


def test_a_look_is_remembered_per_person(store: SqlStore) -> None:
    with store.write() as work:
        me, other = (work.people.add_person(name, NOW) for name in ("me", "other"))
        case = Cases(work).case()
        work.cases.look(me, case, 3, NOW)
        work.cases.look(me, case, 5, NOW + timedelta(seconds=1))
        assert (work.cases.seen_event(me, case), work.cases.seen_event(other, case)) == (5, None)


def test_since_when_a_case_stands_where_it_stands(store: SqlStore) -> None:
    with store.write() as work:
        cases = Cases(work)
        old = cases.case(stage="return", stage_at=NOW - timedelta(days=15))
        cases.case(stage="return", stage_at=NOW)
        before = NOW - timedelta(days=14)
        assert work.cases.standing_since(Stage.RETURN, before, 10) == [old]
        assert work.cases.entered(old, Stage.RETURN) == NOW - timedelta(days=15)


def test_what_raises_leaves_nothing_behind(store: SqlStore) -> None:
    def broken() -> None:
        with store.write() as work:
            Cases(work).case()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()
    with store.read() as work:
        assert work.views.total().count == 0


@pytest.mark.parametrize("kind", ["postgresql"], indirect=True)
def test_who_decides_for_a_customer_keeps_others_from_deciding_and_from_nothing_else(engine: Engine) -> None:
    """Limits look at a sum over orders: two approvals on two orders of one customer go one after the other."""
    store = store_over(engine)
    with store.write() as work:
        customer = Cases(work).customer()
    with store.write() as first, engine.begin() as second:
        first.cases.lock_customer(customer)
        second.exec_driver_sql("SET LOCAL lock_timeout = '50ms'")
        with second.begin_nested():
            cases = Cases(SqlWork(second, store))
            cases.n = 100
            cases.case("O100", customer)
        with pytest.raises(DBAPIError, match="lock timeout"):
            CaseRepo(second).lock_customer(customer)
        second.rollback()
