"""Links to the systems of record: set by two persons, on the wire from then on, taken back like anything else."""

from __future__ import annotations

from typing import Any

from refund_desk.client.api import new_key
from refund_desk.wire.commands import ConfigChange, ConfigProposal
from tests.fakes.desk_api import DeskApi

LINKS = {"shop": {"order": "https://shop.example/o/{id}"}, "pay": {"payment": "https://pay.example/p/{id}"}}


def agree(desk_api: DeskApi, content: Any) -> ConfigChange:
    """The lead proposes, the administrator approves."""
    body = ConfigProposal(kind="links", subject="links", content=content, reason="to look things up")
    change = desk_api.ask("lead", lambda desk: desk.propose_config(body, new_key()))
    return desk_api.ask("administrator", lambda desk: desk.settle_config(change.id, True, "yes", new_key()))


def shown(desk_api: DeskApi) -> tuple[list[str], list[str | None]]:
    """Links of the order, and of its payments, as a reviewer gets them."""
    view = desk_api.case(desk_api.ref(1))
    assert view.order is not None
    assert view.payment is not None
    return [link.url for link in view.order.links], [payment.link for payment in view.payment.payments]


def test_a_link_is_there_once_two_persons_agreed_and_gone_when_they_agree_again(desk_api: DeskApi) -> None:
    assert shown(desk_api) == ([], [None])
    before = desk_api.case(desk_api.ref(1))
    assert before.order is not None
    assert before.payment is not None
    shop, pay = before.order.systems[0], before.payment.payments[0].system
    content = {shop: LINKS["shop"], pay: LINKS["pay"]}
    agree(desk_api, content)
    assert shown(desk_api) == (["https://shop.example/o/O1"], ["https://pay.example/p/P1"])
    assert desk_api.ask("reviewer", lambda desk: desk.process("links")).content == content
    agree(desk_api, {})
    assert shown(desk_api) == ([], [None])
    agree(desk_api, content)
    assert shown(desk_api)[0], "what held before may hold again"


def test_a_bad_address_is_refused_with_its_place(desk_api: DeskApi) -> None:
    body = {"kind": "links", "subject": "links", "content": {"shop": {"order": "javascript:{id}"}}, "reason": "x"}
    answer = desk_api.call("POST", "/config/changes", body, by="lead")
    assert (answer.status_code, answer.json()["code"]) == (422, "links.invalid")
    problem = answer.json()["params"]["problems"][0]
    assert (problem["path"], problem["code"]) == ("links[shop][order]", "link.scheme")
    assert desk_api.call("POST", "/config/changes", {**body, "content": {}}, by="reviewer").status_code == 403
