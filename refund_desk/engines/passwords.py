"""Passwords by argon2id. Tokens need no slow hash: they are 256 random bits."""

from __future__ import annotations

from base64 import b64encode

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from argon2.low_level import ARGON2_VERSION


def _no_password(hasher: PasswordHasher) -> str:
    """A hash that costs what a true one costs and that no password has; made without the quarter second of one."""
    costs = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    salt, digest = (b64encode(bytes(size)).decode().rstrip("=") for size in (hasher.salt_len, hasher.hash_len))
    return f"$argon2id$v={ARGON2_VERSION}${costs}${salt}${digest}"


class Argon2Passwords:
    """argon2id with the library's recommended costs; `quick` is for demo homes and tests."""

    def __init__(self, quick: bool = False) -> None:
        self._hasher = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1) if quick else PasswordHasher()
        self._nobody = _no_password(self._hasher)

    def hash(self, password: str) -> str:
        return self._hasher.hash(password)

    def verify(self, password_hash: str | None, password: str) -> bool:
        # An unknown login costs the same work: the time of the answer tells nothing.
        try:
            right = self._hasher.verify(password_hash or self._nobody, password)
        except (Argon2Error, InvalidHashError):
            return False
        return bool(right) and password_hash is not None
