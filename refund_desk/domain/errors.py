"""One error tree. An error is a code and typed parameters; the catalogue in resources words it.

`status` is the HTTP status the server answers with; the domain knows it only as a number, so that
an embedded desk and a team server say the same thing. Anything that is not a `DeskError` is our bug.
"""

from __future__ import annotations

from typing import Any, ClassVar


class DeskError(Exception):
    """An expected error.

    code: dotted, stable, the key `error.<code>` of the translation catalogue.
    params: values for the sentence; str, int, bool, list or dict of them, never a domain object.
    """

    status: ClassVar[int] = 400

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code = code
        self.params: dict[str, Any] = params

    def __str__(self) -> str:
        return f"{self.code} {self.params}" if self.params else self.code


class Invalid(DeskError):
    """Bad input. `problems`, where given, is a list of {"path", "code", "params"}."""

    status = 422


class Unauthenticated(DeskError):
    """Nobody we know, or no longer."""

    status = 401


class Refused(DeskError):
    """A rule forbids it. params carry `rule` (its id) and `could` (who could do it: a list of roles).

    The edge that catches it audits it on its own, after rolling the command back.
    """

    status = 403


class NotFound(DeskError):
    """No such thing, or none you may know of."""

    status = 404


class Conflict(DeskError):
    """The state forbids it now: already taken, already decided, no money left."""

    status = 409


class Stale(Conflict):
    """Something the command rests on has changed. params carry `changed`: what, in order of time."""


class TooLarge(DeskError):
    """More than we take."""

    status = 413


class TooMany(DeskError):
    """Slow down; params carry `retry_after` in seconds."""

    status = 429


class Unavailable(DeskError):
    """Something we stand on does not answer; params say what."""

    status = 503
