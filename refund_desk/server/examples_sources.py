"""Examples of what crosses HTTP about sources, for the OpenAPI document. A test reads each with its shape."""

from __future__ import annotations

from typing import Any, Final

_COUNTS: Final[dict[str, Any]] = {
    "read": 1_004,
    "new": 2,
    "changed": 1,
    "unchanged": 1_000,
    "quarantined": 1,
    "ignored": 0,
    "gone": 0,
    "pages": 3,
    "reasons": {"field.missing": 1},
}
_RUN: Final[dict[str, Any]] = {
    "id": 81,
    "started_at": "2026-11-20T10:00:00+00:00",
    "ended_at": "2026-11-20T10:00:04+00:00",
    "status": "done",
    "counts": _COUNTS,
    "rate": 251,
    "error": None,
}
_SETTINGS: Final[dict[str, Any]] = {"url": "https://shop.example", "username": "refund-desk", "days": 30, "every": 5}
_SOURCE: Final[dict[str, Any]] = {
    "name": "shop",
    "connector": "vendure",
    "settings": _SETTINGS,
    "secrets": ["hook", "password"],
    "enabled": True,
    "running": False,
    "next_at": "2026-11-20T10:05:04+00:00",
    "cursors": {"orders": {"after": "2026-11-20T09:58:12.000Z", "skip": 0}},
    "quarantined": 1,
    "hints": 0,
    "hook": "/v1/hooks/shop",
    "last": _RUN,
}
_BODY: Final[dict[str, Any]] = {
    "name": "shop",
    "connector": "vendure",
    "settings": _SETTINGS,
    "secrets": {"password": "the password"},
    "enabled": True,
}

SOURCES: Final[dict[str, list[Any]]] = {
    "ConnectorView": [
        {
            "name": "vendure",
            "version": "1",
            "settings": [{"name": "url", "type": "url", "required": True, "default": None, "secret": False}],
            "streams": ["orders"],
            "hooks": True,
        }
    ],
    "SourceView": [_SOURCE],
    "SourceDetail": [{**_SOURCE, "runs": [_RUN]}],
    "SourceBody": [_BODY],
    "SourceProposal": [{**_BODY, "reason": "the new shop"}],
    "SourceTried": [{"works": True, "problem": None}],
}
