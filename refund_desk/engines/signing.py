"""Canonical bytes (RFC 8785), notes signed with Ed25519 (C2SP signed-note), keyed digests of personal values.

The key lives in a file of its own, outside the data directory and readable by its owner alone: whoever gets
the database must not get the key with it. The file holds one line, `PRIVATE+KEY+<name>+<key id>+<base64>`,
the form that the Go note tools write; a verifier key is `<name>+<key id>+<base64>`.
"""

from __future__ import annotations

import hmac
import os
import stat
from base64 import b64decode, b64encode
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from refund_desk.domain.errors import Invalid, Unavailable

_ED25519 = b"\x01"
_PREFIX = "PRIVATE+KEY+"
_MAX_NOTE = 64 * 1024
_MAX_SIGNATURES = 16


def canonical(value: Any) -> bytes:
    """RFC 8785 bytes of plain values. TypeError for a float, ValueError for an integer beyond 2**53."""
    _refuse_floats(value)
    encoded: bytes = rfc8785.dumps(value)
    return encoded


def _refuse_floats(value: Any) -> None:
    if isinstance(value, float):
        raise TypeError("a float has no exact bytes")
    if isinstance(value, dict):
        for item in value.values():
            _refuse_floats(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            _refuse_floats(item)


def personal_digest(secret: bytes, value: str) -> str:
    """Hex HMAC-SHA256 of a personal value under its customer's secret: once that is erased, it says nothing."""
    return hmac.new(secret, value.encode(), sha256).hexdigest()


class SigningKey:
    """An Ed25519 key with the name it signs under (the log's origin)."""

    def __init__(self, name: str, seed: bytes) -> None:
        if not _good_name(name) or len(seed) != 32:
            raise Invalid("audit.key_malformed")
        self.name = name
        self._seed = seed
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self._public = _ED25519 + self._key.public_key().public_bytes_raw()

    @classmethod
    def generate(cls, name: str) -> SigningKey:
        """A new random key. `name` has no space, plus sign or line break."""
        return cls(name, Ed25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def parse(cls, line: str) -> SigningKey:
        """A key from the line of its file. Raises Invalid `audit.key_malformed`."""
        line = line.strip()
        if not line.startswith(_PREFIX):
            raise Invalid("audit.key_malformed")
        name, raw = _read_key(line.removeprefix(_PREFIX), _ED25519)
        key = cls(name, raw)
        if line.removeprefix(_PREFIX).split("+")[1] != _key_id(name, key._public).hex():
            raise Invalid("audit.key_malformed")
        return key

    @property
    def vkey(self) -> str:
        """The verifier key, to be handed to whoever shall be able to check."""
        return f"{self.name}+{_key_id(self.name, self._public).hex()}+{b64encode(self._public).decode()}"

    def line(self) -> str:
        """The secret, as its file holds it."""
        key_id = _key_id(self.name, self._public).hex()
        return f"{_PREFIX}{self.name}+{key_id}+{b64encode(_ED25519 + self._seed).decode()}\n"

    def sign(self, text: str) -> str:
        """The note for `text`, which ends with a line break. ValueError for a text that no note can hold."""
        if not text.endswith("\n") or any(ord(char) < 32 and char != "\n" for char in text):
            raise ValueError("a note's text is lines of printable text")
        signature = self._key.sign(text.encode())
        blob = b64encode(_key_id(self.name, self._public) + signature).decode()
        return f"{text}\n— {self.name} {blob}\n"


def verify_note(note: str, vkey: str) -> str:
    """The note's text, if `vkey` signed it.

    Raises Invalid: `audit.key_malformed`, `audit.note_malformed`, `audit.signature_missing` (nobody of that
    name and key id signed) or `audit.signature_wrong`.
    """
    name, public = _read_key(vkey.strip(), _ED25519)
    wanted = _key_id(name, _ED25519 + public)
    if vkey.strip().split("+")[1] != wanted.hex():
        raise Invalid("audit.key_malformed")
    text, signatures = _split_note(note)
    found = [blob[4:] for signer, blob in signatures if signer == name and blob[:4] == wanted]
    if not found:
        raise Invalid("audit.signature_missing", name=name)
    try:
        key = Ed25519PublicKey.from_public_bytes(public)
        for signature in found:
            key.verify(signature, text.encode())
    except (InvalidSignature, ValueError):
        raise Invalid("audit.signature_wrong", name=name) from None
    return text


def _split_note(note: str) -> tuple[str, list[tuple[str, bytes]]]:
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
    if len(parts) != 3 or parts[0] != "—" or not _good_name(parts[1]):
        raise Invalid("audit.note_malformed")
    blob = _exact_base64(parts[2])
    if blob is None or len(blob) < 5:
        raise Invalid("audit.note_malformed")
    return parts[1], blob


def _read_key(text: str, kind: bytes) -> tuple[str, bytes]:
    """Name and 32 raw bytes of `<name>+<key id>+<base64>`. The base64 may hold plus signs of its own."""
    name, _, rest = text.partition("+")
    raw = _exact_base64(rest.partition("+")[2])
    if not _good_name(name) or raw is None or len(raw) != 33 or raw[:1] != kind:
        raise Invalid("audit.key_malformed")
    return name, raw[1:]


def _exact_base64(text: str) -> bytes | None:
    """The bytes, or None when the text isn't the one way to write them."""
    try:
        raw = b64decode(text, validate=True)
    except ValueError:
        return None
    return raw if b64encode(raw).decode() == text else None


def _good_name(name: str) -> bool:
    return bool(name) and "+" not in name and not any(char.isspace() for char in name)


def _key_id(name: str, public: bytes) -> bytes:
    return sha256(name.encode() + b"\n" + public).digest()[:4]


def load_key(path: Path, outside: Path | None = None) -> SigningKey:
    """The signing key in a file.

    outside: the data directory, in which the key may not lie. Raises Unavailable with `path` and the code
    `audit.key_missing`, `audit.key_inside_data`, `audit.key_exposed` (others may read it) or Invalid
    `audit.key_malformed`.
    """
    if outside is not None and path.resolve().is_relative_to(outside.resolve()):
        raise Unavailable("audit.key_inside_data", path=str(path))
    try:
        mode = path.stat()
        content = path.read_text("ascii")
    except (OSError, UnicodeDecodeError) as problem:
        code = "audit.key_missing" if isinstance(problem, FileNotFoundError) else "audit.key_unreadable"
        raise Unavailable(code, path=str(path)) from None
    if os.name == "posix" and stat.S_IMODE(mode.st_mode) & 0o077:
        raise Unavailable("audit.key_exposed", path=str(path), mode=f"{stat.S_IMODE(mode.st_mode):04o}")
    return SigningKey.parse(content)


def load_or_make_key(path: Path, name: str, outside: Path) -> SigningKey:
    """The key in `path`; at the first start a new one named `name`, written with mode 0600."""
    if path.resolve().is_relative_to(outside.resolve()):
        raise Unavailable("audit.key_inside_data", path=str(path))
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        _write_once(path, SigningKey.generate(name).line())
    return load_key(path, outside)


def _write_once(path: Path, line: str) -> None:
    """The whole file or none: of two processes that start together one makes it, and both read the same."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    except OSError:
        raise Unavailable("audit.key_unreadable", path=str(path)) from None
