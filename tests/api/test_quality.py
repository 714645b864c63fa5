"""A second look that doesn't know the first: drawn by the worker, none of one's own, told afterwards, and counted."""

from __future__ import annotations

from copy import deepcopy
from datetime import date
from typing import Any

import pytest

from refund_desk.domain.errors import Conflict, Refused
from refund_desk.domain.words import Decision
from refund_desk.engines.process_book import standard_content
from refund_desk.wire.commands import ConfigProposal
from refund_desk.wire.quality import SecondLook
from tests.fakes.desk_api import DeskApi

DAY = date(2026, 11, 20)


@pytest.fixture
def desk(desk_api: DeskApi) -> DeskApi:
    """Every decision is drawn; one has been made, by reviewer and supervisor."""
    content: Any = deepcopy(standard_content())
    content["process"]["quality"]["percent"] = 100
    body = ConfigProposal(kind="process", subject="standard", content=content, reason="look at all")
    change = desk_api.ask("lead", lambda client: client.propose_config(body))
    desk_api.ask("lead2", lambda client: client.settle_config(change.id, True, "agreed"))
    desk_api.house.count_figures()
    desk_api.clock.forward(hours=1)
    desk_api.paid(desk_api.ref(1))
    desk_api.house.count_figures()
    return desk_api


def test_a_second_look_knows_nothing_of_the_first(desk: DeskApi) -> None:
    for own in ("reviewer", "supervisor"):
        assert desk.ask(own, lambda client: client.my_quality(DAY, DAY)).waiting == []
    waiting = desk.ask("reviewer2", lambda client: client.my_quality(DAY, DAY)).waiting
    assert [one.reason for one in waiting] == ["damaged"]
    number = waiting[0].id
    seen = desk.call("GET", f"/quality/{number}", by="reviewer2")
    first = desk.case(desk.ref(1)).proposals[0]
    assert first.amount is not None
    for told in (desk.ref(1), first.reason, first.digest, "Reviewer One"):
        assert told not in seen.text
    view = desk.ask("reviewer2", lambda client: client.blind(number))
    assert view.requests
    assert view.evidence
    with pytest.raises(Refused):
        desk.ask("reviewer", lambda client: client.blind(number))
    look = SecondLook(decision=Decision.DECLINE, note="Nothing is broken.")
    with pytest.raises(Refused):
        desk.ask("supervisor", lambda client: client.second_look(number, look))
    done = desk.ask("reviewer2", lambda client: client.second_look(number, look))
    assert (done.ref, done.agrees, done.first, done.first_amount) == (desk.ref(1), False, first.decision, first.amount)
    with pytest.raises(Conflict):
        desk.ask("lead", lambda client: client.second_look(number, look))
    assert desk.entries("quality.reviewed")[0]["data"]["agrees"] is False


def test_agreement_is_a_figure_and_everybody_sees_their_own(desk: DeskApi) -> None:
    desk.approved(desk.ref(2))
    desk.house.count_figures()
    first = {one.amount.minor for one in desk.case(desk.ref(1)).proposals if one.amount}
    looks = [
        SecondLook(decision=Decision.PARTIAL, minor=first.pop(), note="as it is"),
        SecondLook(decision=Decision.DECLINE, note="no"),
    ]
    for row, look in zip(desk.ask("lead", lambda client: client.my_quality(DAY, DAY)).waiting, looks, strict=True):
        desk.ask("lead", lambda client, number=row.id, look=look: client.second_look(number, look))  # type: ignore[misc]
    desk.house.count_figures()
    board = desk.ask("lead", lambda client: client.figures(DAY, DAY, "person"))
    assert {one.name: one.now for one in board.figures}["agreement"] == 0.5
    assert {one.name: one.values["agreement"] for one in board.members}["Reviewer One"] == 0.5
    own = desk.ask("reviewer", lambda client: client.my_quality(DAY, DAY)).own
    assert (own["agreement"], own["decided"], own["overturned"]) == (0.5, 2, 0)
    assert desk.ask("reviewer2", lambda client: client.my_quality(DAY, DAY)).own["decided"] == 0
