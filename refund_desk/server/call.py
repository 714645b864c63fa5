"""The edge: who are you, one transaction, the answer kept for its key, a refusal audited on its own."""

from __future__ import annotations

import copy
import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Protocol, TypeVar

from fastapi import Depends, Header, Request, Response
from pydantic import BaseModel, TypeAdapter

from refund_desk.domain.errors import Conflict, Invalid, Refused, Unauthenticated
from refund_desk.domain.people import Principal
from refund_desk.service import people
from refund_desk.service.ports import Desk, Work

T = TypeVar("T")


class Kept(Protocol):
    @property
    def body_digest(self) -> bytes: ...
    @property
    def status(self) -> int: ...
    @property
    def answer(self) -> bytes: ...


class House(Protocol):
    """What the server stands on; wiring builds it."""

    desk: Desk

    def write(self) -> Any: ...
    def read(self) -> Any: ...
    def checkpoint(self) -> str | None: ...
    def verify(self, job: Any) -> Any: ...
    def export(self, job: Any) -> Any: ...
    def prove(self, ref: str) -> dict[str, Any]: ...
    def import_bundle(self, job: Any, who: Principal, path: Path) -> Any: ...


_running: set[tuple[str, str, str]] = set()
_running_lock = threading.Lock()


class Call:
    """One request, in the hands of a route."""

    def __init__(
        self,
        request: Request,
        authorization: Annotated[str | None, Header(include_in_schema=False)] = None,
        idempotency_key: Annotated[
            str | None,
            Header(max_length=200, description="Send the same key with every try of one write: it happens once."),
        ] = None,
    ) -> None:
        self.request = request
        self.house: House = request.app.state.house
        self.desk: Desk = self.house.desk
        self.key = idempotency_key
        scheme, _, token = (authorization or "").partition(" ")
        self.token = token.strip() if scheme.lower() == "bearer" else ""

    def part(self, name: str) -> Call:
        """The same call for one row of a bulk command, with a key of its own below the form's."""
        one = copy.copy(self)
        one.key = f"{self.key}/{name}" if self.key else None
        return one

    def who(self, work: Work) -> Principal:
        """The caller. An embedded desk's operator comes by a token made at start, like everybody."""
        operator = getattr(self.request.app.state, "operators", {}).get(self.token)
        if operator is not None:
            return operator  # type: ignore[no-any-return]
        if not self.token:
            raise Unauthenticated("people.no_token")
        return people.recognise(work, self.desk, self.token)

    def read(self, use: Callable[[Work, Principal], T]) -> T:
        """Run a use case that changes nothing."""
        try:
            with self.house.read() as work:
                who = self.who(work)
                return use(work, who)
        except Refused as refusal:
            self._audit_refusal(refusal, who)
            raise

    def write(
        self,
        use: Callable[[Work, Principal], Any],
        *,
        body: BaseModel | None = None,
        status: int = 200,
        money: bool = False,
    ) -> Response:
        """Run a use case in one transaction and answer with what it returns, as JSON.

        use: returns a wire shape (or None); it is serialised before the commit, so that the kept
        answer and the change are one. money: the call must carry an Idempotency-Key.
        """
        if money and not self.key:
            raise Invalid("idempotency.missing")
        route = f"{self.request.method} {self.request.url.path}"
        digest = hashlib.sha256(body.model_dump_json().encode() if body else b"").digest()
        who: Principal | None = None
        try:
            with self.house.write() as work:
                who = self.who(work)
                with self._claimed(work, who, route):
                    answer = self._kept(work, who, route, digest)
                    if answer is None:
                        answer = Response(_json(use(work, who)), status, media_type="application/json")
                        self._keep(work, who, route, digest, answer)
        except Refused as refusal:
            if who is not None:
                self._audit_refusal(refusal, who)
            raise
        if checkpoint := self.house.checkpoint():
            answer.headers["Desk-Checkpoint"] = checkpoint
        return answer

    @contextmanager
    def _claimed(self, work: Any, who: Principal, route: str) -> Iterator[None]:
        if not self.key:
            yield
            return
        mine = (who.actor, route, self.key)
        with _running_lock:
            free = mine not in _running
            if free:
                _running.add(mine)
        if not free or not work.idempotency.claim(*mine):
            if free:
                _running.discard(mine)
            raise Conflict("idempotency.running", retry_after=1)
        try:
            yield
        finally:
            with _running_lock:
                _running.discard(mine)

    def _kept(self, work: Any, who: Principal, route: str, digest: bytes) -> Response | None:
        if not self.key:
            return None
        kept: Kept | None = work.idempotency.kept(who.actor, route, self.key)
        if kept is None:
            return None
        if kept.body_digest != digest:
            raise Invalid("idempotency.other_body")
        headers = {"Idempotent-Replayed": "true"}
        return Response(kept.answer, kept.status, media_type="application/json", headers=headers)

    def _keep(self, work: Any, who: Principal, route: str, digest: bytes, answer: Response) -> None:
        if self.key:
            mine = (who.actor, route, self.key)
            work.idempotency.keep(*mine, digest, answer.status_code, bytes(answer.body), self.desk.clock())

    def _audit_refusal(self, refusal: Refused, who: Principal) -> None:
        """The command was rolled back; its refusal stands on its own, before the answer leaves."""
        route = f"{self.request.method} {self.request.url.path}"
        ref = self.request.path_params.get("ref")
        rule = str(refusal.params.get("rule", refusal.code))
        with self.house.write() as work:
            work.audit("refused", who, ref, code=refusal.code, rule=rule, route=route.split("?")[0])


_any = TypeAdapter(Any)


def _json(value: Any) -> bytes:
    if isinstance(value, BaseModel):
        return value.model_dump_json().encode()
    return _any.dump_json(value)


Caller = Annotated[Call, Depends()]
