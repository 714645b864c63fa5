"""Signed notes and their verifier keys (C2SP signed-note), read. Who has Ed25519 checks the signature.

A verifier key is `<name>+<key id>+<base64>`, the form that the Go note tools write.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable
from hashlib import sha256

from refund_desk.domain.errors import Invalid

ED25519 = b"\x01"
"""The kind of key, before its 32 bytes."""

Signed = Callable[[bytes, bytes, bytes], bool]
"""(public key of 32 bytes, signature, message) -> whether that key signed it, by Ed25519."""

_MAX_NOTE = 64 * 1024
_MAX_SIGNATURES = 16


def verify_note(note: str, vkey: str, signed: Signed) -> str:
    """The note's text, if `vkey` signed it.

    Raises Invalid: `audit.key_malformed`, `audit.note_malformed`, `audit.signature_missing` (nobody of that
    name and key id signed) or `audit.signature_wrong`.
    """
    name, public, wanted = read_vkey(vkey)
    text, signatures = _split(note)
    found = [blob[4:] for signer, blob in signatures if signer == name and blob[:4] == wanted]
    if not found:
        raise Invalid("audit.signature_missing", name=name)
    if not all(signed(public, signature, text.encode()) for signature in found):
        raise Invalid("audit.signature_wrong", name=name)
    return text


def read_vkey(vkey: str) -> tuple[str, bytes, bytes]:
    """Name, 32 raw bytes and key id of a verifier key. Raises Invalid `audit.key_malformed`."""
    name, public = read_key(vkey.strip())
    wanted = key_id(name, ED25519 + public)
    if vkey.strip().split("+")[1] != wanted.hex():
        raise Invalid("audit.key_malformed")
    return name, public, wanted


def read_key(text: str) -> tuple[str, bytes]:
    """Name and 32 raw bytes of `<name>+<key id>+<base64>`. The base64 may hold plus signs of its own."""
    name, _, rest = text.partition("+")
    raw = _exact_base64(rest.partition("+")[2])
    if not good_name(name) or raw is None or len(raw) != 33 or raw[:1] != ED25519:
        raise Invalid("audit.key_malformed")
    return name, raw[1:]


def good_name(name: str) -> bool:
    """Whether a key may be called so."""
    return bool(name) and "+" not in name and not any(char.isspace() for char in name)


def key_id(name: str, public: bytes) -> bytes:
    """Four bytes that name a key; `public` begins with its kind."""
    return sha256(name.encode() + b"\n" + public).digest()[:4]


def _split(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    """Text and (name, key id + signature) of each signature line."""
    head, gap, tail = note.rpartition("\n\n")
    if not gap or not tail.endswith("\n") or len(note) > _MAX_NOTE:
        raise Invalid("audit.note_malformed")
    lines = tail[:-1].split("\n")
    if len(lines) > _MAX_SIGNATURES:
        raise Invalid("audit.note_malformed")
    return head + "\n", [_signature(line) for line in lines]


def _signature(line: str) -> tuple[str, bytes]:
    parts = line.split(" ")
    if len(parts) != 3 or parts[0] != "—" or not good_name(parts[1]):
        raise Invalid("audit.note_malformed")
    blob = _exact_base64(parts[2])
    if blob is None or len(blob) < 5:
        raise Invalid("audit.note_malformed")
    return parts[1], blob


def _exact_base64(text: str) -> bytes | None:
    """The bytes, or None when the text isn't the one way to write them."""
    try:
        raw = b64decode(text, validate=True)
    except ValueError:
        return None
    return raw if b64encode(raw).decode() == text else None
