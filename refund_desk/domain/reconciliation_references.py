"""References as systems write them: which of them name the same thing, however they were copied."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache

_RUN = re.compile(r"[0-9]+")
_WORD = re.compile(r"[A-Z0-9]+(?:[-_/][A-Z0-9]+)*")
TAIL = 7
"""Digits at the end of a number that tell it from its neighbours."""
SHORTEST = 6
"""A part of a reference shorter than this names nothing."""


@lru_cache(maxsize=262_144)
def plain(text: str) -> str:
    """Upper case letters and digits alone, full width made narrow: `so 2026-001 ` and `ＳＯ-2026-001` are one."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return "".join(filter(str.isalnum, text.upper()))


@lru_cache(maxsize=262_144)
def core(text: str) -> str:
    """The number of a reference without letters before it: `ORD-2026-001` and `#2026 001` are one. "" if too short."""
    made = plain(text).lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    return made if len(made) >= SHORTEST else ""


def tails(text: str) -> Iterator[str]:
    """The last digits of every long number in it, a sentence or several references alike."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    for run in _RUN.findall(text):
        if len(run) >= TAIL:
            yield run[-TAIL:]


def words(text: str) -> Iterator[str]:
    """Plain forms of the parts of a sentence that could be references."""
    for word in _WORD.findall(unicodedata.normalize("NFKC", text).upper()):
        made = plain(word)
        if len(made) >= SHORTEST and not made.isalpha():
            yield made


class Reach:
    """Ways into one side by reference. Each way is a dict from a form to the positions that have it."""

    def __init__(self, named: Iterable[tuple[int, Iterable[str]]]) -> None:
        self.plain: dict[str, list[int]] = {}
        self.core: dict[str, list[int]] = {}
        self.tail: dict[str, list[int]] = {}
        for position, texts in named:
            for text in texts:
                self._add(position, text)

    def _add(self, position: int, text: str) -> None:
        if made := plain(text):
            self.plain.setdefault(made, []).append(position)
            bare = made.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
            if len(bare) >= SHORTEST:
                self.core.setdefault(bare, []).append(position)
        for tail in tails(text):
            self.tail.setdefault(tail, []).append(position)

    def find(self, text: str) -> Iterator[tuple[int, int]]:
        """(position, points): who may be meant, by the best way that finds anybody."""
        made = plain(text)
        if not made:
            return
        ways: list[tuple[int, Iterable[str], dict[str, list[int]]]] = [
            (58, (made,), self.plain),
            (54, words(text), self.plain),
            (52, (core(text),), self.core),
            (46, tails(text), self.tail),
        ]
        for points, forms, way in ways:
            found = [position for form in dict.fromkeys(forms) for position in way.get(form, ())]
            if found:
                yield from ((position, points) for position in dict.fromkeys(found))
                return


def alike(left: str, right: str) -> int:
    """Points for two references that aren't the same: cut, two neighbours swapped, or plainly others (below 0)."""
    return max(_alike(plain(left), plain(right)), _alike(core(left), core(right)))


def _alike(one: str, other: str) -> int:
    if not one or not other:
        return -15 if one or other else 0
    if one == other:
        return 52
    short, long = sorted((one, other), key=len)
    if len(short) >= SHORTEST and len(short) < len(long):
        if long.endswith(short):
            return 40
        if short in long:
            return 25
    return 35 if len(one) == len(other) and _swapped(one, other) else -15


def _swapped(one: str, other: str) -> bool:
    """Two neighbours swapped. One character wrong says nothing: numbers that follow one another differ by one."""
    differ = [place for place, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
    if len(differ) != 2 or differ[1] != differ[0] + 1:
        return False
    first, second = differ
    return one[first] == other[second] and one[second] == other[first]
