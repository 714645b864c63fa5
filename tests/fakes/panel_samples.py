"""Invented answers of a service, rich enough to draw every panel; and a client that gives them without one.

`FakeClient` records each call in `calls`; give `fail[method] = DeskError(...)` to make one fail, or replace a
list (`rows`, `approval_rows` …) to change what it says.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from refund_desk.client.api import DeskClient
from refund_desk.client.resources import resource_dir
from refund_desk.domain.errors import DeskError, NotFound
from refund_desk.domain.words import (
    Aspect,
    ClockKind,
    Decision,
    Progress,
    Reason,
    RequestKind,
    Role,
    Stage,
    Tender,
)
from refund_desk.engines.signing import SigningKey
from refund_desk.wire import cases, clocks, commands
from refund_desk.wire import decisions as wd
from refund_desk.wire.base import Amount, Coded, PersonRef
from refund_desk.wire.exports import CaseOrder, ExportOrder
from refund_desk.wire.figures import FigureBoard, FigureCases
from refund_desk.wire.lessons import KeptReportView, Lessons, LessonView, NewLesson, SettleLesson
from refund_desk.wire.process_map import ProcessMap, ProcessPreview
from refund_desk.wire.quality import BlindView, MyQuality, SecondLook, SecondLookDone
from tests.fakes import figure_samples
from tests.fakes.reconciliation_samples import ReconciliationAnswers
from tests.fakes.source_samples import SourceAnswers

NOW = datetime(2026, 11, 23, 4, 41, 7, tzinfo=UTC)
LIN = PersonRef(id=1, name="林晓")
ZHOU = PersonRef(id=2, name="周敏")
OKAFOR = PersonRef(id=3, name="Ada Okafor")
ROOT = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
KEY = SigningKey("refund-desk.example/desk", bytes(range(32)))


def checkpoint(size: int, root: str = ROOT, key: SigningKey = KEY) -> str:
    """A signed checkpoint of the invented log."""
    return key.sign(f"refund-desk.example/desk\n{size}\n{root}\n")


CHECKPOINT = checkpoint(1920)

_ROWS: tuple[tuple[Any, ...], ...] = (
    # customer, reason, amount, currency, method, images, conflicts, disputed, minutes left, stage, unseen
    ("王*", "cancelled_before_shipping", 8600, "CNY", "alipay", 0, 0, False, -14, "review", False),
    ("张**", "damaged", 129900, "CNY", "card", 4, 1, False, 112, "review", True),
    ("Maria S****", "not_received", 41250, "BRL", "card", 0, 0, False, 151, "review", False),
    ("陈*", "not_as_described", 248000, "CNY", "wechat_pay", 2, 0, False, 310, "review", False),
    ("Jonas W****", "duplicate_charge", 5990, "EUR", "card", 0, 0, True, 404, "consult", False),
    ("刘*", "changed_mind", 32900, "CNY", "gift_card", 0, 0, False, 422, "review", False),
    ("赵**", "spoiled", 5880, "CNY", "alipay", 3, 0, False, 450, "review", True),
    ("何*", "missing_item", 74000, "CNY", "card", 0, 0, False, 492, "approval", False),
    ("Priya N*****", "wrong_item", 1999900, "JPY", "paypal", 6, 2, True, None, "waiting_customer", False),
)


def row(number: int = 0, **changes: Any) -> cases.QueueRow:
    """A queue row; `number` chooses what it is."""
    who, reason, minor, currency, method, images, conflicts, disputed, minutes, stage, unseen = _ROWS[
        number % len(_ROWS)
    ]
    due = None if minutes is None else NOW + timedelta(minutes=minutes + 9 * (number // len(_ROWS)))
    values: dict[str, Any] = {
        "ref": f"RC-26-{4179 + 3 * number:06}",
        "customer": who,
        "kind": RequestKind.REFUND_ONLY,
        "reason": Reason(reason),
        "stage": Stage(stage),
        "progress": Progress.SUBMITTED,
        "amount": Amount(minor=minor, currency=currency),
        "method": method,
        "images": images,
        "conflicts": conflicts,
        "disputed": disputed,
        "due_at": due,
        "due_clock": ClockKind.DECISION if due else None,
        "overdue": bool(due and due < NOW),
        "paused": due is None,
        "act_by": (due or NOW + timedelta(days=2)) - timedelta(minutes=20),
        "assignee": LIN if number % 4 == 1 else ZHOU if number % 8 == 3 else None,
        "unseen": unseen,
        "opened_at": NOW - timedelta(days=2, minutes=7 * number),
    }
    return cases.QueueRow(**{**values, **changes})


def rows(count: int, start: int = 0) -> list[cases.QueueRow]:
    return [row(number) for number in range(start, start + count)]


CHIPS = [
    cases.Chip(key=key, count=count, capped=count == 999)
    for key, count in (
        ("mine", 23),
        ("returned", 2),
        ("answer_came", 5),
        ("unassigned", 410),
        ("overdue", 6),
        ("due_2h", 31),
        ("conflict", 18),
        ("disputed", 9),
        ("high_amount", 44),
        ("waiting_customer", 999),
        ("waiting_approval", 0),
        ("mine_to_approve", 3),
    )
]


def for_me() -> cases.ForMe:
    know = [
        ("proposal.returned", {"by": "周敏", "reason": "凭证与订单行不符"}, 1, False, 12),
        ("payout.confirmed", {"amount": {"minor": 8600, "currency": "CNY"}}, 4, False, 55),
        ("decided.partial", {}, 7, True, 190),
    ]
    inbox = [
        cases.InboxRow(
            id=number + 1,
            ref=row(at).ref,
            at=NOW - timedelta(minutes=minutes),
            what=Coded(code=code, params=params),
            seen=seen,
        )
        for number, (code, params, at, seen, minutes) in enumerate(know)
    ]
    return cases.ForMe(
        decide=rows(5),
        approve=rows(2, 5),
        answer=rows(1, 7),
        returned=rows(1, 8),
        pay=rows(2, 9),
        inspect=[],
        know=inbox,
    )


def proposal(number: int = 0, **changes: Any) -> wd.ProposalView:
    amount = Amount(minor=(99900, 8600, 8600, 9900, 248000)[number % 5], currency="CNY")
    values: dict[str, Any] = {
        "id": 70 + number,
        "number": 1 + number % 2,
        "round": 1,
        "decision": Decision.PARTIAL if number % 5 in (0, 4) else Decision.FULL,
        "reason": "damage_verified" if number % 5 in (0, 4) else "not_shipped",
        "by": LIN if number % 2 == 0 else OKAFOR,
        "at": NOW - timedelta(minutes=30 + number),
        "status": "open",
        "amount": amount,
        "tender": Tender.MONEY,
        "lines": [
            wd.ProposedLine(line="陶瓷手冲壶 600ml", quantity=1, amount=Amount(minor=89900, currency="CNY")),
            wd.ProposedLine(line="滤杯套装", quantity=1, amount=Amount(minor=10000, currency="CNY")),
        ],
        "shipping": Amount(minor=0, currency="CNY"),
        "destination": "ch_3Q8fKx2eZvKYlo2C",
        "policy_version": "damage/2026-09",
        "clause": "3",
        "note": "壶身开裂、盖子破碎，照片与运单一致。",
        "digest": "sha256:7f3a" + "0" * 60,
        "terms": [
            wd.Term(
                what=Coded(code="term.line", params={"name": "陶瓷手冲壶 600ml", "quantity": 1, "of": 1}),
                amount=Amount(minor=129900, currency="CNY"),
            ),
            wd.Term(what=Coded(code="term.given_back_before", params={}), amount=Amount(minor=-30000, currency="CNY")),
        ],
        "opened_evidence": [1, 2, 3],
    }
    return wd.ProposalView(**{**values, **changes})


def approval(number: int = 0, **changes: Any) -> commands.ApprovalRow:
    mine = proposal(number)
    if number == 3:
        mine = proposal(number, status="void", void_because=[Coded(code="proposal.void.amount_changed", params={})])
    values: dict[str, Any] = {
        "ref": row(number).ref,
        "customer": row(number).customer,
        "proposal": mine,
        "recommended": Amount(minor=99900 if number else 89900, currency="CNY"),
        "recommended_decision": Decision.PARTIAL,
        "last_returned": Amount(minor=119900, currency="CNY") if number == 0 else None,
        "limit": Amount(minor=200000, currency="CNY"),
        "differences": [
            Coded(
                code="difference.amount",
                params={
                    "before": {"minor": 89900, "currency": "CNY"},
                    "after": {"minor": 99900, "currency": "CNY"},
                    "by": {"minor": 10000, "currency": "CNY"},
                },
            )
        ]
        if number == 0
        else [],
        "evidence_total": 4 if number == 0 else 0,
        "unopened": ["IMG_4404.jpg"] if number == 0 else [],
        "versions": {Aspect.FACTS: 3, Aspect.MONEY: 2, Aspect.PROPOSAL: 5},
        "due_at": NOW + timedelta(minutes=40 + 95 * number),
        "may": number != 4,
        "why_not": Coded(code="error.process.own_proposal", params={"could": ["supervisor"]}) if number == 4 else None,
        "bulk": number in (1, 2),
    }
    return commands.ApprovalRow(**{**values, **changes})


_AUDIT: tuple[tuple[Any, ...], ...] = (
    (
        "proposal.made",
        "林晓",
        "person:1/account:1",
        {"decision": "partial", "amount": {"minor": 99900, "currency": "CNY"}},
    ),
    ("look.evidence", "林晓", "person:1/account:1", {"evidence": 3}),
    ("look.case", "林晓", "person:1/account:1", {}),
    (
        "refused",
        "Ada Okafor",
        "person:3/account:3",
        {
            "code": "process.own_proposal",
            "rule": "process.own_proposal",
            "route": "POST /cases/{ref}/proposals/{number}/approve",
        },
    ),
    ("case.taken", "林晓", "person:1/account:1", {"lease_minutes": 20}),
    ("case.lease_expired", None, "system:worker", {}),
)


def audit_page(before: int | None = None, size: int = 1920) -> commands.AuditPage:
    top = size + 3 if before is None else before
    found = []
    for position in range(top - 1, max(0, top - 51) - 1, -1):
        action, name, actor, data = _AUDIT[position % len(_AUDIT)]
        found.append(
            commands.AuditRow(
                position=position if position < size else None,
                at=NOW - timedelta(seconds=37 * (size + 3 - position)),
                actor=actor,
                name=name,
                action=action,
                case=row(position % 40).ref,
                data=data,
            )
        )
    nxt = top - len(found) if top - len(found) > 0 else None
    return commands.AuditPage(rows=found, next=nxt, size=size, unprotected=3, checkpoint=CHECKPOINT)


def report(**changes: Any) -> commands.VerifyReport:
    values: dict[str, Any] = {
        "ok": True,
        "entries": 1923,
        "size": 1920,
        "unprotected": 3,
        "origin_proven": True,
        "checkpoint": CHECKPOINT,
        "at": NOW,
    }
    return commands.VerifyReport(**{**values, **changes})


def users() -> list[commands.UserView]:
    table = (
        ("lin", LIN, [Role.REVIEWER], "zh", False, False),
        ("zhou", ZHOU, [Role.SUPERVISOR, Role.LEAD], "zh", False, False),
        ("okafor", OKAFOR, [Role.FINANCE], "en", False, True),
        ("root", PersonRef(id=4, name="管理员"), [Role.ADMINISTRATOR], "zh", False, False),
        (
            "weber",
            PersonRef(id=5, name="Jonas Weber"),
            [Role.WAREHOUSE, Role.CUSTOMER_SERVICE],
            "en",
            True,
            False,
        ),
    )
    return [
        commands.UserView(
            login=login, person=person, roles=roles, language=language, disabled=off, must_change=must, demo=False
        )
        for login, person, roles, language, off, must in table
    ]


def changes() -> list[commands.ConfigChange]:
    return [
        commands.ConfigChange(
            id=7,
            kind="process",
            subject="standard",
            content={"name": "standard"},
            reason="双十一期间提高主管限额",
            proposed_by=ZHOU,
            proposed_at=NOW - timedelta(hours=3),
            status="open",
            differences=[
                Coded(
                    code="change.changed",
                    params={"path": "limits.bands.0.order.CNY", "before": "2000.00", "after": "3000.00"},
                ),
                Coded(code="change.added", params={"path": "activities.case.close.R", "after": "lead"}),
            ],
        ),
        commands.ConfigChange(
            id=6,
            kind="roles",
            subject="okafor",
            content=["finance", "lead"],
            reason="Covers for the lead in December",
            proposed_by=PersonRef(id=4, name="管理员"),
            proposed_at=NOW - timedelta(days=1),
            status="open",
            differences=[
                Coded(
                    code="change.changed", params={"path": "", "before": '["finance"]', "after": '["finance", "lead"]'}
                )
            ],
        ),
        commands.ConfigChange(
            id=5,
            kind="roles",
            subject="weber",
            content=["warehouse"],
            reason="Left the team",
            proposed_by=ZHOU,
            proposed_at=NOW - timedelta(days=4),
            status="approved",
            verdict_by=OKAFOR,
            verdict_at=NOW - timedelta(days=3),
            verdict_reason="ok",
        ),
    ]


def me(*roles: Role, **changes: Any) -> commands.Me:
    values: dict[str, Any] = {
        "person": LIN,
        "login": "lin",
        "roles": list(roles) or [Role.REVIEWER],
        "language": "zh",
    }
    return commands.Me(**{**values, **changes})


def status(**changes: Any) -> commands.DeskStatus:
    values: dict[str, Any] = {
        "version": "0.1.0",
        "first_start": False,
        "demo": False,
        "embedded": True,
        "now": NOW,
        "currency": "CNY",
        "log_key": KEY.vkey,
    }
    return commands.DeskStatus(**{**values, **changes})


def outcome(ref: str, code: str = "proposal.approved", **changes: Any) -> commands.Outcome:
    values: dict[str, Any] = {
        "ref": ref,
        "what": Coded(code=code, params={}),
        "stage": Stage.PAYOUT,
        "progress": Progress.APPROVED,
        "versions": {Aspect.PROPOSAL: 6},
        "proposal": 1,
    }
    return commands.Outcome(**{**values, **changes})


@cache
def _read_process() -> Any:
    folder = resource_dir() / "process"
    names = {"process": "standard.yaml", "reasons": "reasons.yaml"}
    return {name: yaml.safe_load((folder / file).read_text(encoding="utf-8")) for name, file in names.items()}


def standard_process() -> Any:
    """The process that ships with the desk and its reasons, as data: a copy of one's own."""
    return deepcopy(_read_process())


EXPORTED = b"ref,order\n"


class FakeClient(ReconciliationAnswers, SourceAnswers, DeskClient):
    """Answers from memory. `calls` has (method, arguments) in order."""

    def __init__(self, who: commands.Me | None = None, count: int = 120) -> None:
        self.token: str | None = "t"
        self.checkpoint: str | None = CHECKPOINT
        self.who = who or me()
        self.rows = rows(count)
        self.miss: dict[str, float] = {}
        self.inbox = for_me()
        self.saved = [commands.SavedView(name="高额待批", filters={"chip": "high_amount", "stage": "approval"})]
        self.approval_rows = [approval(number) for number in range(5)]
        self.user_rows, self.change_rows = users(), changes()
        self.the_report: commands.VerifyReport = report()
        self.the_status = status()
        self.proof: list[bytes] = []
        self.feed: list[cases.ChangeFeed] = []
        self.process_content: Any = standard_process()
        self.link_content: Any = {"vendure": {"order": "https://shop.example/admin/orders/{id}"}}
        self.fail: dict[str, DeskError] = {}
        self.calls: list[tuple[str, tuple[Any, ...]]] = []
        self.exported_digest = hashlib.sha256(EXPORTED).hexdigest()

    def _note(self, name: str, *args: Any) -> None:
        self.calls.append((name, args))
        if name in self.fail:
            raise self.fail[name]

    def called(self, name: str) -> list[tuple[Any, ...]]:
        """Arguments of each call of a method."""
        return [args for found, args in self.calls if found == name]

    async def aclose(self) -> None:
        self._note("aclose")

    # ---- session

    async def status(self) -> commands.DeskStatus:
        self._note("status")
        return self.the_status

    async def sign_in(self, login: str, password: str) -> commands.SessionView:
        self._note("sign_in", login, password)
        return commands.SessionView(token="t", expires_at=NOW + timedelta(hours=8), me=self.who)

    async def sign_out(self, token: str | None = None) -> None:
        self._note("sign_out", token)

    async def first_administrator(self, body: commands.FirstAdministrator) -> commands.SessionView:
        self._note("first_administrator", body)
        return commands.SessionView(token="t", expires_at=NOW + timedelta(hours=8), me=self.who)

    async def me(self) -> commands.Me:
        self._note("me")
        return self.who

    async def change_password(self, body: commands.NewPassword) -> commands.SessionView:
        self._note("change_password", body)
        self.who = self.who.model_copy(update={"must_change": False})
        return commands.SessionView(token="t2", expires_at=NOW + timedelta(hours=8), me=self.who)

    async def set_language(self, language: str) -> commands.Me:
        self._note("set_language", language)
        return self.who

    # ---- queue

    async def for_me(self, wanted: Mapping[str, int] | None = None) -> cases.ForMe:
        self._note("for_me", wanted or {})
        return self.inbox

    async def seen(self, inbox_id: int) -> None:
        self._note("seen", inbox_id)

    async def figures(self, first: date, last: date, by: str = "reason", of: str | None = None) -> FigureBoard:
        self._note("figures", first, last, by, of)
        return figure_samples.board(first, last, by, of)

    async def process_map(self, first: date | None = None, last: date | None = None) -> ProcessMap:
        self._note("process_map", first, last)
        return figure_samples.process_map(first, last)

    async def my_quality(self, first: date, last: date) -> MyQuality:
        self._note("my_quality", first, last)
        return figure_samples.my_quality(len(self.called("second_look")))

    async def blind(self, number: int) -> BlindView:
        self._note("blind", number)
        return figure_samples.blind(number)

    async def second_look(self, number: int, body: SecondLook, key: str | None = None) -> SecondLookDone:
        self._note("second_look", number, body)
        return figure_samples.looked(body)

    async def lessons(self) -> Lessons:
        self._note("lessons")
        return figure_samples.lessons()

    async def add_lesson(self, body: NewLesson, key: str | None = None) -> LessonView:
        self._note("add_lesson", body)
        return figure_samples.lessons().lessons[0]

    async def settle_lesson(self, number: int, body: SettleLesson, key: str | None = None) -> LessonView:
        self._note("settle_lesson", number, body)
        return figure_samples.lessons().lessons[0]

    async def reports(self) -> list[KeptReportView]:
        self._note("reports")
        return figure_samples.reports()

    async def report_file(self, number: int) -> bytes:
        self._note("report_file", number)
        return figure_samples.REPORT

    async def try_process(self, content: Any, after: int = 0) -> ProcessPreview:
        self._note("try_process", content, after)
        return figure_samples.preview(after)

    async def figure_cases(
        self,
        figure: str,
        first: date,
        last: date,
        by: str = "reason",
        of: str | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> FigureCases:
        self._note("figure_cases", figure, first, last, by, of, after)
        return figure_samples.cases(after, limit)

    async def forecast(self) -> clocks.Forecast:
        self._note("forecast", None)
        return clocks.Forecast(at=NOW, capacity=2.0, crew=[], missing=sum(self.miss.values()), cases=self._expected())

    def _expected(self) -> list[clocks.ExpectedCase]:
        return [
            clocks.ExpectedCase(ref=ref, clock=ClockKind.DECISION, due_at=NOW, done_at=NOW, miss=miss)
            for ref, miss in self.miss.items()
        ]

    async def queue(
        self,
        *,
        chip: str | None = None,
        q: str | None = None,
        after: str | None = None,
        limit: int = 50,
        **filters: Any,
    ) -> cases.QueuePage:
        self._note("queue", {"chip": chip, "q": q, "after": after, "limit": limit, **filters})
        found = self.rows
        if chip == "conflict":
            found = [r for r in found if r.conflicts]
        if q:
            found = [r for r in found if q in r.ref or q in r.customer]
        if stage := filters.get("stage"):
            found = [r for r in found if r.stage == stage]
        start = int(after or 0)
        page = found[start : start + limit]
        more = str(start + limit) if start + limit < len(found) else None
        first = after is None
        return cases.QueuePage(
            rows=page,
            next=more,
            chips=CHIPS if first else [],
            total=cases.Chip(key="total", count=len(found)) if first else None,
        )

    async def why(self, ref: str) -> cases.WhyHere:
        self._note("why", ref)
        due = NOW + timedelta(minutes=112)
        terms = [
            cases.WhyTerm(term=Coded(code="act_by.due", params={"clock": "decision"}), at=due),
            cases.WhyTerm(term=Coded(code="act_by.work", params={}), seconds=-360),
            cases.WhyTerm(term=Coded(code="act_by.amount", params={}), seconds=-1200),
            cases.WhyTerm(term=Coded(code="act_by.risk", params={}), seconds=-3600),
        ]
        return cases.WhyHere(ref=ref, terms=terms, act_by=due - timedelta(seconds=5160))

    async def take_next(self, filters: dict[str, str] | None = None, key: str | None = None) -> commands.Taken:
        self._note("take_next", filters)
        taken = self.rows[2].ref if len(self.rows) > 2 else None
        return commands.Taken(ref=taken, lease_until=NOW + timedelta(minutes=20))

    async def views(self) -> list[commands.SavedView]:
        self._note("views")
        return list(self.saved)

    async def save_view(self, view: commands.SavedView) -> None:
        self._note("save_view", view)
        self.saved.append(view)

    async def drop_view(self, name: str) -> None:
        self._note("drop_view", name)
        self.saved = [view for view in self.saved if view.name != name]

    async def changes(self, after: int, wait: float = 25.0) -> cases.ChangeFeed:
        self._note("changes", after)
        if self.feed:
            return self.feed.pop(0)
        import asyncio

        await asyncio.sleep(wait)
        return cases.ChangeFeed(position=after, cases=[])

    # ---- one case

    async def case(self, ref: str, ahead: bool = False) -> cases.CaseView:
        self._note("case", ref)
        raise NotFound("case.unknown", ref=ref)

    async def renew(self, ref: str) -> commands.Taken:
        self._note("renew", ref)
        return commands.Taken(ref=ref, lease_until=NOW + timedelta(minutes=20))

    async def undo(self, ref: str, number: int, key: str) -> commands.Outcome:
        self._note("undo", ref, number)
        return outcome(ref, "proposal.undone")

    # ---- approvals

    async def approvals(self, after: str | None = None, limit: int = 50) -> commands.ApprovalPage:
        self._note("approvals", after, limit)
        start = int(after or 0)
        rows = self.approval_rows[start : start + limit]
        more = start + limit < len(self.approval_rows)
        return commands.ApprovalPage(rows=rows, next=str(start + limit) if more else None)

    def _settle(self, ref: str) -> None:
        self.approval_rows = [r for r in self.approval_rows if r.ref != ref]

    async def approve(self, ref: str, number: int, body: commands.Verdict, key: str) -> commands.Outcome:
        self._note("approve", ref, number, body)
        self._settle(ref)
        return outcome(ref)

    async def approve_many(self, body: commands.ApproveMany, key: str) -> commands.BulkResult:
        self._note("approve_many", body)
        found = []
        for number, item in enumerate(body.items):
            ok = number != 1
            code = Coded(code="proposal.approved", params={}) if ok else Coded(code="case.stale", params={})
            found.append(commands.BulkRow(ref=item.ref, ok=ok, what=code, outcome=outcome(item.ref) if ok else None))
            if ok:
                self._settle(item.ref)
        return commands.BulkResult(rows=found)

    async def return_proposal(self, ref: str, number: int, body: commands.SendBack, key: str) -> commands.Outcome:
        self._note("return_proposal", ref, number, body)
        self._settle(ref)
        return outcome(ref, "proposal.returned")

    async def decline_proposal(self, ref: str, number: int, body: commands.SendBack, key: str) -> commands.Outcome:
        self._note("decline_proposal", ref, number, body)
        self._settle(ref)
        return outcome(ref, "proposal.declined")

    # ---- audit

    async def audit_page(
        self, before: int | None = None, case: str | None = None, action: str | None = None
    ) -> commands.AuditPage:
        self._note("audit_page", before, case, action)
        page = audit_page(before)
        kept = [r for r in page.rows if (not case or r.case == case) and (not action or r.action == action)]
        return page.model_copy(update={"rows": kept})

    async def consistency(self, old: int, new: int) -> list[bytes]:
        self._note("consistency", old, new)
        return self.proof

    async def start_verify(self) -> commands.Job:
        self._note("start_verify")
        return commands.Job(id="v1", kind="audit.verify", status="running", done=0, total=1923)

    async def start_export(self) -> commands.Job:
        self._note("start_export")
        return commands.Job(id="e1", kind="audit.export", status="running", done=0, total=1923)

    async def job(self, job_id: str) -> commands.Job:
        self._note("job", job_id)
        polls = len(self.called("job"))
        if polls % 2 == 1:
            return commands.Job(id=job_id, kind="audit", status="running", done=700, total=1923)
        result = self.the_report.model_dump(mode="json") if job_id == "v1" else {"sha256": self.exported_digest}
        return commands.Job(id=job_id, kind="audit", status="done", done=1923, total=1923, result=result)

    async def start_export_cases(self, order: ExportOrder, key: str | None = None) -> commands.Job:
        self._note("start_export_cases", order)
        return commands.Job(id="x1", kind="export.cases", status="running", done=0, total=1923)

    async def start_export_case(self, ref: str, order: CaseOrder, key: str | None = None) -> commands.Job:
        self._note("start_export_case", ref, order)
        return commands.Job(id="x1", kind="export.case", status="running", done=0, total=20)

    async def job_file_to(self, job_id: str, path: Path) -> int:
        self._note("job_file_to", job_id)
        return path.write_bytes(EXPORTED)

    async def job_file(self, job_id: str) -> bytes:
        self._note("job_file", job_id)
        return b'{"entries": 1923}\n'

    async def stop_job(self, job_id: str) -> commands.Job:
        self._note("stop_job", job_id)
        return commands.Job(id=job_id, kind="audit", status="stopped", done=700, total=1923)

    # ---- people and settings

    async def users(self) -> list[commands.UserView]:
        self._note("users")
        return list(self.user_rows)

    async def add_user(self, body: commands.NewUser, key: str | None = None) -> commands.UserMade:
        self._note("add_user", body)
        made = commands.UserView(
            login=body.login,
            person=PersonRef(id=9, name=body.name),
            roles=[],
            language=body.language,
            disabled=False,
            must_change=True,
            demo=False,
        )
        self.user_rows.append(made)
        return commands.UserMade(user=made, one_time_password="river-amber-42-kite", change=8)

    async def propose_config(self, body: commands.ConfigProposal, key: str | None = None) -> commands.ConfigChange:
        self._note("propose_config", body)
        made = self.change_rows[0].model_copy(
            update={"id": 8, "kind": body.kind, "subject": body.subject, "content": body.content, "reason": body.reason}
        )
        self.change_rows.insert(0, made)
        return made

    async def disable_user(self, login: str, disabled: bool = True) -> commands.UserView:
        self._note("disable_user", login, disabled)
        found = next(user for user in self.user_rows if user.login == login)
        changed = found.model_copy(update={"disabled": disabled})
        self.user_rows = [changed if user.login == login else user for user in self.user_rows]
        return changed

    async def reset_user(self, login: str) -> commands.UserMade:
        self._note("reset_user", login)
        found = next(user for user in self.user_rows if user.login == login)
        return commands.UserMade(user=found, one_time_password="river-amber-42-kite")

    async def make_token(self, login: str, label: str) -> commands.TokenMade:
        self._note("make_token", login, label)
        return commands.TokenMade(token="rd_live_2b7e151628aed2a6abf7158809cf4f3c")

    async def process(self, kind: str = "process") -> commands.ProcessView:
        self._note("process", kind)
        content = self.link_content if kind == "links" else self.process_content
        return commands.ProcessView(name="standard", version="1", content=content)

    async def config_changes(self, before: int | None = None) -> list[commands.ConfigChange]:
        self._note("config_changes", before)
        older = [change for change in self.change_rows if before is None or change.id < before]
        return sorted(older, key=lambda change: -change.id)[:200]

    async def settle_config(
        self, change: int, approve: bool, reason: str, key: str | None = None
    ) -> commands.ConfigChange:
        self._note("settle_config", change, approve, reason)
        found = next(c for c in self.change_rows if c.id == change)
        return found.model_copy(update={"status": "approved" if approve else "declined"})
