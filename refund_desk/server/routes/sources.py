"""Sources: connectors, connections and how they go; set up by two persons; webhooks as hints to read again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response

from refund_desk.domain.errors import DeskError, TooLarge
from refund_desk.domain.people import Principal
from refund_desk.server.call import Call, Caller
from refund_desk.server.jobs import Jobs, Running
from refund_desk.server.routes.audit import job_view
from refund_desk.server.routes.people import change_view
from refund_desk.service import config, sources
from refund_desk.service.gate import permit
from refund_desk.service.ports import Work
from refund_desk.service.ports.sources import About, Run
from refund_desk.wire import commands as c
from refund_desk.wire import sources as w
from refund_desk.wire.base import Coded

router = APIRouter(tags=["sources"])

Source = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_-]{0,39}$", description="Name of the connection.")]


def _connector(about: About) -> w.ConnectorView:
    settings = [
        w.SettingView(name=s.name, type=s.type, required=s.required, default=s.default, secret=s.secret)
        for s in (*about.settings, *sources.COMMON)
    ]
    return w.ConnectorView(
        name=about.name, version=about.version, settings=settings, streams=list(about.streams), hooks=about.hooks
    )


def _run(run: Run) -> w.SourceRun:
    seconds = (run.ended_at - run.started_at).total_seconds() if run.ended_at else 0.0
    return w.SourceRun(
        id=run.id,
        started_at=run.started_at,
        ended_at=run.ended_at,
        status=run.status,
        counts=w.SourceCounts(**asdict(run.counts)),
        rate=round(run.counts.read / seconds) if seconds > 0 else None,
        error=None if run.error is None else Coded(code=run.error["code"], params=run.error["params"]),
    )


def _fields(call: Call, standing: sources.Standing) -> dict[str, Any]:
    connection = standing.connection
    busy = connection.busy_until
    return {
        "name": connection.name,
        "connector": connection.connector,
        "settings": dict(connection.settings),
        "secrets": sorted(connection.secrets),
        "enabled": connection.enabled,
        "running": busy is not None and busy > call.desk.clock(),
        "next_at": connection.next_at if connection.enabled else None,
        "cursors": dict(standing.cursors),
        "quarantined": standing.quarantined,
        "hints": standing.hints,
        "hook": f"/v1/hooks/{connection.name}" if sources.HOOK_SECRET in connection.secrets else None,
        "last": _run(standing.runs[0]) if standing.runs else None,
    }


@router.get("/connectors")
def connectors(call: Caller) -> list[w.ConnectorView]:
    """Kinds of systems that this installation can read, with the settings of each."""
    return call.read(lambda work, who: [_connector(about) for about in sources.offered(work, call.desk, who)])


@router.get("/sources")
def every(call: Caller) -> list[w.SourceView]:
    """Connections by name, each with its last run."""
    return call.read(
        lambda work, who: [w.SourceView(**_fields(call, one)) for one in sources.every(work, call.desk, who)]
    )


@router.get("/sources/{source}")
def one(call: Caller, source: Source) -> w.SourceDetail:
    """One connection with its history."""

    def use(work: Work, who: Principal) -> w.SourceDetail:
        found = sources.one(work, call.desk, who, source)
        return w.SourceDetail(**_fields(call, found), runs=[_run(run) for run in found.runs])

    return call.read(use)


@router.post("/sources", response_model=c.ConfigChange)
def propose(call: Caller, body: w.SourceProposal) -> Response:
    """Propose a connection as it is to be: it waits for a second person. Its secrets are put away at once."""
    call.read(lambda work, who: permit(work, call.desk, who, "config.propose"))
    kept = sources.keep_secrets(call.desk, body.name, body.secrets)
    given = {"connector": body.connector, "settings": body.settings, "enabled": body.enabled}

    def use(work: Work, who: Principal) -> c.ConfigChange:
        content = sources.proposed(work, call.desk, body.name, given, kept)
        row = config.propose(work, call.desk, who, sources.KIND, body.name, content, body.reason)
        return change_view(work, call.desk, row)

    try:
        return call.write(use, body=body, hidden={"secrets"})
    except DeskError:
        sources.drop_secrets(call.desk, kept)
        raise


@router.post("/sources/check", response_model=w.SourceTried)
def check(call: Caller, body: w.SourceBody) -> w.SourceTried:
    """Test a connection before it is proposed. A kept secret is used only with the settings it was kept for."""

    def use(work: Work, who: Principal) -> tuple[dict[str, Any], dict[str, str]]:
        return sources.to_try(work, call.desk, who, body.name, body.connector, body.settings, body.secrets)

    settings, secrets = _told(call, use)
    try:
        session = sources.connectors(call.desk).open(body.connector, body.name, settings, secrets, quick=True)
        try:
            session.check()
        finally:
            session.close()
    except DeskError as error:
        return w.SourceTried(works=False, problem=Coded(code=f"error.{error.code}", params=_plain(error.params)))
    return w.SourceTried(works=True)


def _told(call: Call, use: Any) -> Any:
    """The value of a use case that writes an entry."""
    out: list[Any] = []
    call.write(lambda work, who: out.append(use(work, who)), status=204)
    return out[0]


def _plain(params: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in params.items() if isinstance(value, str | int | bool)}


@router.post("/sources/{source}/sync", response_model=c.Job)
def sync(call: Caller, request: Request, source: Source) -> c.Job:
    """Run a source now; ask `/jobs/{id}` how it goes. Its result is the counts."""

    def use(work: Work, who: Principal) -> Principal:
        permit(work, call.desk, who, "source.sync")
        sources.find(work, source)
        return who

    who = call.read(use)
    jobs: Jobs = request.app.state.jobs

    def run(job: Running) -> Any:
        return call.house.sync(job, who, source)

    return job_view(jobs.start(f"sync-{source}", who, run, once=True))


# ---------------------------------------------------------------- webhooks


@dataclass(frozen=True, slots=True)
class Sent:
    headers: Mapping[str, str]
    raw: bytes


async def sent_hook(request: Request) -> Sent:
    """The raw body, no more of it than is read at all."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > sources.MAX_HOOK:
            raise TooLarge("body.too_large", limit=sources.MAX_HOOK)
        parts.append(part)
    return Sent({name.lower(): value for name, value in request.headers.items()}, b"".join(parts))


_SHAPE = {"schema": {"type": "object"}, "example": {"type": "refund.created", "orderId": "12"}}
_HOOK = {"requestBody": {"required": True, "content": {"application/json": _SHAPE}}}


@router.post("/hooks/{source}", status_code=204, openapi_extra=_HOOK)
def hook(call: Caller, source: Source, sent: Annotated[Sent, Depends(sent_hook)]) -> Response:
    """A webhook of a connected system, signed as it signs them. It changes nothing: what it names is read again."""
    with call.house.read() as work:
        connection, secret = sources.hook_of(work, call.desk, source)
    found = sources.hear(call.desk, connection, secret, sent.headers, sent.raw)
    with call.house.write() as work:
        new = sources.heard(work, call.desk, connection, found)
    if new:
        call.house.look_at_sources()
        call.house.look_at_payouts()
    return Response(status_code=204)
