"""A write sent twice happens once: the same answer for the same key, for its sender alone, for thirty days."""

from __future__ import annotations

import asyncio
import threading
from datetime import datetime
from typing import Any

from tests.api.conftest import NewDesk
from tests.fakes.api_routes import ROUTES, published
from tests.fakes.desk_api import PASSWORD, DeskApi
from tests.fakes.house import START, Clock


class Gate(Clock):
    """A clock at which somebody can be held: whoever asks the time while it is shut waits."""

    def __init__(self, now: datetime = START) -> None:
        super().__init__(now)
        self.reached, self.opened = threading.Event(), threading.Event()
        self.opened.set()

    def shut(self) -> None:
        self.reached.clear()
        self.opened.clear()

    def __call__(self) -> datetime:
        if not self.opened.is_set():
            self.reached.set()
            assert self.opened.wait(30)
        return self.now


def replayed(answer: Any) -> bool:
    return bool(answer.headers.get("idempotent-replayed") == "true")


def test_the_same_again_is_the_same_answer(desk_api: DeskApi) -> None:
    ref = desk_api.taken(desk_api.ref(1))
    body = desk_api.body(ref).model_dump(mode="json")
    first, again = (desk_api.call("POST", f"/cases/{ref}/proposals", body, by="reviewer", key="k1") for _ in range(2))
    assert first.status_code == again.status_code == 200
    assert first.content == again.content
    assert (replayed(first), replayed(again)) == (False, True)
    assert len(desk_api.entries("proposal.made")) == 1
    # Another session of the same account is the same sender.
    session = desk_api.call("POST", "/session", {"login": "reviewer", "password": PASSWORD}).json()["token"]
    other = desk_api.call("POST", f"/cases/{ref}/proposals", body, token=session, key="k1")
    assert replayed(other)
    assert other.content == first.content


def test_an_answer_without_content_is_replayed_too(desk_api: DeskApi) -> None:
    body = {"name": "mine", "filters": {}}
    first, again = (desk_api.call("PUT", "/views", body, by="reviewer", key="k") for _ in range(2))
    assert (first.status_code, first.content, replayed(first)) == (204, b"", False)
    assert (again.status_code, again.content, replayed(again)) == (204, b"", True)


def test_the_same_key_for_something_else(desk_api: DeskApi) -> None:
    ref = desk_api.ref(1)
    note = {"kind": "note", "text": "one"}
    path = f"/cases/{ref}/messages"
    assert desk_api.call("POST", path, note, by="reviewer", key="k").is_success
    other = desk_api.call("POST", path, {**note, "text": "two"}, by="reviewer", key="k")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency.other_body")
    # On another case it is another call.
    assert desk_api.call("POST", f"/cases/{desk_api.ref(2)}/messages", note, by="reviewer", key="k").is_success
    assert [m.text for m in desk_api.case(ref).messages if m.direction == "note"] == ["one"]


def test_the_same_key_for_another_file(desk_api: DeskApi) -> None:
    """A file is a body, and its name is said in the path's query: neither is taken for the other."""
    path = f"/cases/{desk_api.ref(1)}/evidence"
    kept = len(desk_api.case(desk_api.ref(1)).evidence)

    def sent(name: str, content: bytes) -> Any:
        return desk_api.call("POST", f"{path}?name={name}", by="reviewer", key="k", content=content)

    assert sent("a.txt", b"one").status_code == 200
    assert replayed(sent("a.txt", b"one"))
    for name, content in (("a.txt", b"two"), ("b.txt", b"one")):
        other = sent(name, content)
        assert (other.status_code, other.json()["code"]) == (422, "idempotency.other_body")
    assert len(desk_api.case(desk_api.ref(1)).evidence) == kept + 1


def test_the_same_key_for_another_view(desk_api: DeskApi) -> None:
    for name in ("one", "two"):
        desk_api.call("PUT", "/views", {"name": name, "filters": {}}, by="reviewer")
    assert desk_api.call("DELETE", "/views?name=one", by="reviewer", key="k").status_code == 204
    assert desk_api.call("DELETE", "/views?name=two", by="reviewer", key="k").status_code == 422
    assert [view.name for view in desk_api.ask("reviewer", lambda desk: desk.views())] == ["two"]


def test_never_to_somebody_else(desk_api: DeskApi) -> None:
    path, note = f"/cases/{desk_api.ref(1)}/messages", {"kind": "note", "text": "the same words"}
    answers = [desk_api.call("POST", path, note, by=login, key="k") for login in ("reviewer", "reviewer2")]
    assert [replayed(answer) for answer in answers] == [False, False]
    assert len(desk_api.case(desk_api.ref(1)).messages) == 3


def test_refusals_are_not_kept(desk_api: DeskApi) -> None:
    """What was refused, or impossible, may be allowed when it is sent again."""
    ref = desk_api.ref(1)
    body = desk_api.body(ref).model_dump(mode="json")
    path = f"/cases/{ref}/proposals"
    refused = desk_api.call("POST", path, body, by="reviewer", key="k")
    assert (refused.status_code, refused.json()["code"]) == (403, "case.not_yours")
    desk_api.taken(ref)
    too_much = desk_api.call("POST", path, {**body, "amount_minor": 10**9}, by="reviewer", key="k")
    assert too_much.status_code in (409, 422)
    done = desk_api.call("POST", path, body, by="reviewer", key="k")
    assert done.status_code == 200
    assert not replayed(done)


def test_thirty_days(desk_api: DeskApi) -> None:
    path, note = f"/cases/{desk_api.ref(1)}/messages", {"kind": "note", "text": "once"}
    desk_api.call("POST", path, note, by="reviewer", key="k")
    for days, known in ((29, True), (2, False)):
        desk_api.clock.forward(days=days)
        with desk_api.house.write() as work:
            work.idempotency.forget_old(desk_api.clock())
        token = desk_api.call("POST", "/session", {"login": "reviewer", "password": PASSWORD}).json()["token"]
        answer = desk_api.call("POST", path, note, token=token, key="k")
        assert replayed(answer) is known


def test_money_needs_a_key(any_desk: DeskApi) -> None:
    """Each route that may move money says so, in the document as in its answer."""
    things = {"ref": any_desk.ref(1), "number": 1, "intent_id": "x"}
    for route in ROUTES:
        if not route.money:
            continue
        answer = any_desk.call(route.method, route.path(things), by="supervisor", **route.request())
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency.missing"), route.name
    paths = any_desk.call("GET", "/openapi.json").json()["paths"]
    for route in ROUTES:
        said = paths[published(route.template)][route.method.lower()].get("parameters", [])
        key = next((one for one in said if one["name"] == "Idempotency-Key"), None)
        assert (key is not None and key["required"]) is route.money, route.name


def test_while_the_first_still_runs(new_desk: NewDesk) -> None:
    clock = Gate()
    desk = new_desk(clock=clock)
    ref = desk.ref(1)
    note, path = {"kind": "note", "text": "slowly"}, f"/cases/{ref}/messages"

    async def both() -> tuple[Any, Any, Any]:
        await desk.send("GET", "/me", by="reviewer")
        clock.shut()
        first = asyncio.ensure_future(desk.send("POST", path, note, by="reviewer", key="k"))
        await asyncio.to_thread(clock.reached.wait, 30)
        # The second is answered at once, though the first holds its transaction.
        second = await desk.send("POST", path, note, by="reviewer", key="k")
        clock.opened.set()
        return await first, second, await desk.send("POST", path, note, by="reviewer", key="k")

    first, second, third = desk.run(both())
    assert first.status_code == 200
    assert (second.status_code, second.json()["code"]) == (409, "idempotency.running")
    assert second.headers["retry-after"] == "1"
    assert replayed(third)
    assert third.content == first.content
    assert len(desk.case(ref).messages) == 2


def test_a_double_click_pays_once(desk_api: DeskApi) -> None:
    desk_api.approved(desk_api.ref(1))
    intent = desk_api.intent(desk_api.ref(1))
    body = {"reference": "B-1", "minor": intent.amount.minor, "currency": intent.amount.currency}
    path = f"/intents/{intent.id}/confirm"

    async def clicks() -> list[Any]:
        return await asyncio.gather(*(desk_api.send("POST", path, body, by="finance", key="k") for _ in range(6)))

    answers = desk_api.run(clicks())
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert {answer.json().get("code") for answer in answers if answer.status_code == 409} <= {"idempotency.running"}
    assert len({answer.content for answer in answers if answer.status_code == 200}) == 1
    assert len(desk_api.entries("payout.confirmed")) == 1
    # And with a key of its own each, as two windows would: one pays, the others are told.
    others = [desk_api.call("POST", path, body, by=login, key=login) for login in ("finance", "finance2")]
    assert {answer.status_code for answer in others} <= {403, 409}


def test_bulk_rows_happen_once_each(desk_api: DeskApi) -> None:
    refs = [desk_api.ref(number) for number in (1, 2, 3)]
    items = []
    for ref in refs:
        proposal = desk_api.proposed(ref).proposal
        items.append({"ref": ref, "number": proposal, "digest": desk_api.verdict(ref).digest})
    items.append({"ref": "RC-26-999999", "number": 1, "digest": items[0]["digest"]})
    items.append({"ref": desk_api.ref(4), "number": 1, "digest": items[0]["digest"]})
    first, again = (desk_api.call("POST", "/approvals", {"items": items}, by="supervisor", key="k") for _ in range(2))
    assert first.status_code == 200
    rows = first.json()["rows"]
    assert [row["ok"] for row in rows[:3]] == [row["what"]["code"] == "event.proposal.approved" for row in rows[:3]]
    assert [row["what"]["code"] for row in rows[3:]] == ["error.case.not_found", "error.proposal.not_open"]
    assert again.json() == first.json()
    assert len(desk_api.entries("proposal.approved")) == sum(row["ok"] for row in rows)


def test_secrets_are_not_kept_with_their_key(desk_api: DeskApi) -> None:
    """A one-time password or a token is shown once: the table of answers knows neither, nor a password's digest."""
    new = {"name": "New One", "login": "new.one", "roles": ["warehouse"], "password": "chosen by somebody"}
    calls = [
        ("/users", new),
        ("/users/warehouse/reset", None),
        ("/users/customer_service/tokens", {"label": "till"}),
    ]
    shown = []
    for path, body in calls:
        first, again = (desk_api.call("POST", path, body, by="administrator", key="k") for _ in range(2))
        assert first.status_code == 200, first.text
        assert (again.status_code, again.json()["code"]) == (409, "idempotency.shown_once")
        shown += [first.json().get("one_time_password") or "", first.json().get("token") or ""]
    with desk_api.house.engine.connect() as connection:
        kept = connection.exec_driver_sql("SELECT answer FROM idempotency").scalars().all()
        stored = str(connection.exec_driver_sql("SELECT digest, label FROM token").all())
    assert [bytes(answer) for answer in kept] == [b""] * 3
    assert len([secret for secret in shown if secret]) == 2
    assert all(secret not in stored for secret in shown if secret)
    assert len(desk_api.entries("people.added")) == len(desk_api.tokens) + 1


def test_what_somebody_saw_is_not_kept_and_each_look_is_one(desk_api: DeskApi) -> None:
    ref = desk_api.ref(1)
    evidence = desk_api.case(ref).evidence[0].id
    wrong = desk_api.call("POST", "/refund-requests", by="customer_service", content=b'{"name": "Xaver"}')
    number = wrong.json()["params"]["id"]
    for path in (f"/evidence/{evidence}/original", f"/quarantine/{number}"):
        answers = [desk_api.call("GET", path, by="supervisor", key="k") for _ in range(2)]
        assert [(answer.status_code, replayed(answer)) for answer in answers] == [(200, False)] * 2, path
    assert len(desk_api.entries("look.original")) == len(desk_api.entries("look.quarantine")) == 2
    because = {"reason": "they are on the phone"}
    first, again = (desk_api.call("POST", f"/cases/{ref}/customer", because, by="reviewer", key="k") for _ in range(2))
    assert (first.status_code, first.json()["unmasked"]) == (200, True)
    assert (again.status_code, again.json()["code"]) == (409, "idempotency.shown_once")
    with desk_api.house.engine.connect() as connection:
        kept = connection.exec_driver_sql("SELECT answer FROM idempotency").scalars().all()
    assert [bytes(answer) for answer in kept] == [b""]


def test_an_export_asked_for_twice_is_one_entry(desk_api: DeskApi) -> None:
    answers = [desk_api.call("POST", "/audit/export", by="auditor", key="k") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert len(desk_api.entries("audit.exported")) == 1


def test_a_key_has_a_length(any_desk: DeskApi) -> None:
    view = {"name": "mine", "filters": {}}
    long = any_desk.call("PUT", "/views", view, by="risk", key="k" * 201)
    assert (long.status_code, long.json()["params"]["problems"][0]["path"]) == (422, "Idempotency-Key")
    assert any_desk.call("PUT", "/views", view, by="risk", key="k" * 200).status_code == 204
