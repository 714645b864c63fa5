"""Which connections pay out by themselves: those that two persons set so, as they stand now."""

from __future__ import annotations

from dataclasses import replace

import pytest

from refund_desk.domain.errors import Unavailable
from refund_desk.service.ports.sources import Connection
from refund_desk.sources.channels import ConnectedChannels
from refund_desk.wiring import utc_now

SETTINGS = {"url": "https://pay.example", "payouts": True}
PAYS = Connection(1, "shop-pay", "stripe", SETTINGS, {"key": "shop-pay/key/1"}, enabled=True, salt=b"", next_at=None)


class OneSecret:
    """A vault with one secret; missing: nobody can have it now."""

    missing = False

    def put(self, owner: str, value: str) -> str:
        raise NotImplementedError

    def get(self, ref: str) -> str:
        if self.missing:
            raise Unavailable("secret.missing")
        return "sk_test"

    def drop(self, ref: str) -> None:
        raise NotImplementedError


@pytest.fixture
def connections() -> list[Connection]:
    return [PAYS]


def test_a_connection_that_pays_out_is_a_channel_of_its_name(connections: list[Connection]) -> None:
    channels = ConnectedChannels(lambda: connections, OneSecret(), utc_now)
    assert list(channels) == ["shop-pay"]
    assert channels["shop-pay"].terms.name == "shop-pay"


@pytest.mark.parametrize(
    "other",
    [
        replace(PAYS, settings={**SETTINGS, "payouts": False}),
        replace(PAYS, settings={"url": "https://pay.example"}),
        replace(PAYS, enabled=False),
        replace(PAYS, connector="imap"),
    ],
)
def test_any_other_stays_by_hand(connections: list[Connection], other: Connection) -> None:
    channels = ConnectedChannels(lambda: connections, OneSecret(), utc_now)
    assert list(channels) == ["shop-pay"]
    connections[:] = [other]
    assert list(channels) == []


def test_a_channel_that_did_not_change_stays_the_same(connections: list[Connection]) -> None:
    channels = ConnectedChannels(lambda: connections, OneSecret(), utc_now)
    list(channels)
    before = channels["shop-pay"]
    list(channels)
    assert channels["shop-pay"] is before
    connections[:] = [replace(PAYS, settings={**SETTINGS, "url": "https://new.example"})]
    list(channels)
    assert channels["shop-pay"] is not before


def test_without_its_secret_its_payouts_wait(connections: list[Connection]) -> None:
    vault = OneSecret()
    vault.missing = True
    channels = ConnectedChannels(lambda: connections, vault, utc_now)
    assert list(channels) == []
    vault.missing = False
    assert list(channels) == ["shop-pay"]


def test_a_shop_that_pays_out_is_a_channel_as_well() -> None:
    settings = {"url": "https://shop.example", "username": "desk", "payouts": True}
    shop = replace(PAYS, name="shop", connector="vendure", settings=settings, secrets={"password": "shop/password/1"})
    channels = ConnectedChannels(lambda: [shop, PAYS], OneSecret(), utc_now)
    assert list(channels) == ["shop", "shop-pay"]
    assert [channels[name].terms.key_life.total_seconds() for name in channels] == [0, 86400]
