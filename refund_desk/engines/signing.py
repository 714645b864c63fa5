"""Canonical bytes (RFC 8785), notes signed with Ed25519 (C2SP signed-note), keyed digests of personal values.

The key lives in a file of its own, outside the data directory and readable by its owner alone: whoever gets
the database must not get the key with it. The file holds one line, `PRIVATE+KEY+<name>+<key id>+<base64>`,
the form that the Go note tools write; a verifier key is `<name>+<key id>+<base64>`.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import stat
from base64 import b64encode
from contextlib import suppress
from pathlib import Path
from typing import Any

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from refund_desk.domain import notes
from refund_desk.domain.errors import Invalid, Unavailable

_PREFIX = "PRIVATE+KEY+"


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


class SigningKey:
    """An Ed25519 key with the name it signs under (the log's origin)."""

    def __init__(self, name: str, seed: bytes) -> None:
        if not notes.good_name(name) or len(seed) != 32:
            raise Invalid("audit.key_malformed")
        self.name = name
        self._seed = seed
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self._public = notes.ED25519 + self._key.public_key().public_bytes_raw()

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
        name, raw = notes.read_key(line.removeprefix(_PREFIX))
        key = cls(name, raw)
        if line.removeprefix(_PREFIX).split("+")[1] != notes.key_id(name, key._public).hex():
            raise Invalid("audit.key_malformed")
        return key

    @property
    def vkey(self) -> str:
        """The verifier key, to be handed to whoever shall be able to check."""
        return f"{self.name}+{notes.key_id(self.name, self._public).hex()}+{b64encode(self._public).decode()}"

    def line(self) -> str:
        """The secret, as its file holds it."""
        key_id = notes.key_id(self.name, self._public).hex()
        return f"{_PREFIX}{self.name}+{key_id}+{b64encode(notes.ED25519 + self._seed).decode()}\n"

    def seal(self, message: bytes) -> bytes:
        """A digest of bytes that only who has this key can make. With a key of its own: it signs no note."""
        own = hmac.new(self._seed, b"refund-desk/seal", hashlib.sha256).digest()
        return hmac.new(own, message, hashlib.sha256).digest()

    def sign(self, text: str) -> str:
        """The note for `text`, which ends with a line break. ValueError for a text that no note can hold."""
        if not text.endswith("\n") or any(ord(char) < 32 and char != "\n" for char in text):
            raise ValueError("a note's text is lines of printable text")
        signature = self._key.sign(text.encode())
        blob = b64encode(notes.key_id(self.name, self._public) + signature).decode()
        return f"{text}\n— {self.name} {blob}\n"


def verify_note(note: str, vkey: str) -> str:
    """The note's text, if `vkey` signed it; `notes.verify_note` says what it raises."""
    return notes.verify_note(note, vkey, _signed)


def _signed(public: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


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
