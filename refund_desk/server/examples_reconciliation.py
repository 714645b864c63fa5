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
    "BreakPage": [{"rows": [_BREAK], "next": None}],
    "UndoMatch": [{"reason": "Another order's refund."}],
    "ResolveBreak": [_RESOLVE],
    "ResolveBreaks": [{"breaks": [12, 13], **_RESOLVE}],
    "ResolvedOne": [{"id": 12}],
    "AssignBreak": [{"person": 7}],
}
