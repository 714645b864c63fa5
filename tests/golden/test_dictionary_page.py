"""The page in docs is the one that the code gives. UPDATE_GOLDEN=1 writes it anew."""

from __future__ import annotations

import inspect
import os
import shutil
from enum import StrEnum
from pathlib import Path

import pytest

from refund_desk.client.dictionary_page import RULES, TYPES, VOCABULARIES, page
from refund_desk.client.resources import resource_dir
from refund_desk.domain import words
from refund_desk.domain.dictionary import FIELDS
from refund_desk.wire.bundle import BundleCase

PAGE = Path(__file__).resolve().parents[2] / "docs" / "data-dictionary.md"


def test_the_page_in_docs_is_what_the_code_says() -> None:
    made = page()
    if os.environ.get("UPDATE_GOLDEN") == "1":
        PAGE.write_text(made, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == made


def test_every_field_stands_on_it_with_type_unit_source_and_rule() -> None:
    lines = {line.split(" | ")[0].strip("| `"): line for line in page().splitlines() if line.startswith("| `")}
    for field in FIELDS:
        cells = [cell.strip() for cell in lines[field.key].strip("|").split("|")]
        assert cells[3:] == [field.type, field.unit or "—", field.source, field.rule]
        assert all(cells[1:3])
    assert {field.rule for field in FIELDS} == set(RULES)
    assert {field.type for field in FIELDS} <= set(TYPES)


def test_every_vocabulary_stands_on_it() -> None:
    """All but the letters of RACI, which every process explains itself."""
    there = {each for _, each in inspect.getmembers(words, inspect.isclass) if issubclass(each, StrEnum)}
    assert there - {StrEnum, words.Raci} == set(VOCABULARIES.values())


def test_every_field_of_the_bundle_stands_on_it() -> None:
    schema = BundleCase.model_json_schema(by_alias=True)
    text = page()
    for name, shape in {"BundleCase": schema, **schema["$defs"]}.items():
        for field in shape.get("properties", {}):
            assert f"| `{field}` |" in text.partition(f"### {name}\n")[2].partition("\n### ")[0], (name, field)


def test_a_label_that_nobody_wrote_is_an_error(tmp_path: Path) -> None:
    for language in ("zh.d", "en.d"):
        shutil.copytree(resource_dir() / "translations" / language, tmp_path / language)
    for path in (tmp_path / "zh.d").glob("*.yaml"):
        kept = [line for line in path.read_text("utf-8").splitlines() if not line.startswith("field.payment.fee:")]
        path.write_text("\n".join(kept), "utf-8")
    with pytest.raises(KeyError, match=r"field\.payment\.fee"):
        page(tmp_path)
