"""Clocks of real cases: calendars, pauses on record, waits by hand, the merchant's day, changed rules."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from refund_desk.domain.clocks import Clock, Pause
from refund_desk.domain.errors import Conflict, Invalid, Refused
from refund_desk.domain.people import Principal
from refund_desk.domain.words import ClockKind, Decision, Stage, WaitFor
from refund_desk.engines import process_book
from refund_desk.service import clock_rules, decisions, lifecycle, merchants, steps, thread, waits
from tests.fakes import bundles as b
from tests.fakes.house import START, StandardProcess
from tests.fakes.scene import Scene, in_order

WORKER = Principal(0, 0, "worker", operator="system:worker")
MERCHANT = {"id": "M1", "name": "Cups and Plates"}
HOUR = timedelta(hours=1)


def clock(scene: Scene, ref: str, kind: ClockKind = ClockKind.DECISION) -> Clock:
    with scene.house.read() as work:
        state = work.cases.by_ref(ref)
        return next(each for each in work.cases.clocks(state.id, state.round) if each.kind is kind)


def pauses(scene: Scene, ref: str, kind: ClockKind = ClockKind.DECISION) -> list[Pause]:
    with scene.house.read() as work:
        return [each for each in work.cases.pauses(work.cases.by_ref(ref).id) if each.kind is kind]


def change(scene: Scene, edit: Callable[[dict[str, Any]], None]) -> None:
    """Put another process into force, as two persons would."""
    content = copy.deepcopy(process_book.standard_content())
    edit(content)
    cast(StandardProcess, scene.desk.process).in_force = process_book.read(content)


def sold(scene: Scene, number: str = "R1", order: str = "O1") -> str:
    """A case of a merchant's, taken by Rita."""
    return scene.held(scene.case(number, order, merchant=MERCHANT))


# ------------------------------------------------------------ calendars


def test_the_payout_clock_runs_in_office_hours(scene: Scene) -> None:
    """Sixteen hours of a Friday 17:00 in Beijing: 1½, a weekend, 8, 6½."""
    ref = scene.case()
    scene.propose(ref, Decision.FULL, "damage_verified", amount_minor=12_900)
    scene.approve(ref)
    payout = clock(scene, ref, ClockKind.PAYOUT)
    assert (payout.calendar, payout.limit_s) == ("office", 16 * 3600)
    assert datetime(2026, 11, 20, 9, 0, tzinfo=UTC) == START
    assert payout.due_at == datetime(2026, 11, 24, 9, 0, tzinfo=UTC)  # Tuesday 17:00
    assert scene.state(ref).stage is Stage.PAYOUT


def test_a_first_answer_that_was_given_stays_given(scene: Scene) -> None:
    ref = scene.held(scene.case())
    scene.do(thread.say, scene.rita, ref, "reply", "We look into it.")
    scene.propose(ref, Decision.FULL, "damage_verified", amount_minor=12_900)
    scene.house.clock.forward(days=2)
    assert clock(scene, ref, ClockKind.FIRST_ANSWER).stopped_at == START


def test_an_answer_taken_back_is_none(scene: Scene) -> None:
    ref = scene.held(scene.case())
    done = scene.propose(ref, Decision.MORE_INFORMATION, "photos_needed", questions=("photo",))
    assert clock(scene, ref, ClockKind.FIRST_ANSWER).met_at == START
    scene.do(decisions.withdraw, scene.rita, ref, done.number or 0, undo=True)
    answer = clock(scene, ref, ClockKind.FIRST_ANSWER)
    assert (answer.met_at, answer.stopped_at) == (None, None)


# ------------------------------------------------------------ pauses


def test_a_stage_that_waits_is_on_record(scene: Scene) -> None:
    ref = scene.held(scene.case())
    due = clock(scene, ref).due_at
    assert due is not None
    scene.propose(ref, Decision.MORE_INFORMATION, "photos_needed", questions=("photo",))
    scene.house.clock.forward(hours=5)
    scene.do(thread.say, scene.celia, ref, "received", "Here they are.")
    (pause,) = pauses(scene, ref)
    assert (pause.reason, pause.waits_for) == ("clock.paused.waiting_customer", WaitFor.CUSTOMER)
    assert (pause.from_at, pause.until_at) == (START, START + 5 * HOUR)
    assert (pause.person_id, pause.ended_by) == (scene.rita.person_id, scene.celia.person_id)
    assert clock(scene, ref).due_at == due + 5 * HOUR


def test_waits_that_overlap_cost_their_time_once(scene: Scene) -> None:
    """Carrier from 1 to 6, customer's stage from 2 to 9: eight hours."""
    ref = scene.held(scene.case())
    due = clock(scene, ref).due_at
    assert due is not None
    scene.house.clock.forward(hours=1)
    scene.do(waits.wait, scene.rita, ref, WaitFor.CARRIER, "SF looks for the parcel.")
    scene.house.clock.forward(hours=1)
    scene.propose(ref, Decision.MORE_INFORMATION, "photos_needed", questions=("photo",))
    scene.house.clock.forward(hours=4)
    scene.do(waits.go_on, scene.celia, ref, WaitFor.CARRIER)
    assert clock(scene, ref).paused
    assert clock(scene, ref).paused_for == "clock.paused.waiting_customer"
    scene.house.clock.forward(hours=3)
    scene.do(thread.say, scene.celia, ref, "received", "Here they are.")
    assert clock(scene, ref).due_at == due + 8 * HOUR
    assert [(p.waits_for, p.from_at - START, (p.until_at or START) - START) for p in pauses(scene, ref)] == [
        (WaitFor.CARRIER, 1 * HOUR, 6 * HOUR),
        (WaitFor.CUSTOMER, 2 * HOUR, 9 * HOUR),
    ]
    assert scene.do(clock_rules.preview, scene.leo).changes == []  # steps and record say the same


def test_a_wait_by_hand_has_its_reason_on_the_thread_and_is_had_once(scene: Scene) -> None:
    ref = scene.held(scene.case())
    after = scene.do(waits.wait, scene.rita, ref, WaitFor.RISK, "Same card in three names.")
    assert after.due_at is not None  # the first answer's clock doesn't wait
    (pause,) = pauses(scene, ref)
    with scene.house.read() as work:
        texts = {row["id"]: row["text"] for row in work.facts.messages(after.id)}
    assert texts[pause.message_id] == "Same card in three names."
    assert in_order(scene.events(ref), ["note.added", "wait.begun"])
    assert "wait.begun" in scene.entries(ref)
    with pytest.raises(Conflict, match=r"wait.already"):
        scene.do(waits.wait, scene.rita, ref, WaitFor.RISK, "again")


def test_who_may_let_clocks_wait(scene: Scene) -> None:
    ref = scene.held(scene.case())
    for who in (scene.ray, scene.celia):
        with pytest.raises(Refused):
            scene.do(waits.wait, who, ref, WaitFor.CARRIER, "because")
    with pytest.raises(Invalid, match=r"reason.missing"):
        scene.do(waits.wait, scene.rita, ref, WaitFor.CARRIER, " ")
    with pytest.raises(Conflict, match=r"wait.none"):
        scene.do(waits.go_on, scene.rita, ref, WaitFor.CARRIER)
    scene.do(waits.wait, scene.susan, ref, WaitFor.CARRIER, "A supervisor holds nothing and may.")


def test_the_customers_answer_ends_a_wait_for_them(scene: Scene) -> None:
    ref = scene.held(scene.case())
    scene.do(waits.wait, scene.rita, ref, WaitFor.CUSTOMER, "They call back.")
    scene.do(waits.wait, scene.rita, ref, WaitFor.CARRIER, "SF looks for it.")
    scene.do(thread.say, scene.celia, ref, "received", "It is me.")
    assert [p.until_at is None for p in pauses(scene, ref)] == [False, True]
    assert clock(scene, ref).paused_for == "clock.paused.by_hand.carrier"


def test_a_wait_ends_by_itself_when_it_lasted_long_enough(scene: Scene) -> None:
    ref = scene.held(scene.case())
    scene.do(waits.wait, scene.rita, ref, WaitFor.MERCHANT, "They write today.")
    scene.house.clock.forward(hours=24)
    assert scene.do(waits.over, WORKER) == 0
    scene.house.clock.forward(minutes=1)
    assert scene.do(waits.over, WORKER) == 1
    assert not clock(scene, ref).paused
    assert scene.entries(ref)[-1] == "wait.ended"


def test_a_clock_that_stops_ends_its_pauses(scene: Scene) -> None:
    """Back from its end, it waited meanwhile, and that is on record too."""
    ref = scene.held(scene.case())
    scene.propose(ref, Decision.MORE_INFORMATION, "photos_needed", questions=("photo",))
    scene.house.clock.forward(hours=5)
    due = START + timedelta(hours=48) - (START - clock(scene, ref).started_at)
    _to(scene, ref, Stage.CLOSED)
    assert [p.until_at for p in pauses(scene, ref)] == [START + 5 * HOUR]
    scene.house.clock.forward(hours=2)
    _to(scene, ref, Stage.REVIEW)
    assert [(p.reason, p.until_at) for p in pauses(scene, ref)][1:] == [("clock.paused.stopped", START + 7 * HOUR)]
    assert clock(scene, ref).due_at == due + 7 * HOUR
    assert scene.do(clock_rules.preview, scene.leo).changes == []


def _to(scene: Scene, ref: str, stage: Stage) -> None:
    with scene.house.write() as work:
        state, process = work.cases.by_ref(ref), scene.desk.process.current(work)
        lifecycle.to_stage(work, scene.desk, scene.rita, state, stage, "decided.decline", process)


# ------------------------------------------------------------ the merchant


def test_a_merchant_who_agrees_brings_the_case_back(scene: Scene) -> None:
    ref = sold(scene)
    due = clock(scene, ref).due_at
    assert due is not None
    asked = scene.do(merchants.ask, scene.rita, ref, "Do you agree?")
    assert asked.stage is Stage.WAITING_MERCHANT
    assert pauses(scene, ref)[0].waits_for is WaitFor.MERCHANT
    scene.house.clock.forward(hours=3)
    back = scene.do(merchants.answer, scene.celia, ref, "accepted", "We do.")
    assert (back.stage, back.assignee_id, back.answer_came) == (Stage.REVIEW, scene.rita.person_id, True)
    assert clock(scene, ref).due_at == due + 3 * HOUR
    with scene.house.read() as work:
        said = [(row["who"], row["text"]) for row in work.facts.messages(back.id)][-2:]
    assert said == [("agent", "Do you agree?"), ("merchant", "We do.")]


def test_a_merchant_who_refuses_is_in_dispute_with_the_customer(scene: Scene) -> None:
    ref = sold(scene)
    scene.do(merchants.ask, scene.rita, ref, "Do you agree?")
    state = scene.do(merchants.answer, scene.celia, ref, "refused", "It left us whole.")
    assert (state.stage, state.assignee_id) == (Stage.ARBITRATION, None)
    ruled = scene.do(steps.rule, scene.leo, ref, "The photos decide: refund.")
    assert ruled.stage is Stage.REVIEW


def test_without_a_claim_there_is_no_dispute(scene: Scene) -> None:
    ref = sold(scene)
    scene.do(merchants.ask, scene.rita, ref, "Do you agree?")
    scene.do(thread.say, scene.celia, ref, "received", "Forget it.", withdraws=True)
    state = scene.do(merchants.answer, scene.celia, ref, "refused", "No.")
    assert (state.stage, state.assignee_id) == (Stage.REVIEW, scene.rita.person_id)


def test_no_answer_in_24_hours_escalates_by_itself(scene: Scene) -> None:
    ref = sold(scene)
    scene.do(merchants.ask, scene.rita, ref, "Do you agree?")
    scene.house.clock.forward(hours=24)
    assert scene.do(steps.overdue, WORKER) == 0
    scene.house.clock.forward(seconds=1)
    assert scene.do(steps.overdue, WORKER) == 1
    assert scene.state(ref).stage is Stage.ARBITRATION
    assert scene.entries(ref)[-1] == "merchant.silent"
    assert scene.do(steps.overdue, WORKER) == 0


def test_only_a_case_of_a_merchant_has_one_to_ask(scene: Scene) -> None:
    ref = scene.held(scene.case())
    with pytest.raises(Conflict, match=r"merchant.none"):
        scene.do(merchants.ask, scene.rita, ref, "Do you agree?")
    other = sold(scene, "R2", "O2")
    with pytest.raises(Invalid, match=r"message.empty"):
        scene.do(merchants.ask, scene.rita, other, " ")
    with pytest.raises(Refused):
        scene.do(merchants.ask, scene.ray, other, "Do you agree?")
    scene.do(merchants.ask, scene.rita, other, "Do you agree?")
    with pytest.raises(Invalid, match=r"merchant.answer"):
        scene.do(merchants.answer, scene.celia, other, "perhaps", "We see.")


# ------------------------------------------------------------ changed rules


def _longer(content: dict[str, Any]) -> None:
    content["process"]["clocks"]["decision"] = {"limit_hours": 16, "calendar": "office"}


def test_a_changed_rule_is_seen_then_done_and_what_was_is_kept(scene: Scene) -> None:
    """On office hours since Friday 17:00: 1½, 8, 6½. The first answer, the stopped and the closed stay as they are."""
    ref = scene.held(scene.case(request=b.request("R1", "O1", created_at=START.isoformat())))
    was = clock(scene, ref)
    change(scene, _longer)
    page = scene.do(clock_rules.preview, scene.leo)
    (seen,) = page.changes
    assert (seen.ref, seen.was, page.looked_at, page.next) == (ref, was, 1, None)
    assert clock(scene, ref) == was
    assert scene.do(clock_rules.recompute, scene.leo).changes == page.changes
    now = clock(scene, ref)
    assert now == seen.now
    assert (now.due_at, now.calendar) == (datetime(2026, 11, 24, 9, 0, tzinfo=UTC), "office")
    assert scene.entries(ref)[-1] == "timing.recomputed"
    with scene.house.read() as work:
        event = work.cases.events(scene.state(ref).id)[-1]
    assert was.due_at is not None
    assert event.data["was"]["due_at"] == was.due_at.isoformat()
    assert event.data["now"]["calendar"] == "office"
    assert scene.do(clock_rules.recompute, scene.leo).changes == []


def test_a_changed_rule_keeps_the_pauses_of_before(scene: Scene) -> None:
    ref = scene.held(scene.case(request=b.request("R1", "O1", created_at=START.isoformat())))
    scene.house.clock.forward(hours=1)
    scene.do(waits.wait, scene.rita, ref, WaitFor.CARRIER, "SF looks for it.")
    change(scene, _longer)
    scene.do(clock_rules.recompute, scene.leo)
    paused = clock(scene, ref)
    assert (paused.due_at, paused.remaining_s) == (None, 15 * 3600)  # Friday 17 to 18 was used
    scene.house.clock.now = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # Monday 10:00
    scene.do(waits.go_on, scene.rita, ref, WaitFor.CARRIER)
    assert clock(scene, ref).due_at == datetime(2026, 11, 24, 10, 30, tzinfo=UTC)  # 7 on Monday, 8 on Tuesday


def test_stages_stay_as_the_case_began_and_limits_are_those_in_force(scene: Scene) -> None:
    ref = sold(scene)

    def no_merchant(content: dict[str, Any]) -> None:
        moves = content["process"]["moves"]
        content["process"]["moves"] = [m for m in moves if m["event"] != "merchant.refused"]
        content["process"]["moves"].append({"event": "merchant.refused", "from": ["waiting_merchant"], "to": "review"})

    scene.do(merchants.ask, scene.rita, ref, "Do you agree?")
    change(scene, no_merchant)
    state = scene.do(merchants.answer, scene.celia, ref, "refused", "No.")
    assert state.stage is Stage.ARBITRATION


def test_only_who_leads_recomputes(scene: Scene) -> None:
    for who in (scene.rita, scene.susan):
        with pytest.raises(Refused):
            scene.do(clock_rules.preview, who)
        with pytest.raises(Refused):
            scene.do(clock_rules.recompute, who)


def test_many_cases_are_recomputed_page_by_page(scene: Scene) -> None:
    for number in range(5):
        scene.case(f"R{number}", f"O{number}")
    change(scene, _longer)
    after, pages = 0, []
    while True:
        page = scene.do(clock_rules.recompute, scene.leo, after, 2)
        pages.append((page.looked_at, len(page.changes)))
        if page.next is None:
            break
        after = page.next
    assert pages == [(2, 2), (2, 2), (1, 1)]
