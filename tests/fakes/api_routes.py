"""Every route of the API as a test calls it: which activity of the process it is, and a body that holds.

A test compares this list with the OpenAPI document, so that a new route without a line here fails.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.fakes import bundles as b

BECAUSE = {"reason": "because it is so"}
PROPOSAL = {"decision": "decline", "reason": "outside_window"}
SEND_BACK = {"reason": "look again"}
DIGEST = "00" * 32
SOURCE = {"name": "other", "connector": "vendure", "settings": {"url": "http://127.0.0.1:9", "username": "u"}}


@dataclass(frozen=True, slots=True)
class Route:
    """method and template as in the OpenAPI document; activity None: whoever is signed in, `open`: anybody.

    json, content, kind and query make a request that is well formed; money: it needs an Idempotency-Key.
    """

    method: str
    template: str
    activity: str | None
    json: Any = None
    content: bytes | None = None
    kind: str | None = None
    query: str = ""
    money: bool = False

    @property
    def name(self) -> str:
        return f"{self.method} {self.template}"

    def path(self, things: dict[str, Any]) -> str:
        """The path below /v1, with these things in it."""
        return self.template.format(**things).removeprefix("/v1") + self.query

    def request(self) -> dict[str, Any]:
        """Keyword arguments of the call."""
        out: dict[str, Any] = {}
        if self.json is not None:
            out["json"] = self.json
        if self.content is not None:
            out["content"] = self.content
        if self.kind is not None:
            out["headers"] = {"Content-Type": self.kind}
        return out


def _case(verb: str, activity: str, json: Any = None, money: bool = False, method: str = "POST") -> Route:
    return Route(method, "/v1/cases/{ref}" + verb, activity, json, money=money)


SPAN = {"start": "2026-12-01T00:00:00+00:00", "until": "2026-12-05T00:00:00+00:00"}
RESOLVE = {"resolution": "explained", "reason": "known"}

ROUTES: tuple[Route, ...] = (
    Route("GET", "/v1/status", "open"),
    Route("POST", "/v1/session", "open", {"login": "nobody", "password": "nothing at all"}),
    Route("DELETE", "/v1/session", None),
    Route("POST", "/v1/first-administrator", "open", {"name": "A", "login": "aa", "password": "long enough"}),
    Route("GET", "/v1/me", None),
    Route("PUT", "/v1/me/language", None, {"language": "en"}),
    Route("POST", "/v1/me/password", None, {"old": "not the one", "new": "a new password"}),
    Route("GET", "/v1/cases", "queue.read"),
    Route("GET", "/v1/for-me", "process.read"),
    Route("POST", "/v1/inbox/{inbox_id}/seen", None),
    Route("GET", "/v1/views", None),
    Route("PUT", "/v1/views", None, {"name": "mine", "filters": {"chip": "mine"}}),
    Route("DELETE", "/v1/views", None, query="?name=mine"),
    Route("GET", "/v1/changes", None, query="?after=-1&wait=0"),
    Route("POST", "/v1/cases/take-next", "case.take", {}),
    _case("", "case.look", method="GET"),
    _case("/why", "queue.read", method="GET"),
    _case("/take", "case.take"),
    _case("/renew", "case.renew"),
    _case("/release", "case.release", {}),
    _case("/assign", "case.assign", {"person": 999}),
    _case("/looks", "case.look", {"evidence": [], "seen_event": 1}),
    _case("/customer", "customer.unmask", BECAUSE),
    _case("/templates", "case.look", method="GET"),
    _case("/messages", "note.add", {"kind": "note", "text": "a note"}),
    _case("/promise", "note.add", {"message": 999, "minor": 100, "currency": "CNY"}),
    _case("/consultations", "consult.ask", {"roles": ["finance"], "question": "Is it so?"}),
    Route("POST", "/v1/consultations/{consultation}/answer", "consult.answer", {"answer": "It is."}),
    Route("POST", "/v1/consultations/{consultation}/override", "consult.override", BECAUSE),
    _case("/return-received", "return.receive", {}, money=True),
    _case("/inspection", "return.inspect", {"result": "complete"}, money=True),
    _case("/hold-release", "decision.hold.release", BECAUSE, money=True),
    _case("/arbitration", "arbitration.decide", BECAUSE, money=True),
    _case("/reopen", "case.reopen", BECAUSE, money=True),
    _case("/close", "case.close", BECAUSE, money=True),
    _case("/customer-erase", "customer.erase", BECAUSE, money=True),
    _case("/merchant-ask", "merchant.ask", {"question": "Do you agree?"}, money=True),
    _case("/merchant-answer", "merchant.answer", {"answer": "accepted", "text": "We agree."}, money=True),
    _case("/wait", "wait.begin", {"party": "carrier", "reason": "The carrier looks for it."}, money=True),
    _case("/go-on", "wait.end", {"party": "carrier"}, money=True),
    _case("/merchant-link", "merchant.answer"),
    Route("GET", "/v1/forecast", "queue.read"),
    Route("GET", "/v1/clocks/changes", "timing.recompute"),
    Route("POST", "/v1/clocks/recompute", "timing.recompute", {}),
    _case("/preview", "case.look", PROPOSAL),
    _case("/proposals", "proposal.make", PROPOSAL, money=True),
    _case("/proposals/{number}/approve", "proposal.approve", {"digest": DIGEST}, money=True),
    _case("/proposals/{number}/return", "proposal.return", SEND_BACK, money=True),
    _case("/proposals/{number}/decline", "proposal.decline", SEND_BACK, money=True),
    _case("/proposals/{number}/withdraw", "proposal.withdraw", money=True),
    _case("/proposals/{number}/undo", "proposal.undo", money=True),
    Route("GET", "/v1/approvals", "queue.read"),
    Route(
        "POST",
        "/v1/approvals",
        "proposal.approve",
        {"items": [{"ref": "RC-26-999999", "number": 1, "digest": DIGEST}]},
        money=True,
    ),
    Route(
        "POST",
        "/v1/intents/{intent_id}/confirm",
        "payout.confirm",
        {"reference": "B1", "minor": 1, "currency": "CNY"},
        money=True,
    ),
    Route("POST", "/v1/intents/{intent_id}/fail", "payout.fail", BECAUSE, money=True),
    Route("POST", "/v1/intents/{intent_id}/cancel", "payout.cancel", BECAUSE, money=True),
    Route("POST", "/v1/intents/{intent_id}/ask", "payout.ask", money=True),
    Route("GET", "/v1/payouts", "payout.look"),
    Route("POST", "/v1/payouts/resume", "payout.resume", money=True),
    Route("POST", "/v1/intents/{intent_id}/returned", "payout.returned", BECAUSE, money=True),
    _case("/shipped", "exchange.ship", {"tracking": "T1"}, money=True),
    Route("GET", "/v1/evidence/{evidence}/image", "evidence.look"),
    Route("GET", "/v1/evidence/{evidence}/original", "evidence.look"),
    Route(
        "POST",
        "/v1/cases/{ref}/evidence",
        "evidence.add",
        content=b"a note in a file",
        kind="application/octet-stream",
        query="?name=a.txt",
    ),
    Route(
        "POST",
        "/v1/evidence/{evidence}/notes",
        "evidence.annotate",
        {"x": 0.1, "y": 0.1, "w": 0.2, "h": 0.2, "text": "here"},
    ),
    Route("DELETE", "/v1/evidence/{evidence}/notes/{note}", "evidence.annotate"),
    Route("POST", "/v1/refund-requests", "intake.submit", content=b.raw(b.case("R900", "O900"))),
    Route("POST", "/v1/imports", "intake.submit", content=b"no zip", kind="application/zip"),
    Route("GET", "/v1/quarantine", "quarantine.list"),
    Route("GET", "/v1/quarantine/{quarantined}", "quarantine.list"),
    Route("POST", "/v1/quarantine/{quarantined}/retry", "quarantine.retry", {}),
    Route("POST", "/v1/quarantine/{quarantined}/drop", "quarantine.drop", BECAUSE),
    Route(
        "POST",
        "/v1/statements",
        "statement.import",
        content=b"balance_transaction_id,created_utc,currency,gross,fee,net,reporting_category,source_id\n",
        kind="application/octet-stream",
        query="?source=pay",
    ),
    Route("POST", "/v1/reconciliation/run", "reconcile.run"),
    Route("GET", "/v1/reconciliation/matches", "reconcile.read"),
    Route("POST", "/v1/reconciliation/matches/{number}/undo", "match.undo", BECAUSE),
    Route("GET", "/v1/reconciliation/breaks", "reconcile.read"),
    Route("POST", "/v1/reconciliation/breaks/{number}/resolve", "break.resolve", RESOLVE),
    Route("POST", "/v1/reconciliation/breaks/{number}/assign", "break.assign", {"person": 1}),
    Route("POST", "/v1/reconciliation/breaks/resolve", "break.resolve", {"breaks": [1], **RESOLVE}),
    Route("POST", "/v1/reconciliation/breaks/reopen", "break.resolve", {"breaks": [1]}),
    Route("POST", "/v1/reconciliation/breaks/assign", "break.assign", {"breaks": [1], "person": 1}),
    Route("POST", "/v1/reconciliation/breaks/{number}/case", "break.case"),
    Route("GET", "/v1/reconciliation/breaks/{number}", "reconcile.read"),
    Route("GET", "/v1/reconciliation/counts", "reconcile.read"),
    Route("POST", "/v1/reconciliation/export", "reconcile.read"),
    Route("GET", "/v1/users", "user.manage"),
    Route("POST", "/v1/users", "user.manage", {"name": "New One", "login": "reviewer", "roles": ["reviewer"]}),
    Route("PUT", "/v1/users/{login}/roles", "user.manage", {"roles": ["reviewer"], "reason": "as before"}),
    Route("POST", "/v1/users/{login}/disable", "user.manage"),
    Route("POST", "/v1/users/{login}/enable", "user.manage"),
    Route("POST", "/v1/users/{login}/reset", "user.manage"),
    Route("POST", "/v1/users/{login}/tokens", "user.manage", {"label": "till"}),
    Route("GET", "/v1/connectors", "source.read"),
    Route("GET", "/v1/sources", "source.read"),
    Route("GET", "/v1/sources/{source}", "source.read"),
    Route("POST", "/v1/sources", "config.propose", {**SOURCE, **BECAUSE}),
    Route("POST", "/v1/sources/check", "config.propose", SOURCE),
    Route("POST", "/v1/sources/{source}/sync", "source.sync"),
    Route("POST", "/v1/hooks/{source}", "open", {"orderId": "1"}),
    Route("GET", "/v1/config/changes", "process.read"),
    Route(
        "POST",
        "/v1/config/changes",
        "config.propose",
        {"kind": "roles", "subject": "warehouse", "content": ["warehouse", "customer_service"], "reason": "helps out"},
    ),
    Route("POST", "/v1/config/changes/{change}/approve", "config.approve", BECAUSE),
    Route("POST", "/v1/config/changes/{change}/decline", "config.approve", BECAUSE),
    Route("GET", "/v1/process", "process.read"),
    Route("GET", "/v1/audit/entries", "audit.read"),
    Route("POST", "/v1/audit/verify", "audit.verify"),
    Route("POST", "/v1/audit/export", "audit.export"),
    Route("GET", "/v1/audit/proof/{ref}", "audit.export"),
    Route("GET", "/v1/audit/consistency", None, query="?old=0&new=1"),
    Route("GET", "/v1/jobs/{job_id}", None),
    Route("POST", "/v1/jobs/{job_id}/stop", None),
    Route("GET", "/v1/jobs/{job_id}/file", None),
    Route("POST", "/v1/exports/cases/{ref}", "export.case", {"format": "pdf"}),
    Route("POST", "/v1/exports/cases", "export.cases", {"format": "csv"}),
    Route("GET", "/v1/figures", "report.read", query="?first=2026-10-01&last=2026-10-31"),
    Route("GET", "/v1/figures/{figure}/cases", "report.read", query="?first=2026-10-01&last=2026-10-31"),
    Route("GET", "/v1/reports/month", "report.read", query="?month=2026-10"),
    Route("POST", "/v1/exports/month", "report.read", {"month": "2026-10", "format": "xlsx"}),
    Route("GET", "/v1/workload", "workload.read"),
    Route("POST", "/v1/workload/balance", "workload.read", {}),
    Route("POST", "/v1/workload/preview", "workload.read", {"of": 1}),
    Route("POST", "/v1/workload/moves", "workload.read", {"items": [{"ref": "RC-26-999999", "to": 1}]}),
    Route("POST", "/v1/workload/moves/{move}/undo", "workload.read"),
    Route("GET", "/v1/people", "workload.self"),
    Route("PUT", "/v1/people/{person}/work", "workload.people", {}),
    Route("PUT", "/v1/people/{person}/away", "workload.people", {"away": True}),
    Route("POST", "/v1/people/{person}/absences", "workload.people", SPAN),
    Route("POST", "/v1/people/{person}/interests", "workload.people", {"relation": "known", "person": 2}),
    Route("POST", "/v1/people/{person}/delegations", "workload.delegate", {"to": 999, **SPAN}),
    Route("POST", "/v1/people/{what}/{lasting}/end", "workload.self"),
    Route("GET", "/v1/process/map", "report.read"),
    Route("POST", "/v1/process/preview", "config.propose", {"content": {}}),
    Route("GET", "/v1/reports", "report.read"),
    Route("GET", "/v1/reports/{number}/file", "report.read"),
    Route("GET", "/v1/lessons", "report.read"),
    Route(
        "POST",
        "/v1/lessons",
        "lesson.write",
        {"figure": "missed", "first": "2026-10-01", "last": "2026-10-31", "text": "x", "owner": 1, "due": "2099-01-01"},
    ),
    Route("POST", "/v1/lessons/{number}/settle", "lesson.write", {"done": True, "result": "better"}),
)
"""In the order of the routers."""

PARAMETERS = {
    "/v1/consultations/{consultation}": "/v1/consultations/{number}",
    "/v1/evidence/{evidence}": "/v1/evidence/{number}",
    "/notes/{note}": "/notes/{note_id}",
    "/v1/quarantine/{quarantined}": "/v1/quarantine/{number}",
    "/v1/config/changes/{change}": "/v1/config/changes/{number}",
    "/v1/workload/moves/{move}": "/v1/workload/moves/{number}",
    "/v1/people/{what}/{lasting}": "/v1/people/{what}/{number}",
}
"""Our names for what the templates all call a number."""


def published(template: str) -> str:
    """A template as the OpenAPI document writes it."""
    for ours, theirs in PARAMETERS.items():
        template = template.replace(ours, theirs)
    return template
