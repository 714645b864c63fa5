"""Whatever is sent to any route: an answer that the document knows, never a failure of ours.

Bodies are drawn from the document's own schemas, and bent. The seed is hypothesis's, printed when it finds one.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from refund_desk.domain.words import Role
from tests.fakes.desk_api import DeskApi

AWKWARD: list[Any] = [
    None, True, 0, -1, 2**31, 2**53 - 1, -(2**53) + 1, 2**63, 10**30, 0.5, 1e308, [], [[]], {}, {"a": 1},
    "", " ", "0", "-1", "1e9", "NaN", "\u0000", "\u202e", "\U0001f9fe", "é", "á", "'; --", "../..", "%s%n",
    "RC-26-000001", "x" * 300,
]  # fmt: skip
TEXT = st.one_of(st.text(max_size=12), st.sampled_from([one for one in AWKWARD if isinstance(one, str)]))
PATHS = {
    "ref": st.sampled_from([f"RC-26-{n:06d}" for n in range(1, 13)] + ["RC-26-999999", "x", "%20", "..%2f", "é"]),
    "intent_id": st.sampled_from(["x", "0", "%F0%9F%A7%BE"]),
    "login": st.sampled_from(["warehouse", "nobody", "%20", "A%40b", "é" * 40]),
    "source": st.sampled_from(["shop", "Shop", "%20", "a" * 50]),
    "job_id": st.sampled_from(["x", "0" * 32]),
}
NUMBERS = st.sampled_from(["0", "1", "2", "7", "999999", "9007199254740991", "-1", "x", "1.0", "99999999999999999999"])


class Draw:
    """Values for a JSON schema, mostly right."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._schemas = document["components"]["schemas"]

    def of(self, schema: dict[str, Any], depth: int = 0) -> st.SearchStrategy[Any]:
        if "$ref" in schema:
            schema = self._schemas[schema["$ref"].rsplit("/", 1)[-1]]
        right = self._right(schema, depth)
        # One value in sixteen is something else.
        return st.integers(0, 15).flatmap(lambda n: st.sampled_from(AWKWARD) if n == 0 else right)

    def _right(self, schema: dict[str, Any], depth: int) -> st.SearchStrategy[Any]:
        for several in ("anyOf", "oneOf"):
            if several in schema:
                return st.one_of([self.of(one, depth) for one in schema[several]])
        if "allOf" in schema:
            return self.of(schema["allOf"][0], depth)
        if "const" in schema:
            return st.just(schema["const"])
        if "enum" in schema:
            return st.sampled_from(schema["enum"])
        make: dict[str, Callable[[dict[str, Any], int], st.SearchStrategy[Any]]] = {
            "object": self._object,
            "array": self._array,
        }
        kind = schema.get("type")
        if kind in make:
            return make[kind](schema, depth)
        simple: dict[Any, st.SearchStrategy[Any]] = {
            "integer": st.one_of(st.integers(0, 200), st.integers(-(2**54), 2**54)),
            "number": st.floats(allow_nan=False, allow_infinity=False),
            "boolean": st.booleans(),
            "null": st.none(),
            "string": self._text(schema),
        }
        return simple.get(kind, st.sampled_from(AWKWARD))

    def _text(self, schema: dict[str, Any]) -> st.SearchStrategy[Any]:
        if schema.get("pattern") == "^[A-Z]{3}$":
            return st.sampled_from(["CNY", "USD", "JPY", "XXX", "ZZZ"])
        if schema.get("format") == "date-time":
            return st.sampled_from(
                ["2026-11-19T10:00:00+00:00", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:00"]
            )
        return TEXT

    def _array(self, schema: dict[str, Any], depth: int) -> st.SearchStrategy[Any]:
        if depth > 4:
            return st.just([])
        return st.lists(self.of(schema.get("items", {}), depth + 1), max_size=3)

    def _object(self, schema: dict[str, Any], depth: int) -> st.SearchStrategy[Any]:
        known = schema.get("properties", {})
        if not known:
            names = TEXT
            if "propertyNames" in schema and "$ref" in schema["propertyNames"]:
                names = st.sampled_from(self._schemas[schema["propertyNames"]["$ref"].rsplit("/", 1)[-1]]["enum"])
            rest = schema.get("additionalProperties")
            inner = self.of(rest if isinstance(rest, dict) else {}, depth + 1)
            return st.dictionaries(names, inner, max_size=3)
        needed = {name: self.of(known[name], depth + 1) for name in schema.get("required", [])}
        if depth > 4:
            return st.fixed_dictionaries(needed)
        optional = {name: self.of(one, depth + 1) for name, one in known.items() if name not in needed}
        return st.fixed_dictionaries(needed, optional=optional)


@st.composite
def requests(draw: st.DrawFn, routes: list[tuple[str, str, dict[str, Any]]], values: Draw) -> dict[str, Any]:
    """Any route, with a path, a query, a body, by anybody."""
    path, method, route = draw(st.sampled_from(routes))
    for parameter in route.get("parameters", []):
        if parameter["in"] == "path":
            value = draw(PATHS.get(parameter["name"], NUMBERS))
            path = path.replace(f"{{{parameter['name']}}}", value)
    query = {
        parameter["name"]: str(draw(values.of(parameter["schema"])))
        for parameter in route.get("parameters", [])
        if parameter["in"] == "query" and (parameter.get("required") or draw(st.booleans()))
    }
    if "wait" in query or path.endswith("/changes"):
        query["wait"] = "0"
    out: dict[str, Any] = {"method": method.upper(), "path": path.removeprefix("/v1"), "params": query}
    out["by"] = draw(st.sampled_from([role.value for role in Role]))
    content = route.get("requestBody", {}).get("content", {})
    if "application/json" in content:
        body = draw(values.of(content["application/json"]["schema"]))
        out["content"] = json.dumps(body).encode()
        out["headers"] = {"Content-Type": "application/json"}
    elif content:
        out["content"] = draw(st.binary(max_size=64))
        out["headers"] = {"Content-Type": next(iter(content))}
    return out


SKIPPED = {"/v1/session", "/v1/me/password", "/v1/first-administrator"}
"""What would end the sessions that the others are called with; they have tests of their own."""


@pytest.mark.parametrize("rounds", [250])
def test_no_failure_of_ours_whatever_is_sent(desk_api: DeskApi, rounds: int) -> None:
    document = desk_api.call("GET", "/openapi.json").json()
    routes = [
        (path, method, route)
        for path, methods in document["paths"].items()
        for method, route in methods.items()
        if path not in SKIPPED and not path.startswith("/v1/users/{login}")
    ]
    values = Draw(document)
    # A case in each interesting state, so that requests get further than its door.
    desk_api.approved(desk_api.ref(1))
    desk_api.proposed(desk_api.ref(2))
    desk_api.taken(desk_api.ref(3))
    keys = iter(range(10**9))

    @settings(
        max_examples=rounds,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
    )
    @given(request=requests(routes, values))
    def attack(request: dict[str, Any]) -> None:
        sent = dict(request)
        answer = desk_api.call(sent.pop("method"), sent.pop("path"), key=f"fuzz {next(keys)}", **sent)
        assert answer.status_code < 500, (request, answer.text)
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == "application/problem+json", request
            assert answer.json()["code"] not in ("route.failed", "body.unreadable"), (request, answer.text)

    attack()
