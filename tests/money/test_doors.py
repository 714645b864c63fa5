"""Every door of a payout channel, tried at each: whoever pays, it is once, after a fresh look, and never forgotten.

A new channel adds a rig (`tests/money/doors.py`), and all of this runs against it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from refund_desk.domain.words import Stage
from refund_desk.service import payouts
from refund_desk.store.database import open_engine
from tests.conftest import NewEngine
from tests.money import doors
from tests.money.doors import DOORS, Booked, Desk


@pytest.fixture(params=sorted(DOORS))
def desk(request: pytest.FixtureRequest, new_engine: NewEngine, tmp_path: Path) -> Iterator[Desk]:
    engine = new_engine("sqlite")
    ours = open_engine(str(engine.url), synchronous="OFF")
    engine.dispose()
    made = doors.desk(tmp_path, ours, request.param)
    yield made
    made.rig.close()
    ours.dispose()


def test_it_is_paid_once_whoever_looks_how_often(desk: Desk) -> None:
    ref = desk.approved("R1", "L1", 6000)
    other = desk.process()
    assert desk.rig.books() == []
    desk.wait(minutes=5)
    for process in (desk.payouts, other, desk.process()):
        process.step()
        process.step()
    assert desk.rig.books() == [Booked(6000, ours=True, counts=True)]
    intent = desk.intent(ref)
    assert (intent.state, desk.rig.sent, bool(intent.reference)) == ("succeeded", 1, True)
    assert desk.scene.state(ref).stage is Stage.CLOSED
    told = desk.scene.entries(ref)
    assert [told.count(one) for one in ("payout.sent", "payout.answered", "payout.paid")] == [1, 1, 1]
    assert desk.alarms() == []


def test_two_parts_of_one_order_are_two_refunds(desk: Desk) -> None:
    """The first is no growth to the second."""
    first, second = desk.approved("R1", "L1", 6000), desk.approved("R2", "L2", 900)
    for _ in range(3):
        desk.wait(minutes=5)
    assert sorted(one.minor for one in desk.rig.books()) == [900, 6000]
    assert [desk.intent(ref).state for ref in (first, second)] == ["succeeded", "succeeded"]


def test_an_answer_that_was_lost_is_unknown_blocks_the_order_and_is_found(desk: Desk) -> None:
    first, second = desk.approved("R1", "L1", 6000), desk.approved("R2", "L2", 900)
    desk.rig.lose(booked=True)
    desk.house.clock.forward(minutes=5)
    desk.payouts.step(limit=1)
    states = {desk.intent(ref).state for ref in (first, second)}
    assert states == {"unknown", "reserved"}
    assert "payout.unknown" in desk.alarms()
    for _ in range(4):
        desk.wait(minutes=2)
    assert sorted(one.minor for one in desk.rig.books()) == [900, 6000]
    assert desk.rig.sent == 2
    assert {desk.intent(ref).state for ref in (first, second)} == {"succeeded"}
    assert desk.alarms() == []


def test_a_call_that_never_arrived_is_absent_only_when_it_surely_is(desk: Desk) -> None:
    ref = desk.approved("R1", "L1", 6000)
    desk.rig.lose(booked=False)
    desk.wait(minutes=5)
    desk.wait(seconds=30)
    key = desk.channel.terms.key_life.total_seconds() > 0
    assert desk.intent(ref).state == ("succeeded" if key else "unknown")
    if key:
        return  # sent again under its key
    for _ in range(12):
        desk.wait(minutes=10)
    assert desk.intent(ref).state == "failed"
    assert (desk.rig.books(), desk.rig.sent) == ([], 0)
    assert desk.scene.state(ref).stage is Stage.REVIEW


def test_what_others_gave_back_since_the_approval_stops_it(desk: Desk) -> None:
    ref = desk.approved("R1", "L1", 6000)
    desk.rig.by_hand(2000)
    desk.wait(minutes=5)
    assert desk.rig.sent == 0
    assert (desk.intent(ref).state, desk.scene.state(ref).stage) == ("cancelled", Stage.REVIEW)
    assert "refund.without_case" in desk.alarms()


def test_what_the_ceilings_no_longer_hold_does_not_leave(desk: Desk) -> None:
    ref = desk.approved("R1", "L1", 6000)
    desk.rig.by_hand(doors.MINOR)
    desk.wait(minutes=5)
    assert desk.rig.sent == 0
    assert desk.intent(ref).state == "cancelled"
    assert sum(one.minor for one in desk.rig.books()) == doors.MINOR


def test_a_success_that_fails_later_comes_back(desk: Desk) -> None:
    ref = desk.approved("R1", "L1", 6000)
    desk.wait(minutes=5)
    desk.rig.fail_later()
    desk.wait(days=2)
    assert desk.intent(ref).state == "returned"
    assert desk.scene.state(ref).open


def test_a_refund_of_ours_that_we_do_not_know_halts_everything(desk: Desk) -> None:
    """The database was put back to an earlier state."""
    ref = desk.approved("R1", "L1", 6000)
    desk.rig.forge("d" * 32)
    desk.wait(minutes=5)
    desk.wait(minutes=5)
    assert desk.rig.sent == 0
    assert desk.intent(ref).state == "reserved"
    assert {"payout.unknown_intent", "payout.halted"} <= set(desk.alarms())


def test_only_its_channel_may_call_it_failed(desk: Desk) -> None:
    ref = desk.approved("R1", "L1", 6000)
    desk.rig.lose(booked=True)
    desk.wait(minutes=5)
    intent = desk.intent(ref)
    with pytest.raises(Exception, match=r"payout\.only_its_channel_knows"):
        desk.scene.do(payouts.fail, desk.scene.fiona, intent.id, "the shop says no")


def test_a_system_that_is_down_keeps_it_waiting_and_somebody_is_told(desk: Desk) -> None:
    ref = desk.approved("R1", "L1", 6000)
    desk.rig.stop()
    desk.wait(minutes=5)
    assert desk.intent(ref).state == "reserved"
    desk.wait(days=1, minutes=5)
    assert desk.alarms() == ["payout.stuck"]
