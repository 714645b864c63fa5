"""A mail as a record: its words as plain text, its attachments as evidence, what it answers.

Nothing a mail refers to is ever loaded. What a list or a machine sent says so in its head, and is taken as such.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import getaddresses, parsedate_to_datetime
from typing import Any, Final

from refund_desk.domain.evidence import MAX_EVIDENCE_BYTES, path_problem
from refund_desk.domain.requests import Letter, Proof
from refund_desk.domain.sources import Item, Mail, not_after
from refund_desk.domain.words import EvidenceKind, Who
from refund_desk.sources.plain import from_html

MOST_FILES: Final = 50
MOST_TEXT: Final = 100_000
_WORD: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{2,59}")
_ID: Final = re.compile(r"<([^<>\s]{1,400})>")
_CJK: Final = re.compile(r"[\u4e00-\u9fff]")
_BAD: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def item_of(system: str, raw: bytes, own: str, now: datetime) -> tuple[Item, dict[str, bytes]]:
    """A mail, and its attachments by their names as evidence. own: the address of the mailbox, lower case."""
    message = BytesParser(policy=policy.default).parsebytes(raw)
    assert isinstance(message, EmailMessage)
    id = (_ids(message, "message-id") or [hashlib.sha256(raw).hexdigest()])[0]
    at = _date(message)
    if _from_a_list(message):
        nobody = Letter(system, id, "in", "mail", Who.SYSTEM, None, not_after(at, now), "", None, (), None)
        return Item(id, raw, Mail(nobody, "", (), ""), at, at), {}
    sender = _address(message, "from")
    ours = sender[1] == own
    other = next((pair for pair in _addresses(message, "to", "cc") if pair[1] != own), ("", "")) if ours else sender
    proofs, files = _attachments(message, id, Who.AGENT if ours else Who.CUSTOMER, not_after(at, now))
    subject, text = _clean(_header(message, "subject"))[:1000], _text(message)
    letter = Letter(
        source=system,
        id=id,
        direction="out" if ours else "in",
        channel="mail",
        who=_who(message, ours),
        name=_clean(sender[0])[:400] or None,
        sent_at=not_after(at, now),
        text=text or subject or "…",
        language="zh" if _CJK.search(subject + text[:2000]) else None,
        attachments=tuple(proof.file for proof in proofs),
        promise=None,
    )
    after = dict.fromkeys([*_ids(message, "in-reply-to"), *reversed(_ids(message, "references"))])
    mail = Mail(letter, subject, _names(subject, text), other[1], tuple(after)[:100], tuple(proofs))
    return Item(id, raw, mail, at, at), files


def _who(message: EmailMessage, ours: bool) -> Who:
    """A machine's answer (out of office) is nobody's word: it must not start a clock again."""
    auto = _header(message, "auto-submitted").lower()
    if auto and not auto.startswith("no"):
        return Who.SYSTEM
    return Who.AGENT if ours else Who.CUSTOMER


def _from_a_list(message: EmailMessage) -> bool:
    bulk = _header(message, "precedence").strip().lower() in ("bulk", "list", "junk")
    return bulk or any(message.get(name) is not None for name in ("list-id", "list-unsubscribe"))


def _header(message: EmailMessage, name: str) -> str:
    """A header as text; what can't be parsed is none."""
    try:
        return str(message.get(name, ""))
    except Exception:  # the parser of headers fails in many ways on what nobody meant
        return ""


def _ids(message: EmailMessage, name: str) -> list[str]:
    return _ID.findall(_header(message, name))


def _addresses(message: EmailMessage, *names: str) -> list[tuple[str, str]]:
    found = getaddresses([_header(message, name) for name in names])
    return [(name, _clean(address).strip().lower()[:400]) for name, address in found if "@" in address]


def _address(message: EmailMessage, name: str) -> tuple[str, str]:
    return (_addresses(message, name) or [("", "")])[0]


def _date(message: EmailMessage) -> datetime | None:
    try:
        at = parsedate_to_datetime(_header(message, "date"))
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None


def _clean(text: str) -> str:
    """Without what no person writes and no database takes."""
    return _BAD.sub("", text.encode("utf-8", "replace").decode("utf-8"))


def _content(part: Any) -> str:
    """The text of a part, whatever it says of its characters."""
    try:
        text = part.get_content()
    except (LookupError, ValueError, KeyError):
        data = part.get_payload(decode=True) or b""
        text = data.decode("utf-8", "replace")
    return text if isinstance(text, str) else bytes(text).decode("utf-8", "replace")


def _text(message: EmailMessage) -> str:
    """Plain text where it has any that says something; the words of its HTML otherwise."""
    for kind in ("plain", "html"):
        try:
            part = message.get_body((kind,))
        except (AttributeError, KeyError):  # a structure that contradicts itself
            part = None
        if part is None:
            continue
        text = _content(part)
        clean = _clean(from_html(text) if kind == "html" else text.replace("\r\n", "\n")).strip()
        if clean:
            return clean[:MOST_TEXT]
    return ""


def _names(subject: str, text: str) -> tuple[str, ...]:
    """Words that may be order numbers: those with a digit in them, the subject's first."""
    words = (word for part in (subject, text) for word in _WORD.findall(part))
    return tuple(dict.fromkeys(word for word in words if any(sign.isdigit() for sign in word)))[:200]


def _attachments(message: EmailMessage, id: str, who: Who, at: datetime) -> tuple[list[Proof], dict[str, bytes]]:
    """Files that came with it, pictures in its text as well."""
    proofs: list[Proof] = []
    files: dict[str, bytes] = {}
    short = hashlib.sha256(id.encode()).hexdigest()[:12]
    for part in message.walk():
        kind = part.get_content_type()
        named = part.get_filename()
        if part.is_multipart() or not (named or kind.startswith("image/") or part.is_attachment()):
            continue
        data = part.get_payload(decode=True)
        if not isinstance(data, bytes) or not data or len(data) > MAX_EVIDENCE_BYTES or len(proofs) >= MOST_FILES:
            continue
        name = _file_name(named or f"{len(proofs) + 1}.{kind.rpartition('/')[2][:10]}")
        file = f"evidence/{short}-{len(proofs) + 1}-{name}"
        if path_problem(file) is None:
            image = kind.startswith("image/")
            proofs.append(Proof(file, name, EvidenceKind.PHOTO if image else EvidenceKind.DOCUMENT, who, at))
            files[file] = data
    return proofs, files


def _file_name(name: str) -> str:
    """A name as it was sent, without what would make it a path."""
    plain = re.sub(r"[/\\:]", "_", _clean(name).replace("\n", " ").replace("\t", " ")).strip(" .")
    return plain[-120:].strip(" .") or "file"
