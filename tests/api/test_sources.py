"""Sources through the API: set up by two persons, secrets never shown, tried, run, told by webhooks."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes import vendure
from tests.fakes.desk_api import DeskApi
from tests.sources.rigs import VendureRig

HOOK = "what the shop signs with"


@pytest.fixture
def rig() -> Iterator[VendureRig]:
    made = VendureRig()
    yield made
    made.close()


def body(rig: VendureRig, **changes: Any) -> dict[str, Any]:
    secrets = {"password": vendure.PASSWORD, "hook": HOOK}
    return {"name": "shop", "connector": "vendure", "settings": dict(rig.settings), "secrets": secrets, **changes}


def connect(desk: DeskApi, rig: VendureRig, **changes: Any) -> None:
    sent = {**body(rig, **changes), "reason": "the new shop"}
    change = desk.call("POST", "/sources", sent, by="administrator")
    assert change.status_code == 200, change.text
    number = change.json()["id"]
    done = desk.call("POST", f"/config/changes/{number}/approve", {"reason": "checked"}, by="lead")
    assert done.status_code == 200, done.text


def sync(desk: DeskApi) -> Any:
    job = desk.call("POST", "/sources/shop/sync", by="administrator").json()
    while job["status"] == "running":
        job = desk.call("GET", f"/jobs/{job['id']}", by="administrator").json()
    return job


def test_two_people_connect_a_source_and_it_is_read(desk_api: DeskApi, rig: VendureRig) -> None:
    for number in range(3):
        rig.put(number)
    sent = {**body(rig), "reason": "the new shop"}
    change = desk_api.call("POST", "/sources", sent, by="administrator").json()
    assert (change["kind"], change["status"]) == ("source", "open")
    assert desk_api.call("GET", "/sources", by="administrator").json() == []
    own = desk_api.call("POST", f"/config/changes/{change['id']}/approve", {"reason": "x"}, by="administrator")
    assert own.json()["code"] == "config.own_change"
    desk_api.call("POST", f"/config/changes/{change['id']}/approve", {"reason": "checked"}, by="lead")
    (row,) = desk_api.call("GET", "/sources", by="administrator").json()
    assert (row["name"], row["enabled"], row["secrets"], row["last"]) == ("shop", True, ["hook", "password"], None)
    job = sync(desk_api)
    assert (job["status"], job["result"]["new"]) == ("done", 3), job
    detail = desk_api.call("GET", "/sources/shop", by="finance").json()
    assert detail["runs"][0]["status"] == "done"
    assert detail["cursors"]["orders"]
    everything = desk_api.call("GET", "/config/changes", by="lead").text + json.dumps(detail)
    assert vendure.PASSWORD not in everything
    assert HOOK not in everything
    assert desk_api.entries("source.taken")


def test_what_can_not_work_is_refused_with_its_place(desk_api: DeskApi, rig: VendureRig) -> None:
    wrong = {"url": "ftp://x", "days": 0, "colour": "red"}
    sent = {**body(rig, settings=wrong, secrets={"hook": HOOK}), "reason": "x"}
    said = desk_api.call("POST", "/sources", {**sent, "secrets": {"password": "p"}}, by="administrator").json()
    assert said["code"] == "source.settings"
    assert {problem["path"] for problem in said["params"]["problems"]} == {
        "settings.url",
        "settings.days",
        "settings.colour",
        "settings.username",
    }
    assert desk_api.call("POST", "/sources", {**sent, "name": "../x"}, by="administrator").status_code == 422
    elsewhere = desk_api.call("POST", "/sources", {**sent, "connector": "none"}, by="administrator")
    assert elsewhere.json()["code"] == "source.no_connector"


def test_a_kept_secret_goes_nowhere_else(desk_api: DeskApi, rig: VendureRig) -> None:
    """Or one person could have it sent to an address of their own."""
    connect(desk_api, rig)
    same = body(rig, secrets={}, settings=desk_api.call("GET", "/sources/shop", by="lead").json()["settings"])
    assert desk_api.call("POST", "/sources/check", same, by="administrator").json() == {"works": True, "problem": None}
    asked = len(rig.server.asked)
    other = {**same, "settings": {**same["settings"], "url": rig.server.url + "/elsewhere"}}
    refused = desk_api.call("POST", "/sources/check", other, by="administrator")
    assert refused.json()["code"] == "source.settings"
    assert len(rig.server.asked) == asked
    typed = {**other, "settings": {**same["settings"], "url": "http://127.0.0.1:9"}, "secrets": {"password": "x"}}
    tried = desk_api.call("POST", "/sources/check", typed, by="administrator").json()
    assert (tried["works"], tried["problem"]["code"]) == (False, "error.source.unreachable")
    public = {**typed, "settings": {**typed["settings"], "private": False}}
    tried = desk_api.call("POST", "/sources/check", public, by="administrator").json()
    assert tried["problem"]["code"] == "error.source.address"


def signed(content: bytes, at: int, secret: str = HOOK, name: str = "msg_1") -> dict[str, str]:
    mac = hmac.new(secret.encode(), f"{name}.{at}.".encode() + content, hashlib.sha256).digest()
    return {
        "Content-Type": "application/json",
        "webhook-id": name,
        "webhook-timestamp": str(at),
        "webhook-signature": f"v1,{b64encode(mac).decode()}",
    }


def hook(desk: DeskApi, content: bytes, headers: dict[str, str], name: str = "shop") -> Any:
    return desk.call("POST", f"/hooks/{name}", content=content, headers=headers)


def test_a_webhook_is_a_hint_to_read_again_and_nothing_else(desk_api: DeskApi, rig: VendureRig) -> None:
    rig.put(1)
    connect(desk_api, rig)
    sync(desk_api)
    now = int(desk_api.clock().timestamp())
    content = json.dumps({"type": "refund.made", "orderId": 1}).encode()
    assert hook(desk_api, content, signed(content, now)).status_code == 204
    assert desk_api.call("GET", "/sources/shop", by="lead").json()["hints"] == 1
    assert hook(desk_api, content, signed(content, now)).status_code == 204  # seen: nothing more
    rig.put(1, 25)
    assert sync(desk_api)["result"]["changed"] == 1
    assert desk_api.call("GET", "/sources/shop", by="lead").json()["hints"] == 0

    refused = [
        (content + b" ", signed(content, now, name="msg_2"), "hook.signature"),
        (content, signed(content, now, secret="another", name="msg_3"), "hook.signature"),
        (content, {**signed(content, now, name="msg_4"), "webhook-id": "msg_5"}, "hook.signature"),
        (content, signed(content, now - 400, name="msg_6"), "hook.time"),
        (content, signed(content, now + 400, name="msg_7"), "hook.time"),
        (content, {"Content-Type": "application/json"}, "hook.time"),
        (b"{", signed(b"{", now, name="msg_8"), "hook.not_json"),
    ]
    for sent, headers, code in refused:
        assert hook(desk_api, sent, headers).json()["code"] == code
    large = b"x" * (300 * 1024)
    assert hook(desk_api, large, signed(large, now)).status_code == 413
    assert hook(desk_api, content, signed(content, now), name="nowhere").status_code == 404
    assert desk_api.call("GET", "/sources/shop", by="lead").json()["hints"] == 0
