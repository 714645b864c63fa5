"""A customer erased: nothing personal is left to find, and the log proves itself as before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import inspect

from refund_desk.domain.errors import Conflict, Refused
from refund_desk.domain.words import Decision, Role, Stage
from refund_desk.server.jobs import Running
from refund_desk.wire import commands as c
from tests.fakes import bundles as b
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


WORDS = ("Zqname", "Zqtext", "Zqmessage", "Zqanswer", "Zqquestion", "Zqnote", "Zqpublic", "Zqreturned", "Zqcorner")


def lived_with(desk_api: DeskApi) -> str:
    """A case with everybody's words about a customer on it, closed; two of their records in quarantine."""
    who = {"id": "Zqcorner@example.org", "name": "Zqname", "phone": PHONE}
    asked = b.request("RZ", "OZ", text="Zqtext")
    parts: dict[str, Any] = {"customer": who, "request": asked, "payments": [b.payment("PZ", "OZ")]}
    line = b.case("RZ", "OZ", messages=[b.message("MZ", text="Zqmessage")], **parts)
    other = b.case("RY", "OY", customer={**who, "id": "xZqcorner@example.org.uk"}, orders=[{}])
    for one, status in ((line, 200), ({**line, "orders": [{}]}, 422), (other, 422)):
        sent = desk_api.call("POST", "/refund-requests", by="customer_service", content=b.raw(one))
        assert sent.status_code == status, sent.text
    (ref,) = found(desk_api, "Zqname")
    desk_api.taken(ref)
    question = c.Ask(roles=[Role.FINANCE], question="Zqquestion", required=True, rests_on={})
    desk_api.ask("reviewer", lambda desk: desk.ask(ref, question))
    number = desk_api.case(ref).consultations[0].id
    desk_api.ask("finance2", lambda desk: desk.answer(number, "Zqanswer"))
    view = {"name": "of Zqname", "filters": {"q": "Zqname"}}
    assert desk_api.call("PUT", "/views", view, by="reviewer").status_code == 204
    words = {"public_text": "Zqpublic", "note": "Zqnote"}
    desk_api.proposed(ref, **words)
    back = {"reason": "Zqreturned", "rests_on": {}}
    path = f"/cases/{ref}/proposals/1/return"
    assert desk_api.call("POST", path, back, by="supervisor", key="back").status_code == 200
    desk_api.proposed(ref, **words)
    verdict = desk_api.verdict(ref)
    desk_api.ask("supervisor", lambda desk: desk.approve(ref, 2, verdict, "yes"))
    intent = desk_api.intent(ref)
    paid = c.ConfirmPayout(reference="BANK-Z", minor=intent.amount.minor, currency=intent.amount.currency)
    desk_api.ask("finance", lambda desk: desk.confirm_payout(intent.id, paid, "paid"))
    return ref


def rows(desk_api: DeskApi) -> Iterator[tuple[str, str]]:
    """Every row of the database as text, bytes as such; and on SQLite the words that its index still holds."""
    with desk_api.house.engine.connect() as connection:
        for name in inspect(connection).get_table_names():
            for row in connection.exec_driver_sql(f'SELECT * FROM "{name}"'):
                said = (
                    bytes(one).decode("utf-8", "replace") if isinstance(one, bytes | memoryview) else str(one)
                    for one in row
                )
                yield name, " ".join(said).casefold()


def test_no_word_of_an_erased_customer_is_left_in_any_row(desk_api: DeskApi) -> None:
    ref = lived_with(desk_api)
    desk_api.ask("compliance", lambda desk: desk.step(ref, "customer-erase", WHY, "e4"))
    others = "xzqcorner@example.org.uk"
    left = {
        (name, word) for name, row in rows(desk_api) for word in WORDS if word.casefold() in row and others not in row
    }
    assert left == set()
    kept = desk_api.call("GET", "/quarantine", by="customer_service").json()["rows"]
    assert [row["request"] for row in kept] == ["mall/RY"], "what is kept of others stays"
    view = desk_api.case(ref)
    assert [proposal.decision for proposal in view.proposals] == [Decision.PARTIAL] * len(view.proposals)
    assert verified(desk_api)


def test_who_was_erased_stays_so_when_they_come_again(desk_api: DeskApi) -> None:
    ref = lived_with(desk_api)
    desk_api.ask("compliance", lambda desk: desk.step(ref, "customer-erase", WHY, "e5"))
    who = {"id": "Zqcorner@example.org", "name": "Zqname"}
    line = b.case("RW", "OZ", customer=who, request=b.request("RW", "OZ", reason="late"))
    assert desk_api.call("POST", "/refund-requests", by="customer_service", content=b.raw(line)).status_code == 200
    assert found(desk_api, "Zqname") == []
