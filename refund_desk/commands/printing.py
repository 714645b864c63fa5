"""What commands print: sentences and columns for people, JSON for programs. No colours: a pipe stays clean."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import typer

from refund_desk.client.plaintext import plain
from refund_desk.client.words import Words
from refund_desk.settings import Settings

if TYPE_CHECKING:
    from refund_desk.domain.errors import DeskError

GAP = "  "


@cache
def _words(language: str, currency: str) -> Words:
    return Words(language, home_currency=currency)


def words() -> Words:
    """The catalogue in the user's language."""
    settings = Settings()
    return _words(settings.words, settings.currency)


def complain(error: DeskError) -> None:
    """An expected error in a sentence, what a bad field needs below it, on standard error."""
    typer.echo(words().error(error), err=True)


def say(key: str, /, **params: Any) -> None:
    """A sentence of the catalogue on standard output."""
    typer.echo(words().tr(key, **params))


def note(key: str, /, **params: Any) -> None:
    """The same on standard error: what a program that reads the output doesn't want."""
    typer.echo(words().tr(key, **params), err=True)


def as_json(value: Any) -> None:
    """One JSON value; wire shapes as they cross the wire."""
    typer.echo(json.dumps(_value(value), ensure_ascii=False, indent=2))


def _value(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_value(item) for item in value]
    return value.model_dump(mode="json", by_alias=True) if hasattr(value, "model_dump") else value


def table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Columns under their heads; text from outside on one line, its controls visible."""
    cells = [[words().tr(head) for head in heads]]
    cells += [[plain("" if cell is None else str(cell), lines=False) for cell in row] for row in rows]
    widths = [max(width_of(row[column]) for row in cells) for column in range(len(heads))]
    for row in cells:
        padded = [cell + " " * (width - width_of(cell)) for cell, width in zip(row, widths, strict=True)]
        typer.echo(GAP.join(padded).rstrip())


def width_of(text: str) -> int:
    """Columns of a terminal; a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
