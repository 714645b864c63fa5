"""The way out is guarded: addresses, redirects, sizes; and secrets lie where nobody else can read them."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from refund_desk.domain.errors import DeskError, Invalid, TooLarge, Unavailable
from refund_desk.engines.vault import FileVault
from refund_desk.sources.addresses import Resolve, allowed
from refund_desk.sources.ways import Ways
from tests.fakes.faulty import Asked, Faulty, Said
from tests.fakes.sources import QUICK


@pytest.mark.parametrize(
    ("address", "public", "private"),
    [
        ("93.184.216.34", True, True),
        ("2606:2800:220:1::1", True, True),
        ("127.0.0.1", False, True),
        ("10.1.2.3", False, True),
        ("192.168.0.1", False, True),
        ("::1", False, True),
        ("fd00::1", False, True),
        ("169.254.169.254", False, False),
        ("fe80::1%eth0", False, False),
        ("0.0.0.0", False, False),
        ("224.0.0.1", False, False),
        ("::ffff:127.0.0.1", False, True),
        ("::ffff:169.254.169.254", False, False),
        ("64:ff9b::7f00:1", False, True),
        ("2002:7f00:1::", False, True),
    ],
)
def test_which_addresses_are_spoken_to(address: str, public: bool, private: bool) -> None:
    assert (allowed(address, False), allowed(address, True)) == (public, private)


@pytest.fixture
def server() -> Iterator[Faulty]:
    made = Faulty(lambda asked: Said(200, b"here"))
    yield made
    made.close()


Make = Callable[..., Ways]


@pytest.fixture
def ways() -> Iterator[Make]:
    """Makes ways out; addresses: what every name leads to."""
    made: list[Ways] = []

    def make(*addresses: str, private: bool = True, resolve: Resolve | None = None) -> Ways:
        found = resolve or (lambda host, port: list(addresses or ("127.0.0.1",)))
        made.append(Ways("shop", private, QUICK, found))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_a_name_goes_to_the_address_that_was_checked_and_is_asked_for_once(server: Faulty, ways: Make) -> None:
    asked: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["93.184.216.34"]

    way = ways(resolve=resolve)
    for _ in range(3):
        assert way.get(f"http://shop.example:{server.port}/x").content == b"here"
    assert asked == ["shop.example"]
    assert server.asked[0].headers["host"] == f"shop.example:{server.port}"


def test_one_private_address_among_others_is_enough_to_refuse(server: Faulty, ways: Make) -> None:
    with pytest.raises(Unavailable, match=r"source\.address"):
        ways("93.184.216.34", "127.0.0.1", private=False).get(f"http://shop.example:{server.port}/")
    assert server.asked == []


def test_a_redirect_is_checked_and_takes_no_password_elsewhere(server: Faulty, ways: Make) -> None:
    def answer(asked: Asked) -> Said:
        if asked.path == "/a":
            return Said(302, b"", {"location": f"http://other.example:{server.port}/b"})
        return Said(200, b"there")

    server.answer = answer
    assert ways().get(f"{server.url}/a", {"authorization": "Bearer x"}).content == b"there"
    assert ["authorization" in one.headers for one in server.asked] == [True, False]

    def resolve(host: str, port: int) -> list[str]:
        return ["127.0.0.1"] if host == "127.0.0.1" else ["169.254.169.254"]

    with pytest.raises(Unavailable, match=r"source\.address"):
        ways(resolve=resolve).get(f"{server.url}/a")
    server.answer = lambda asked: Said(302, b"", {"location": asked.path})
    with pytest.raises(Unavailable, match=r"source\.redirect"):
        ways().get(f"{server.url}/round")
    server.answer = lambda asked: Said(302, b"", {"location": "file:///etc/passwd"})
    with pytest.raises(Unavailable, match=r"source\.redirect"):
        ways().get(f"{server.url}/x")


def test_what_is_too_large_is_not_read(server: Faulty, ways: Make) -> None:
    server.answer = lambda asked: Said(200, b"x" * 2000)
    with pytest.raises(TooLarge, match=r"source\.too_large"):
        ways().get(server.url, limit=1000)
    assert len(server.asked) == 1


def test_secrets_are_files_of_ones_own(tmp_path: Path) -> None:
    vault = FileVault(tmp_path / "secrets")
    ref = vault.put("shop/password", "pässword")
    (path,) = (tmp_path / "secrets").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert vault.get(ref) == "pässword"
    path.chmod(0o644)
    assert vault.exposed() == [str(path)]
    with pytest.raises(Unavailable, match=r"secret\.exposed"):
        vault.get(ref)
    path.chmod(0o600)
    vault.drop(ref)
    with pytest.raises(Unavailable, match=r"secret\.missing"):
        vault.get(ref)
    for wrong in ("../../etc/passwd", "shop/password/../x", ""):
        with pytest.raises(DeskError):
            vault.get(wrong)
    with pytest.raises(Invalid, match=r"secret\.bad"):
        vault.put("shop/password", "")
