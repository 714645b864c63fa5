"""`refund-desk schema case-bundle`: the JSON Schema of what an import takes."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import typer

from refund_desk.commands.printing import as_json

app = typer.Typer(help="Print the schema of a format.")


class Format(StrEnum):
    CASE_BUNDLE = "case-bundle"


def case_bundle() -> dict[str, Any]:
    """JSON Schema (2020-12) of one line of cases.jsonl."""
    from refund_desk.wire.bundle import BundleCase

    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:refund-desk:case-bundle:1",
        **BundleCase.model_json_schema(by_alias=True),
    }


@app.command()
def schema(name: Format) -> None:
    """Print the JSON Schema of a format: `case-bundle` is one line of a bundle's cases.jsonl."""
    as_json({Format.CASE_BUNDLE: case_bundle}[name]())
