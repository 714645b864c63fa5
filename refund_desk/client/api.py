"""The only way in: typed calls to the service, embedded or over a network. One method, one route.

Errors come back as the same `DeskError`s that the service raised. Nothing here knows Qt.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from refund_desk.client.calls import DEADLINE_S, new_key, part
from refund_desk.client.figures import FigureCalls
from refund_desk.client.reconciliation import ReconciliationCalls
from refund_desk.client.sources import SourceCalls
from refund_desk.client.workload import WorkloadCalls
from refund_desk.domain.words import Role
from refund_desk.wire import bundle, cases, clocks, commands
from refund_desk.wire.exports import CaseOrder, ExportOrder

__all__ = ["DEADLINE_S", "DeskClient", "new_key"]

PIECE = 256 * 1024
FETCHED = 4 * 1024 * 1024
"""Bytes of a job's file in one answer: the embedded transport keeps an answer whole."""
CHANGES = 200
"""Changes of settings in one answer."""


async def _pieces(data: bytes, sent: Callable[[int], None]) -> AsyncIterator[bytes]:
    """Bytes as they are sent, counted."""
    for start in range(0, len(data), PIECE):
        yield data[start : start + PIECE]
        sent(min(len(data), start + PIECE))


class DeskClient(SourceCalls, ReconciliationCalls, WorkloadCalls, FigureCalls):
    """Calls as one account. `http` speaks to `/v1`; an embedded desk's goes through no socket."""

    # ------------------------------------------------------------ session

    async def status(self) -> commands.DeskStatus:
        return await self._get(commands.DeskStatus, "/status")

    async def sign_in(self, login: str, password: str) -> commands.SessionView:
        session = await self._do(commands.SessionView, "/session", commands.SignIn(login=login, password=password))
        self.token = session.token
        return session

    async def sign_out(self, token: str | None = None) -> None:
        """End the session of `token`, None: the present one. Somebody else may have signed in since it was asked."""
        token = token or self.token
        await self._send("DELETE", "/session", token=token)
        if self.token == token:
            self.token = None

    async def first_administrator(self, body: commands.FirstAdministrator) -> commands.SessionView:
        session = await self._do(commands.SessionView, "/first-administrator", body)
        self.token = session.token
        return session

    async def me(self) -> commands.Me:
        return await self._get(commands.Me, "/me")

    async def change_password(self, body: commands.NewPassword) -> commands.SessionView:
        session = await self._do(commands.SessionView, "/me/password", body)
        self.token = session.token
        return session

    async def set_language(self, language: str) -> commands.Me:
        return await self._do(commands.Me, "/me/language", commands.Language(language=language), method="PUT")

    # ------------------------------------------------------------ queue

    async def for_me(self, wanted: Mapping[str, int] | None = None) -> cases.ForMe:
        """The beginning of every section; of those in `wanted` at least so many rows, where there are."""
        found = await self._get(cases.ForMe, "/for-me")
        for section, count in (wanted or {}).items():
            while section in found.next and len(getattr(found, section)) < count:
                page = await self._get(cases.ForMe, "/for-me", section=section, after=found.next.pop(section))
                known = [*getattr(found, section), *getattr(page, section)]
                found = found.model_copy(update={section: known, "next": {**found.next, **page.next}})
        return found

    async def seen(self, inbox_id: int) -> None:
        await self._send("POST", f"/inbox/{inbox_id}/seen")

    async def queue(
        self,
        *,
        chip: str | None = None,
        q: str | None = None,
        after: str | None = None,
        limit: int = 50,
        **filters: Any,
    ) -> cases.QueuePage:
        return await self._get(cases.QueuePage, "/cases", chip=chip, q=q, after=after, limit=limit, **filters)

    async def why(self, ref: str) -> cases.WhyHere:
        return await self._get(cases.WhyHere, f"/cases/{part(ref)}/why")

    async def take_next(self, filters: dict[str, str] | None = None, key: str | None = None) -> commands.Taken:
        return await self._do(commands.Taken, "/cases/take-next", commands.TakeNext(filters=filters or {}), key)

    async def views(self) -> list[commands.SavedView]:
        return await self._get(list[commands.SavedView], "/views")

    async def save_view(self, view: commands.SavedView) -> None:
        await self._send("PUT", "/views", view)

    async def drop_view(self, name: str) -> None:
        await self._send("DELETE", "/views", params={"name": name})

    async def changes(self, after: int, wait: float = 25.0) -> cases.ChangeFeed:
        """Long poll: answers when something was committed after the position, or after `wait` seconds."""
        return await self._get(cases.ChangeFeed, "/changes", deadline=wait + 15, after=after, wait=wait)

    # ------------------------------------------------------------ one case

    async def case(self, ref: str, ahead: bool = False) -> cases.CaseView:
        """`ahead`: to have it ready, before anybody opens it."""
        asked = {"ahead": True} if ahead else {}
        return await self._get(cases.CaseView, f"/cases/{part(ref)}", **asked)

    async def customer(self, ref: str, reason: str) -> cases.CustomerView:
        """Unmask: a look that is audited."""
        return await self._do(cases.CustomerView, f"/cases/{part(ref)}/customer", commands.Because(reason=reason))

    async def looks(self, ref: str, body: commands.Looks) -> None:
        await self._send("POST", f"/cases/{part(ref)}/looks", body)

    async def take(self, ref: str, key: str | None = None) -> commands.Taken:
        return await self._do(commands.Taken, f"/cases/{part(ref)}/take", None, key)

    async def renew(self, ref: str) -> commands.Taken:
        return await self._do(commands.Taken, f"/cases/{part(ref)}/renew")

    async def release(self, ref: str, reason: str | None = None, key: str | None = None) -> commands.Outcome:
        return await self._do(
            commands.Outcome, f"/cases/{part(ref)}/release", commands.OptionalReason(reason=reason, rests_on={}), key
        )

    async def assign(self, ref: str, body: commands.Assign, key: str | None = None) -> commands.Outcome:
        return await self._do(commands.Outcome, f"/cases/{part(ref)}/assign", body, key)

    async def templates(self, ref: str) -> list[commands.TemplateView]:
        return await self._get(list[commands.TemplateView], f"/cases/{part(ref)}/templates")

    async def message(self, ref: str, body: commands.MessageBody, key: str | None = None) -> commands.Outcome:
        return await self._do(commands.Outcome, f"/cases/{part(ref)}/messages", body, key)

    async def promise(self, ref: str, body: commands.PromiseBody, key: str | None = None) -> commands.Outcome:
        return await self._do(commands.Outcome, f"/cases/{part(ref)}/promise", body, key)

    async def ask(self, ref: str, body: commands.Ask, key: str | None = None) -> commands.Outcome:
        return await self._do(commands.Outcome, f"/cases/{part(ref)}/consultations", body, key)

    async def answer(self, consultation: int, text: str, key: str | None = None) -> commands.Outcome:
        return await self._do(
            commands.Outcome, f"/consultations/{consultation}/answer", commands.Answer(answer=text), key
        )

    async def override(self, consultation: int, reason: str, key: str | None = None) -> commands.Outcome:
        return await self._do(
            commands.Outcome, f"/consultations/{consultation}/override", commands.Because(reason=reason), key
        )

    # ------------------------------------------------------------ deciding

    async def preview(self, ref: str, body: commands.ProposalBody) -> commands.Preview:
        return await self._do(commands.Preview, f"/cases/{part(ref)}/preview", body)

    async def propose(self, ref: str, body: commands.ProposalBody, key: str) -> commands.Outcome:
        return await self._do(commands.Outcome, f"/cases/{part(ref)}/proposals", body, key)

    async def withdraw(self, ref: str, number: int, key: str) -> commands.Outcome:
        return await self._do(commands.Outcome, f"/cases/{part(ref)}/proposals/{number}/withdraw", None, key)

    async def undo(self, ref: str, number: int, key: str) -> commands.Outcome:
        return await self._do(commands.Outcome, f"/cases/{part(ref)}/proposals/{number}/undo", None, key)

    async def approvals(self, after: str | None = None, limit: int = 50) -> commands.ApprovalPage:
        return await self._get(commands.ApprovalPage, "/approvals", after=after, limit=limit)

    async def approve(self, ref: str, number: int, body: commands.Verdict, key: str) -> commands.Outcome:
        return await self._do(commands.Outcome, f"/cases/{part(ref)}/proposals/{number}/approve", body, key)

    async def approve_many(self, body: commands.ApproveMany, key: str) -> commands.BulkResult:
        return await self._do(commands.BulkResult, "/approvals", body, key)

    async def return_proposal(self, ref: str, number: int, body: commands.SendBack, key: str) -> commands.Outcome:
        return await self._do(commands.Outcome, f"/cases/{part(ref)}/proposals/{number}/return", body, key)

    async def decline_proposal(self, ref: str, number: int, body: commands.SendBack, key: str) -> commands.Outcome:
        return await self._do(commands.Outcome, f"/cases/{part(ref)}/proposals/{number}/decline", body, key)

    async def step(
        self, ref: str, what: str, body: BaseModel | None = None, key: str | None = None
    ) -> commands.Outcome:
        """One of: hold-release, arbitration (Because), return-received (GoodsReceived), inspection (Inspection),
        shipped (Shipped), reopen (Because), close (Because), settled (Because), merchant-ask (MerchantAsk),
        merchant-answer (MerchantAnswer), wait (WaitBody), go-on (GoOn)."""
        return await self._do(commands.Outcome, f"/cases/{part(ref)}/{part(what)}", body, key)

    async def merchant_link(self, ref: str) -> clocks.MerchantLink:
        """Where the merchant answers by themselves; each call gives one, none is kept."""
        return await self._do(clocks.MerchantLink, f"/cases/{part(ref)}/merchant-link", None, None)

    async def confirm_payout(self, intent: str, body: commands.ConfirmPayout, key: str) -> commands.Outcome:
        return await self._do(commands.Outcome, f"/intents/{part(intent)}/confirm", body, key)

    async def payout_failed(self, intent: str, body: commands.PayoutFailed, key: str) -> commands.Outcome:
        return await self._do(commands.Outcome, f"/intents/{part(intent)}/fail", body, key)

    async def ask_payout(self, intent: str, key: str) -> commands.Outcome:
        return await self._do(commands.Outcome, f"/intents/{part(intent)}/ask", None, key)

    async def payouts(self) -> commands.PayoutsNow:
        return await self._get(commands.PayoutsNow, "/payouts")

    async def resume_payouts(self, key: str) -> None:
        await self._send("POST", "/payouts/resume", key=key)

    async def cancel_payout(self, intent: str, body: commands.Because, key: str) -> commands.Outcome:
        return await self._do(commands.Outcome, f"/intents/{part(intent)}/cancel", body, key)

    async def payout_returned(self, intent: str, body: commands.Because, key: str) -> commands.Outcome:
        """Money that had gone out came back (退票)."""
        return await self._do(commands.Outcome, f"/intents/{part(intent)}/returned", body, key)

    # ------------------------------------------------------------ evidence

    async def image(self, evidence: int, size: str = "screen") -> bytes:
        """Bytes of a rendition (thumb, screen, full), upright."""
        return (await self._send("GET", f"/evidence/{evidence}/image", params={"size": size})).content

    async def original(self, evidence: int) -> bytes:
        return (await self._send("GET", f"/evidence/{evidence}/original")).content

    async def add_evidence(
        self, ref: str, name: str, data: bytes, key: str | None = None, *, sent: Callable[[int], None] | None = None
    ) -> commands.UploadMade:
        """Add a file to a case. `sent` hears how many bytes have gone, on the client's loop."""
        content = data if sent is None else _pieces(data, sent)
        path = f"/cases/{part(ref)}/evidence"
        answer = await self._send("POST", path, params={"name": name}, content=content, key=key, deadline=600)
        return commands.UploadMade.model_validate_json(answer.content)

    async def add_note(self, evidence: int, note: commands.NewNote, key: str | None = None) -> cases.ImageNote:
        return await self._do(cases.ImageNote, f"/evidence/{evidence}/notes", note, key)

    async def drop_note(self, evidence: int, note: int) -> None:
        await self._send("DELETE", f"/evidence/{evidence}/notes/{note}")

    # ------------------------------------------------------------ intake

    async def submit(self, record: bytes) -> bundle.RequestTaken:
        """Send one request: a line of a case bundle, as JSON."""
        answer = await self._send("POST", "/refund-requests", content=record)
        return bundle.RequestTaken.model_validate_json(answer.content)

    async def start_import(self, zipped: bytes) -> commands.Job:
        """Send a whole bundle, a zip; the job's result is the counts."""
        answer = await self._send("POST", "/imports", content=zipped, deadline=600, kind="application/zip")
        return commands.Job.model_validate_json(answer.content)

    async def quarantine(self, status: str | None = "open", after: int = 0) -> bundle.QuarantinePage:
        return await self._get(bundle.QuarantinePage, "/quarantine", status=status, after=after)

    async def quarantined(self, number: int) -> bundle.QuarantineRecord:
        return await self._get(bundle.QuarantineRecord, f"/quarantine/{number}")

    async def retry(self, number: int, record: str | None = None) -> bundle.RequestTaken:
        """Take a quarantined record in again, as it is or corrected."""
        return await self._do(bundle.RequestTaken, f"/quarantine/{number}/retry", bundle.Retry(record=record))

    async def drop(self, number: int, reason: str) -> bundle.QuarantineRow:
        return await self._do(bundle.QuarantineRow, f"/quarantine/{number}/drop", commands.Because(reason=reason))

    # ------------------------------------------------------------ audit

    async def audit_page(
        self, before: int | None = None, case: str | None = None, action: str | None = None
    ) -> commands.AuditPage:
        return await self._get(commands.AuditPage, "/audit/entries", before=before, case=case, action=action)

    async def consistency(self, old: int, new: int) -> list[bytes]:
        """The proof that the log of `new` entries continues the one of `old`."""
        answer = await self._send("GET", "/audit/consistency", params={"old": old, "new": new})
        return [bytes.fromhex(node) for node in answer.json()["proof"]]

    async def start_verify(self) -> commands.Job:
        return await self._do(commands.Job, "/audit/verify")

    async def start_export(self) -> commands.Job:
        return await self._do(commands.Job, "/audit/export")

    async def job(self, job_id: str) -> commands.Job:
        return await self._get(commands.Job, f"/jobs/{part(job_id)}")

    async def job_file(self, job_id: str) -> bytes:
        return (await self._send("GET", f"/jobs/{part(job_id)}/file", deadline=600)).content

    async def job_file_to(self, job_id: str, path: Path) -> int:
        """Fetch what a job wrote into a file, a piece at a time: in memory of one piece. How many bytes it were."""
        target, size = f"/jobs/{part(job_id)}/file", 0
        with path.open("wb") as out:
            while True:
                piece = {"Range": f"bytes={size}-{size + FETCHED - 1}"}
                answer = await self._send("GET", target, headers=piece, deadline=600)
                size += await asyncio.to_thread(out.write, answer.content)
                if size >= int(answer.headers.get("Content-Range", f"/{size}").rpartition("/")[2]):
                    return size

    async def start_export_cases(self, order: ExportOrder, key: str | None = None) -> commands.Job:
        return await self._do(commands.Job, "/exports/cases", order, key)

    async def start_export_case(self, ref: str, order: CaseOrder, key: str | None = None) -> commands.Job:
        return await self._do(commands.Job, f"/exports/cases/{part(ref)}", order, key)

    async def stop_job(self, job_id: str) -> commands.Job:
        return await self._do(commands.Job, f"/jobs/{part(job_id)}/stop")

    # ------------------------------------------------------------ people and settings

    async def forecast(self) -> clocks.Forecast:
        """Which free cases will miss their deadline, the likeliest first."""
        return await self._get(clocks.Forecast, "/forecast")

    async def clock_changes(self, after: int = 0) -> clocks.ClockPage:
        """What the rules in force would change of the next open cases."""
        return await self._get(clocks.ClockPage, "/clocks/changes", after=after)

    async def recompute_clocks(self, after: int = 0, key: str | None = None) -> clocks.ClockPage:
        """Bring the next open cases under them."""
        return await self._do(clocks.ClockPage, "/clocks/recompute", clocks.Recompute(after=after), key)

    async def users(self) -> list[commands.UserView]:
        """All accounts, by login."""
        found: list[commands.UserView] = []
        while page := await self._get(list[commands.UserView], "/users", after=found[-1].login if found else None):
            found += page
            if len(page) < 200:
                break
        return found

    async def add_user(self, body: commands.NewUser, key: str | None = None) -> commands.UserMade:
        return await self._do(commands.UserMade, "/users", body, key)

    async def set_roles(
        self, login: str, roles: list[Role], reason: str, key: str | None = None
    ) -> commands.ConfigChange:
        """Proposes; a second person approves."""
        body = commands.ConfigProposal(
            kind="roles", subject=login, content=sorted(role.value for role in roles), reason=reason
        )
        return await self.propose_config(body, key)

    async def change_roles(self, login: str, roles: list[Role], reason: str) -> commands.UserMade:
        """All roles from now on. `change`: the proposal that waits; None: they are in force."""
        body = commands.Roles(roles=roles, reason=reason)
        return await self._do(commands.UserMade, f"/users/{part(login)}/roles", body, method="PUT")

    async def disable_user(self, login: str, disabled: bool = True) -> commands.UserView:
        return await self._do(commands.UserView, f"/users/{part(login)}/{'disable' if disabled else 'enable'}")

    async def reset_user(self, login: str) -> commands.UserMade:
        return await self._do(commands.UserMade, f"/users/{part(login)}/reset")

    async def make_token(self, login: str, label: str) -> commands.TokenMade:
        return await self._do(commands.TokenMade, f"/users/{part(login)}/tokens", commands.NewToken(label=label))

    async def process(self, kind: str = "process") -> commands.ProcessView:
        """What is in force: the process, or with kind "policy" or "links" those."""
        return await self._get(commands.ProcessView, "/process", kind=kind)

    async def config_changes(self, before: int | None = None) -> list[commands.ConfigChange]:
        """Newest first, at most CHANGES of them; before: the id of the last one had."""
        return await self._get(list[commands.ConfigChange], "/config/changes", before=before)

    async def propose_config(self, body: commands.ConfigProposal, key: str | None = None) -> commands.ConfigChange:
        return await self._do(commands.ConfigChange, "/config/changes", body, key)

    async def settle_config(
        self, change: int, approve: bool, reason: str, key: str | None = None
    ) -> commands.ConfigChange:
        verb = "approve" if approve else "decline"
        return await self._do(
            commands.ConfigChange, f"/config/changes/{change}/{verb}", commands.Because(reason=reason), key
        )
