"""Pydantic's words for a bad field into ours: a path, a code with words in the catalogue, its parameters.

The same for bodies of any route and for lines of a bundle. What was sent is not echoed, but for the
first letters of an amount that can't be read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from refund_desk.domain.requests import Problem

_PLAIN: Final = {
    "missing": "field.missing",
    "extra_forbidden": "field.unknown",
    "timezone_aware": "time.no_offset",
    "string_too_short": "field.empty",
    "too_short": "field.empty",
}
_WANTED: Final = {
    "string_type": "text",
    "int_type": "integer",
    "int_from_float": "integer",
    "int_parsing": "integer",
    "int_parsing_size": "integer",
    "bool_type": "boolean",
    "bool_parsing": "boolean",
    "list_type": "list",
    "model_type": "object",
    "model_attributes_type": "object",
    "dict_type": "object",
}
_LIMITS: Final = {
    "string_too_long": ("field.too_long", "max_length"),
    "too_long": ("list.too_long", "max_length"),
    "greater_than_equal": ("field.too_small", "ge"),
    "less_than_equal": ("field.too_large", "le"),
}
_MONEY: Final = ("money.not_text", "money.not_decimal", "money.too_large")
_COLUMN: Final = re.compile(r"column ([0-9]+)")
_PATTERNS: Final = {"currency": "currency.unknown", "language": "field.language", "country": "field.country"}


def path_of(loc: Iterable[int | str]) -> str:
    """`("orders", 0, "paid")` as `orders[0].paid`."""
    out = ""
    for part in loc:
        out += f"[{part}]" if isinstance(part, int) else (f".{part}" if out else str(part))
    return out[:200].replace("\0", "")


def worded(error: dict[str, Any], loc: Iterable[int | str] | None = None) -> Problem:
    """One of pydantic's errors as a problem. loc: its place, where the error's own says too much."""
    path, kind, context = path_of(error["loc"] if loc is None else loc), str(error["type"]), error.get("ctx") or {}
    if path == "schema":
        return Problem(path, "schema.unknown")
    if kind == "json_invalid":
        found = _COLUMN.search(str(context.get("error", "")))
        return Problem(path, "json.broken", {"at": int(found[1]) if found else 0})
    if kind in _PLAIN:
        return Problem(path, _PLAIN[kind])
    if kind in _WANTED:
        return Problem(path, "field.wrong_type", {"wanted": _WANTED[kind]})
    if kind in _LIMITS:
        code, name = _LIMITS[kind]
        return Problem(path, code, {"limit": int(context.get(name, 0))})
    if kind == "greater_than":
        return Problem(path, "field.too_small", {"limit": int(context.get("gt", 0)) + 1})
    if kind in ("enum", "literal_error"):
        allowed = str(context.get("expected", "")).replace("'", "").replace(" or ", ", ")
        return Problem(path, "field.not_allowed", {"allowed": allowed.split(", ")})
    if kind == "string_pattern_mismatch":
        return Problem(path, _PATTERNS.get(path.rsplit(".", 1)[-1], "field.invalid"))
    if kind == "value_error" and (ours := str(context.get("error", ""))) in _MONEY:
        return Problem(path, ours, {"text": str(error.get("input"))[:40]})
    if kind.startswith("datetime") or kind == "value_error":
        return Problem(path, "time.unreadable")
    return Problem(path, "field.invalid")
