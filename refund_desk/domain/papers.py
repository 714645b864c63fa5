"""Blocks of a paper, as its template reads them. Plain values; every text is worded already. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

WIDE = "wide"


def fields(rows: Sequence[Sequence[str]]) -> dict[str, Any]:
    """Labels and values in two columns; a row (label, value, WIDE) takes both."""
    return {"kind": "fields", "rows": [list(row) for row in _paired(rows)]}


def _paired(rows: Sequence[Sequence[str]]) -> list[Sequence[str]]:
    """Narrow rows in pairs: an odd one before a wide one gets an empty neighbour."""
    out: list[Sequence[str]] = []
    waiting = 0
    for row in rows:
        wide = len(row) > 2
        if wide and waiting % 2:
            out.append(("", ""))
        waiting = 0 if wide else waiting + 1
        out.append(row)
    return out


def table(
    heads: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[int] = (), widths: Sequence[int] = ()
) -> dict[str, Any]:
    """right: columns of figures; widths: shares of what is left, 0: as wide as its content."""
    aligns = ["right" if column in right else "left" for column in range(len(heads))]
    return {
        "kind": "table",
        "heads": list(heads),
        "aligns": aligns,
        "widths": list(widths) or [1] * len(heads),
        "rows": [list(row) for row in rows],
    }


def messages(items: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """Each with head, text and side: in, out or note."""
    return {"kind": "messages", "items": [dict(one) for one in items]}


def images(items: Sequence[Mapping[str, str]], columns: int = 2, height: int = 62) -> dict[str, Any]:
    """Each with file, caption, text, and missing: what stands there when file is empty. height: mm."""
    return {"kind": "images", "items": [dict(one) for one in items], "columns": columns, "height": height}


def bars(rows: Sequence[tuple[str, float, str]]) -> dict[str, Any]:
    """A chart with its numbers: label, length from 0 to 1, figure."""
    return {"kind": "bars", "rows": [list(row) for row in rows]}


def heading(text: str) -> dict[str, Any]:
    return {"kind": "heading", "text": text}


def text(words: str, look: str = "plain") -> dict[str, Any]:
    """look: plain, muted, ok, warn or danger."""
    return {"kind": "text", "text": words, "look": look}


def mono(words: str) -> dict[str, Any]:
    """Of fixed width: what a machine said."""
    return {"kind": "mono", "text": words}
