"""Every decision of the product, from the proposal to where it ends, with the standard process, on both databases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from refund_desk.domain.errors import Conflict, Invalid, Refused, Stale
from refund_desk.domain.words import Decision, Progress, Role, Stage, Tender
from refund_desk.service import consultations, decisions, payouts, steps, thread
from refund_desk.service.drafting import Draft
from tests.fakes import bundles as b
from tests.fakes.scene import Scene, in_order, refund, shipment

D = Decision


def given(scene: Scene, ref: str) -> list[tuple[str, int, str]]:
    """What the case gives: (tender, minor units, state) of each intent."""
    return [(intent.tender.value, intent.amount_minor, intent.state) for intent in scene.intents(ref)]


# ---------------------------------------------------------------- what gives money

MONEY: dict[Decision, tuple[str, dict[str, Any], int, str]] = {
    D.FULL: ("damage_verified", {}, 12900, "money"),
    D.PARTIAL: ("part_of_order", {"lines": (("L1", 1, None),)}, 6000, "money"),
    D.STORE_CREDIT: ("customer_choice", {"lines": (("L2", 1, None),)}, 900, "store_credit"),
    D.COUPON: ("goodwill", {"lines": (("L2", 1, 500),)}, 500, "coupon"),
    D.REFUND_WITHOUT_RETURN: ("low_value", {"lines": (("L1", 1, None),)}, 6000, "money"),
    D.PRICE_DIFFERENCE: ("price_protection", {"lines": (("L1", 0, 700),)}, 700, "money"),
}


@pytest.mark.parametrize("decision", MONEY)
def test_value_goes_from_proposal_to_payout_to_the_end(scene: Scene, decision: Decision) -> None:
    reason, form, minor, tender = MONEY[decision]
    asked = "price_difference" if decision is D.PRICE_DIFFERENCE else "damaged"
    ref = scene.case(request=b.request(reason=asked))
    made = scene.propose(ref, decision, reason, **form)
    assert (made.what, made.state.stage) == ("proposal.made", Stage.APPROVAL)
    assert scene.intents(ref) == []
    done = scene.approve(ref)
    assert (done.what, done.state.stage) == ("proposal.approved", Stage.PAYOUT)
    assert done.state.progress is Progress.APPROVED
    assert done.state.assignee_id is None
    assert given(scene, ref) == [(tender, minor, "reserved")]
    paid = scene.pay(ref)
    assert (paid.stage, paid.progress, paid.open) == (Stage.CLOSED, Progress.COMPLETED, False)
    assert given(scene, ref) == [(tender, minor, "succeeded")]
    wanted = ["case.taken", "proposal.made", "intent.reserved", f"decided.{decision}", "message.sent"]
    assert in_order(scene.events(ref), [*wanted, "payout.confirmed"])
    entries = ["case.taken", "proposal.made", "intent.reserved", "proposal.approved", "decision.made"]
    assert in_order(scene.entries(ref), [*entries, "payout.confirmed", "case.closed"])


def test_the_letter_names_what_was_approved_and_no_sooner(scene: Scene) -> None:
    ref = scene.case()
    scene.propose(ref, D.FULL, "damage_verified")
    with scene.house.read() as work:
        case_id = work.cases.by_ref(ref).id
        assert [m for m in work.facts.messages(case_id) if m["direction"] == "out"] == []
    scene.approve(ref)
    with scene.house.read() as work:
        (letter,) = [m for m in work.facts.messages(case_id) if m["direction"] == "out"]
    assert (letter["who"], letter["text"]) == ("system", "decided.full")


# ---------------------------------------------------------------- goods


def returning(scene: Scene, **form: Any) -> str:
    """A case whose return was approved: 60.00 for one cup when it is back."""
    ref = scene.case(request=b.request(kind="return_first", reason="changed_mind"))
    terms = {"return_terms": (7, None), "return_freight": "customer", "lines": (("L1", 1, None),)}
    scene.propose(ref, D.RETURN_FIRST, "within_window", **{**terms, **form})
    assert scene.approve(ref).state.stage is Stage.RETURN
    return ref


def test_a_return_that_is_complete_releases_the_payout(scene: Scene) -> None:
    ref = returning(scene)
    assert scene.state(ref).progress is Progress.SEND_IT_BACK
    intent = scene.reserved(ref)[0]
    with pytest.raises(Refused, match=r"process\.not_in_stage"):
        scene.do(payouts.confirm, scene.fiona, intent.id, "TOO-SOON", 6000, "CNY")
    received = scene.do(steps.goods_received, scene.walt, ref, "SF-BACK", None)
    assert (received.stage, received.progress) == (Stage.INSPECTION, Progress.BEING_INSPECTED)
    assert scene.do(steps.inspected, scene.walt, ref, "complete", None).stage is Stage.PAYOUT
    assert scene.pay(ref).stage is Stage.CLOSED
    assert given(scene, ref) == [("money", 6000, "succeeded")]
    assert in_order(scene.events(ref), ["decided.return_first", "return.received", "inspection.passed"])


def test_a_short_return_needs_a_new_proposal(scene: Scene) -> None:
    ref = returning(scene)
    scene.do(steps.goods_received, scene.walt, ref, "SF-BACK", None)
    with pytest.raises(Invalid, match=r"inspection\.note_missing"):
        scene.do(steps.inspected, scene.walt, ref, "short", None)
    back = scene.do(steps.inspected, scene.walt, ref, "short", "only the saucer came")
    assert (back.stage, back.assignee_id, back.returned_to_id) == (Stage.REVIEW, *[scene.rita.person_id] * 2)
    assert given(scene, ref) == [("money", 6000, "cancelled")]
    assert scene.file(ref).proposals[0].status == "void"
    scene.propose(ref, D.PARTIAL, "reduced_value", lines=(("L1", 1, 2500),))
    scene.approve(ref)
    scene.pay(ref)
    assert given(scene, ref) == [("money", 6000, "cancelled"), ("money", 2500, "succeeded")]


def test_goods_that_are_back_already_are_inspected_at_once(scene: Scene) -> None:
    back = {"system": "mall", "id": "RT1", "order": "O1", "as_of": b.AT, "status": "received", "received_at": b.AT}
    ref = scene.case(request=b.request(kind="return_first", reason="changed_mind"), returns=[back])
    form: dict[str, Any] = {"return_terms": (7, None), "return_freight": "merchant", "lines": (("L1", 1, None),)}
    scene.propose(ref, D.RETURN_FIRST, "within_window", **form)
    assert scene.approve(ref).state.stage is Stage.INSPECTION


def test_a_parcel_that_never_comes_closes_by_the_day_the_customer_was_told(scene: Scene) -> None:
    ref = returning(scene, return_terms=(20, None))
    scene.house.clock.forward(days=15)  # the stage alone would have ended after 14
    with pytest.raises(Conflict, match=r"return\.still_time"):
        scene.do(steps.return_expired, scene.susan, ref)
    assert scene.do(steps.overdue, scene.susan) == 0
    scene.house.clock.forward(days=5, seconds=1)
    closed = scene.do(steps.return_expired, scene.susan, ref)
    assert (closed.stage, closed.progress) == (Stage.CLOSED, Progress.DECLINED)
    assert given(scene, ref) == [("money", 6000, "cancelled")]


def test_a_note_does_not_lengthen_the_time_to_send_it_back(scene: Scene) -> None:
    ref = returning(scene)
    scene.house.clock.forward(days=13)
    scene.do(thread.say, scene.celia, ref, "note", "they say it is on its way")
    scene.house.clock.forward(days=1, seconds=1)
    assert scene.do(steps.overdue, scene.susan) == 1
    assert scene.state(ref).stage is Stage.CLOSED


def exchanging(scene: Scene, decision: Decision = D.EXCHANGE, reason: str = "defect_verified") -> str:
    """An exchange (or replacement) approved, the warehouse asked before."""
    ref = scene.case(request=b.request(kind="exchange", reason="defective"))
    scene.held(ref)
    form: dict[str, Any] = {"lines": (("L1", 1, None),), "want": "the same in blue"}
    with pytest.raises(Refused, match=r"process\.consultation_missing"):
        scene.propose(ref, decision, reason, **form)
    ask(scene, ref, Role.WAREHOUSE, "In stock?")
    answer(scene, ref, scene.walt, "Yes, twelve.")
    scene.propose(ref, decision, reason, **form)
    scene.approve(ref)
    return ref


def ask(scene: Scene, ref: str, *roles: Any, required: bool = True) -> None:
    """Rita asks; the last of `roles` may be the question."""
    words = [role for role in roles if not isinstance(role, Role)]
    wanted = [role for role in roles if isinstance(role, Role)]
    versions = scene.state(ref).versions
    scene.do(consultations.ask, scene.rita, ref, wanted, words[0] if words else "May we?", required, versions)


def answer(scene: Scene, ref: str, who: Any, text: str) -> None:
    (mine,) = [c for c in scene.file(ref).consultations if c.role in who.roles and c.open]
    scene.do(consultations.answer, who, mine.id, text)


def test_an_exchange_goes_through_the_warehouse(scene: Scene) -> None:
    ref = exchanging(scene)
    assert scene.state(ref).stage is Stage.RETURN
    assert given(scene, ref) == [("goods", 6000, "reserved")]
    scene.do(steps.goods_received, scene.walt, ref, "SF-BACK", None)
    assert scene.do(steps.inspected, scene.walt, ref, "complete", None).stage is Stage.PAYOUT
    intent = scene.reserved(ref)[0]
    with pytest.raises(Conflict, match=r"payout\.goods_are_shipped"):
        scene.do(payouts.confirm, scene.fiona, intent.id, "BANK-1", 6000, "CNY")
    shipped = scene.do(payouts.ship, scene.walt, ref, "SF-NEW-1", "SF")
    assert (shipped.stage, shipped.progress) == (Stage.CLOSED, Progress.COMPLETED)
    assert given(scene, ref) == [("goods", 6000, "succeeded")]
    with pytest.raises(Refused, match=r"process\.not_in_stage"):
        scene.do(payouts.ship, scene.walt, ref, "SF-NEW-2", "SF")


def test_a_replacement_is_sent_without_a_return(scene: Scene) -> None:
    ref = exchanging(scene, D.REPLACEMENT)
    assert scene.state(ref).stage is Stage.PAYOUT
    assert scene.do(payouts.ship, scene.walt, ref, "SF-NEW-1", None).stage is Stage.CLOSED


def test_goods_and_money_together_never_exceed_what_was_paid(scene: Scene) -> None:
    ref = exchanging(scene, D.REPLACEMENT)
    scene.do(payouts.ship, scene.walt, ref, "SF-NEW-1", None)
    second = scene.case("R2", request=b.request("R2", reason="late"))
    scene.held(second)
    with pytest.raises(Conflict, match=r"ceiling\.line_quantity_exceeded"):
        scene.propose(second, D.PARTIAL, "part_of_order", lines=(("L1", 2, 12000),))
    made = scene.propose(second, D.FULL, "damage_verified")
    assert made.params["amount"] == 6900


# ---------------------------------------------------------------- what gives nothing


def test_declining_a_small_sum_is_decided_at_once_and_can_be_undone(scene: Scene) -> None:
    ref = scene.case()
    done = scene.propose(ref, D.DECLINE, "outside_window")
    assert (done.what, done.state.stage) == ("decided.decline", Stage.CLOSED)
    assert done.state.progress is Progress.DECLINED
    assert done.undo_until == scene.house.clock() + timedelta(seconds=10)
    scene.house.clock.forward(seconds=10)
    back = scene.do(decisions.withdraw, scene.rita, ref, 1, undo=True)
    assert (back.state.stage, back.state.open, back.state.closed_at) == (Stage.REVIEW, True, None)
    assert back.state.assignee_id == scene.rita.person_id
    with scene.house.read() as work:
        case_id = work.cases.by_ref(ref).id
        assert [m for m in work.facts.messages(case_id) if m["direction"] == "out"] == []
    assert scene.file(ref).proposals[0].status == "withdrawn"
    assert scene.propose(ref, D.DECLINE, "evidence_missing").number == 2


def test_undo_is_too_late_after_its_seconds_and_nobody_elses(scene: Scene) -> None:
    ref = scene.case()
    scene.propose(ref, D.DECLINE, "outside_window")
    with pytest.raises(Refused, match=r"proposal\.not_yours"):
        scene.do(decisions.withdraw, scene.ray, ref, 1, undo=True)
    scene.house.clock.forward(seconds=10.001)
    with pytest.raises(Conflict, match=r"undo\.too_late"):
        scene.do(decisions.withdraw, scene.rita, ref, 1, undo=True)
    assert scene.state(ref).stage is Stage.CLOSED


def test_what_was_approved_is_not_undone(scene: Scene) -> None:
    ref = scene.case()
    scene.propose(ref, D.FULL, "damage_verified")
    scene.approve(ref)
    with pytest.raises(Conflict, match=r"undo\.approved_already"):
        scene.do(decisions.withdraw, scene.rita, ref, 1, undo=True)
    assert given(scene, ref) == [("money", 12900, "reserved")]


def test_a_proposal_nobody_approved_yet_is_withdrawn(scene: Scene) -> None:
    ref = scene.case()
    scene.propose(ref, D.FULL, "damage_verified")
    scene.house.clock.forward(minutes=5)
    assert scene.do(decisions.withdraw, scene.rita, ref, 1).state.stage is Stage.REVIEW
    with pytest.raises(Refused, match=r"process\.not_in_stage"):
        scene.approve(ref)


def test_declining_a_large_sum_needs_approval(scene: Scene) -> None:
    ref = scene.case(request=b.request(amount="600.00"))
    assert scene.propose(ref, D.DECLINE, "outside_window").state.stage is Stage.APPROVAL
    done = scene.approve(ref)
    assert (done.state.stage, done.state.progress) == (Stage.CLOSED, Progress.DECLINED)
    assert scene.intents(ref) == []


def test_more_information_waits_for_the_customer_and_comes_back(scene: Scene) -> None:
    ref = scene.case()
    done = scene.propose(ref, D.MORE_INFORMATION, "photos_needed", questions=("A photo of the crack?",))
    assert (done.state.stage, done.state.progress) == (Stage.WAITING_CUSTOMER, Progress.WAITING_FOR_YOU)
    with scene.house.read() as work:
        assert work.views.returned(scene.rita.person_id, 10) == []
        decision = next(c for c in work.cases.clocks(done.state.id, 1) if c.kind == "decision")
    assert decision.paused
    left = decision.remaining_s
    scene.house.clock.forward(days=2)
    back = scene.do(thread.say, scene.celia, ref, "received", "Here it is")
    assert (back.stage, back.assignee_id, back.answer_came) == (Stage.REVIEW, scene.rita.person_id, True)
    with scene.house.read() as work:
        decision = next(c for c in work.cases.clocks(done.state.id, 1) if c.kind == "decision")
    assert decision.due_at == scene.house.clock() + timedelta(seconds=left or 0)


def test_a_customer_who_stays_silent_comes_back_to_the_reviewer(scene: Scene) -> None:
    ref = scene.case()
    scene.propose(ref, D.MORE_INFORMATION, "photos_needed", questions=("A photo?",))
    scene.house.clock.forward(days=7, seconds=1)
    assert scene.do(steps.overdue, scene.susan) == 1
    assert scene.state(ref).stage is Stage.REVIEW


def test_cancelling_asks_nobody_when_the_customer_withdrew(scene: Scene) -> None:
    ref = scene.case()
    scene.held(ref)
    scene.do(thread.say, scene.celia, ref, "received", "Forget it", withdraws=True)
    done = scene.propose(ref, D.CANCEL, "customer_withdrew")
    assert (done.state.stage, done.state.progress) == (Stage.CLOSED, Progress.CANCELLED)


def test_cancelling_otherwise_is_approved(scene: Scene) -> None:
    ref = scene.case()
    assert scene.propose(ref, D.CANCEL, "request_in_error").state.stage is Stage.APPROVAL
    done = scene.approve(ref)
    assert (done.state.stage, done.state.progress) == (Stage.CLOSED, Progress.CANCELLED)


def test_hold_tells_the_customer_nothing_and_its_release_brings_compliance_in(scene: Scene) -> None:
    ref = scene.case()
    held = scene.propose(ref, D.HOLD, "suspected_fraud")
    assert (held.state.stage, held.state.progress) == (Stage.HOLD, Progress.SUBMITTED)
    with scene.house.read() as work:
        assert [m for m in work.facts.messages(held.state.id) if m["direction"] == "out"] == []
    with pytest.raises(Refused, match=r"process\.not_allowed"):
        scene.do(steps.release_hold, scene.susan, ref, "fine by me")
    back = scene.do(steps.release_hold, scene.carl, ref, "identity checked")
    assert (back.stage, back.assignee_id, back.returned_to_id) == (Stage.REVIEW, *[scene.rita.person_id] * 2)
    with pytest.raises(Refused) as refused:
        scene.propose(ref, D.FULL, "damage_verified")
    assert (refused.value.code, refused.value.params["role"]) == ("process.consultation_missing", "compliance")
    ask(scene, ref, Role.COMPLIANCE)
    answer(scene, ref, scene.carl, "Go on")
    assert scene.propose(ref, D.FULL, "damage_verified").state.stage is Stage.APPROVAL


def test_arbitration_is_ruled_by_the_lead_and_returns(scene: Scene) -> None:
    ref = scene.case()
    assert scene.propose(ref, D.ESCALATE, "rule_unclear").state.stage is Stage.ARBITRATION
    with pytest.raises(Refused, match=r"process\.not_allowed"):
        scene.do(steps.rule, scene.susan, ref, "half")
    back = scene.do(steps.rule, scene.leo, ref, "half of it, as goodwill")
    assert (back.stage, back.assignee_id) == (Stage.REVIEW, scene.rita.person_id)


def test_a_risky_arbitration_waits_for_compliance(scene: Scene) -> None:
    dispute = {"id": "DP1", "amount": "20.00", "status": "open", "opened_at": b.AT}
    ref = scene.case(request=b.request(reason="unauthorised"), payments=[b.payment(disputes=[dispute])])
    scene.propose(ref, D.ESCALATE, "rule_unclear")
    with pytest.raises(Refused) as refused:
        scene.do(steps.rule, scene.leo, ref, "pay")
    assert (refused.value.code, refused.value.params["could"]) == ("process.consultation_missing", ["compliance"])
    versions = scene.state(ref).versions
    scene.do(consultations.ask, scene.leo, ref, [Role.COMPLIANCE], "May we?", True, versions)
    with pytest.raises(Refused, match=r"process\.answer_missing"):
        scene.do(steps.rule, scene.leo, ref, "pay")
    answer(scene, ref, scene.carl, "You may")
    assert scene.do(steps.rule, scene.leo, ref, "pay").stage is Stage.REVIEW


def test_an_appeal_opens_a_second_round_with_its_own_clocks(scene: Scene) -> None:
    ref = scene.case()
    scene.propose(ref, D.DECLINE, "outside_window")
    scene.house.clock.forward(days=3)
    with pytest.raises(Invalid, match=r"reason\.missing"):
        scene.do(steps.reopen, scene.celia, ref, " ")
    again = scene.do(steps.reopen, scene.celia, ref, "they found the receipt")
    assert (again.round, again.stage, again.open, again.assignee_id) == (2, Stage.REVIEW, True, None)
    with scene.house.read() as work:
        clock = next(c for c in work.cases.clocks(again.id, 2) if c.kind == "decision")
    assert clock.started_at == scene.house.clock()
    scene.propose(ref, D.FULL, "damage_verified", scene.ray)
    scene.approve(ref)
    assert scene.pay(ref).stage is Stage.CLOSED
    assert [p.round for p in scene.file(ref).proposals] == [2, 1]


# ---------------------------------------------------------------- who approves what


def test_nobody_approves_their_own_not_even_by_another_account(scene: Scene) -> None:
    both = scene.person("sam", Role.REVIEWER, Role.SUPERVISOR)
    other = scene.person("sam2", Role.SUPERVISOR, same_as=both)
    ref = scene.case()
    scene.propose(ref, D.FULL, "damage_verified", both)
    for account in (both, other):
        with pytest.raises(Refused, match=r"process\.own_proposal"):
            scene.approve(ref, account)
    assert scene.intents(ref) == []
    assert scene.approve(ref).state.stage is Stage.PAYOUT


def test_an_approval_is_of_exactly_this_content(scene: Scene) -> None:
    ref = scene.case()
    scene.propose(ref, D.PARTIAL, "part_of_order", lines=(("L1", 1, None),))
    seen = scene.file(ref).proposals[0]
    scene.do(decisions.withdraw, scene.rita, ref, 1)
    scene.propose(ref, D.FULL, "damage_verified")
    versions = scene.state(ref).versions
    with pytest.raises(Conflict) as refused:
        scene.do(decisions.approve, scene.susan, ref, 2, seen.digest, versions)
    assert refused.value.code == "approval.other_content"
    with pytest.raises(Conflict, match=r"proposal\.not_open"):
        scene.do(decisions.approve, scene.susan, ref, 1, seen.digest, versions)


def test_a_proposal_returned_with_a_reason_goes_back_to_its_reviewer(scene: Scene) -> None:
    ref = scene.case()
    scene.propose(ref, D.FULL, "damage_verified")
    versions = scene.state(ref).versions
    with pytest.raises(Invalid, match=r"reason\.missing"):
        scene.do(decisions.send_back, scene.susan, ref, 1, " ", versions)
    back = scene.do(decisions.send_back, scene.susan, ref, 1, "one cup only", versions)
    assert (back.what, back.state.stage) == ("proposal.returned", Stage.REVIEW)
    with scene.house.read() as work:
        assert work.views.returned(scene.rita.person_id, 10) == [back.state.id]
    scene.propose(ref, D.PARTIAL, "part_of_order", lines=(("L1", 1, None),))
    declined = scene.do(decisions.send_back, scene.susan, ref, 2, "no", scene.state(ref).versions, decline=True)
    assert (declined.what, scene.file(ref).proposals[0].status) == ("proposal.declined", "declined")


def test_a_stale_approval_shows_what_changed(scene: Scene) -> None:
    ref = scene.case()
    scene.propose(ref, D.FULL, "damage_verified")
    row, versions = scene.file(ref).proposals[0], scene.state(ref).versions
    scene.do(thread.say, scene.celia, ref, "note", "a note makes nothing stale")
    scene.do(thread.say, scene.celia, ref, "received", "one cup is whole after all")
    rests = {aspect: version for aspect, version in versions.items() if aspect != "thread"}
    with pytest.raises(Stale) as stale:
        scene.do(decisions.approve, scene.susan, ref, 1, row.digest, rests)
    assert [change["type"] for change in stale.value.params["changed"]] == ["message.received"]


def test_a_verdict_that_names_no_versions_rests_on_what_the_proposer_saw(scene: Scene) -> None:
    ref = scene.case()
    scene.propose(ref, D.PARTIAL, "part_of_order", lines=(("L1", 1, None),))
    (row,) = scene.file(ref).proposals
    known = b.payment("P-O1", as_of="2026-11-20T08:00:00+00:00", refunds=[refund(amount="60.00")])
    scene.take_in(b.case(payments=[known], shipments=[shipment()]))
    with pytest.raises(Stale) as stale:
        scene.do(decisions.approve, scene.susan, ref, 1, row.digest, {})
    assert "facts.changed" in [change["type"] for change in stale.value.params["changed"]]
    assert scene.intents(ref) == []
    assert scene.approve(ref).what == "proposal.approved", "whoever has seen it may still approve"


def large(scene: Scene, number: str, order: str = "O1", lines: Any = None, **parts: Any) -> str:
    """A case of an order of 3000.00: two tables of 1500.00 each."""
    tables = [
        {"id": "L1", "name": "table", "quantity": 1, "unit_price": "1500.00"},
        {"id": "L2", "name": "table", "quantity": 1, "unit_price": "1500.00"},
    ]
    whole = b.order(order, paid="3000.00", lines=tables)
    wanted = {"lines": [{"line": lines, "quantity": 1}]} if lines else {}
    request = b.request(number, order, amount="1500.00", **wanted)
    paid = [b.payment(f"P-{order}", order, captured="3000.00")]
    return scene.case(number, order, orders=[whole], request=request, payments=paid, **parts)


def test_a_limit_split_in_two_is_still_the_limit(scene: Scene) -> None:
    first, second = large(scene, "R1", lines="L1"), large(scene, "R2", lines="L2")
    assert first != second
    for ref, line in ((first, "L1"), (second, "L2")):
        scene.propose(ref, D.PARTIAL, "part_of_order", lines=((line, 1, None),))
    assert scene.approve(first).what == "proposal.approved"
    with pytest.raises(Refused) as refused:
        scene.approve(second)
    assert (refused.value.code, refused.value.params["could"]) == ("process.not_accountable", ["lead"])
    assert scene.approve(second, scene.leo).what == "proposal.approved"


def test_a_customers_limit_looks_at_all_their_orders(scene: Scene) -> None:
    refs = [large(scene, f"R{n}", f"O{n}", lines="L1") for n in range(1, 5)]
    for ref in refs:
        scene.propose(ref, D.PARTIAL, "part_of_order", lines=(("L1", 1, None),))
    for ref in refs[:3]:
        scene.approve(ref)
    with pytest.raises(Refused, match=r"process\.not_accountable"):
        scene.approve(refs[3])
    assert scene.approve(refs[3], scene.leo).what == "proposal.approved"


# ---------------------------------------------------------------- money that is gone


def test_a_refund_at_the_gateway_voids_the_approval_visibly(scene: Scene) -> None:
    ref = scene.case()
    scene.propose(ref, D.FULL, "damage_verified")
    later = "2026-11-20T08:00:00+00:00"
    known = b.payment("P-O1", as_of=later, refunds=[refund(amount="60.00")])
    row, versions = scene.file(ref).proposals[0], scene.state(ref).versions
    scene.take_in(b.case(payments=[known], shipments=[shipment()]))
    with pytest.raises(Stale):
        scene.do(decisions.approve, scene.susan, ref, 1, row.digest, versions)
    done = scene.approve(ref)
    assert (done.what, done.state.stage) == ("proposal.void", Stage.REVIEW)
    codes = [why["code"] for why in done.params["because"]]
    assert "void.ceiling.line_exceeded" in codes or "void.ceiling.order_exceeded" in codes
    assert scene.intents(ref) == []
    file = scene.file(ref)
    assert (file.proposals[0].status, bool(file.proposals[0].void_because)) == ("void", True)
    assert file.state.returned_to_id == scene.rita.person_id
    assert "proposal.void" in scene.entries(ref)


def test_a_refund_between_approval_and_payout_stops_the_payout(scene: Scene) -> None:
    ref = scene.case()
    scene.propose(ref, D.FULL, "damage_verified")
    scene.approve(ref)
    later = "2026-11-20T08:00:00+00:00"
    known = b.payment("P-O1", as_of=later, refunds=[refund(amount="60.00")])
    scene.take_in(b.case(payments=[known], shipments=[shipment()]))
    (intent,) = scene.reserved(ref)
    stopped = scene.do(payouts.confirm, scene.fiona, intent.id, "BANK-1", 12900, "CNY")
    assert (stopped.stage, stopped.returned_to_id) == (Stage.REVIEW, scene.rita.person_id)
    assert given(scene, ref) == [("money", 12900, "cancelled")]
    assert scene.entries(ref)[-1] == "payout.stopped"
    again = scene.propose(ref, D.FULL, "damage_verified")
    assert again.params["amount"] == 6900


@pytest.mark.parametrize(
    ("booked", "left"),
    [(["-60.00"], 6900), (["60.00"], 6900), (["-60.00", "60.00"], 12900), (["-60.00", "-9.00"], 6000)],
)
def test_a_refund_that_only_finance_booked_counts_whatever_its_sign(scene: Scene, booked: list[str], left: int) -> None:
    ledger = [
        {
            "system": "erp",
            "id": f"L-{number}",
            "order": "O1",
            "as_of": b.AT,
            "kind": "refund",
            "amount": amount,
            "currency": "CNY",
            "booked_at": b.AT,
        }
        for number, amount in enumerate(booked)
    ]
    assert scene.file(scene.case(ledger=ledger)).facts.refundable == left


def test_the_second_case_of_an_order_finds_the_first_ones_money(scene: Scene) -> None:
    first = scene.case()
    second = scene.case("R2", request=b.request("R2", reason="late"))
    for ref in (first, second):
        scene.propose(ref, D.FULL, "damage_verified")
    assert scene.approve(first).what == "proposal.approved"
    assert scene.approve(second).what == "proposal.void"
    assert scene.intents(second) == []


def test_a_failed_payout_frees_its_money_and_comes_back(scene: Scene) -> None:
    ref = scene.case()
    scene.propose(ref, D.FULL, "damage_verified")
    scene.approve(ref)
    (intent,) = scene.reserved(ref)
    back = scene.do(payouts.fail, scene.fiona, intent.id, "account closed")
    assert (back.stage, back.assignee_id) == (Stage.REVIEW, scene.rita.person_id)
    assert given(scene, ref) == [("money", 12900, "failed")]
    scene.propose(ref, D.STORE_CREDIT, "not_refundable_in_cash")
    scene.approve(ref)
    assert scene.pay(ref).stage is Stage.CLOSED


def test_money_that_comes_back_opens_the_next_round(scene: Scene) -> None:
    ref = scene.case()
    scene.propose(ref, D.FULL, "damage_verified")
    scene.approve(ref)
    scene.pay(ref)
    (intent,) = scene.intents(ref)
    again = scene.do(payouts.came_back, scene.fiona, intent.id, "bounced")
    assert (again.round, again.stage, again.open) == (2, Stage.REVIEW, True)
    assert scene.file(ref).facts.refundable == 12900


# ---------------------------------------------------------------- consultation


def test_several_are_asked_at_once_and_required_answers_block(scene: Scene) -> None:
    ref = scene.case()
    scene.held(ref)
    ask(scene, ref, Role.FINANCE, Role.RISK)
    assert scene.state(ref).stage is Stage.CONSULT
    with scene.house.read() as work:
        assert work.views.to_answer(scene.fiona.person_id, scene.fiona.roles, 10) == [scene.state(ref).id]
    with pytest.raises(Refused, match=r"process\.answer_missing"):
        scene.propose(ref, D.FULL, "damage_verified")
    answer(scene, ref, scene.fiona, "booked once")
    assert scene.state(ref).stage is Stage.CONSULT
    answer(scene, ref, scene.risto, "no pattern")
    back = scene.state(ref)
    assert (back.stage, back.assignee_id, back.answer_came) == (Stage.REVIEW, scene.rita.person_id, True)
    assert scene.propose(ref, D.FULL, "damage_verified").state.stage is Stage.APPROVAL


def test_only_the_asked_role_answers_and_nobody_their_own_question(scene: Scene) -> None:
    ref = scene.case()
    scene.held(ref)
    ask(scene, ref, Role.FINANCE)
    (asked,) = scene.file(ref).consultations
    with pytest.raises(Refused, match=r"process\.not_asked"):
        scene.do(consultations.answer, scene.risto, asked.id, "sure")
    same = scene.person("rita-f", Role.FINANCE, same_as=scene.rita)
    with pytest.raises(Refused, match=r"consultation\.own_question"):
        scene.do(consultations.answer, same, asked.id, "sure")
    answer(scene, ref, scene.fiona, "sure")
    with pytest.raises(Conflict, match=r"consultation\.settled"):
        scene.do(consultations.answer, scene.felix, asked.id, "me too")


def test_an_answer_is_overridden_by_whoever_is_accountable_after_its_clock(scene: Scene) -> None:
    ref = scene.case()
    scene.held(ref)
    ask(scene, ref, Role.FINANCE)
    (asked,) = scene.file(ref).consultations
    with pytest.raises(Conflict, match=r"consultation\.clock_runs"):
        scene.do(consultations.override, scene.susan, asked.id, "we can't wait")
    with pytest.raises(Refused, match=r"process\.not_accountable"):
        scene.do(consultations.override, scene.leo, asked.id, "we can't wait")
    scene.house.clock.forward(hours=24, seconds=1)
    with pytest.raises(Invalid, match=r"reason\.missing"):
        scene.do(consultations.override, scene.susan, asked.id, "")
    assert scene.do(consultations.override, scene.susan, asked.id, "we can't wait").stage is Stage.REVIEW
    assert "consult.overridden" in scene.entries(ref)


# ---------------------------------------------------------------- payout by hand


def test_a_payout_is_confirmed_by_a_third_person_with_its_amount_and_a_reference(scene: Scene) -> None:
    both = scene.person("fay", Role.REVIEWER, Role.FINANCE)
    ref = scene.case()
    scene.propose(ref, D.FULL, "damage_verified", both)
    scene.approve(ref)
    (intent,) = scene.reserved(ref)
    confirm = payouts.confirm
    with pytest.raises(Refused, match=r"payout\.own_decision"):
        scene.do(confirm, both, intent.id, "BANK-1", 12900, "CNY")
    approver = scene.person("susan-f", Role.FINANCE, same_as=scene.susan)
    with pytest.raises(Refused, match=r"payout\.own_decision"):
        scene.do(confirm, approver, intent.id, "BANK-1", 12900, "CNY")
    with pytest.raises(Refused, match=r"process\.not_allowed"):
        scene.do(confirm, scene.leo, intent.id, "BANK-1", 12900, "CNY")
    for minor, currency in ((12899, "CNY"), (12901, "CNY"), (12900, "USD")):
        with pytest.raises(Invalid, match=r"payout\.amount_differs"):
            scene.do(confirm, scene.fiona, intent.id, "BANK-1", minor, currency)
    with pytest.raises(Invalid, match=r"payout\.reference_missing"):
        scene.do(confirm, scene.fiona, intent.id, "  ", 12900, "CNY")
    assert scene.do(confirm, scene.fiona, intent.id, " BANK-1 ", 12900, "CNY").stage is Stage.CLOSED
    with pytest.raises(Refused, match=r"process\.not_in_stage"):
        scene.do(confirm, scene.felix, intent.id, "BANK-2", 12900, "CNY")
    second = scene.case("R9", "O9")
    scene.propose(second, D.FULL, "damage_verified")
    scene.approve(second)
    (other,) = scene.reserved(second)
    with pytest.raises(Conflict, match=r"payout\.reference_used"):
        scene.do(confirm, scene.fiona, other.id, "BANK-1", 12900, "CNY")


def test_a_disagreement_about_money_keeps_the_case_open_until_it_is_settled(scene: Scene) -> None:
    told = [b.order(), b.order(system="erp", paid="128.00")]
    ref = scene.case(orders=told)
    scene.held(ref)
    with pytest.raises(Refused, match=r"process\.consultation_missing"):
        scene.propose(ref, D.FULL, "damage_verified")
    ask(scene, ref, Role.FINANCE)
    answer(scene, ref, scene.felix, "the erp lost a coin")
    assert scene.propose(ref, D.FULL, "damage_verified").params["amount"] == 12800
    scene.approve(ref)
    assert scene.pay(ref).stage is Stage.SETTLEMENT
    assert scene.do(steps.close, scene.felix, ref, "booked by hand").stage is Stage.CLOSED


# ---------------------------------------------------------------- several tenders, payments, currencies


def test_what_was_paid_in_points_goes_back_in_points(scene: Scene) -> None:
    told = b.order(paid="129.00", tenders=[{"kind": "points", "amount": "29.00"}])
    ref = scene.case(orders=[told], payments=[b.payment("P-O1", captured="100.00")])
    made = scene.propose(ref, D.FULL, "damage_verified")
    assert made.params["amount"] == 12900
    assert scene.approve(ref).what == "proposal.approved"
    assert sorted(given(scene, ref)) == [("money", 10000, "reserved"), ("points", 2900, "reserved")]
    first = scene.reserved(ref)[0]
    half = scene.do(payouts.confirm, scene.fiona, first.id, "A-1", first.amount_minor, "CNY")
    assert half.stage is Stage.PAYOUT
    assert scene.pay(ref).stage is Stage.CLOSED


def test_points_are_never_paid_out_as_cash(scene: Scene) -> None:
    told = b.order(paid="129.00", tenders=[{"kind": "points", "amount": "29.00"}])
    ref = scene.case(orders=[told], payments=[b.payment("P-O1", captured="100.00")])
    scene.propose(ref, D.PARTIAL, "part_of_order", lines=(("L1", 2, None),))
    scene.approve(ref)
    assert sorted(given(scene, ref)) == [("money", 10000, "reserved"), ("points", 2000, "reserved")]


def test_several_payments_give_back_what_each_of_them_has(scene: Scene) -> None:
    paid = [b.payment("P1", captured="100.00"), b.payment("P2", captured="29.00")]
    ref = scene.case(payments=paid)
    scene.propose(ref, D.FULL, "damage_verified")
    scene.approve(ref)
    assert sorted(minor for _, minor, _ in given(scene, ref)) == [2900, 10000]
    with scene.house.read() as work:
        names = {r.id: r.external_id for r in work.facts.records(scene.state(ref).order_id)}
    assert {names[i.payment_record_id or 0]: i.amount_minor for i in scene.intents(ref)} == {"P1": 10000, "P2": 2900}


@pytest.mark.parametrize(
    ("currency", "price", "shipping", "paid", "minor"),
    [("KWD", "12.345", "0.655", "13.000", 13000), ("JPY", "1200", "300", "1500", 1500)],
)
def test_currencies_with_three_decimals_or_none(
    scene: Scene, currency: str, price: str, shipping: str, paid: str, minor: int
) -> None:
    line = {"id": "L1", "name": "lamp", "quantity": 1, "unit_price": price}
    told = b.order(currency=currency, paid=paid, shipping=shipping, lines=[line])
    asked = b.request(currency=currency, amount=paid)
    ref = scene.case(request=asked, orders=[told], payments=[b.payment("P-O1", currency=currency, captured=paid)])
    assert scene.propose(ref, D.FULL, "damage_verified").params["amount"] == minor
    approver = scene.felix if currency == "KWD" else scene.susan  # no band names dinars: the last one answers
    assert scene.approve(ref, approver).what == "proposal.approved"
    assert scene.pay(ref, scene.fiona).stage is Stage.CLOSED
    assert given(scene, ref) == [("money", minor, "succeeded")]


def test_less_than_was_promised_needs_a_reason(scene: Scene) -> None:
    promise = {"amount": "60.00", "currency": "CNY"}
    ref = scene.case(messages=[b.message(direction="out", who="agent", promise=promise)])
    with pytest.raises(Invalid) as invalid:
        scene.propose(ref, D.PARTIAL, "part_of_order", lines=(("L1", 1, 3000),))
    assert [p["code"] for p in invalid.value.params["problems"]] == ["proposal.promise_reason_needed"]
    form: dict[str, Any] = {"lines": (("L1", 1, 3000),), "below_promise_reason": "the customer agreed to half"}
    assert scene.propose(ref, D.PARTIAL, "part_of_order", **form).state.stage is Stage.APPROVAL


def test_a_fee_that_was_kept_goes_back_as_an_amount_of_its_line(scene: Scene) -> None:
    ref = scene.case()
    with pytest.raises(Invalid) as invalid:
        scene.propose(ref, D.PARTIAL, "part_of_order", lines=(("L1", 1, None),), fee_minor=-100)
    assert "proposal.fee_negative" in [p["code"] for p in invalid.value.params["problems"]]
    scene.propose(ref, D.PARTIAL, "part_of_order", lines=(("L1", 1, 6000),), fee_minor=500)
    scene.approve(ref)
    second = scene.case("R2", request=b.request("R2", reason="other"))
    scene.propose(second, D.PARTIAL, "part_of_order", lines=(("L1", 0, 500),))
    scene.approve(second)
    assert [given(scene, one)[0][1] for one in (ref, second)] == [5500, 500]


LETTERS: list[tuple[Decision, str, dict[str, Any], str, str]] = [
    (D.PARTIAL, "part_of_order", {"public_text": "我们将退款 ¥99.00"}, "public_text", "amount"),
    (D.PARTIAL, "part_of_order", {"public_text": "You will have it by 24 December."}, "public_text", "date"),
    (D.PARTIAL, "part_of_order", {"want": "the blue one, worth CNY 77"}, "want", "amount"),
    (D.MORE_INFORMATION, "photos_needed", {"questions": ("Are 55.55 yuan fine?",), "lines": ()}, "questions", "amount"),
]


@pytest.mark.parametrize(("decision", "reason", "form", "path", "what"), LETTERS)
def test_no_word_of_a_decision_names_what_is_not_approved(
    scene: Scene, decision: Decision, reason: str, form: dict[str, Any], path: str, what: str
) -> None:
    ref = scene.case()
    scene.held(ref)
    asked = {"lines": (("L1", 1, 3000),), **form}
    with pytest.raises(Invalid) as invalid:
        scene.propose(ref, decision, reason, **asked)
    found = [(p["path"], p["code"]) for p in invalid.value.params["problems"]]
    assert found == [(path, f"message.{what}_not_approved")]
    with scene.house.read() as work:
        seen = decisions.preview(work, scene.desk, scene.rita, ref, Draft(decision, reason, **asked))
    assert [(p["path"], p["code"]) for p in seen.problems][:1] == found  # said before anything is clicked
    assert scene.events(ref).count("proposal.made") == 0


def test_the_words_of_a_decision_may_name_its_own_amounts(scene: Scene) -> None:
    ref = scene.case()
    said = "¥25.00 for the saucer (¥30.00 less ¥5.00), of ¥129.00 paid."
    form: dict[str, Any] = {"lines": (("L1", 1, 3000),), "fee_minor": 500, "public_text": said}
    assert scene.propose(ref, D.PARTIAL, "part_of_order", **form).state.stage is Stage.APPROVAL


def test_a_preview_writes_nothing(scene: Scene) -> None:
    ref = scene.case()
    scene.held(ref)
    before = scene.state(ref)
    with scene.house.read() as work:
        seen = decisions.preview(work, scene.desk, scene.rita, ref, Draft(D.FULL, "damage_verified"))
    assert (seen.drafted.content.amount_minor, seen.drafted.content.tender) == (12900, Tender.MONEY)
    assert (seen.problems, seen.option.accountable) == ((), Role.SUPERVISOR)
    assert scene.state(ref) == before
