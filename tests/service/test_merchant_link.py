"""The merchant's own answer: a link for one question of one case, once, for a time, made by this desk alone."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import replace

import pytest

from refund_desk.domain.errors import Conflict, Invalid, NotFound, Refused
from refund_desk.domain.words import Stage
from refund_desk.service import merchants
from refund_desk.service.ports import Home
from tests.fakes.scene import Scene

MERCHANT = {"id": "M1", "name": "Cups and Plates"}


def asked(scene: Scene, number: str = "R1", order: str = "O1") -> str:
    ref = scene.held(scene.case(number, order, merchant=MERCHANT))
    scene.do(merchants.ask, scene.rita, ref, "Do you agree?")
    return ref


def link(scene: Scene, ref: str) -> str:
    return scene.do(merchants.link, scene.rita, ref)[0]


def question(scene: Scene, token: str) -> merchants.Question:
    with scene.house.read() as work:
        return merchants.question(work, scene.desk, token)


def answer(scene: Scene, token: str, said: str = "accepted", text: str = "We do.") -> str:
    with scene.house.write() as work:
        return merchants.answer_by_link(work, scene.desk, token, said, text).stage


def test_the_link_answers_as_if_somebody_had_written_it_down(scene: Scene) -> None:
    ref = asked(scene)
    token = link(scene, ref)
    found = question(scene, token)
    assert (found.ref, found.order, found.text) == (ref, "O1", "Do you agree?")
    assert question(scene, token) == found, "looking uses nothing up"
    scene.house.clock.forward(hours=2)
    assert answer(scene, token) == Stage.REVIEW
    with scene.house.read() as work:
        state = work.cases.by_ref(ref)
        rows = work.facts.messages(state.id)
    assert (state.assignee_id, state.answer_came) == (scene.rita.person_id, True)
    assert [(row["who"], row["text"]) for row in rows][-1] == ("merchant", "We do.")


def test_a_refusal_by_link_is_a_dispute(scene: Scene) -> None:
    assert answer(scene, link(scene, asked(scene)), "refused", "It left us whole.") == Stage.ARBITRATION


def test_it_takes_one_answer(scene: Scene) -> None:
    ref = asked(scene)
    token, other = link(scene, ref), link(scene, ref)
    answer(scene, token)
    for used in (token, other):
        with pytest.raises(Conflict, match=r"merchant\.link_over"):
            question(scene, used)
        with pytest.raises(Conflict, match=r"merchant\.link_over"):
            answer(scene, used, "refused", "Changed our mind.")
    assert scene.state(ref).stage is Stage.REVIEW


def test_the_next_question_has_a_link_of_its_own(scene: Scene) -> None:
    ref = asked(scene)
    old = link(scene, ref)
    answer(scene, old, "offered", "A new cup.")
    scene.house.clock.forward(minutes=5)
    scene.do(merchants.ask, scene.rita, ref, "And the plate?")
    with pytest.raises(Conflict, match=r"merchant\.link_over"):
        question(scene, old)
    assert question(scene, link(scene, ref)).text == "And the plate?"


def test_it_ends_with_the_merchants_time(scene: Scene) -> None:
    token = link(scene, asked(scene))
    scene.house.clock.forward(hours=24)
    assert question(scene, token).text
    scene.house.clock.forward(seconds=1)
    with pytest.raises(Conflict, match=r"merchant\.link_over"):
        answer(scene, token)


def test_what_others_made_or_bent_is_nothing(scene: Scene) -> None:
    first, second = asked(scene), asked(scene, "R2", "O2")
    token = link(scene, first)
    said, _, mac = token.partition(".")
    bent = urlsafe_b64encode(
        urlsafe_b64decode(said + "=" * (-len(said) % 4)).replace(first.encode(), second.encode())
    ).decode()
    elsewhere = replace(scene.desk, seal=lambda message: b"another desk's" + message)
    with scene.house.write() as work:
        foreign, _ = merchants.link(work, elsewhere, scene.rita, first)
    for wrong in (bent.rstrip("=") + "." + mac, said, f"{said}.", f"{said}.{mac}=", foreign, "", "x" * 5000, "ü.ü"):
        with pytest.raises(NotFound, match=r"merchant\.link_bad"):
            question(scene, wrong)
        with pytest.raises(NotFound, match=r"merchant\.link_bad"):
            answer(scene, wrong)


def test_who_may_give_it_and_when(scene: Scene) -> None:
    ref = scene.held(scene.case(merchant=MERCHANT))
    with pytest.raises(Refused):
        link(scene, ref)  # nobody asked yet
    scene.do(merchants.ask, scene.rita, ref, "Do you agree?")
    with pytest.raises(Refused):
        scene.do(merchants.link, scene.walt, ref)
    alone = replace(scene.desk, home=Home(demo=False, embedded=True))
    with scene.house.write() as work, pytest.raises(Conflict, match=r"merchant\.not_served"):
        merchants.link(work, alone, scene.rita, ref)


def test_an_empty_answer_and_an_odd_one_are_no_answers(scene: Scene) -> None:
    token = link(scene, asked(scene))
    for said, text in (("accepted", "  "), ("maybe", "We think."), ("", "x")):
        with pytest.raises(Invalid):
            answer(scene, token, said, text)
    assert answer(scene, token) == Stage.REVIEW
