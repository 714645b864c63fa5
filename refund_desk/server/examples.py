"""Examples for the OpenAPI document, by name of the shape. Small, and true: a test reads each with its shape."""

from __future__ import annotations

from typing import Any

from refund_desk.server.examples_figures import FIGURES
from refund_desk.server.examples_reconciliation import RECONCILIATION
from refund_desk.server.examples_sources import SOURCES
from refund_desk.server.examples_workload import WORKLOAD

_AT = "2026-11-19T10:20:00+00:00"
_LIN: dict[str, Any] = {"id": 7, "name": "Lin Xiao"}
_AMOUNT: dict[str, Any] = {"minor": 12_900, "currency": "CNY"}
_REF = "RC-26-004182"
_VERSIONS: dict[str, int] = {"facts": 3, "money": 2, "proposal": 1, "assignment": 2, "thread": 6}
_RESTS: dict[str, int] = {"facts": 3, "money": 2}
_DIGEST = "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"
_BECAUSE: dict[str, Any] = {"reason": "The carrier confirmed the loss."}
_ME: dict[str, Any] = {"person": _LIN, "login": "lin.xiao", "roles": ["reviewer"], "language": "zh"}
_USER: dict[str, Any] = {
    "login": "lin.xiao",
    "person": _LIN,
    "roles": ["reviewer"],
    "language": "zh",
    "disabled": False,
    "must_change": False,
    "demo": False,
}
_ROW: dict[str, Any] = {
    "ref": _REF,
    "customer": "王**",
    "kind": "refund_only",
    "reason": "damaged",
    "stage": "review",
    "progress": "submitted",
    "amount": _AMOUNT,
    "method": "alipay",
    "images": 3,
    "conflicts": 0,
    "disputed": False,
    "due_at": "2026-11-21T10:00:00+00:00",
    "due_clock": "decision",
    "overdue": False,
    "paused": False,
    "act_by": "2026-11-20T22:00:00+00:00",
    "unseen": True,
    "opened_at": _AT,
}
_PROPOSAL: dict[str, Any] = {
    "id": 91,
    "number": 1,
    "round": 1,
    "decision": "partial",
    "reason": "damage_verified",
    "by": _LIN,
    "at": _AT,
    "status": "open",
    "amount": _AMOUNT,
    "tender": "money",
    "lines": [{"line": "L1", "quantity": 1, "amount": _AMOUNT}],
    "destination": "P-20881",
    "policy_version": "policies/1f0c5b7a9e21",
    "digest": _DIGEST,
}
_OUTCOME: dict[str, Any] = {
    "ref": _REF,
    "what": {"code": "event.proposal.made", "params": {"ref": _REF, "number": 1}},
    "stage": "approval",
    "progress": "submitted",
    "versions": _VERSIONS,
    "proposal": 1,
    "undo_until": "2026-11-19T10:20:10+00:00",
}
_CHANGE: dict[str, Any] = {
    "id": 3,
    "kind": "roles",
    "subject": "lin.xiao",
    "content": ["reviewer", "risk"],
    "reason": "Stands in for risk in December.",
    "proposed_by": {"id": 2, "name": "Grace Okafor"},
    "proposed_at": _AT,
    "status": "open",
    "differences": [
        {"code": "change.changed", "params": {"path": "", "before": "reviewer", "after": "reviewer, risk"}}
    ],
}
_LINE: dict[str, Any] = {
    "schema": "case-bundle/1",
    "request": {
        "system": "mall",
        "id": "R-7781",
        "order": "SO-8841272",
        "kind": "refund_only",
        "reason": "damaged",
        "created_at": "2026-11-19T18:20:00+08:00",
        "currency": "CNY",
        "amount": "129.00",
        "lines": [{"line": "L1", "quantity": 1}],
    },
    "orders": [
        {
            "system": "mall",
            "number": "SO-8841272",
            "as_of": "2026-11-19T18:00:00+08:00",
            "placed_at": "2026-11-12T09:31:00+08:00",
            "currency": "CNY",
            "status": "delivered",
            "paid": "129.00",
            "lines": [{"id": "L1", "name": "杯子", "quantity": 1, "unit_price": "129.00"}],
        }
    ],
}
_MADE: dict[str, Any] = {"user": _USER, "one_time_password": "5d1f0c7a9be2431c88"}

EXAMPLES: dict[str, list[Any]] = {
    # session and people
    "SignIn": [{"login": "lin.xiao", "password": "a quiet password"}],
    "FirstAdministrator": [{"name": "Chen Wei", "login": "chen.wei", "password": "a quiet password", "language": "zh"}],
    "NewPassword": [{"old": "5d1f0c7a9be2431c88", "new": "a quiet password"}],
    "Language": [{"language": "zh"}],
    "Me": [_ME],
    "SessionView": [{"token": "9c1e…", "expires_at": "2026-11-19T22:20:00+00:00", "me": _ME}],
    "DeskStatus": [
        {
            "version": "0.1.0",
            "first_start": False,
            "demo": False,
            "embedded": False,
            "now": _AT,
            "currency": "CNY",
            "log_key": "refund-desk/5f2c81d09ab3+0a1b2c3d+Aamxo4Y0n0J9Yw2bqk0o6rC3vV8m1xv6a1w1tq2mJ7sQ",
        }
    ],
    "NewUser": [{"name": "Lin Xiao", "login": "lin.xiao", "roles": ["reviewer"], "language": "zh"}],
    "UserView": [_USER],
    "UserMade": [{**_MADE, "change": 3}],
    "Roles": [{"roles": ["reviewer", "risk"], "reason": "Stands in for risk in December."}],
    "NewToken": [{"label": "shop connector"}],
    "TokenMade": [{"token": "b7a0…"}],
    "ConfigProposal": [
        {
            "kind": "roles",
            "subject": "lin.xiao",
            "content": ["reviewer", "risk"],
            "reason": "Stands in for risk in December.",
        }
    ],
    "ConfigChange": [_CHANGE],
    "ProcessView": [{"name": "standard", "version": "1", "content": {"name": "standard", "version": "1"}}],
    # lists
    "QueuePage": [
        {
            "rows": [_ROW],
            "next": "MTc5NTE2NDQwMDAwMDAwMDo0MTgy",
            "chips": [{"key": "overdue", "count": 999, "capped": True}],
            "total": {"key": "open", "count": 214},
        }
    ],
    "ForMe": [{"decide": [_ROW], "approve": [], "answer": [], "returned": [], "pay": [], "inspect": [], "know": []}],
    "PayoutsNow": [
        {
            "channels": ["stripe"],
            "halted": None,
            "to_read": 0,
            "alarms": [
                {
                    "id": 7,
                    "ref": _REF,
                    "intent": "0193f0a2-7c1e-7d3a-9b1e-2f6d1c5a8e40",
                    "what": {
                        "code": "finding.payout.unknown",
                        "params": {"amount": {"minor": 12900, "currency": "CNY"}, "channel": "stripe"},
                    },
                    "owner": "finance",
                    "at": "2026-11-20T09:00:00Z",
                }
            ],
        }
    ],
    "ChangeFeed": [{"position": 88_120, "cases": [_REF]}],
    "SavedView": [{"name": "Late and large", "filters": {"chip": "overdue", "reason": "damaged"}}],
    "WhyHere": [
        {
            "ref": _REF,
            "act_by": "2026-11-20T22:00:00+00:00",
            "terms": [
                {"term": {"code": "why.due", "params": {"clock": "decision"}}, "at": "2026-11-21T10:00:00+00:00"},
                {"term": {"code": "why.amount", "params": {"amount": _AMOUNT}}, "seconds": -43_200},
            ],
        }
    ],
    # one case
    "TakeNext": [{"filters": {"chip": "overdue"}}],
    "Taken": [{"ref": _REF, "lease_until": "2026-11-19T10:50:00+00:00", "why": []}],
    "CaseView": [
        {
            "ref": _REF,
            "round": 1,
            "stage": "review",
            "progress": "submitted",
            "open": True,
            "language": "zh",
            "opened_at": _AT,
            "act_by": "2026-11-20T22:00:00+00:00",
            "requests": [
                {
                    "system": "mall",
                    "id": "R-7781",
                    "kind": "refund_only",
                    "reason": "damaged",
                    "created_at": _AT,
                    "amount": _AMOUNT,
                    "lines": [["L1", 1]],
                }
            ],
            "customer": {"id": "", "unmasked": False, "name": "王**", "phone": "*******1234"},
            "versions": _VERSIONS,
            "steps": [{"stage": "review", "label": {"zh": "审核", "en": "Review"}, "state": "current", "at": _AT}],
            "clocks": [{"kind": "decision", "started_at": _AT, "due_at": "2026-11-21T10:00:00+00:00"}],
            "actions": ["case.look", "case.take", "note.add"],
        }
    ],
    "CustomerView": [{"id": "C-1", "unmasked": True, "name": "王小明", "phone": "13800001234", "country": "CN"}],
    "Looks": [{"evidence": [51, 52], "seen_event": 870}],
    "Because": [_BECAUSE],
    "OptionalReason": [{"reason": "Lunch", "rests_on": {}}],
    "Assign": [{"person": 7, "reason": "Speaks Japanese."}],
    "MessageBody": [{"kind": "reply", "text": "您好，我们正在核实。", "channel": "mail"}],
    "TemplateView": [
        {"id": "received", "label": {"zh": "已收到", "en": "Received"}, "text": "您好，我们已收到您的申请。"}
    ],
    "PromiseBody": [{"message": 311, "minor": 5_000, "currency": "CNY", "form": "money"}],
    "Ask": [{"roles": ["finance"], "question": "Was P-20881 refunded by hand?", "required": True, "rests_on": {}}],
    "Answer": [{"answer": "No. Nothing left the account."}],
    "GoodsReceived": [{"tracking": "SF1032847750", "note": "One box, wet."}],
    "Inspection": [{"result": "damaged", "note": "The handle is broken off."}],
    "Shipped": [{"tracking": "SF1032849921", "carrier": "SF Express"}],
    "Outcome": [_OUTCOME],
    "MerchantAsk": [{"question": "The customer's photos show a broken cup. Do you agree to a refund?"}],
    "MerchantAnswer": [{"answer": "offered", "text": "We send a new cup."}],
    "MerchantLink": [{"url": "https://desk.example/merchant/UkMtMjYtMDA0MTgy.c2lnbmVk", "until": _AT}],
    "WaitBody": [{"party": "carrier", "reason": "SF Express looks for the parcel."}],
    "GoOn": [{"party": "carrier"}],
    "Forecast": [
        {
            "at": _AT,
            "capacity": 2.1,
            "crew": [{"person": _LIN, "pace": 0.94, "cases": 41}],
            "missing": 1.8,
            "cases": [
                {
                    "ref": _REF,
                    "clock": "first_answer",
                    "due_at": "2026-11-19T12:00:00+00:00",
                    "done_at": "2026-11-19T12:06:00+00:00",
                    "miss": 0.72,
                }
            ],
        }
    ],
    "Recompute": [{"after": 4182}],
    "ClockPage": [
        {
            "version": "standard@2+5f2c81d09ab3",
            "changes": [
                {
                    "ref": _REF,
                    "kind": "payout",
                    "was": {"limit_s": 86_400, "calendar": "always", "due_at": "2026-11-20T10:00:00+00:00"},
                    "now": {"limit_s": 57_600, "calendar": "office", "due_at": "2026-11-23T10:00:00+00:00"},
                }
            ],
            "looked_at": 200,
            "next": 4182,
        }
    ],
    # deciding
    "ProposalBody": [
        {
            "decision": "partial",
            "reason": "damage_verified",
            "lines": [{"line": "L1", "quantity": 1}],
            "rests_on": _RESTS,
        }
    ],
    "Preview": [
        {
            "decision": "partial",
            "amount": _AMOUNT,
            "most": _AMOUNT,
            "terms": [
                {
                    "what": {"code": "term.line", "params": {"line": "L1", "name": "杯子", "quantity": 1, "of": 1}},
                    "amount": _AMOUNT,
                }
            ],
            "lines": [{"line": "L1", "quantity": 1, "minor": 12_900}],
            "tender": "money",
            "payment": "P-20881",
            "customer_text": "您好，您的退款申请已审核，同意部分退款。",
            "customer_language": "zh",
        }
    ],
    "Verdict": [{"digest": _DIGEST, "rests_on": _RESTS}],
    "SendBack": [{"reason": "The second cup was whole.", "rests_on": {}}],
    "ApproveMany": [{"items": [{"ref": _REF, "number": 1, "digest": _DIGEST, "rests_on": _RESTS}]}],
    "BulkResult": [
        {
            "rows": [
                {
                    "ref": _REF,
                    "ok": False,
                    "what": {"code": "error.approval.not_for_bulk", "params": {"ref": _REF}},
                }
            ]
        }
    ],
    "ApprovalPage": [
        {
            "rows": [
                {
                    "ref": _REF,
                    "customer": "王**",
                    "proposal": _PROPOSAL,
                    "recommended": _AMOUNT,
                    "recommended_decision": "partial",
                    "limit": {"minor": 200_000, "currency": "CNY"},
                    "evidence_total": 3,
                    "unopened": ["IMG_4402.jpg"],
                    "versions": _VERSIONS,
                }
            ],
            "next": None,
        }
    ],
    "ConfirmPayout": [{"reference": "2026111922001", "minor": 12_900, "currency": "CNY"}],
    "PayoutFailed": [{"reason": "The account is closed."}],
    # evidence
    "UploadMade": [{"evidence": 53}],
    "NewNote": [{"x": 0.2, "y": 0.4, "w": 0.1, "h": 0.1, "text": "crack"}],
    "ImageNote": [{"x": 0.2, "y": 0.4, "w": 0.1, "h": 0.1, "text": "crack", "id": 5, "by": _LIN, "at": _AT}],
    # intake
    "BundleCase": [_LINE],
    "RequestTaken": [{"result": "new", "ref": _REF, "findings": ["customer.missing"]}],
    "QuarantinePage": [
        {
            "rows": [
                {
                    "id": 12,
                    "at": _AT,
                    "source": "api",
                    "line": None,
                    "request": "mall/R-7781",
                    "status": "open",
                    "reasons": [{"path": "request.amount", "code": "money.not_text", "params": {"text": "129.0"}}],
                }
            ],
            "next": None,
        }
    ],
    "QuarantineRow": [
        {
            "id": 12,
            "at": _AT,
            "source": "api",
            "line": None,
            "request": "mall/R-7781",
            "status": "dropped",
            "reasons": [],
        }
    ],
    "QuarantineRecord": [
        {
            "id": 12,
            "at": _AT,
            "source": "api",
            "line": None,
            "request": "mall/R-7781",
            "status": "open",
            "reasons": [],
            "raw": "{…}",
            "raw_base64": False,
        }
    ],
    "Retry": [{"record": None}],
    # the log
    "AuditPage": [
        {
            "rows": [
                {
                    "position": 88_120,
                    "at": _AT,
                    "actor": "person:7/account:9",
                    "name": "Lin Xiao",
                    "action": "case.taken",
                    "case": _REF,
                    "data": {"to": 7, "previous": None},
                }
            ],
            "next": 90_211,
            "size": 88_121,
            "unprotected": 0,
        }
    ],
    **SOURCES,
    **WORKLOAD,
    "ExportOrder": [{"format": "csv", "filters": {"reason": "damaged", "closed": True}, "language": "en"}],
    "CaseOrder": [{"format": "zip", "language": "zh"}],
    **FIGURES,
    "Job": [{"id": "0f8fad5bd9cb469fa16570867728950e", "kind": "verify", "status": "running", "done": 4_000}],
    **RECONCILIATION,
}

RESPONSES: dict[str, Any] = {
    "GET /v1/audit/proof/{ref}": {"format": "refund-desk audit proof", "schema": 1, "case": _REF},
    "GET /v1/audit/consistency": {"proof": [_DIGEST]},
}
"""Answers that are no shape of the wire, by route."""
