"""The document says what the service does: every route, every error, shapes with examples that hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import BaseModel, TypeAdapter

from refund_desk.server.examples import EXAMPLES
from refund_desk.server.openapi import ERRORS
from refund_desk.wire import (
    base,
    bundle,
    cases,
    clocks,
    commands,
    exports,
    figures,
    lessons,
    process_map,
    reconciliation,
    sources,
    workload,
)
from tests.fakes.desk_api import DeskApi

MODULES = (
    *(base, bundle, cases, clocks, commands, exports, figures, lessons, process_map, reconciliation, sources, workload),
)
SHAPES: dict[str, type[BaseModel]] = {
    name: kind
    for module in MODULES
    for name, kind in vars(module).items()
    if isinstance(kind, type) and issubclass(kind, BaseModel)
}


@pytest.fixture
def document(any_desk: DeskApi) -> dict[str, Any]:
    found: dict[str, Any] = any_desk.call("GET", "/openapi.json").json()
    return found


def routes(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, route in methods.items():
            yield path, method, route


def refs(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for one in node.values():
            yield from refs(one)
    elif isinstance(node, list):
        for one in node:
            yield from refs(one)


def found(document: dict[str, Any], ref: str) -> Any:
    node: Any = document
    for part in ref.removeprefix("#/").split("/"):
        node = node[part]
    return node


def test_it_is_whole(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    for ref in set(refs(document)):
        assert found(document, ref), ref
    for name, schema in document["components"]["schemas"].items():
        Draft202012Validator.check_schema(schema)
        assert schema, name
    ids = [route["operationId"] for _, _, route in routes(document)]
    assert len(ids) == len(set(ids))
    for path, _, route in routes(document):
        named = {one["name"] for one in route.get("parameters", []) if one["in"] == "path"}
        assert named == {part.strip("{}") for part in path.split("/") if part.startswith("{")}


def test_every_route_says_what_it_does(document: dict[str, Any]) -> None:
    summaries = [route["summary"] for _, _, route in routes(document)]
    assert all(len(summary) > 10 for summary in summaries)
    assert len(set(summaries)) > len(summaries) - 3


def test_every_route_has_its_errors(document: dict[str, Any]) -> None:
    for path, method, route in routes(document):
        answers = route["responses"]
        assert {"422", "500"} <= answers.keys(), path
        assert ("401" in answers) is ("security" in route)
        assert ("404" in answers) is ("{" in path)
        if "requestBody" in route:
            assert {"413", "415"} <= answers.keys(), path
        if method != "get":
            done = next(answer for status, answer in answers.items() if status.startswith("2"))
            assert "Desk-Checkpoint" in done["headers"]
    for status in ERRORS:
        content = document["components"]["responses"][status]["content"]
        assert list(content) == ["application/problem+json"]
        problem = base.Problem.model_validate(content["application/problem+json"]["example"])
        assert problem.status == int(status)


def test_who_needs_no_token(document: dict[str, Any]) -> None:
    open_routes = {f"{method.upper()} {path}" for path, method, route in routes(document) if "security" not in route}
    assert open_routes == {
        "GET /v1/status",
        "POST /v1/session",
        "POST /v1/first-administrator",
        "POST /v1/hooks/{source}",
    }
    assert document["components"]["securitySchemes"] == {"token": {"type": "http", "scheme": "bearer"}}


def test_every_body_and_every_answer_has_an_example(document: dict[str, Any]) -> None:
    lacking = []
    for path, method, route in routes(document):
        contents = [route.get("requestBody", {}).get("content", {})]
        contents += [answer.get("content", {}) for status, answer in route["responses"].items() if status < "300"]
        for content in contents:
            for media, shape in content.items():
                if media != "application/json":
                    continue
                names = [ref.rsplit("/", 1)[-1] for ref in [*refs(shape.get("schema", {}))][:1]]
                if "example" not in shape and not any(name in EXAMPLES for name in names):
                    lacking.append((method, path, names))
    assert lacking == []
    schemas = document["components"]["schemas"]
    assert sorted(EXAMPLES.keys() - schemas.keys()) == [], "an example of a shape that no route has"
    assert all(schemas[name]["examples"] == examples for name, examples in EXAMPLES.items())


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_examples_are_true(name: str) -> None:
    for example in EXAMPLES[name]:
        shape = TypeAdapter(SHAPES[name])
        shape.validate_python(example)
        Draft202012Validator(shape.json_schema()).validate(example)
