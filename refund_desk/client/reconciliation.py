"""Calls about reconciliation: files, runs, matches, breaks."""

from __future__ import annotations

from urllib.parse import urlencode

from refund_desk.client.calls import Calls
from refund_desk.wire import commands
from refund_desk.wire import reconciliation as w


class ReconciliationCalls(Calls):
    """A part of `DeskClient`."""

    async def take_statement(self, source: str, data: bytes) -> w.StatementTaken:
        """A bill or bank file of a channel; the same again changes nothing."""
        kind = "application/octet-stream"
        answer = await self._send(
            "POST", "/statements", params={"source": source}, content=data, deadline=600, kind=kind
        )
        return w.StatementTaken.model_validate_json(answer.content)

    async def reconcile(self, whole: bool = False) -> commands.Job:
        """Compare what is new, or everything; the job's result is the counts of a run."""
        return await self._do(commands.Job, f"/reconciliation/run?whole={str(whole).lower()}")

    async def breaks(
        self,
        status: str | None = "open",
        kind: str | None = None,
        after: int = 0,
        *,
        owner: str | None = None,
        sort: str = "new",
    ) -> w.BreakPage:
        """sort: new, amount or age; owner: me or nobody."""
        path = "/reconciliation/breaks"
        return await self._get(w.BreakPage, path, status=status, kind=kind, after=after, owner=owner, sort=sort)

    async def export_breaks(self, status: str | None, kind: str | None, key: str | None = None) -> commands.Job:
        """Breaks as a CSV; the job has the file."""
        asked = {name: value for name, value in (("status", status), ("kind", kind)) if value is not None}
        path = f"/reconciliation/export?{urlencode(asked)}" if asked else "/reconciliation/export"
        return await self._do(commands.Job, path, key=key)

    async def break_counts(self) -> w.BreakCounts:
        return await self._get(w.BreakCounts, "/reconciliation/counts")

    async def break_detail(self, number: int) -> w.BreakDetail:
        return await self._get(w.BreakDetail, f"/reconciliation/breaks/{number}")

    async def matches(self, after: int = 0) -> w.MatchPage:
        return await self._get(w.MatchPage, "/reconciliation/matches", after=after)

    async def undo_match(self, number: int, body: w.UndoMatch, key: str) -> w.MatchView:
        return await self._do(w.MatchView, f"/reconciliation/matches/{number}/undo", body, key)

    async def resolve_break(self, number: int, body: w.ResolveBreak, key: str) -> w.BreakView:
        return await self._do(w.BreakView, f"/reconciliation/breaks/{number}/resolve", body, key)

    async def resolve_breaks(self, body: w.ResolveBreaks, key: str) -> list[w.ResolvedOne]:
        return await self._do(list[w.ResolvedOne], "/reconciliation/breaks/resolve", body, key)

    async def reopen_breaks(self, body: w.ReopenBreaks, key: str) -> list[w.ResolvedOne]:
        return await self._do(list[w.ResolvedOne], "/reconciliation/breaks/reopen", body, key)

    async def assign_break(self, number: int, body: w.AssignBreak, key: str) -> w.BreakView:
        return await self._do(w.BreakView, f"/reconciliation/breaks/{number}/assign", body, key)

    async def assign_breaks(self, body: w.AssignBreaks, key: str) -> list[w.ResolvedOne]:
        return await self._do(list[w.ResolvedOne], "/reconciliation/breaks/assign", body, key)

    async def case_of_break(self, number: int, key: str) -> w.BreakView:
        """A case about it, made where its order has none."""
        return await self._do(w.BreakView, f"/reconciliation/breaks/{number}/case", key=key)
