"""The process as a map with today's counts and times, and what a changed process would touch, before it is agreed."""

from __future__ import annotations

from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest

from refund_desk.domain.errors import Invalid, Refused
from refund_desk.domain.figures import Span
from refund_desk.domain.words import ClockKind, Role, Stage
from refund_desk.engines.process_book import standard_content
from refund_desk.service import process_map
from tests.fakes.desk_api import CASES, DeskApi
from tests.fakes.house import OPERATOR, START


def test_the_map_counts_what_stands_and_what_went(desk_api: DeskApi) -> None:
    desk_api.clock.forward(hours=2)
    desk_api.paid(desk_api.ref(1))
    desk_api.house.count_figures()
    found = desk_api.ask("auditor", lambda client: client.process_map())
    places = {one.stage: one for one in found.places}
    assert (found.first, found.last) == (START.date(), START.date())
    review = places[Stage.REVIEW]
    assert (review.owner, review.open, review.over, review.entered, review.left) == (Role.REVIEWER, CASES - 1, 0, 0, 1)
    assert review.stay_s == (desk_api.clock() - desk_api.case(desk_api.ref(1)).opened_at).total_seconds()
    assert review.since == START
    assert [one.en for one in places[Stage.PAYOUT].outputs] == ["payout reference", "shipment"]
    assert {one.activity for one in places[Stage.INSPECTION].seats} >= {"return.inspect"}
    went = {(one.source, one.target): one.went for one in found.ways}
    assert went[Stage.REVIEW, Stage.APPROVAL] == went[Stage.APPROVAL, Stage.PAYOUT] == 1
    assert went[Stage.RETURN, Stage.INSPECTION] == 0
    assert not any(one.bottleneck for one in found.places)
    with pytest.raises(Invalid):
        desk_api.ask("lead", lambda client: client.process_map(START.date()))
    desk_api.clock.forward(hours=30)  # longer than a session lasts
    with desk_api.house.read() as work:
        later = process_map.whole(work, desk_api.house.desk, OPERATOR, Span(START.date(), START.date()))
    assert [one.rule.stage for one in later.places if one.bottleneck] == [Stage.REVIEW]
    assert {one.rule.stage: one.standing and one.standing.over for one in later.places}[Stage.REVIEW] == CASES - 1


def test_a_changed_process_says_whom_it_touches(desk_api: DeskApi) -> None:
    desk_api.proposed(desk_api.ref(1))
    content: Any = deepcopy(standard_content())
    same = desk_api.ask("lead", lambda client: client.try_process(content))
    assert (same.touched, same.looked_at, same.path, same.next) == ([], CASES, False, None)
    content["process"]["clocks"]["decision"]["limit_hours"] = 24
    content["process"]["limits"]["bands"][0]["order"]["CNY"] = "10.00"
    content["process"]["stages"]["review"]["limit_hours"] = 12
    found = desk_api.ask("lead", lambda client: client.try_process(content))
    assert found.path
    assert len(found.touched) == CASES
    first = next(one for one in found.touched if one.ref == desk_api.ref(1))
    assert (first.stage, first.approver) == (Stage.APPROVAL, [Role.SUPERVISOR, Role.LEAD])
    clock = next(one for one in first.clocks if one.kind is ClockKind.DECISION)
    assert clock.was.due_at is not None
    assert clock.would.due_at == clock.was.due_at - timedelta(hours=24)
    assert [one.approver for one in found.touched if one.ref != desk_api.ref(1)] == [None] * (CASES - 1)


def test_a_wrong_process_is_told_with_its_places_and_strangers_are_refused(any_desk: DeskApi) -> None:
    content: Any = deepcopy(standard_content())
    content["process"]["stages"]["review"]["owner"] = "nobody"
    with pytest.raises(Invalid) as wrong:
        any_desk.ask("lead", lambda client: client.try_process(content))
    assert "stages[review].owner" in str(wrong.value.params)
    with pytest.raises(Refused):
        any_desk.ask("reviewer", lambda client: client.try_process(standard_content()))
    with pytest.raises(Refused):
        any_desk.ask("reviewer", lambda client: client.process_map())
