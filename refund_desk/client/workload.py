"""Calls about the board of work: moves with their preview and undo, and what is on record of people's work."""

from __future__ import annotations

from refund_desk.client.calls import Calls
from refund_desk.wire import workload as w


class WorkloadCalls(Calls):
    """A part of `DeskClient`."""

    async def board(self) -> w.Board:
        return await self._get(w.Board, "/workload")

    async def preview_balance(self, options: w.BalanceOptions) -> w.MovePreview:
        return await self._do(w.MovePreview, "/workload/balance", options)

    async def preview_move(self, asked: w.MoveAsked) -> w.MovePreview:
        """What moving these cases, or all that somebody has, would do."""
        return await self._do(w.MovePreview, "/workload/preview", asked)

    async def move_cases(self, body: w.MoveMany, key: str) -> w.MoveResult:
        """One result per case."""
        return await self._do(w.MoveResult, "/workload/moves", body, key)

    async def undo_move(self, number: int, key: str) -> w.MoveResult:
        """What nobody has touched since goes back: one result per case."""
        return await self._do(w.MoveResult, f"/workload/moves/{number}/undo", None, key)

    async def people_work(self) -> w.PeopleWork:
        """Skills, shifts, absences, interests and delegations; of others only for who answers for the queue."""
        return await self._get(w.PeopleWork, "/people")

    async def set_working(self, person: int, body: w.WorkingBody, key: str | None = None) -> w.PersonWork:
        return await self._do(w.PersonWork, f"/people/{person}/work", body, key, method="PUT")

    async def set_away(self, person: int, away: bool, key: str | None = None) -> w.PersonWork:
        return await self._do(w.PersonWork, f"/people/{person}/away", w.AwayBody(away=away), key, method="PUT")

    async def set_absence(self, person: int, body: w.AbsenceBody, key: str | None = None) -> w.PersonWork:
        return await self._do(w.PersonWork, f"/people/{person}/absences", body, key)

    async def declare_interest(self, person: int, body: w.InterestBody, key: str | None = None) -> w.PersonWork:
        return await self._do(w.PersonWork, f"/people/{person}/interests", body, key)

    async def delegate(self, person: int, body: w.DelegationBody, key: str | None = None) -> w.PersonWork:
        return await self._do(w.PersonWork, f"/people/{person}/delegations", body, key)

    async def end_lasting(self, what: w.Lasting, number: int, key: str | None = None) -> None:
        """End an absence, a declared interest or a delegation."""
        await self._send("POST", f"/people/{what}/{number}/end", key=key)
