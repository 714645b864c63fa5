"""Passwords by argon2id. Tokens need no slow hash: they are 256 random bits."""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError


class Argon2Passwords:
    """argon2id with the library's recommended costs; `quick` is for demo homes and tests."""

    def __init__(self, quick: bool = False) -> None:
        self._hasher = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1) if quick else PasswordHasher()
        self._nobody = self._hasher.hash("nobody")

    def hash(self, password: str) -> str:
        return self._hasher.hash(password)

    def verify(self, password_hash: str | None, password: str) -> bool:
        # An unknown login costs the same work: the time of the answer tells nothing.
        try:
            right = self._hasher.verify(password_hash or self._nobody, password)
        except (Argon2Error, InvalidHashError):
            return False
        return bool(right) and password_hash is not None
