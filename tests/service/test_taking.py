"""Whose case it is: taken by one, held by a lease that renews, passes on and comes back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from refund_desk.domain.errors import Conflict, Invalid, NotFound, Refused
from refund_desk.domain.people import Principal
from refund_desk.domain.words import Decision, Role, Stage
from refund_desk.service import cases, reading
from refund_desk.service.ports.views import QueueFilter
from tests.fakes import bundles as b
from tests.fakes.house import OPERATOR
from tests.fakes.scene import Scene

LEASE = timedelta(minutes=20)


def test_the_most_urgent_case_comes_next_until_nothing_is_free(scene: Scene) -> None:
    late = scene.case("R1", "O1")
    early = scene.case("R2", "O2", request=b.request("R2", "O2", created_at="2026-11-18T10:00:00+00:00"))
    first, second = (scene.do(cases.take_next, who) for who in (scene.rita, scene.ray))
    assert first is not None
    assert second is not None
    assert (first.ref, first.assignee_id, first.lease_until) == (
        early,
        scene.rita.person_id,
        scene.house.clock() + LEASE,
    )
    assert (second.ref, second.assignee_id) == (late, scene.ray.person_id)
    assert scene.do(cases.take_next, scene.rita) is None
    assert scene.entries(early)[-1] == "case.taken"


def test_a_filtered_queue_gives_what_it_shows(scene: Scene) -> None:
    scene.case("R1", "O1")
    wanted = scene.case("R2", "O2", request=b.request("R2", "O2", reason="late"))
    for _ in range(2):
        taken = scene.do(cases.take_next, scene.rita, QueueFilter(reason="late"))
        assert taken is None or taken.ref == wanted
    assert scene.state(wanted).assignee_id == scene.rita.person_id


def answered(scene: Scene, ref: str) -> None:
    """An answer came while nobody held the case."""
    with scene.house.write() as work:
        work.cases.update(scene.state(ref).id, answer_came=True)


def back_to(scene: Scene, ref: str, who: Principal) -> None:
    """Returned to somebody, whose lease then ran out."""
    with scene.house.write() as work:
        work.cases.update(scene.state(ref).id, returned_to_id=who.person_id)


def why(scene: Scene, who: Principal, ref: str) -> list[str]:
    with scene.house.read() as work:
        return [term.code for term in reading.why_here(work, scene.house.desk, who, ref)[1]]


def test_what_came_back_to_me_and_what_was_answered_come_before_the_order(scene: Scene) -> None:
    early = scene.case("R1", "O1", request=b.request("R1", "O1", created_at="2026-11-18T10:00:00+00:00"))
    reply, mine, hers = (scene.case(f"R{n}", f"O{n}") for n in (2, 3, 4))
    answered(scene, reply)
    back_to(scene, mine, scene.rita)
    back_to(scene, hers, scene.ray)
    assert why(scene, scene.rita, mine)[0] == "why.returned_to_me"
    assert why(scene, scene.rita, hers)[0] == why(scene, scene.susan, mine)[0] == "why.due"
    assert why(scene, scene.ray, reply)[0] == "why.answer_came"
    given = [scene.do(cases.take_next, scene.rita) for _ in range(4)]
    assert [state.ref for state in given if state] == [mine, reply, early, hers]
    assert why(scene, scene.rita, mine)[0] == "why.returned_to_me"  # the answer of take-next says it, too


def test_a_filtered_queue_prefers_only_among_what_it_shows(scene: Scene) -> None:
    other = scene.case("R1", "O1")
    first, mine = (scene.case(f"R{n}", f"O{n}", request=b.request(f"R{n}", f"O{n}", reason="late")) for n in (2, 3))
    for ref in (other, mine):
        back_to(scene, ref, scene.rita)
    given = [scene.do(cases.take_next, scene.rita, QueueFilter(reason="late")) for _ in range(3)]
    assert [state.ref if state else None for state in given] == [mine, first, None]


def test_what_is_given_up_is_not_handed_back(scene: Scene) -> None:
    mine, other = scene.case("R1", "O1"), scene.case("R2", "O2")
    back_to(scene, mine, scene.rita)
    answered(scene, other)
    scene.do(cases.take, scene.rita, mine)
    assert scene.do(cases.release, scene.rita, mine).returned_to_id is None
    given = scene.do(cases.take_next, scene.rita)
    assert given is not None
    assert given.ref == other


def test_nobody_holds_more_than_the_process_says(scene: Scene) -> None:
    for n in range(6):
        scene.case(f"R{n}", f"O{n}")
    for _ in range(5):
        assert scene.do(cases.take_next, scene.rita) is not None
    with pytest.raises(Conflict) as full:
        scene.do(cases.take_next, scene.rita)
    assert (full.value.code, full.value.params) == ("case.too_many_held", {"held": 5, "most": 5})


def test_a_case_is_taken_by_one(scene: Scene) -> None:
    ref = scene.case()
    scene.do(cases.take, scene.rita, ref)
    with pytest.raises(Conflict) as taken:
        scene.do(cases.take, scene.ray, ref)
    assert (taken.value.code, taken.value.params["holder"]) == ("case.taken", "rita")
    with pytest.raises(Refused, match=r"process\.not_allowed"):
        scene.do(cases.take, scene.susan, ref)
    with pytest.raises(NotFound, match=r"case\.not_found"):
        scene.do(cases.take, scene.rita, "RC-26-999999")
    with pytest.raises(Refused, match=r"case\.not_yours"):
        scene.do(cases.release, scene.ray, ref)


def test_taking_ones_own_again_lengthens_the_lease_and_nothing_else(scene: Scene) -> None:
    ref = scene.case()
    before = scene.do(cases.take, scene.rita, ref)
    scene.house.clock.forward(minutes=10)
    after = scene.do(cases.take, scene.rita, ref)
    assert (after.lease_until, after.versions) == (scene.house.clock() + LEASE, before.versions)
    assert scene.do(cases.renew, scene.rita, ref) == scene.house.clock() + LEASE


def test_a_lease_that_ran_out_comes_back_and_its_holder_learns_it(scene: Scene) -> None:
    ref = scene.case()
    scene.do(cases.take, scene.rita, ref)
    scene.house.clock.forward(minutes=20, seconds=-1)
    assert scene.do(cases.expire_leases, OPERATOR) == 0
    scene.house.clock.forward(seconds=1)
    assert scene.do(cases.expire_leases, OPERATOR) == 1
    assert (scene.state(ref).assignee_id, scene.events(ref)[-1]) == (None, "case.lease_expired")
    with pytest.raises(Conflict, match=r"case\.lease_lost"):
        scene.do(cases.renew, scene.rita, ref)
    assert scene.do(cases.take_next, scene.ray) is not None


def test_a_lease_that_ran_out_may_be_taken_over_before_it_comes_back(scene: Scene) -> None:
    ref = scene.case()
    scene.do(cases.take, scene.rita, ref)
    scene.house.clock.forward(minutes=21)
    assert scene.do(cases.take, scene.ray, ref).assignee_id == scene.ray.person_id
    with pytest.raises(Conflict, match=r"case\.lease_lost"):
        scene.do(cases.renew, scene.rita, ref)


def test_a_case_that_waits_for_the_customer_keeps_its_reviewer_without_a_lease(scene: Scene) -> None:
    ref = scene.case()
    scene.propose(ref, Decision.MORE_INFORMATION, "photos_needed", questions=("A photo?",))
    scene.house.clock.forward(hours=1)
    assert scene.do(cases.expire_leases, OPERATOR) == 1
    state = scene.state(ref)
    assert (state.stage, state.assignee_id, state.lease_until) == (
        Stage.WAITING_CUSTOMER,
        scene.rita.person_id,
        None,
    )


def test_a_supervisor_passes_a_case_on_to_a_reviewer(scene: Scene) -> None:
    ref = scene.case()
    scene.do(cases.take, scene.rita, ref)
    with pytest.raises(Invalid, match=r"case\.no_reviewer"):
        scene.do(cases.assign, scene.susan, ref, scene.leo.person_id, None)
    given = scene.do(cases.assign, scene.susan, ref, scene.ray.person_id, "Rita is away")
    assert given.assignee_id == scene.ray.person_id
    assert {"case.assigned", "note.added"} <= set(scene.entries(ref))
    with pytest.raises(Conflict, match=r"case\.lease_lost"):
        scene.do(cases.renew, scene.rita, ref)


def test_what_is_released_is_free_again(scene: Scene) -> None:
    ref = scene.case()
    scene.do(cases.take, scene.rita, ref)
    assert scene.do(cases.release, scene.rita, ref).assignee_id is None
    assert scene.do(cases.release, scene.rita, ref).assignee_id is None
    taken = scene.do(cases.take_next, scene.ray)
    assert taken is not None
    assert taken.ref == ref


def test_a_proposal_is_made_by_whoever_holds_the_case(scene: Scene) -> None:
    ref = scene.case()
    scene.do(cases.take, scene.rita, ref)
    both = scene.person("both", Role.REVIEWER)
    with pytest.raises(Conflict, match=r"case\.taken"):
        scene.propose(ref, Decision.FULL, "damage_verified", both)
