"""Reading what a system sent, strictly: every value is asked for by its type, and every mistake told with its place.

A schema changes without a word: a field that is gone, or is something else, stops its record and becomes no
0 and no empty text. Readers go on after a mistake, so that one reading tells all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from refund_desk.domain.errors import Invalid
from refund_desk.domain.money import LARGEST_MINOR, exponent, parse
from refund_desk.domain.requests import Problem
from refund_desk.domain.sources import moment

NEVER = datetime(2000, 1, 1, tzinfo=UTC)
"""Stands in for a time that can't be read, in a record that nobody gets to see."""


@dataclass(frozen=True, slots=True)
class Node:
    """A value at its place. `has`: it is there and not null."""

    value: Any
    path: str = ""
    problems: list[Problem] = field(default_factory=list)

    def _wrong(self, code: str, **params: Any) -> None:
        if len(self.problems) < 50:
            self.problems.append(Problem(self.path, code, params))

    @property
    def has(self) -> bool:
        return self.value is not None

    def __getitem__(self, key: str) -> Node:
        """A member; one that isn't there at all is a mistake, null is a value."""
        path = f"{self.path}.{key}" if self.path else key
        if not isinstance(self.value, Mapping):
            self._wrong("field.wrong_type", wanted="object")
            return Node(None, path, [])  # one mistake is told once
        if key not in self.value:
            node = Node(None, path, self.problems)
            node._wrong("field.missing")
            return Node(None, path, [])
        return Node(self.value[key], path, self.problems)

    def maybe(self, key: str) -> Node:
        """A member that need not be there."""
        inside = self.value.get(key) if isinstance(self.value, Mapping) else None
        return Node(inside, f"{self.path}.{key}" if self.path else key, self.problems)

    def each(self) -> Iterator[Node]:
        """Members of a list; null is none."""
        if self.value is None:
            return
        if not isinstance(self.value, list):
            self._wrong("field.wrong_type", wanted="list")
            return
        for number, value in enumerate(self.value):
            yield Node(value, f"{self.path}[{number}]", self.problems)

    def text(self, most: int = 20_000) -> str:
        """Text that says something."""
        found = self.words(most)
        if found is None:
            self._wrong("field.empty")
        return found or ""

    def words(self, most: int = 20_000) -> str | None:
        """Text, or None where there is none; blank is none."""
        if self.value is None:
            return None
        if not isinstance(self.value, str):
            self._wrong("field.wrong_type", wanted="text")
            return None
        if len(self.value) > most:
            self._wrong("field.too_long", limit=most)
        if "\0" in self.value:
            self._wrong("text.control")
            return None
        try:
            self.value.encode("utf-8")
        except UnicodeEncodeError:  # half of a surrogate pair
            self._wrong("text.surrogate")
            return None
        return self.value.strip() or None

    def id(self) -> str:
        """An id: text, or the number that some systems write it as."""
        if isinstance(self.value, int) and not isinstance(self.value, bool):
            return str(self.value)
        return self.text(400)

    def whole(self, least: int = 0) -> int:
        if isinstance(self.value, Decimal) and self.value == self.value.to_integral_value():
            return Node(int(self.value), self.path, self.problems).whole(least)
        if isinstance(self.value, bool) or not isinstance(self.value, int):
            self._wrong("field.wrong_type", wanted="integer")
            return least
        if self.value < least:
            self._wrong("field.too_small", limit=least)
        return self.value

    def flag(self) -> bool:
        if not isinstance(self.value, bool):
            self._wrong("field.wrong_type", wanted="boolean")
        return self.value is True

    def minor(self, least: int = 0) -> int:
        """Money in minor units, a whole number."""
        found = self.whole(least)
        if abs(found) > LARGEST_MINOR:
            self._wrong("money.too_large", text=str(found)[:40])
            return 0
        return found

    def major(self, currency: str, least: int = 0) -> int:
        """Money in major units, decimal, as minor units. Never by way of a float; more digits than the currency has
        are refused unless they are zeros."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | Decimal | str):
            self._wrong("field.wrong_type", wanted="text")
            return 0
        text = format(Decimal(self.value), "f") if not isinstance(self.value, str) else self.value
        whole, _, fraction = text.partition(".")
        try:
            minor = parse(f"{whole}.{fraction[:12]}" if fraction else whole, currency).minor
        except Invalid as no:
            self._wrong(no.code if no.code != "money.unknown_currency" else "currency.unknown", **no.params)
            return 0
        if minor < least:
            self._wrong("money.negative")
        return minor

    def currency(self) -> str:
        """An ISO 4217 code, whatever its case."""
        code = self.text(3).upper()
        try:
            exponent(code)
        except Invalid:
            self._wrong("currency.unknown")
            return "XXX"
        return code

    def time(self) -> datetime:
        """A time that has to be there, in UTC."""
        found = self.when()
        if found is None:
            self._wrong("field.empty")
            return NEVER
        return found

    def when(self) -> datetime | None:
        """ISO 8601 with its offset, or None."""
        if self.value is None:
            return None
        if not isinstance(self.value, str):
            self._wrong("field.wrong_type", wanted="text")
            return None
        try:
            return moment(self.value)
        except ValueError:
            self._wrong("time.unreadable")
            return None

    def seconds(self) -> datetime:
        """A time as seconds since 1970."""
        number = self.whole()
        if number > 32_503_680_000:
            self._wrong("time.out_of_range")
            return NEVER
        return datetime.fromtimestamp(number, UTC)


def latest(*times: datetime | None) -> datetime | None:
    """The last of the times that are there."""
    there = [time for time in times if time is not None]
    return max(there) if there else None


def plain_numbers(value: Any) -> Any:
    """Decimals as text: the bytes of a record are the same each time."""
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, dict):
        return {key: plain_numbers(one) for key, one in value.items()}
    return [plain_numbers(one) for one in value] if isinstance(value, list) else value
