"""How a call is sent and answered: token, key, deadline, errors as the service raised them."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Mapping
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, TypeAdapter

from refund_desk.client.failures import Unreachable, raise_problem
from refund_desk.domain.errors import NotFound

M = TypeVar("M")
DEADLINE_S = 30.0


def part(name: str) -> str:
    """What somebody typed, as one part of a path. A slash has no place in one: servers decode it first."""
    if "/" in name or name.strip(".") == "":
        raise NotFound("route.not_found")
    return quote(name, safe="")


def new_key() -> str:
    """An idempotency key. Made when a form opens, kept in its draft, sent with every try."""
    return str(uuid.uuid4())


class Calls:
    """Calls as one account. `http` speaks to `/v1`; an embedded desk's goes through no socket."""

    def __init__(self, http: httpx.AsyncClient, token: str | None = None) -> None:
        self._http = http
        self.token = token
        self.checkpoint: str | None = None  # the latest one the service handed out

    async def aclose(self) -> None:
        await self._http.aclose()

    async def _send(
        self,
        method: str,
        path: str,
        body: BaseModel | None = None,
        *,
        key: str | None = None,
        params: dict[str, Any] | None = None,
        deadline: float = DEADLINE_S,
        content: bytes | AsyncIterator[bytes] | None = None,
        kind: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        headers = dict(headers or {})
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if kind:
            headers["Content-Type"] = kind
        if key:
            headers["Idempotency-Key"] = key
        if body is not None:
            content = body.model_dump_json(by_alias=True).encode()
            headers["Content-Type"] = "application/json"
        clean = {name: value for name, value in (params or {}).items() if value not in (None, "")}
        try:
            # The embedded transport ignores httpx's own time-outs: each call has a deadline here.
            async with asyncio.timeout(deadline):
                answer = await self._http.request(method, f"/v1{path}", content=content, headers=headers, params=clean)
        except (TimeoutError, httpx.HTTPError) as error:
            raise Unreachable("client.unreachable", why=type(error).__name__) from error
        if answer.status_code >= 400:
            raise_problem(answer)
        self.checkpoint = answer.headers.get("Desk-Checkpoint", self.checkpoint)
        return answer

    async def _get(self, shape: type[M], path: str, deadline: float = DEADLINE_S, **params: Any) -> M:
        answer = await self._send("GET", path, params=params, deadline=deadline)
        return _adapter(shape).validate_json(answer.content)

    async def _do(
        self, shape: type[M], path: str, body: BaseModel | None = None, key: str | None = None, method: str = "POST"
    ) -> M:
        answer = await self._send(method, path, body, key=key)
        return _adapter(shape).validate_json(answer.content)


_adapters: dict[Any, TypeAdapter[Any]] = {}


def _adapter(shape: type[M]) -> TypeAdapter[M]:
    found = _adapters.get(shape)
    if found is None:
        found = _adapters[shape] = TypeAdapter(shape)
    return found
