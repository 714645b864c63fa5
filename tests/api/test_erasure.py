"""A customer erased: nothing personal is left to find, and the log proves itself as before."""

from __future__ import annotations

import pytest

from refund_desk.domain.errors import Conflict, Refused
from refund_desk.domain.words import Stage
from refund_desk.server.jobs import Running
from refund_desk.wire import commands as c
from tests.fakes.desk_api import DeskApi

PHONE = "13800000001"
WHY = c.Because(reason="asked for by letter")


def verified(desk_api: DeskApi) -> bool:
    desk_api.house.integrator.close()
    report = desk_api.house.verify(Running("v", "verify", 0))
    return bool(report["ok"]) and bool(report["origin_proven"])


def found(desk_api: DeskApi, words: str) -> list[str]:
    return [row.ref for row in desk_api.ask("reviewer", lambda desk: desk.queue(q=words)).rows]


def test_an_erased_customer_is_gone_and_the_log_still_proves_itself(desk_api: DeskApi) -> None:
    ref = desk_api.ref(1)
    assert desk_api.paid(ref).stage is Stage.CLOSED
    assert found(desk_api, PHONE) == [ref]
    assert verified(desk_api)

    desk_api.ask("compliance", lambda desk: desk.step(ref, "customer-erase", WHY, "e1"))

    view = desk_api.case(ref)
    assert view.customer.erased
    assert view.customer.name in (None, "—")
    assert not any(message.text for message in view.messages if message.system != "desk")
    assert found(desk_api, PHONE) == []
    assert found(desk_api, ref) == [ref]
    image = desk_api.call("GET", f"/evidence/{view.evidence[0].id}/original", by="reviewer")
    assert image.status_code == 404
    assert [entry["case"] for entry in desk_api.entries("customer.erased")] == [None]
    assert verified(desk_api)


def test_a_customer_with_an_open_case_stays(desk_api: DeskApi) -> None:
    with pytest.raises(Conflict, match=r"customer\.has_open_cases"):
        desk_api.ask("compliance", lambda desk: desk.step(desk_api.ref(3), "customer-erase", WHY, "e2"))


def test_only_compliance_erases(desk_api: DeskApi) -> None:
    with pytest.raises(Refused) as refusal:
        desk_api.ask("lead", lambda desk: desk.step(desk_api.ref(3), "customer-erase", WHY, "e3"))
    assert refusal.value.params["could"] == ["compliance"]
