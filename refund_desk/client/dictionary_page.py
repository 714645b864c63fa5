"""The data dictionary as a page: fields, vocabularies and the case bundle, from the code that uses them.

`docs/data-dictionary.md` is what `page()` gives; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

from refund_desk.client.words import load_catalogue
from refund_desk.domain import words
from refund_desk.domain.dictionary import FIELDS
from refund_desk.wire.bundle import BundleCase

VOCABULARIES: Mapping[str, type[StrEnum]] = {
    "kind": words.RequestKind,
    "reason": words.Reason,
    "reason_group": words.ReasonGroup,
    "decision": words.Decision,
    "stage": words.Stage,
    "progress": words.Progress,
    "aspect": words.Aspect,
    "clock": words.ClockKind,
    "role": words.Role,
    "record_kind": words.RecordKind,
    "tender": words.Tender,
    "evidence_kind": words.EvidenceKind,
    "who": words.Who,
    "wait_for": words.WaitFor,
}
"""Prefix of the labels in the catalogue, and the vocabulary."""

RULES = {
    "same": "The systems must agree. A difference is a conflict; the first source's value leads.",
    "higher": "As `same`; while they differ, money rules use the higher value.",
    "lower": "As `same`; while they differ, money rules use the lower value.",
    "free": "Each system has its own; never a conflict.",
}
TYPES = {
    "money": "an integer of minor units in the record's currency; as text in major units where it comes in",
    "integer": "a whole number",
    "boolean": "true or false",
    "text": "text as its system writes it",
    "time": "an instant, UTC inside; with an offset where it comes in",
}

_HEAD = """\
# Data dictionary

Generated from the code: `refund_desk/domain/dictionary.py`, `refund_desk/domain/words.py`,
`refund_desk/wire/bundle.py` and `resources/translations`. Don't edit it; a test compares it, and
`UPDATE_GOLDEN=1 pytest tests/golden/test_dictionary_page.py` writes it anew.
"""


class _Labels:
    """Labels in both languages. KeyError for one that nobody wrote."""

    def __init__(self, directory: Path | None) -> None:
        self._zh, self._en = (load_catalogue(language, directory) for language in ("zh", "en"))

    def __call__(self, key: str) -> tuple[str, str]:
        return self._zh[key], self._en[key]


def page(translations: Path | None = None) -> str:
    """The whole page, in Markdown. translations: another directory of labels than the desk's own."""
    labels = _Labels(translations)
    parts = [_HEAD, *_fields(labels), *_vocabularies(labels), *_bundle(BundleCase.model_json_schema(by_alias=True))]
    return "\n".join(parts).rstrip() + "\n"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "| " + " | ".join("---" for _ in head) + " |"]
    lines += ["| " + " | ".join(_cell(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


# ---------------------------------------------------------------- what systems say


def _fields(labels: _Labels) -> list[str]:
    out = ["## Fields that systems report\n", "What a disagreement between two systems means is the field's rule.\n"]
    out.append(_table(("rule", "meaning"), ((f"`{rule}`", text) for rule, text in RULES.items())))
    out.append(_table(("type", "meaning"), ((f"`{kind}`", text) for kind, text in TYPES.items())))
    for kind in words.RecordKind:
        zh, en = labels(f"record_kind.{kind.value}")
        out.append(f"### {en} · {zh}\n")
        rows = [
            (f"`{field.key}`", *labels(f"field.{field.key}"), field.type, field.unit or "—", field.source, field.rule)
            for field in FIELDS
            if field.kind is kind
        ]
        out.append(_table(("field", "中文", "English", "type", "unit", "source", "rule"), rows))
    return out


def _vocabularies(labels: _Labels) -> list[str]:
    out = ["## Vocabularies\n"]
    for prefix, vocabulary in VOCABULARIES.items():
        out.append(f"### {prefix}\n")
        rows = [(f"`{member.value}`", *labels(f"{prefix}.{member.value}")) for member in vocabulary]
        out.append(_table(("value", "中文", "English"), rows))
        if vocabulary is words.Reason:
            groups = ((f"`{reason.value}`", group.value) for reason, group in words.REASON_GROUP.items())
            out.append(_table(("reason", "group"), groups))
    return out


# ---------------------------------------------------------------- the case bundle


def _bundle(schema: Mapping[str, Any]) -> list[str]:
    """Every shape of the bundle in the order in which the first speaks of them."""
    out = ["## Case bundle\n", "A line of `cases.jsonl`; `refund-desk schema case-bundle` prints the JSON Schema.\n"]
    out.append('Amounts are decimals in major units, as text (`"1299.00"`), never JSON numbers.\n')
    known = schema["$defs"]
    for name in ("BundleCase", *_reached(schema, known)):
        shape = schema if name == "BundleCase" else known[name]
        if "properties" not in shape:
            continue  # a vocabulary: above
        about = shape.get("description")
        out += [f"### {name}\n", *([f"{about}\n"] if about else [])]
        must = set(shape.get("required", ()))
        rows = [
            (f"`{field}`", _type(value), "yes" if field in must else _default(value), value.get("description", ""))
            for field, value in shape["properties"].items()
        ]
        out.append(_table(("field", "type", "required", "meaning"), rows))
    return out


def _reached(shape: Mapping[str, Any], known: Mapping[str, Any]) -> list[str]:
    out: dict[str, None] = {}

    def walk(value: Any) -> None:
        if isinstance(value, Mapping):
            name = str(value.get("$ref", "")).removeprefix("#/$defs/")
            if name and name not in out:
                out[name] = None
                walk(known[name])
            for key, inner in value.items():
                if key != "$defs":
                    walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    walk(shape)
    return list(out)


_BY_CLASS = {vocabulary.__name__: prefix for prefix, vocabulary in VOCABULARIES.items()}
_LIMITS = {"maxLength": "at most {} characters", "maxItems": "at most {}", "minimum": "from {}", "maximum": "to {}"}


def _type(value: Mapping[str, Any]) -> str:
    """A property's type in words, with its limits."""
    if "$ref" in value:
        name = str(value["$ref"]).removeprefix("#/$defs/")
        return f"[{_BY_CLASS[name]}](#{_BY_CLASS[name]})" if name in _BY_CLASS else f"[{name}](#{name.lower()})"
    if "anyOf" in value:
        return ", or ".join(_type(one) for one in value["anyOf"] if one.get("type") != "null")
    if "const" in value:
        return f'`"{value["const"]}"`'
    if "enum" in value:
        return ", ".join(f"`{one}`" for one in value["enum"])
    if value.get("type") == "array":
        return ", ".join([f"list of {_type(value['items'])}", *_limits(value)])
    kind = {"date-time": "time"}.get(str(value.get("format", "")), str(value.get("type", "")))
    return ", ".join([kind, *_limits(value)])


def _limits(value: Mapping[str, Any]) -> list[str]:
    out = [words_.format(value[key]) for key, words_ in _LIMITS.items() if key in value]
    return [*out, f"like `{value['pattern']}`"] if "pattern" in value else out


def _default(value: Mapping[str, Any]) -> str:
    default = value.get("default")
    return "no" if default in (None, [], "") else f"no; `{default}`"
