"""Two people on one case: it is taken once, its lease passes on, and nothing rests on what has changed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from refund_desk.client.api import new_key
from refund_desk.domain.errors import Conflict, Refused, Stale
from refund_desk.domain.words import Aspect, Stage
from refund_desk.engines import process_book
from refund_desk.wire import commands as c
from tests.fakes import bundles as b
from tests.fakes.desk_api import CASES, DeskApi

LEASE_S = process_book.standard().take.lease_s


def expire(desk: DeskApi, seconds: float = 1) -> None:
    """The lease runs out, and the worker notices."""
    desk.clock.forward(seconds=LEASE_S + seconds)
    desk.house.expire_leases()


def test_take_next_gives_each_another_one(desk_api: DeskApi) -> None:
    async def rush() -> list[Any]:
        calls = [desk_api.send("POST", "/cases/take-next", {}, by=login) for login in ("reviewer", "reviewer2") * 3]
        return [answer.json() for answer in await asyncio.gather(*calls)]

    taken = desk_api.run(rush())
    refs = [one["ref"] for one in taken]
    assert len(set(refs)) == 6
    assert all(one["why"][0]["code"] == "why.due" for one in taken)
    assert len(desk_api.entries("case.taken")) == 6


def test_take_next_goes_by_the_filters_of_the_queue(desk_api: DeskApi) -> None:
    wanted = b.case("R99", "O99", request=b.request("R99", "O99", reason="not_received"))
    assert desk_api.call("POST", "/refund-requests", by="customer_service", content=b.raw(wanted)).is_success
    assert desk_api.ask("reviewer", lambda desk: desk.take_next({"reason": "not_received"})).ref == desk_api.ref(
        CASES + 1
    )
    assert desk_api.ask("reviewer", lambda desk: desk.take_next({"reason": "not_received"})).ref is None
    assert desk_api.ask("reviewer2", lambda desk: desk.take_next({"q": "王小7"})).ref == desk_api.ref(7)
    assert desk_api.ask("reviewer2", lambda desk: desk.take_next({"chip": "conflict"})).ref is None


def test_a_case_is_held_once(desk_api: DeskApi) -> None:
    ref = desk_api.taken(desk_api.ref(1))
    with pytest.raises(Conflict) as caught:
        desk_api.taken(ref, "reviewer2")
    assert (caught.value.code, caught.value.params) == ("case.taken", {"ref": ref, "holder": "Reviewer One"})
    body = desk_api.body(ref)
    with pytest.raises(Refused, match=r"case\.not_yours"):
        desk_api.ask("reviewer2", lambda desk: desk.propose(ref, body, new_key()))
    with pytest.raises(Conflict, match=r"case\.lease_lost"):
        desk_api.ask("reviewer2", lambda desk: desk.renew(ref))


def test_nobody_hoards(desk_api: DeskApi) -> None:
    most = process_book.standard().take.max_held
    if most >= CASES:
        pytest.skip("the process lets a reviewer hold more than there are")
    for number in range(1, most + 1):
        desk_api.taken(desk_api.ref(number))
    answer = desk_api.call("POST", "/cases/take-next", {}, by="reviewer")
    assert answer.json()["params"] == {"held": most, "most": most}


def test_a_lease_renews_runs_out_and_passes_on(desk_api: DeskApi) -> None:
    ref = desk_api.taken(desk_api.ref(1))
    until = desk_api.case(ref).assignment
    assert until is not None
    desk_api.clock.forward(seconds=LEASE_S - 60)
    renewed = desk_api.ask("reviewer", lambda desk: desk.renew(ref)).lease_until
    assert renewed is not None
    assert (renewed - until.lease_until).total_seconds() == LEASE_S - 60
    desk_api.clock.forward(seconds=120)
    desk_api.house.expire_leases()
    assert desk_api.case(ref).assignment is not None, "the first lease would be over; the renewed one isn't"
    expire(desk_api)
    assert desk_api.case(ref).assignment is None
    assert [e["case"] for e in desk_api.entries("case.lease_expired")] == [ref]
    # It passes on, and the first one's window learns of it.
    desk_api.taken(ref, "reviewer2")
    with pytest.raises(Conflict, match=r"case\.lease_lost"):
        desk_api.ask("reviewer", lambda desk: desk.renew(ref))
    body = desk_api.body(ref)
    with pytest.raises(Refused, match=r"case\.not_yours"):
        desk_api.ask("reviewer", lambda desk: desk.propose(ref, body, new_key()))
    assert desk_api.ask("reviewer2", lambda desk: desk.propose(ref, body, new_key())).stage is Stage.APPROVAL


def test_a_lease_that_ran_out_unnoticed_still_gives_way(desk_api: DeskApi) -> None:
    """No worker was there to take it back: somebody else's take is enough."""
    ref = desk_api.taken(desk_api.ref(1))
    desk_api.clock.forward(seconds=LEASE_S + 1)
    desk_api.taken(ref, "reviewer2")
    assignment = desk_api.case(ref, "reviewer2").assignment
    assert assignment is not None
    assert assignment.yours


def test_a_case_on_its_way_keeps_its_reviewer(desk_api: DeskApi) -> None:
    ref = desk_api.ref(1)
    number = desk_api.proposed(ref).proposal or 0
    expire(desk_api)
    back = c.SendBack(reason="the other line", rests_on={})
    desk_api.ask("supervisor", lambda desk: desk.return_proposal(ref, number, back, new_key()))
    view = desk_api.case(ref)
    assert view.stage is Stage.REVIEW
    assert view.assignment is not None
    assert view.assignment.yours
    assert [row.ref for row in desk_api.ask("reviewer", lambda desk: desk.for_me()).returned] == [ref]


def test_a_disabled_reviewer_holds_nothing(desk_api: DeskApi) -> None:
    ref = desk_api.taken(desk_api.ref(1))
    desk_api.call("POST", "/users/reviewer/disable", by="administrator")
    desk_api.taken(ref, "reviewer2")
    assert desk_api.call("POST", "/users/reviewer/enable", by="administrator").is_success
    assert desk_api.call("GET", "/me", by="reviewer").status_code == 401, "its sessions ended for good"


# ---------------------------------------------------------------- what a command rests on


def test_a_new_message_makes_a_proposal_stale(desk_api: DeskApi) -> None:
    ref = desk_api.taken(desk_api.ref(1))
    body = desk_api.body(ref)
    said = c.MessageBody(kind="received", text="请只退一件")
    desk_api.ask("customer_service", lambda desk: desk.message(ref, said))
    with pytest.raises(Stale) as caught:
        desk_api.ask("reviewer", lambda desk: desk.propose(ref, body, new_key()))
    params = caught.value.params
    assert params["ref"] == ref
    assert [(one["type"], one["aspect"]) for one in params["changed"]] == [("message.received", "facts")]
    assert params["versions"]["facts"] == body.rests_on[Aspect.FACTS] + 1
    # Shown and confirmed: the same form, resting on what is now.
    fresh = body.model_copy(update={"rests_on": {**body.rests_on, Aspect.FACTS: params["versions"]["facts"]}})
    assert desk_api.ask("reviewer", lambda desk: desk.propose(ref, fresh, new_key())).proposal == 1


def test_a_note_makes_nothing_stale(desk_api: DeskApi) -> None:
    ref = desk_api.taken(desk_api.ref(1))
    body = desk_api.body(ref)
    note = c.MessageBody(kind="note", text="called the carrier")
    desk_api.ask("finance", lambda desk: desk.message(ref, note))
    assert desk_api.ask("reviewer", lambda desk: desk.propose(ref, body, new_key())).proposal == 1


def test_new_facts_make_an_approval_stale(desk_api: DeskApi) -> None:
    ref = desk_api.ref(2)
    number = desk_api.proposed(ref).proposal or 0
    versions = desk_api.case(ref, "supervisor").versions
    verdict = desk_api.verdict(ref).model_copy(update={"rests_on": {Aspect.FACTS: versions[Aspect.FACTS]}})
    again = b.case("R2", "O2", customer=None, messages=[b.message("M9", text="别退了")])
    assert desk_api.call("POST", "/refund-requests", by="customer_service", content=b.raw(again)).is_success
    with pytest.raises(Stale) as caught:
        desk_api.ask("supervisor", lambda desk: desk.approve(ref, number, verdict, new_key()))
    assert {one["type"] for one in caught.value.params["changed"]} >= {"message.came"}
    assert desk_api.case(ref).intents == []


def test_an_approval_is_for_exactly_what_was_seen(desk_api: DeskApi) -> None:
    ref = desk_api.ref(1)
    number = desk_api.proposed(ref).proposal or 0
    seen = desk_api.verdict(ref)
    desk_api.ask("reviewer", lambda desk: desk.withdraw(ref, number, new_key()))
    second = desk_api.proposed(ref, note="again", fee_minor=100).proposal or 0
    assert second == number + 1
    with pytest.raises(Conflict, match=r"proposal\.not_open"):
        desk_api.ask("supervisor", lambda desk: desk.approve(ref, number, seen, new_key()))
    with pytest.raises(Conflict, match=r"approval\.other_content"):
        desk_api.ask("supervisor", lambda desk: desk.approve(ref, second, seen, new_key()))
    assert desk_api.case(ref).intents == []


def test_two_approve_at_once(desk_api: DeskApi) -> None:
    ref = desk_api.ref(1)
    number = desk_api.proposed(ref).proposal
    verdict = desk_api.verdict(ref).model_dump(mode="json")
    path = f"/cases/{ref}/proposals/{number}/approve"

    async def both() -> list[Any]:
        calls = (desk_api.send("POST", path, verdict, by=login, key=login) for login in ("supervisor", "supervisor2"))
        return await asyncio.gather(*calls)

    statuses = sorted(answer.status_code for answer in desk_api.run(both()))
    assert statuses[0] == 200
    assert statuses[1] in (403, 409)
    assert len(desk_api.case(ref).intents) == 1
    assert len(desk_api.entries("proposal.approved")) == 1


def test_two_confirm_at_once(desk_api: DeskApi) -> None:
    desk_api.approved(desk_api.ref(1))
    intent = desk_api.intent(desk_api.ref(1))
    path = f"/intents/{intent.id}/confirm"

    async def both() -> list[Any]:
        amount = intent.amount.model_dump()
        calls = (
            desk_api.send("POST", path, {"reference": login, **amount}, by=login, key=login)
            for login in ("finance", "finance2")
        )
        return await asyncio.gather(*calls)

    answers = desk_api.run(both())
    assert sorted(answer.status_code == 200 for answer in answers) == [False, True]
    assert len(desk_api.entries("payout.confirmed")) == 1
