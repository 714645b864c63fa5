"""The OpenAPI document: what FastAPI derives, and what it can't know.

Errors are problem+json; most routes want a bearer token; routes that may move money want an
Idempotency-Key; every write's answer carries the latest checkpoint; shapes have examples.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI

from refund_desk.server.call import LONGEST_KEY
from refund_desk.server.examples import EXAMPLES, RESPONSES
from refund_desk.server.problems import MEDIA
from refund_desk.wire.bundle import BundleCase

OPEN = {"/v1/status", "/v1/session", "/v1/first-administrator", "/v1/hooks/{source}"}
"""Paths whose GET and POST ask for nobody's name."""
_REFS = "#/components/schemas/{model}"

ERRORS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "401": ("Nobody we know, or no longer.", "people.session_over", {}),
    "403": (
        "A rule forbids it. `rule` is its id, `could` the roles that may.",
        "process.not_allowed",
        {"rule": "activity.payout.confirm", "could": ["finance"], "activity": "payout.confirm", "stage": "payout"},
    ),
    "404": ("No such thing, or none you may know of.", "case.not_found", {"ref": "RC-26-004182"}),
    "409": (
        "The state forbids it now, or something it rests on has changed (`case.stale`: what, in order of time).",
        "case.taken",
        {"ref": "RC-26-004182", "holder": "Lin Xiao"},
    ),
    "413": ("More than we take.", "body.too_large", {"limit": 2_097_152}),
    "415": ("Not JSON.", "body.media_type", {"said": "text/plain", "wanted": "application/json"}),
    "422": (
        "Bad input. `problems` has the path of each bad field.",
        "request.invalid",
        {"problems": [{"path": "lines[0].quantity", "code": "field.too_small", "params": {"limit": 0}}]},
    ),
    "429": ("Too many tries. `Retry-After` says when.", "people.throttled", {"retry_after": 4}),
    "500": ("Our own failure; nothing was changed.", "server.bug", {}),
}
_KINDS = {"401": "unauthenticated", "403": "refused", "404": "notfound", "409": "conflict"}
_KINDS |= {"413": "toolarge", "415": "wrongmedia", "422": "invalid", "429": "toomany", "500": "bug"}


def install(app: FastAPI) -> None:
    """Make the app's document ours; computed once, when first asked for."""
    plain = app.openapi

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _describe(plain())
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]


def _describe(schema: dict[str, Any]) -> dict[str, Any]:
    schemas = schema["components"]["schemas"]
    for gone in ("HTTPValidationError", "ValidationError"):
        schemas.pop(gone, None)
    bundle = BundleCase.model_json_schema(ref_template=_REFS)
    schemas |= bundle.pop("$defs", {})
    schemas["BundleCase"] = bundle
    schemas["Problem"] = _problem()
    for name, examples in EXAMPLES.items():
        if name in schemas:
            schemas[name]["examples"] = examples
    schema["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    schema["components"]["responses"] = {status: _error(status) for status in ERRORS}
    for path, method, route in _routes(schema):
        _finish(path, method, route)
    return schema


def _routes(schema: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in schema["paths"].items():
        for method, route in methods.items():
            yield path, method, route


def _problem() -> dict[str, Any]:
    from refund_desk.wire.base import Problem

    return Problem.model_json_schema(ref_template=_REFS)


def _error(status: str) -> dict[str, Any]:
    says, code, params = ERRORS[status]
    example = {
        "type": f"urn:refund-desk:{_KINDS[status]}",
        "title": code,
        "status": int(status),
        "code": code,
        "params": params,
    }
    shape = {"schema": {"$ref": _REFS.format(model="Problem")}, "example": example}
    return {"description": says, "content": {MEDIA: shape}}


def _finish(path: str, method: str, route: dict[str, Any]) -> None:
    first, _, _ = route.get("description", "").partition("\n")
    route["summary"] = first.rstrip(".")
    is_open = path in OPEN and method != "delete"
    if not is_open:
        route["security"] = [{"token": []}]
    money = route.pop("x-money", False)
    if method != "get" and not is_open:  # reads happen as often as they like
        route.setdefault("parameters", []).append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": money,
                "schema": {"type": "string", "maxLength": LONGEST_KEY},
                "description": "Send the same key with every try of one write: it happens once.",
            }
        )
    wanted = {"422", "500"}
    wanted |= set() if is_open else {"401", "403"}
    wanted |= {"404"} if "{" in path else set()
    wanted |= {"409"} if method != "get" or "{" in path else set()
    wanted |= {"413", "415"} if "requestBody" in route else set()
    wanted |= {"429"} if path in ("/v1/session", "/v1/me/password") and method == "post" else set()
    answers = {status: answer for status, answer in route["responses"].items() if int(status) < 400}
    for status, answer in answers.items():
        if status in ("200", "204"):
            answer["description"] = "Done." if method != "get" else "As it stands now."
        if method != "get":
            answer["headers"] = {
                "Desk-Checkpoint": {
                    "description": "The latest signed checkpoint of the log, its bytes in hex.",
                    "schema": {"type": "string"},
                }
            }
        if (example := RESPONSES.get(f"{method.upper()} {path}")) is not None:
            answer["content"]["application/json"]["example"] = example
    route["responses"] = answers | {status: {"$ref": f"#/components/responses/{status}"} for status in sorted(wanted)}
