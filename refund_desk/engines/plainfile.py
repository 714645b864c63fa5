"""Reading a settings file strictly: every value is asked for by its type, and every mistake is told with its place.

A `Node` is a plain value and its path, as in `activities[case.take].R[0]`. Readers go on after a
mistake with a stand-in, so that one reading tells all of them; `finish` raises.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

from refund_desk.domain.errors import DeskError, Invalid
from refund_desk.domain.money import parse

E = TypeVar("E", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Problems:
    """Mistakes found so far, as the `problems` of Invalid."""

    found: list[dict[str, Any]] = field(default_factory=list)

    def add(self, path: str, code: str, **params: Any) -> None:
        self.found.append({"path": path, "code": code, "params": params})

    def finish(self, code: str, file: str) -> None:
        """Raises Invalid with all of them, if there are any."""
        if self.found:
            raise Invalid(code, file=file, count=len(self.found), first=self.found[0]["path"], problems=self.found)


@dataclass(frozen=True, slots=True)
class Node:
    """A value of the file at its place."""

    value: Any
    path: str
    problems: Problems

    def _wrong(self, code: str, **params: Any) -> None:
        self.problems.add(self.path, code, **params)

    def only(self, required: str, optional: str = "") -> Node:
        """Says that this mapping has these keys (names in one text) and no others."""
        need, may = set(required.split()), set(optional.split())
        keys = set(self.value) if isinstance(self.value, Mapping) else set()
        if not isinstance(self.value, Mapping):
            self._wrong("file.not_mapping")
        for key in sorted(need - keys):
            self.problems.add(f"{self.path}.{key}", "file.missing")
        for key in sorted(str(each) for each in keys - need - may):
            self.problems.add(f"{self.path}.{key}", "file.unknown_key")
        return self

    def __getitem__(self, key: str) -> Node:
        inside = self.value.get(key) if isinstance(self.value, Mapping) else None
        return Node(inside, f"{self.path}.{key}" if self.path else key, self.problems)

    def __contains__(self, key: str) -> bool:
        return isinstance(self.value, Mapping) and self.value.get(key) is not None

    def items(self) -> Iterator[tuple[str, Node]]:
        """Keys (as text) and nodes of a mapping."""
        if not isinstance(self.value, Mapping):
            self._wrong("file.not_mapping")
            return
        for key, value in self.value.items():
            yield str(key), Node(value, f"{self.path}[{key}]", self.problems)

    def each(self) -> Iterator[Node]:
        """The members of a list; nothing where there is none."""
        if self.value is None:
            return
        if not isinstance(self.value, list):
            self._wrong("file.not_list")
            return
        for number, value in enumerate(self.value):
            yield Node(value, f"{self.path}[{number}]", self.problems)

    def text(self) -> str:
        if not isinstance(self.value, str) or not self.value.strip():
            self._wrong("file.not_text")
            return ""
        return self.value

    def texts(self) -> tuple[str, ...]:
        return tuple(node.text() for node in self.each())

    def whole(self, least: int = 0) -> int:
        """An integer of at least `least`."""
        if isinstance(self.value, bool) or not isinstance(self.value, int) or self.value < least:
            self._wrong("file.not_number", least=least)
            return least
        return self.value

    def flag(self) -> bool:
        """A boolean; absent is false."""
        if self.value is not None and not isinstance(self.value, bool):
            self._wrong("file.not_boolean")
        return self.value is True

    def word(self, vocabulary: type[E]) -> E:
        """A word of a closed vocabulary; the first of them stands in for a mistake."""
        try:
            return vocabulary(self.value)
        except ValueError:
            self._wrong("file.unknown_word", word=str(self.value)[:80], known=[each.value for each in vocabulary])
            return next(iter(vocabulary))

    def words(self, vocabulary: type[E]) -> tuple[E, ...]:
        return tuple(node.word(vocabulary) for node in self.each())

    def amounts(self) -> dict[str, int]:
        """Decimal text by currency, as minor units."""
        out = {}
        for currency, node in self.items():
            try:
                out[currency] = parse(node.text() or "0", currency).minor
            except DeskError as error:
                self.problems.add(node.path, error.code, **error.params)
        return out
