"""Errors as problem+json (RFC 9457): a code and its parameters, the same embedded and over a socket."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from refund_desk.domain.errors import DeskError
from refund_desk.wire.base import Problem

log = structlog.get_logger(__name__)

_STATUS_CODES = {404: "route.not_found", 405: "route.method", 413: "body.too_large", 415: "body.media_type"}


def _answer(problem: Problem, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse(
        problem.model_dump(mode="json"), problem.status, media_type="application/problem+json", headers=headers
    )


def problem_of(error: DeskError) -> Problem:
    kind = type(error).__name__.lower()
    return Problem(
        type=f"urn:refund-desk:{kind}", title=error.code, status=error.status, code=error.code, params=error.params
    )


def problems_from(errors: Any) -> list[dict[str, Any]]:
    """Pydantic's errors as path, code and params; the input itself is not echoed."""
    out = []
    for one in errors:
        place = [part for part in one["loc"] if part not in ("body", "query", "path", "header")]
        path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".")
        params = {k: str(v) for k, v in (one.get("ctx") or {}).items() if k != "error"}
        out.append({"path": path, "code": f"field.{one['type']}", "params": params})
    return out


async def _desk_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, DeskError)
    headers: dict[str, str] = {}
    if "retry_after" in error.params:
        headers["Retry-After"] = str(error.params["retry_after"])
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return _answer(problem_of(error), headers)


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    params = {"problems": problems_from(error.errors())}
    return _answer(
        Problem(
            type="urn:refund-desk:invalid", title="request.invalid", status=422, code="request.invalid", params=params
        )
    )


async def _http(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    code = _STATUS_CODES.get(error.status_code, f"http.{error.status_code}")
    headers: Mapping[str, str] | None = error.headers
    return _answer(Problem(title=code, status=error.status_code, code=code), dict(headers or {}))


async def _bug(request: Request, error: Exception) -> JSONResponse:
    log.error("server.bug", route=request.url.path, exc_info=error)
    return _answer(Problem(type="urn:refund-desk:bug", title="server.bug", status=500, code="server.bug"))


def install(app: FastAPI) -> None:
    app.add_exception_handler(DeskError, _desk_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _bug)
