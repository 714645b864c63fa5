"""Invented breaks, and a client's part that answers with them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from refund_desk.domain.reconciliation import BreakKind, Check, Resolution, State
from refund_desk.domain.words import Role
from refund_desk.wire import commands
from refund_desk.wire import reconciliation as w
from refund_desk.wire.base import Coded, PersonRef

NOW = datetime(2026, 11, 23, 4, 41, 7, tzinfo=UTC)
OWNERS = [PersonRef(id=7, name="陈晨"), PersonRef(id=8, name="Felix Finance")]
_ROWS: tuple[tuple[BreakKind, int, str, float, str, str, str | None], ...] = (
    (BreakKind.MISSING_HERE, 12_900, "CNY", 0.4, "mall", "alipay", "RC-26-000118"),
    (BreakKind.OVER, 500, "CNY", 2.1, "desk:stripe", "stripe", "RC-26-000102"),
    (BreakKind.DUPLICATE, 34_700, "CNY", 3.0, "mall", "wechat_pay", None),
    (BreakKind.MISSING_THERE, 6_000, "CNY", 9.0, "wechat_pay", "erp:ledger", "RC-26-000087"),
    (BreakKind.CURRENCY, 3_633, "USD", 12.0, "mall", "stripe", None),
    (BreakKind.LATE, 89_900, "CNY", 15.5, "desk:bank", "bank", "RC-26-000061"),
)


def row(number: int, **changes: Any) -> w.BreakView:
    """One of the invented breaks, by its place."""
    kind, minor, currency, days, here, there, ref = _ROWS[number]
    right = (
        [] if kind is BreakKind.MISSING_THERE else [w.LineName(source=there, kind="refund", id=f"re_{number}3PqXk2")]
    )
    left = [] if kind is BreakKind.MISSING_HERE else [w.LineName(source=here, kind="refund", id=f"RF-00{number}1174")]
    said: dict[str, Any] = {
        "id": 40 - number,
        "kind": kind,
        "check": Check.GATEWAY_LEDGER if there.endswith(":ledger") else Check.SHOP_GATEWAY,
        "here": left,
        "there": right,
        "minor": minor,
        "currency": currency,
        "since": NOW - timedelta(days=days),
        "found_at": NOW - timedelta(hours=2),
        "status": "open",
        "ref": ref,
        "order": f"SO-2026-11820{number}",
        "owner_id": 7 if number == 1 else None,
        "owner": "陈晨" if number == 1 else None,
    }
    return w.BreakView(**{**said, **changes})


def rows() -> list[w.BreakView]:
    return [row(number) for number in range(len(_ROWS))]


def _line(name: w.LineName, found: w.BreakView, more: int = 0) -> w.LineView:
    return w.LineView(
        **name.model_dump(),
        known=True,
        refs=[found.order or ""],
        minor=12_900 + more,
        currency=found.currency,
        at=found.since,
        account="C003591",
        name="李*",
        state=State.DONE,
    )


def match() -> w.MatchView:
    here, there = (
        w.LineName(source="mall", kind="payment", id="SO-1"),
        w.LineName(source="pay", kind="payment", id="P1"),
    )
    return w.MatchView(
        id=40,
        check=Check.SHOP_GATEWAY,
        code="reference",
        here=[here],
        there=[there],
        terms=[("reference_exact", 60), ("amount_equal", 35)],
        difference=0,
        currency="CNY",
        at=NOW,
    )


def detail(found: w.BreakView) -> w.BreakDetail:
    more = found.minor if found.kind is BreakKind.OVER else 0
    return w.BreakDetail(
        **found.model_dump(),
        lines_here=[_line(one, found) for one in found.here],
        lines_there=[_line(one, found, more) for one in found.there],
        differs=["minor"] if more else [],
        matches=[match()],
    )


class ReconciliationAnswers:
    """Breaks in memory: filtered, settled, taken back, handed on."""

    break_rows: list[w.BreakView]
    refuse_breaks: frozenset[int] = frozenset()

    def _note(self, name: str, *args: Any) -> None:
        raise NotImplementedError

    def _breaks(self) -> list[w.BreakView]:
        if not hasattr(self, "break_rows"):
            self.break_rows = rows()
        return self.break_rows

    async def breaks(
        self,
        status: str | None = "open",
        kind: str | None = None,
        after: int = 0,
        *,
        owner: str | None = None,
        sort: str = "new",
    ) -> w.BreakPage:
        self._note("breaks", status, kind, after, owner, sort)
        found = [one for one in self._breaks() if status in (None, one.status) and kind in (None, one.kind.value)]
        return w.BreakPage(rows=found)

    async def break_counts(self) -> w.BreakCounts:
        open_ = [one for one in self._breaks() if one.status == "open"]
        kinds = [w.KindCount(kind=kind, count=sum(one.kind is kind for one in open_)) for kind in BreakKind]
        mine = sum(one.owner_id == 7 for one in open_)
        none = sum(one.owner_id is None for one in open_)
        shown = [one for one in kinds if one.count]
        return w.BreakCounts(kinds=shown, open=len(open_), mine=mine, unowned=none, owners=OWNERS)

    async def break_detail(self, number: int) -> w.BreakDetail:
        self._note("break_detail", number)
        return detail(next(one for one in self._breaks() if one.id == number))

    def _change(self, numbers: list[int], **changes: Any) -> list[w.ResolvedOne]:
        out = []
        for number in numbers:
            if number in self.refuse_breaks:
                out.append(w.ResolvedOne(id=number, error=w.Worded(code="break.own_payout", params={})))
                continue
            at = next(at for at, one in enumerate(self._breaks()) if one.id == number)
            self.break_rows[at] = self.break_rows[at].model_copy(update=changes)
            out.append(w.ResolvedOne(id=number))
        return out

    async def resolve_breaks(self, body: w.ResolveBreaks, key: str) -> list[w.ResolvedOne]:
        self._note("resolve_breaks", body, key)
        how: Resolution = body.resolution
        return self._change(list(body.breaks), status="resolved", resolution=how, reason=body.reason, settled_at=NOW)

    async def reopen_breaks(self, body: w.ReopenBreaks, key: str) -> list[w.ResolvedOne]:
        self._note("reopen_breaks", body, key)
        return self._change(list(body.breaks), status="open", resolution=None, reason=None, settled_at=None)

    async def assign_breaks(self, body: w.AssignBreaks, key: str) -> list[w.ResolvedOne]:
        self._note("assign_breaks", body, key)
        name = next(one.name for one in OWNERS if one.id == body.person)
        return self._change(list(body.breaks), owner_id=body.person, owner=name)

    async def case_of_break(self, number: int, key: str) -> w.BreakView:
        self._note("case_of_break", number, key)
        self._change([number], ref="RC-26-000201")
        return next(one for one in self._breaks() if one.id == number)

    async def undo_match(self, number: int, body: w.UndoMatch, key: str) -> w.MatchView:
        self._note("undo_match", number, body, key)
        return match()

    async def take_statement(self, source: str, data: bytes) -> w.StatementTaken:
        self._note("take_statement", source, data)
        bad = [w.BadLine(line=17, code="amount_unreadable", params={"text": "12,5x"})]
        return w.StatementTaken(
            id=1, source=source, format="jd_bill", rows=12, fresh=12, again=False, bad=bad, findings=[]
        )

    async def reconcile(self, whole: bool = False) -> commands.Job:
        self._note("reconcile", whole)
        names = ("lines", "matches", "new_matches", "breaks", "new_breaks", "settled", "arrived", "cases_back")
        return commands.Job(id="f" * 32, kind="reconcile", status="done", done=1, result=dict.fromkeys(names, 1))

    # ---- payouts

    now: commands.PayoutsNow | None = None

    async def payouts(self) -> commands.PayoutsNow:
        self._note("payouts")
        return self.now or payouts_now()

    async def resume_payouts(self, key: str) -> None:
        self._note("resume_payouts", key)
        self.now = payouts_now(halted=False)


def payouts_now(*, halted: bool = False, to_read: int = 0) -> commands.PayoutsNow:
    """Two alarms; halted: since a backup was restored."""
    amount = {"minor": 6_000, "currency": "CNY"}
    late = {"amount": amount, "channel": "stripe", "promised": (NOW - timedelta(days=1)).isoformat()}
    made = {"amount": amount, "refund": "re_3Pz", "payment": "ch_1"}
    found = [("payout.overdue", late, "RC-26-000102"), ("refund.without_case", made, None)]
    alarms = [
        commands.AlarmRow(
            id=number, ref=ref, what=Coded(code=f"finding.{code}", params=params), owner=Role.FINANCE, at=NOW
        )
        for number, (code, params, ref) in enumerate(found)
    ]
    why = Coded(code="halt.epoch.behind") if halted else None
    at = NOW - timedelta(hours=1) if halted else None
    return commands.PayoutsNow(channels=["stripe"], halted=why, halted_at=at, to_read=to_read, alarms=alarms)
