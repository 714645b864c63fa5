"""Flat YAML: a mapping of keys to texts, as in the catalogue and the themes.

Such files are read while the first window waits, and the general reader takes longer than the window itself.
Lines of the one form that we write, `key: "text"`, are read here; a file with any other line goes to PyYAML.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

_LINE = re.compile(r'([\w.@-]+): ("(?:[^"\\]|\\.)*")\s*(?:#.*)?\Z')


class DuplicateKey(ValueError):
    """A key is defined twice."""


def read_flat(path: Path) -> dict[str, str]:
    """Keys and texts in the order of the file. DuplicateKey where one comes twice; ValueError for no mapping."""
    text = path.read_text(encoding="utf-8")
    found: dict[str, str] = {}
    for key, value in _lines(text) or _general(text):
        if key in found:  # a plain load would keep the last one in silence
            raise DuplicateKey(f"{key} twice in {path.name}")
        found[key] = value
    return found


def _lines(text: str) -> list[tuple[str, str]] | None:
    pairs = []
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        match = _LINE.match(line)
        if match is None:
            return None
        try:
            pairs.append((match[1], json.loads(match[2]) if "\\" in match[2] else match[2][1:-1]))
        except ValueError:  # an escape that YAML has and JSON hasn't
            return None
    return pairs


def _general(text: str) -> list[tuple[str, str]]:
    import yaml

    node = yaml.compose(text, Loader=yaml.BaseLoader)  # base: every scalar stays text, `no` too
    if node is None:
        return []
    if not isinstance(node, yaml.MappingNode):
        raise ValueError("not a mapping of keys to texts")
    return [(str(key.value), str(value.value)) for key, value in node.value]
