"""The merchant's page over HTTP: no account, no script, one answer, slow for who guesses."""

from __future__ import annotations

from html import unescape
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from refund_desk.domain.words import Stage
from tests.fakes import bundles as b
from tests.fakes.desk_api import DeskApi

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture(params=["socket"])
def way(request: pytest.FixtureRequest) -> str:
    """An embedded desk is reached by nobody else."""
    name: str = request.param
    return name


def ask(desk: DeskApi) -> str:
    line = b.case("R77", "O77", merchant={"id": "M1", "name": "Cups"}, payments=[b.payment("P77", "O77")])
    ref = str(desk.call("POST", "/refund-requests", content=b.raw(line), by="customer_service").json()["ref"])
    desk.call("POST", f"/cases/{ref}/take", by="reviewer")
    body = {"question": "Broken <b>cup</b>\u202e?"}
    asked = desk.call("POST", f"/cases/{ref}/merchant-ask", body, by="reviewer", key="ask")
    assert asked.status_code == 200, asked.text
    return ref


def page(desk: DeskApi, method: str, path: str, **how: Any) -> Any:
    async def call() -> Any:
        async with desk.new_http() as http:
            return await http.request(method, path, **how)

    return desk.run(call())


def test_a_merchant_answers_without_an_account(desk_api: DeskApi) -> None:
    ref = ask(desk_api)
    made = desk_api.call("POST", f"/cases/{ref}/merchant-link", by="reviewer")
    assert made.status_code == 200, made.text
    path = urlsplit(made.json()["url"]).path
    shown = page(desk_api, "GET", path, headers={"accept-language": "en-GB,en;q=0.9"})
    assert (shown.status_code, shown.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "default-src 'none'" in shown.headers["content-security-policy"]
    assert shown.headers["referrer-policy"] == "no-referrer"
    assert "<script" not in shown.text
    assert "<b>cup" not in shown.text
    assert "\u202e" not in shown.text
    assert "Broken <b>cup</b>" in unescape(shown.text)
    assert "王小" not in shown.text, "whose order it is, is none of the merchant's page"
    assert "您的答复" in page(desk_api, "GET", path + "?lang=zh").text

    wrong = page(desk_api, "POST", path, content=urlencode({"said": "accepted", "text": " "}), headers=FORM)
    assert wrong.status_code == 422
    assert 'value="accepted" required checked' in wrong.text
    said = page(
        desk_api, "POST", path + "?lang=en", content=urlencode({"said": "offered", "text": "新杯子"}), headers=FORM
    )
    assert (said.status_code, "Thank you" in said.text) == (200, True)
    assert desk_api.case(ref).stage is Stage.REVIEW
    assert desk_api.case(ref).messages[-1].text == "新杯子"
    for method in ("GET", "POST"):
        again = page(desk_api, method, path, content=urlencode({"said": "refused", "text": "no"}), headers=FORM)
        assert again.status_code == 409
    (entry,) = desk_api.entries("merchant.offered")
    assert entry["actor"].startswith("merchant:")
    assert path.rpartition("/")[2] not in str(desk_api.entries("merchant.link_given"))


def test_who_guesses_is_slowed_down(desk_api: DeskApi) -> None:
    answers = [page(desk_api, "GET", f"/merchant/{number}") for number in range(31)]
    assert {one.status_code for one in answers[:30]} == {404}
    assert (answers[30].status_code, int(answers[30].headers["retry-after"]) > 0) == (429, True)
    desk_api.clock.forward(minutes=2)
    assert page(desk_api, "GET", "/merchant/x").status_code == 404


def test_a_form_too_large_is_not_read(desk_api: DeskApi) -> None:
    assert page(desk_api, "POST", "/merchant/x", content="text=" + "x" * 70_000, headers=FORM).status_code == 413
    assert page(desk_api, "POST", "/merchant/x", content=b"text=\xff", headers=FORM).status_code == 422
