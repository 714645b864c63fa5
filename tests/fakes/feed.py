"""A system of one's own that serves our documented feed: cursors of its making, items by their ids."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.fakes.faulty import Asked, Said, said

TOKEN = "feed-token-of-the-desk-4711"


class Feed:
    """Its own books: items in the order in which they came to be or changed, by stream."""

    def __init__(self) -> None:
        self.items: dict[str, list[dict[str, Any]]] = {"messages": [], "parcels": []}
        self.double = False

    def answer(self, asked: Asked) -> Said:
        if asked.headers.get("authorization") != f"Bearer {TOKEN}":
            return said({"error": "who are you"}, 401)
        parts = urlsplit(asked.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        stream, _, id = parts.path.strip("/").partition("/")
        rows = self.items[stream]
        if id:
            found = [row for row in rows if row["id"] == unquote(id)]
            return said(found[-1]) if found else said({}, 404)
        start, limit = int(query.get("after", "0")), int(query["limit"])
        page = rows[start : start + limit]
        shown = [row for row in page for _ in ((0, 1) if self.double else (0,))]
        end = start + len(page)
        return said({"items": shown, "next": str(end), "more": end < len(rows)})


def message(number: int, at: str, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"m{number}",
        "channel": "chat",
        "direction": "in",
        "who": "customer",
        "sent_at": at,
        "text": "I want my money back.",
        "order": f"V{number:05d}",
        **changes,
    }


def parcel(number: int, at: str, **changes: Any) -> dict[str, Any]:
    return {"id": f"p{number}", "tracking": f"T{number:05d}", "status": "in_transit", "as_of": at, **changes}
