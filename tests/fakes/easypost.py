"""A service that answers like EasyPost: newest first, `before_id`, `has_more`, a key as the name of Basic."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.fakes.faulty import Asked, Said, said

KEY = "EZTK_of_the_desk_0815"
START = datetime(2026, 11, 18, 8, 0, tzinfo=UTC)


def text(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def tracker(number: int, at: datetime, version: int = 0) -> dict[str, Any]:
    """On its way; from version 1 on delivered, as many minutes after it was shipped."""
    done = at + timedelta(minutes=version)
    details = [{"status": "in_transit", "datetime": text(at)}]
    details += [{"status": "delivered", "datetime": text(done)}] if version else []
    return {
        "id": f"trk_{number:05d}",
        "object": "Tracker",
        "tracking_code": f"T{number:05d}",
        "status": "delivered" if version else "in_transit",
        "created_at": text(at),
        "updated_at": text(done),
        "carrier": "USPS",
        "tracking_details": details,
    }


class Service:
    """Its own books."""

    def __init__(self) -> None:
        self.trackers: dict[int, dict[str, Any]] = {}
        self.double = False

    def answer(self, asked: Asked) -> Said:
        if asked.headers.get("authorization") != f"Basic {base64.b64encode(f'{KEY}:'.encode()).decode()}":
            return said({"error": {"code": "APIKEY.INACTIVE", "message": "no"}}, 401)
        parts = urlsplit(asked.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        id = parts.path.removeprefix("/v2/trackers").strip("/")
        rows = sorted(self.trackers.values(), key=lambda row: (row["created_at"], row["id"]), reverse=True)
        if id:
            found = next((row for row in rows if row["id"] == id), None)
            return said(found) if found else said({"error": {"code": "NOT_FOUND"}}, 404)
        since = datetime.fromisoformat(query.get("start_datetime", "1970-01-01T00:00:00+00:00"))
        rows = [row for row in rows if datetime.fromisoformat(row["created_at"]) >= since]
        if before := query.get("before_id"):
            places = [place for place, row in enumerate(rows) if row["id"] == before]
            if not places:
                return said({"error": {"code": "NOT_FOUND"}}, 404)
            rows = rows[places[0] + 1 :]
        limit = int(query.get("page_size", "20"))
        shown = [row for row in rows[:limit] for _ in ((0, 1) if self.double else (0,))]
        return said({"trackers": shown, "has_more": len(rows) > limit})


def at(number: int, hours: float = 0.0) -> datetime:
    return START + timedelta(minutes=number, hours=hours)
