"""Whether two lines speak of the same customer: by key, or by names that were masked, cut, turned or misspelt."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

SAME, UNKNOWN = 35, 0
OTHER_ACCOUNT, OTHER_NAME = -60, -25
_MASKS = "*×xX"


@lru_cache(maxsize=65_536)
def folded(name: str) -> str:
    """Lower case without accents, signs and the order of its words."""
    plain = unicodedata.normalize("NFKD", name)
    kept = "".join(c for c in plain.casefold() if c.isalnum() or c in " *")
    return " ".join(sorted(kept.split()))


def customer_points(account: str, name: str, other_account: str, other_name: str) -> int:
    """From OTHER_ACCOUNT to SAME; 0 where nothing can be said. A name is worth less than a key: many share one."""
    if account and other_account:
        return SAME if account == other_account else OTHER_ACCOUNT
    if not name or not other_name:
        return UNKNOWN
    return name_points(name, other_name)


def other_name(one: str, other: str) -> bool:
    """Whether two names can't be one person's."""
    return bool(one and other) and name_points(one, other) < 0


@lru_cache(maxsize=65_536)
def name_points(one: str, other: str) -> int:
    a, b = folded(one), folded(other)
    if not a or not b:
        return UNKNOWN
    if a == b:
        return 25
    if "*" in one or "*" in other:
        return 15 if _masked_alike(one, other) or _masked_alike(other, one) else OTHER_NAME
    short, long = sorted((one.casefold(), other.casefold()), key=len)
    if len(short) >= 5 and long.startswith(short):
        return 20
    return 20 if _near(a, b) or _near(one.casefold(), other.casefold()) else OTHER_NAME


def _masked_alike(masked: str, name: str) -> bool:
    """`*伟` or `张**` or `J*** Smith` against the whole name: the letters that show stand where the name has them."""
    if "*" not in masked:
        return False
    parts, words = masked.casefold().split(), name.casefold().split()
    if len(parts) != len(words):
        return False
    orders = (words, words[::-1])
    return any(all(map(_shows, parts, order)) for order in orders)


def _shows(part: str, word: str) -> bool:
    if "*" not in part:
        return part == word or _near(part, word)
    before, after = part[: part.index("*")], part[part.rindex("*") + 1 :]
    return len(word) >= len(before) + len(after) and word.startswith(before) and word.endswith(after)


def _near(one: str, other: str) -> bool:
    """One letter too many, too few, wrong, or two neighbours swapped; short names must be the same."""
    if one == other:
        return True
    if min(len(one), len(other)) < 4 or abs(len(one) - len(other)) > 1:
        return False
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    a, b = one[start:], other[start:]
    if a[1:] == b or a == b[1:] or a[1:] == b[1:]:
        return True
    return len(a) > 1 and len(b) > 1 and a[0] == b[1] and a[1] == b[0] and a[2:] == b[2:]
