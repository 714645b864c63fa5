"""Values of the wire in words: by the type that the data dictionary gives their field."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from refund_desk.client.formats import NOTHING
from refund_desk.client.plaintext import plain
from refund_desk.desktop.widgets import FieldRow
from refund_desk.desktop.words import formats, member, tr, words
from refund_desk.domain.dictionary import BY_KEY
from refund_desk.wire.base import Amount, Coded, Text2
from refund_desk.wire.decisions import Term
from refund_desk.wire.facts import ConflictView, FieldView, RecordView, Said

SEPARATOR = " · "
_VOCABULARY = {"payment.method": "method", "ledger_entry.kind": "ledger"}
"""Text fields whose values have words, where the catalogue knows them; others are shown as they came."""


def label(key: str) -> str:
    """The name of a field of the data dictionary."""
    return tr(f"field.{key}")


def value(key: str, raw: Any) -> str:
    """A field's value as text; – where the system said nothing."""
    if raw is None or raw == "":
        return NOTHING
    field = BY_KEY.get(key)
    kind = field.type if field is not None else ""
    if kind == "time":
        return moment(raw)
    if kind == "integer" and isinstance(raw, int):
        text = formats().number(raw)
        return tr("ui.case.business_days", n=raw) if field is not None and field.unit == "business days" else text
    if isinstance(raw, str):
        vocabulary = _VOCABULARY.get(key) or ("status" if key.endswith(".status") else "")
        return member(vocabulary, raw) if vocabulary else plain(raw, lines=False)
    return words().core.show(raw)


def moment(raw: datetime | str) -> str:
    """A time, short; text that is no time is shown as it came."""
    try:
        at = raw if isinstance(raw, datetime) else datetime.fromisoformat(raw)
    except ValueError:
        return plain(str(raw), lines=False)
    return formats().moment(at if at.tzinfo else at.replace(tzinfo=UTC))


def system(name: str) -> str:
    """A system's name as people call it, else its own."""
    return member("system", name)


def joined(*parts: str | None) -> str:
    """Parts with a dot between; what is empty falls out."""
    return SEPARATOR.join(part for part in parts if part)


def text2(text: Text2) -> str:
    return words().core.text2(text)


def money(amount: Amount | Mapping[str, Any] | None) -> str:
    return NOTHING if amount is None else formats().money(amount)


def coded(what: Coded, kind: str = "") -> str:
    return words().core.word(what, kind)


def term(what: Term) -> str:
    """A term of a computed amount; the line's name stands in its params where there is one."""
    return words().core.word(what.what, "term")


def links(system_name: str, url: str | None) -> tuple[tuple[str, str], ...]:
    """The way to a record in its own system, as rows have it; nothing where no address is set."""
    return ((system(system_name), url),) if url else ()


def row(field: FieldView, scope: str = "", links: tuple[tuple[str, str], ...] = ()) -> FieldRow:
    """A row of a pane. `scope` tells records of one kind apart: the key is `<scope>/<field>`."""
    shown = value(field.key, field.value)
    raw = field.value
    copy = raw if isinstance(raw, str) and BY_KEY.get(field.key) and BY_KEY[field.key].type == "text" else shown
    key, tip = f"{scope}/{field.key}", said_tip(field)
    return FieldRow(key, label(field.key), shown, conflict=field.conflict, tip=tip, copy=copy, links=links)


def record_rows(record: RecordView) -> list[FieldRow]:
    """Rows of a record: its own id first, then what it says."""
    return [row(field, record.id) for field in record.fields if field.value not in (None, "")]


def said_line(key: str, said: Said) -> str:
    return f"{system(said.system)}: {value(key, said.value)} ({tr('ui.case.as_of', at=said.as_of)})"


def said_tip(field: FieldView) -> str:
    """Who says what, line by line; nothing where one system speaks and its word is shown."""
    lines = [said_line(field.key, said) for said in field.said]
    return "\n".join(lines)


def conflict_parts(conflict: ConflictView) -> list[tuple[str, str]]:
    """A conflict as pieces of a banner: field, who says what, and the value that counts meanwhile."""
    parts = [(f"{label(conflict.field)}:", "")]
    for index, said in enumerate(conflict.said):
        parts += [("≠", "")] if index else []
        parts += [(system(said.system), ""), (value(conflict.field, said.value), "strong danger")]
    if conflict.effective is not None:
        parts.append((tr("ui.case.effective", value=value(conflict.field, conflict.effective)), ""))
    return parts


def decision_reason(code: str) -> str:
    """A decision's reason code in words."""
    return member("decision_reason", code)


def anything(raw: Any) -> str:
    """A value whose type nobody declared, such as what a policy saw."""
    if isinstance(raw, list | dict) and not (isinstance(raw, dict) and "minor" in raw):
        return plain(json.dumps(raw, ensure_ascii=False), lines=False)
    return words().core.show(raw)


def size(count: int) -> str:
    """Bytes in the unit that suits them."""
    if count < 1024 * 1024:
        return f"{formats().number(max(1, count // 1024))} KB"
    return f"{formats().number(count // (1024 * 1024))} MB"


def upper(text: str) -> str:
    """With a capital at its beginning, where it stands for itself and not in a sentence."""
    return text[:1].upper() + text[1:]


def policy(name: str, version: str) -> str:
    """A policy and its version as people say them: without the book's name before the @ and the digest after +."""
    return f"{member('policy', name)} {version.rpartition('@')[2].partition('+')[0]}"
