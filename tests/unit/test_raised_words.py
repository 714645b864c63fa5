"""Every code that the source raises, audits or tells has its words in both languages, with values for its blanks.

Read from the syntax trees, so that a new code without words fails before anybody meets it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from refund_desk.client.words import LANGUAGES, load_catalogue, placeholders
from refund_desk.domain import errors
from refund_desk.domain.words import Decision

ROOT = Path(__file__).parents[2] / "refund_desk"
CATALOGUES = {language: load_catalogue(language) for language in LANGUAGES}
ERRORS = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Exception)}
ERRORS |= {"WrongMedia", "Unreachable", "ServiceBug"}
ERROR_PREFIXES = ("error", "finding", "quarantine")
OWN = ("engines/decoding_child.py",)
"""Files with error classes of their own under the same names."""


@dataclass(frozen=True)
class Said:
    """A code as it stands in the source; `params` None where they are passed on whole."""

    code: str
    where: str
    params: frozenset[str] | None


def _trees() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(ROOT.rglob("*.py")):
        where = path.relative_to(ROOT).as_posix()
        if where not in OWN:
            yield where, ast.parse(path.read_text(encoding="utf-8"))


TREES = list(_trees())


def _calls() -> Iterator[tuple[str, str, ast.Call]]:
    for where, tree in TREES:
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
                name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
                yield where, name, node


def _texts(node: ast.expr) -> list[str]:
    """Literal texts an argument can be."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.IfExp):
        return [*_texts(node.body), *_texts(node.orelse)]
    return []


def _said(names: set[str], place: int, of: str = "") -> list[Said]:
    out = []
    for where, name, call in _calls():
        if name not in names or len(call.args) <= place:
            continue
        if of and (not isinstance(call.func, ast.Attribute) or not ast.unparse(call.func.value).endswith(of)):
            continue
        keys = [keyword.arg for keyword in call.keywords]
        params = None if None in keys else frozenset(key for key in keys if key)
        out += [Said(code, f"{where}:{call.lineno}", params) for code in _texts(call.args[place])]
    return out


RAISED = _said(ERRORS, 0)
AUDITED = _said({"audit"}, 0, "work")
HAPPENED = [
    *_said({"event"}, 1, "work.cases"),
    *_said({"move", "next_round"}, 4, "lifecycle"),
    *_said({"outcome"}, 1),
    *(Said(f"decided.{decision.value}", "domain/words.py", None) for decision in Decision),
]


def test_the_source_was_read() -> None:
    assert len(RAISED) > 150
    assert len(AUDITED) > 40
    assert len(HAPPENED) > 40


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_error_has_words(language: str) -> None:
    known = CATALOGUES[language]
    lacking = {s.code: s.where for s in RAISED if not any(f"{p}.{s.code}" in known for p in ERROR_PREFIXES)}
    assert lacking == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_problem_of_a_field_has_words(language: str) -> None:
    known = CATALOGUES[language]
    lacking = {
        s.code: s.where for s in _said({"Problem"}, 1) if not any(f"{p}.{s.code}" in known for p in ERROR_PREFIXES)
    }
    assert lacking == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_audited_action_has_words(language: str) -> None:
    assert {s.code: s.where for s in AUDITED if f"action.{s.code}" not in CATALOGUES[language]} == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_event_has_words(language: str) -> None:
    assert {s.code: s.where for s in HAPPENED if f"event.{s.code}" not in CATALOGUES[language]} == {}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("prefix", ["timeline", "difference", "change", "void", "term", "why", "missing", "clock"])
def test_every_code_of_a_kind_has_words(language: str, prefix: str) -> None:
    """Texts of the source that are whole codes of this kind."""
    known = CATALOGUES[language]
    codes: dict[str, str] = {}
    for where, tree in TREES:
        if where.startswith(("desktop/", "client/", "commands/")):
            continue
        for node in ast.walk(tree):
            text = node.value if isinstance(node, ast.Constant) else None
            if isinstance(text, str) and text.startswith(f"{prefix}.") and not text.endswith((".", "_")):
                codes[text] = f"{where}:{getattr(node, 'lineno', 0)}"
    assert {code: where for code, where in codes.items() if code not in known} == {}


def test_words_of_an_error_have_values_for_their_blanks() -> None:
    known = CATALOGUES["en"]
    lacking = []
    for said in RAISED:
        text = known.get(f"error.{said.code}")
        if text is None or said.params is None:
            continue
        blanks = placeholders(text) - said.params
        if blanks:
            lacking.append(f"{said.where} {said.code}: {sorted(blanks)}")
    assert lacking == []


def test_every_refusal_names_its_rule_and_who_could() -> None:
    lacking = [
        said.where for said in _said({"Refused"}, 0) if said.params is not None and not said.params >= {"rule", "could"}
    ]
    assert lacking == []
