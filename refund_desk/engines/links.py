"""From the links of the settings to `Links`, strictly: every mistake is told with its path, all of them at once."""

from __future__ import annotations

from typing import Any

from refund_desk.domain.links import LONGEST, PLACES, Links, address_problem
from refund_desk.domain.words import RecordKind
from refund_desk.engines.plainfile import Node, Problems


def read(content: Any) -> Links:
    """Links from plain values: `{system: {kind: address}}`. Raises Invalid `links.invalid` with `problems`."""
    problems = Problems()
    found: dict[str, dict[RecordKind, str]] = {}
    for system, kinds in Node(content, "links", problems).items():
        mine = found.setdefault(system, {})
        for key, node in kinds.items():
            kind = Node(key, node.path, problems).word(RecordKind)
            address = node.text()
            mine[kind] = address
            if address and (code := address_problem(kind, address)):
                problems.add(node.path, code, places=sorted(f"{{{place}}}" for place in PLACES[kind]), limit=LONGEST)
    problems.finish("links.invalid", "links")
    return found
