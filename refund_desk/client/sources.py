"""Calls about sources: connectors, connections, their runs, and how one is set up."""

from __future__ import annotations

from refund_desk.client.calls import Calls, part
from refund_desk.wire import commands
from refund_desk.wire import sources as w


class SourceCalls(Calls):
    """A part of `DeskClient`."""

    async def connectors(self) -> list[w.ConnectorView]:
        """Kinds of systems that the service can read."""
        return await self._get(list[w.ConnectorView], "/connectors")

    async def sources(self) -> list[w.SourceView]:
        return await self._get(list[w.SourceView], "/sources")

    async def source(self, name: str) -> w.SourceDetail:
        """One connection with its history."""
        return await self._get(w.SourceDetail, f"/sources/{part(name)}")

    async def propose_source(self, body: w.SourceProposal, key: str | None = None) -> commands.ConfigChange:
        """A connection as it is to be; it waits for a second person."""
        return await self._do(commands.ConfigChange, "/sources", body, key)

    async def check_source(self, body: w.SourceBody) -> w.SourceTried:
        """Whether a connection would work."""
        answer = await self._send("POST", "/sources/check", body, deadline=90.0)
        return w.SourceTried.model_validate_json(answer.content)

    async def sync_source(self, name: str) -> commands.Job:
        """Run a source now; the job's result is the counts."""
        return await self._do(commands.Job, f"/sources/{part(name)}/sync")
