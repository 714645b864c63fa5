"""Feeds and trackers: what our schema allows is read, parcels find their order by its tracking number."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from refund_desk.commands.schema import MESSAGE, PARCEL, message, parcel
from refund_desk.domain.errors import Invalid
from refund_desk.domain.sources import Hint, Mail, Tracked
from refund_desk.sources import easypost
from refund_desk.sources.feed import STATES, message_item, parcel_item
from refund_desk.worker.sync import run
from tests.fakes import feed, vendure
from tests.fakes.house import OPERATOR, START
from tests.fakes.sources import SourceHouse
from tests.sources.rigs import EasyPostRig, FeedRig, with_parcels

AT = vendure.START.isoformat()


@pytest.fixture
def rig() -> Iterator[FeedRig]:
    made = FeedRig()
    yield made
    made.close()


@pytest.fixture
def desk(house: SourceHouse, rig: FeedRig) -> SourceHouse:
    house.connect("shop", "feed", rig.settings, rig.secrets)
    with_parcels(house, *range(5))
    return house


# ------------------------------------------------------------ the published schema


def test_what_the_schema_shows_is_read() -> None:
    Draft202012Validator(message()).validate(MESSAGE)
    Draft202012Validator(parcel()).validate(PARCEL)
    said, seen = message_item("s", dict(MESSAGE)), parcel_item(dict(PARCEL))
    assert (said.problems, seen.problems) == ((), ())
    assert isinstance(said.what, Mail)
    assert (said.what.letter.channel, said.what.names, said.what.after) == ("chat", ("O-884213",), ("chat-8841/2",))
    assert isinstance(seen.what, Tracked)
    assert (seen.what.tracking, seen.what.status) == ("SF1032847750", "delivered")


@pytest.mark.parametrize(
    ("shape", "example", "read", "changes"),
    [
        (message, MESSAGE, lambda row: message_item("s", row), {"channel": "fax"}),
        (message, MESSAGE, lambda row: message_item("s", row), {"who": "nobody"}),
        (message, MESSAGE, lambda row: message_item("s", row), {"direction": None}),
        (message, MESSAGE, lambda row: message_item("s", row), {"sent_at": "yesterday"}),
        (message, MESSAGE, lambda row: message_item("s", row), {"text": ""}),
        (parcel, PARCEL, parcel_item, {"status": "lost in space"}),
        (parcel, PARCEL, parcel_item, {"tracking": None}),
        (parcel, PARCEL, parcel_item, {"as_of": 5}),
    ],
)
def test_what_the_schema_refuses_is_quarantined(
    shape: Callable[[], Any], example: dict[str, Any], read: Callable[[Any], Any], changes: dict[str, Any]
) -> None:
    wrong = {**example, **changes}
    checks = Draft202012Validator(shape(), format_checker=Draft202012Validator.FORMAT_CHECKER)
    assert list(checks.iter_errors(wrong)) or "sent_at" in changes
    item = read(wrong)
    assert item.what is None
    assert item.problems


def test_both_know_the_same_words() -> None:
    assert set(parcel()["properties"]["status"]["enum"]) == STATES


# ------------------------------------------------------------ on the desk


def test_a_parcel_finds_its_order_by_its_number(desk: SourceHouse, rig: FeedRig) -> None:
    parcels = rig.feed.items["parcels"]
    parcels.append(feed.parcel(1, AT))
    parcels.append(feed.parcel(2, AT, tracking="nobody's", order="V00002", carrier="SF"))
    parcels.append(feed.parcel(3, AT, tracking="nobody's"))
    counts = run(desk, OPERATOR, "shop")
    assert (counts.new, counts.ignored, counts.quarantined) == (2, 1, 0)
    assert desk.said("V00001", "shipment", "status") == ["shipped", "in_transit"]
    assert "SF" in desk.said("V00002", "shipment", "carrier")
    later = (vendure.START + timedelta(hours=3)).isoformat()
    parcels.append(feed.parcel(1, later, status="delivered", delivered_at=later))
    assert run(desk, OPERATOR, "shop").changed == 1
    assert "delivered" in desk.said("V00001", "shipment", "status")


def test_one_number_on_two_orders_is_nobodys_to_guess(desk: SourceHouse, rig: FeedRig) -> None:
    rig.feed.items["parcels"].append(feed.parcel(1, AT, id="first", order="V00002"))
    assert run(desk, OPERATOR, "shop").new == 1  # T00001 stands on V00002 now as well
    rig.feed.items["parcels"].append(feed.parcel(1, AT, id="second"))
    counts = run(desk, OPERATOR, "shop")
    assert dict(counts.reasons) == {"parcel.several_orders": 1}


def test_a_note_of_a_call_opens_no_case_and_joins_one(desk: SourceHouse, rig: FeedRig) -> None:
    called = {"channel": "call", "direction": "note", "who": "agent", "name": "Rita"}
    messages = rig.feed.items["messages"]
    messages.append(feed.message(1, AT, id="c1", text="They called: broken.", **called))
    assert run(desk, OPERATOR, "shop").ignored == 1
    messages.append(feed.message(1, AT))
    messages.append(feed.message(1, AT, id="c2", text="Called back.", **called))
    assert run(desk, OPERATOR, "shop").new == 2
    assert [name for _, name in desk.picture()["messages"]] == ["c2", "m1"]


# ------------------------------------------------------------ EasyPost


def test_a_tracker_waits_for_its_order(house: SourceHouse) -> None:
    rig = EasyPostRig()
    try:
        house.connect("shop", "easypost", rig.settings, rig.secrets)
        rig.put(1, 30)
        assert run(house, OPERATOR, "shop").ignored == 1
        with_parcels(house, 1)
        run(house, OPERATOR, "shop")
        assert house.said("V00001", "shipment", "status") == ["shipped", "delivered"]
        again = run(house, OPERATOR, "shop")
        assert (again.new, again.changed) == (0, 0)
    finally:
        rig.close()


def test_trackers_that_its_own_service_gave_are_read(shared_set: Callable[[str], Path]) -> None:
    folder = shared_set("gateway_samples") / "easypost"
    rows = json.loads((folder / "tracker_all__00_200.json").read_bytes())["body"]["trackers"]
    items = [easypost.item_of(row) for row in rows]
    assert [item.problems for item in items] == [()] * len(rows)
    first = items[0].what
    assert isinstance(first, Tracked)
    assert (first.tracking, first.status, first.shipped_at) == ("9400100208303109500782", "created", None)


def test_only_what_easypost_signed_is_heard() -> None:
    body = json.dumps({"id": "evt_1", "result": {"object": "Tracker", "id": "trk_1"}}).encode()
    keys = ("hüsh".encode(), b"hu\xcc\x88sh")
    macs = [f"hmac-sha256-hex={hmac.new(key, body, hashlib.sha256).hexdigest()}" for key in keys]
    composed, decomposed = ({"x-hmac-signature": mac} for mac in macs)
    assert easypost.CONNECTOR.hear(decomposed, body, "hüsh", START).hints == (Hint("trackers", "trk_1"),)
    for wrong, content in ((composed, body), (decomposed, body + b" "), ({}, body)):
        with pytest.raises(Invalid, match=r"hook\.signature"):
            easypost.CONNECTOR.hear(wrong, content, "hüsh", START)
