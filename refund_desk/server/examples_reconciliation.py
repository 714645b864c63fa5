"""Examples of the shapes of reconciliation, for the OpenAPI document; `examples` joins them."""

from __future__ import annotations

from typing import Any

_AT = "2026-11-19T10:20:00+00:00"
_HERE: dict[str, str] = {"source": "desk:stripe", "kind": "refund", "id": "0197a0f2-6f1c-7c3e-9a30-5d1be2b7f001"}
_THERE: dict[str, str] = {"source": "stripe", "kind": "refund", "id": "re_3PqXk2"}
_BREAK: dict[str, Any] = {
    "id": 12,
    "kind": "over",
    "check": "shop_gateway",
    "here": [_HERE],
    "there": [_THERE],
    "minor": 500,
    "currency": "CNY",
    "since": _AT,
    "found_at": _AT,
    "status": "open",
    "ref": "RC-26-004182",
    "order": "SO-2026-118204",
    "owner_id": 7,
    "owner": "Fiona Finance",
}
_MATCH: dict[str, Any] = {
    "id": 40,
    "check": "shop_gateway",
    "code": "reference",
    "here": [_HERE],
    "there": [_THERE],
    "terms": [["reference_exact", 60], ["amount_equal", 35]],
    "difference": 0,
    "currency": "CNY",
    "at": _AT,
}
_LINE: dict[str, Any] = {"known": True, "refs": ["SO-2026-118204"], "currency": "CNY", "at": _AT, "state": "done"}
_RESOLVE: dict[str, str] = {"resolution": "claimed", "reason": "Asked back from the gateway."}

RECONCILIATION: dict[str, list[dict[str, Any]]] = {
    "StatementTaken": [
        {
            "id": 3,
            "source": "stripe",
            "format": "stripe_payouts",
            "rows": 1_204,
            "fresh": 1_187,
            "again": False,
            "bad": [{"line": 17, "code": "amount_unreadable", "params": {"text": "12,5x"}}],
            "findings": [{"code": "count_differs", "params": {"side": "all", "said": 1_205, "rows": 1_204}}],
        }
    ],
    "MatchView": [_MATCH],
    "MatchPage": [{"rows": [_MATCH], "next": None}],
    "BreakView": [_BREAK],
    "BreakDetail": [
        {
            **_BREAK,
            "lines_here": [{**_HERE, **_LINE, "minor": 6_000}],
            "lines_there": [{**_THERE, **_LINE, "minor": 6_500}],
            "differs": ["minor"],
            "matches": [_MATCH],
        }
    ],
    "BreakCounts": [
        {
            "kinds": [{"kind": "over", "count": 4}],
            "open": 4,
            "mine": 1,
            "unowned": 3,
            "owners": [{"id": 7, "name": "Fiona Finance"}],
        }
    ],
    "ReopenBreaks": [{"breaks": [12, 13]}],
    "AssignBreaks": [{"breaks": [12, 13], "person": 7}],
    "BreakPage": [{"rows": [_BREAK], "next": None}],
    "UndoMatch": [{"reason": "Another order's refund."}],
    "ResolveBreak": [_RESOLVE],
    "ResolveBreaks": [{"breaks": [12, 13], **_RESOLVE}],
    "ResolvedOne": [{"id": 12}],
    "AssignBreak": [{"person": 7}],
}
