"""The connector of Stripe's shape against stripe-stateful-mock behind a proxy that loses answers, over sockets."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import httpx
import pytest

from refund_desk.domain.errors import Unavailable
from refund_desk.domain.sending import Outcome, Paid, Parcel
from refund_desk.service.ports.gateways import Credentials
from refund_desk.sources.stripe_payout import StripePayout
from tests.upstreams.stripe_mock import Proxy, installed, running

SECRET = "sk_test_desk"
AT = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running(installed(tmp_path_factory.mktemp("stripe"))) as address:
        yield address


@pytest.fixture
def proxy(upstream: str) -> Iterator[Proxy]:
    made = Proxy(upstream)
    yield made
    made.close()


@pytest.fixture
def channel(proxy: Proxy) -> Iterator[StripePayout]:
    made = StripePayout(Credentials(proxy.address, SECRET))
    yield made
    made.close()


def charge(upstream: str, amount: int = 10000, token: str = "tok_visa", **more: str) -> str:
    """A customer pays at the gateway; the charge's id."""
    form = {"amount": str(amount), "currency": "usd", "source": token, **more}
    said = httpx.post(f"{upstream}/v1/charges", data=form, headers={"authorization": f"Bearer {SECRET}"})
    assert said.status_code == 200, said.text
    return str(said.json()["id"])


def parcel(payment: str, intent: str = "i-1", minor: int = 6000) -> Parcel:
    """One of the intents on a payment; ids are unique at the gateway, whose state the tests share."""
    return Parcel(f"{payment}/{intent}", "RC-26-000001", "desk", "O1", payment, minor, "USD")


def wait_for(happened: Callable[[], bool]) -> None:
    """Until it has happened; half a minute at most."""
    until = time.monotonic() + 30
    while not happened():
        assert time.monotonic() < until, "it never happened"


def test_a_refund_is_made_once_and_found_by_its_id(upstream: str, channel: StripePayout) -> None:
    payment = charge(upstream)
    first = channel.send(parcel(payment))
    assert (first.outcome, first.replayed) == (Outcome.SUCCEEDED, False)
    again = channel.send(parcel(payment))
    assert (again.outcome, again.refund, again.replayed) == (Outcome.SUCCEEDED, first.refund, True)
    (found,) = channel.find(parcel(payment)).found
    assert (found.id, found.minor, found.currency, found.desk) == (first.refund, 6000, "USD", "desk")
    seen = channel.read(Paid(payment, "O1"), AT)
    assert (seen.captured_minor, seen.refunded_minor, len(seen.refunds), seen.disputes) == (10000, 6000, 1, ())
    assert list(channel.find(parcel(payment, "i-2")).found) == []


@pytest.mark.parametrize("fault", ["lost", "error", "half"])
def test_an_answer_that_is_lost_is_unknown_and_found(
    upstream: str, proxy: Proxy, channel: StripePayout, fault: str
) -> None:
    payment = charge(upstream)
    proxy.fault = fault
    assert channel.send(parcel(payment)).outcome is Outcome.UNKNOWN
    (found,) = channel.find(parcel(payment)).found
    again = channel.send(parcel(payment))
    assert (again.outcome, again.refund, again.replayed) == (Outcome.SUCCEEDED, found.id, True)
    assert len(channel.read(Paid(payment, "O1"), AT).refunds) == 1


@pytest.mark.parametrize("fault", ["never", "refused"])
def test_a_call_that_never_arrived_is_unknown_and_absent(
    upstream: str, proxy: Proxy, channel: StripePayout, fault: str
) -> None:
    payment = charge(upstream)
    proxy.fault = fault
    assert channel.send(parcel(payment)).outcome is Outcome.UNKNOWN
    assert list(channel.find(parcel(payment)).found) == []
    assert channel.send(parcel(payment)).outcome is Outcome.SUCCEEDED
    assert len(channel.read(Paid(payment, "O1"), AT).refunds) == 1


def test_more_than_is_left_is_a_no(upstream: str, channel: StripePayout) -> None:
    payment = charge(upstream)
    assert channel.send(parcel(payment, minor=10001)).outcome is Outcome.FAILED
    assert channel.read(Paid(payment, "O1"), AT).refunds == ()


def test_another_body_under_the_same_key_settles_nothing(upstream: str, channel: StripePayout) -> None:
    payment = charge(upstream)
    assert channel.send(parcel(payment, "i-9")).outcome is Outcome.SUCCEEDED
    other = channel.send(parcel(payment, "i-9", minor=1))
    assert other.outcome is Outcome.UNKNOWN


def test_a_payment_that_nobody_knows_is_no_answer(channel: StripePayout) -> None:
    with pytest.raises(Unavailable, match=r"channel\.silent"):
        channel.read(Paid("ch_nobody", "O1"), AT)


def test_many_refunds_are_read_to_the_end(upstream: str, channel: StripePayout) -> None:
    payment = charge(upstream, 100000)
    for number in range(12):
        assert channel.send(parcel(payment, f"i-{number}", 100)).outcome is Outcome.SUCCEEDED
    assert len(channel.read(Paid(payment, "O1"), AT).refunds) == 12


def test_the_secret_stands_in_no_error(proxy: Proxy) -> None:
    channel = StripePayout(Credentials("http://127.0.0.1:1", "sk_live_very_secret"))
    answer = channel.send(parcel("ch_1"))
    assert "secret" not in repr(answer)
    with pytest.raises(Unavailable) as gone:
        channel.read(Paid("ch_1", "O1"), AT)
    assert "secret" not in repr(gone.value) + str(gone.value.params)
    channel.close()


def test_what_a_partial_capture_released_is_no_more_to_give_back(upstream: str, channel: StripePayout) -> None:
    """This gateway lists the release as a refund. Nothing tells it from one made in the dashboard, so it counts."""
    payment = charge(upstream, capture="false")
    headers = {"authorization": f"Bearer {SECRET}"}
    said = httpx.post(f"{upstream}/v1/charges/{payment}/capture", data={"amount": "4000"}, headers=headers)
    assert said.status_code == 200
    seen = channel.read(Paid(payment, "O1"), AT)
    assert seen.captured_minor == 4000
    assert [(r.minor, r.intent) for r in seen.refunds] == [(6000, None)]


def test_a_dispute_is_read(upstream: str, channel: StripePayout) -> None:
    payment = charge(upstream, token="tok_createDispute")

    def disputed() -> bool:
        return bool(channel.read(Paid(payment, "O1"), AT).disputes)

    wait_for(disputed)
    (dispute,) = channel.read(Paid(payment, "O1"), AT).disputes
    assert (dispute.minor, dispute.takes_funds) == (10000, True)
