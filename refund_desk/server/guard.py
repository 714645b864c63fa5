"""Before any route: how much may be sent, as what, and that it is JSON that every reader reads alike.

After it: the latest checkpoint goes out with the answer of each write, so that who got an answer can hold
the log to it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from refund_desk.domain.errors import DeskError, Invalid, TooLarge
from refund_desk.domain.requests import Problem
from refund_desk.server.problems import answer, bug, problem_of
from refund_desk.wire.base import MAX_INT

MAX_BODY: Final = 2 * 1024 * 1024
MAX_DEPTH: Final = 64
_STREAMED: Final = re.compile(
    r"(/v1/(refund-requests|imports|statements|hooks/[^/]+|cases/[^/]+/evidence)|/merchant/[^/]+)\Z"
)
"""Routes that count their own bytes while they come, and say what kind they take."""


class WrongMedia(DeskError):
    """Not JSON."""

    status = 415


class Guard:
    """ASGI middleware. Holds at most `MAX_BODY` of a body, and none of those routes that stream theirs."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            if "\0" in scope["path"] or b"%00" in scope.get("query_string", b""):
                raise Invalid("request.invalid", problems=[Problem("", "text.control").plain()])
            if scope["method"] not in ("GET", "HEAD", "OPTIONS") and not _STREAMED.match(scope["path"]):
                body = await _body(scope, receive)
                _check(body, _media(scope))
                receive = _again(body, receive)
        except DeskError as error:
            await answer(problem_of(error))(scope, receive, send)
            return
        out = _with_checkpoint(scope, send)
        begun = False

        async def noting(message: Message) -> None:
            nonlocal begun
            begun = True
            await out(message)

        try:
            await self._app(scope, receive, noting)
        except Exception as error:
            # Here, not further out: the connection stays, and nobody else writes a traceback of their own.
            if begun:
                raise
            route = getattr(scope.get("route"), "path", "")
            await bug(scope["method"], route, error)(scope, receive, out)


async def _body(scope: Scope, receive: Receive) -> bytes:
    declared = dict(scope["headers"]).get(b"content-length", b"0")
    if declared.isdigit() and int(declared) > MAX_BODY:
        raise TooLarge("body.too_large", limit=MAX_BODY)
    parts, size = [], 0
    while True:
        message = await receive()
        part = message.get("body", b"")
        size += len(part)
        if size > MAX_BODY:
            raise TooLarge("body.too_large", limit=MAX_BODY)
        parts.append(part)
        if message["type"] != "http.request" or not message.get("more_body"):
            return b"".join(parts)


def _again(body: bytes, receive: Receive) -> Receive:
    waits = [body]

    async def replay() -> Message:
        if waits:
            return {"type": "http.request", "body": waits.pop(), "more_body": False}
        return await receive()

    return replay


def _media(scope: Scope) -> str:
    said = dict(scope["headers"]).get(b"content-type", b"").decode("latin-1")
    return str(said.partition(";")[0].strip().lower())


def _check(body: bytes, media: str) -> None:
    if not body:
        return
    if media != "application/json":
        raise WrongMedia("body.media_type", said=media[:100], wanted="application/json")
    if found := flaws(body):
        raise Invalid("request.invalid", problems=[one.plain() for one in found])


# ---------------------------------------------------------------- JSON that means one thing


def flaws(body: bytes) -> list[Problem]:
    """What keeps a body from being read the same by everybody: the first of each kind, with its path."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        return [Problem("", "text.not_utf8", {"at": error.start})]
    twice: list[str] = []

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(items)
        if len(found) != len(items):
            names = [name for name, _ in items]
            twice.append(next(name for name in names if names.count(name) > 1))
        return found

    try:
        value = json.loads(text, object_pairs_hook=pairs, parse_constant=_refuse)
    except RecursionError:
        return [Problem("", "json.too_deep", {"limit": MAX_DEPTH})]
    except ValueError as error:
        return [Problem("", "json.broken", {"at": getattr(error, "pos", 0)})]
    if twice:
        return [Problem("", "json.duplicate_key", {"key": twice[0][:80]})]
    return list(_walk(value))[:10]


def _refuse(name: str) -> Any:
    raise ValueError(name)


def _walk(value: Any) -> Iterator[Problem]:
    """Without recursion: how deep it is, is one of the questions."""
    waits: list[tuple[str, Any, int]] = [("", value, 0)]
    while waits:
        path, now, depth = waits.pop()
        if depth > MAX_DEPTH:
            yield Problem(path[:200], "json.too_deep", {"limit": MAX_DEPTH})
            return
        if isinstance(now, dict):
            if any("\0" in key for key in now):
                yield Problem(path[:200], "text.control")
                return
            waits.extend((f"{path}.{key}" if path else key, one, depth + 1) for key, one in now.items())
        elif isinstance(now, list):
            waits.extend((f"{path}[{index}]", one, depth + 1) for index, one in enumerate(now))
        elif isinstance(now, str) and "\0" in now:
            yield Problem(path[:200], "text.control")
        elif isinstance(now, str) and not _encodable(now):
            yield Problem(path[:200], "text.surrogate")
        elif isinstance(now, int | float) and not abs(now) <= MAX_INT:  # 1e999 is read as infinity
            yield Problem(path[:200], "field.too_large", {"limit": MAX_INT})


def _encodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:  # half of a pair, as "\ud800"
        return False
    return True


# ---------------------------------------------------------------- on the way out


def _with_checkpoint(scope: Scope, send: Send) -> Send:
    reads = scope["method"] in ("GET", "HEAD", "OPTIONS")

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = list(message.get("headers", ()))
            names = {name.lower() for name, _ in headers}
            if b"x-content-type-options" not in names:
                headers.append((b"x-content-type-options", b"nosniff"))
            if b"cache-control" not in names:
                headers.append((b"cache-control", b"no-store"))
            if not reads and message["status"] < 400 and (note := scope["app"].state.house.checkpoint()):
                headers.append((b"desk-checkpoint", note.encode("ascii")))
            message = {**message, "headers": headers}
        await send(message)

    return sending
