"""Errors as problem+json (RFC 9457): a code and its parameters, the same embedded and over a socket."""

from __future__ import annotations

from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from refund_desk.domain.errors import DeskError
from refund_desk.server import logs
from refund_desk.server.field_problems import worded
from refund_desk.wire.base import Problem

log = structlog.get_logger(__name__)

MEDIA = "application/problem+json"
MOST_PROBLEMS = 50
_STATUS_CODES = {400: "body.unreadable", 404: "route.not_found", 405: "route.method"}
_PLACES = ("body", "query", "path", "header")


def answer(problem: Problem, headers: dict[str, str] | None = None) -> JSONResponse:
    """A problem as a response."""
    return JSONResponse(problem.model_dump(mode="json"), problem.status, media_type=MEDIA, headers=headers)


def problem_of(error: DeskError) -> Problem:
    kind = type(error).__name__.lower()
    return Problem(
        type=f"urn:refund-desk:{kind}", title=error.code, status=error.status, code=error.code, params=error.params
    )


def problems_from(errors: Any) -> list[dict[str, Any]]:
    """Pydantic's errors as path, code and params; the input itself is not echoed."""
    out = []
    for one in list(errors)[:MOST_PROBLEMS]:
        loc = one["loc"][1:] if one["loc"] and one["loc"][0] in _PLACES else one["loc"]
        out.append(worded(dict(one), loc).plain())
    return out


async def _desk_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, DeskError)
    headers: dict[str, str] = {}
    if "retry_after" in error.params:
        headers["Retry-After"] = str(error.params["retry_after"])
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return answer(problem_of(error), headers)


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    code = "request.invalid"
    params = {"problems": problems_from(error.errors())}
    return answer(Problem(type="urn:refund-desk:invalid", title=code, status=422, code=code, params=params))


async def _http(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    code = _STATUS_CODES.get(error.status_code, "route.failed")
    kind = "urn:refund-desk:notfound" if error.status_code == 404 else "about:blank"
    return answer(Problem(type=kind, title=code, status=error.status_code, code=code), dict(error.headers or {}))


def bug(method: str, route: str, error: Exception) -> JSONResponse:
    """Our own failure: a line in the log, and an answer that says nothing of it.

    route: the template, not the path, for what stands in a path may be a login.
    """
    log.error("server.bug", method=method, route=route, exc_info=error)
    return answer(Problem(type="urn:refund-desk:bug", title="server.bug", status=500, code="server.bug"))


def install(app: FastAPI) -> None:
    logs.configure()
    app.add_exception_handler(DeskError, _desk_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
