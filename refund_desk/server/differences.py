"""What a proposed content changes, leaf by leaf, for whoever has to approve it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

MOST = 200


def differences(before: Any, after: Any) -> list[tuple[str, dict[str, Any]]]:
    """(code, params) per leaf that was added, removed or changed, in the order of their paths."""
    old, new = _flat(before), _flat(after)
    out: list[tuple[str, dict[str, Any]]] = []
    for path in sorted(old.keys() | new.keys()):
        if path not in new:
            out.append(("change.removed", {"path": path, "before": _text(old[path])}))
        elif path not in old:
            out.append(("change.added", {"path": path, "after": _text(new[path])}))
        elif old[path] != new[path]:
            out.append(("change.changed", {"path": path, "before": _text(old[path]), "after": _text(new[path])}))
    return out[:MOST]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _flat(content: Any, path: str = "") -> dict[str, Any]:
    if isinstance(content, Mapping) and content:
        parts = ((f"{path}.{key}" if path else str(key), value) for key, value in content.items())
    elif isinstance(content, list) and content and not all(isinstance(one, str) for one in content):
        parts = ((f"{path}[{index}]", value) for index, value in enumerate(content))
    else:
        return {path: content}
    out: dict[str, Any] = {}
    for name, value in parts:
        out |= _flat(value, name)
    return out
