"""From whom a case is kept: their own, those of people close to them, and the same customer twice running.

What somebody declared makes `Ties`; what is known of a case's customer makes a `Party`. Names and addresses are
compared as keys that are made when they are needed and kept nowhere.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum


class KeepFrom(StrEnum):
    """A rule of the process. OWN: the customer is the person. DECLARED: somebody they named, or a colleague they
    named is the customer. SAME_ADDRESS: surname and address of the person's own. SAME_PAYMENT: a payment account of
    theirs. SAME_CUSTOMER: they had this customer's last case, too.
    """

    OWN = "own"
    DECLARED = "declared"
    SAME_ADDRESS = "same_address"
    SAME_PAYMENT = "same_payment"
    SAME_CUSTOMER = "same_customer"


class Relation(StrEnum):
    """What somebody declares: that a customer is themselves, or somebody they know well."""

    OWN = "own"
    KNOWN = "known"


@dataclass(frozen=True, slots=True)
class Ties:
    """Of a person: customers that are themselves, customers they declared, and keys of their own records."""

    own: frozenset[int] = frozenset()
    known: frozenset[int] = frozenset()
    addresses: frozenset[str] = frozenset()
    payments: frozenset[str] = frozenset()

    @property
    def any(self) -> bool:
        return bool(self.own or self.known)


@dataclass(frozen=True, slots=True)
class Party:
    """Of a case: its customer, the key of their surname and address, of their payment accounts, and who proposed
    what was decided last for them on another case.
    """

    customer: int | None
    address: str | None = None
    payments: frozenset[str] = frozenset()
    last_by: int | None = None


NOTHING = Ties()


def kept_from(rules: Sequence[KeepFrom], person: int, ties: Ties, party: Party) -> KeepFrom | None:
    """The first rule that keeps a case from somebody; None: they may have it."""
    if party.customer is None:
        return None
    holds = {
        KeepFrom.OWN: party.customer in ties.own,
        KeepFrom.DECLARED: party.customer in ties.known,
        KeepFrom.SAME_ADDRESS: party.address is not None and party.address in ties.addresses,
        KeepFrom.SAME_PAYMENT: bool(party.payments & ties.payments),
        KeepFrom.SAME_CUSTOMER: party.last_by == person,
    }
    return next((rule for rule in rules if holds[rule]), None)


_COMPOUND = frozenset(
    "欧阳 太史 端木 上官 司马 东方 独孤 南宫 万俟 闻人 夏侯 诸葛 尉迟 公羊 赫连 澹台 皇甫 宗政 濮阳 公冶 太叔 申屠 "  # noqa: SIM905
    "公孙 慕容 仲孙 钟离 长孙 宇文 司徒 鲜于 司空 令狐".split()
)
_IDEOGRAPH = re.compile(r"[\u3400-\u9fff]")


def surname(name: str) -> str:
    """The family name, folded: the first character (or a compound of two) of a Chinese name, else the last word."""
    text = unicodedata.normalize("NFKC", name).strip().casefold()
    if _IDEOGRAPH.match(text):
        return text[:2] if text[:2] in _COMPOUND else text[:1]
    words = text.split()
    return words[-1] if words else ""


def address_key(name: str | None, address: str | None) -> str | None:
    """Surname and address as they are compared: without spaces, punctuation and case. None where one is missing."""
    if not name or not address:
        return None
    family = surname(name)
    place = "".join(char for char in unicodedata.normalize("NFKC", address).casefold() if char.isalnum())
    return f"{family}|{place}" if family and place else None


def payment_keys(accounts: Iterable[tuple[str | None, str | None]]) -> frozenset[str]:
    """Keys of payment accounts: (method, hint of the account). A hint alone names nobody."""
    return frozenset(f"{method}|{hint.strip().casefold()}" for method, hint in accounts if method and hint)
