"""The edge: who are you, one transaction, the answer kept for its key, a refusal audited on its own."""

from __future__ import annotations

import copy
import hashlib
import re
import threading
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from pathlib import Path as FilePath
from typing import Annotated, Any, Protocol, TypeVar

from fastapi import Depends, Path, Request, Response
from pydantic import BaseModel, TypeAdapter

from refund_desk.domain.errors import Conflict, Invalid, Refused, Unauthenticated
from refund_desk.domain.exports import Order
from refund_desk.domain.people import Principal
from refund_desk.domain.statements import Statement
from refund_desk.server.looks import Looks
from refund_desk.service import people
from refund_desk.service.gate import must_be_person, permit
from refund_desk.service.ports import Desk, Work
from refund_desk.service.ports.exports import Catalogue
from refund_desk.service.ports.gateways import Channels, EpochFile
from refund_desk.service.ports.reconciliation import BreakFilter
from refund_desk.service.ports.views import QueueFilter
from refund_desk.wire.base import MAX_INT
from refund_desk.wire.exports import CaseOrder
from refund_desk.wire.figures import MonthOrder

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
    looks: Looks
    channels: Channels
    epoch: EpochFile

    def write(self) -> Any: ...
    def read(self) -> Any: ...
    def checkpoint(self) -> str | None: ...
    def log_key(self) -> str: ...
    def words(self, language: str) -> Catalogue: ...
    def unsigned(self) -> str | None: ...
    def verify(self, job: Any) -> Any: ...
    def export(self, job: Any) -> Any: ...
    def prove(self, ref: str) -> dict[str, Any]: ...
    def decode_now(self, evidence: int) -> None: ...
    def read_statement(self, data: bytes) -> Statement: ...
    def import_bundle(self, job: Any, who: Principal, path: FilePath) -> Any: ...
    def sync(self, job: Any, who: Principal, source: str) -> Any: ...
    def look_at_sources(self) -> None: ...
    def look_at_payouts(self) -> None: ...
    def export_breaks(self, job: Any, who: Principal, wanted: BreakFilter) -> Any: ...
    def reconcile(self, job: Any, who: Principal, *, whole: bool) -> Any: ...
    def count_figures(self) -> None: ...
    def export_case(self, job: Any, who: Principal, ref: str, order: CaseOrder) -> Any: ...
    def export_month(self, job: Any, who: Principal, order: MonthOrder) -> Any: ...
    def export_cases(self, job: Any, who: Principal, order: Order, wanted: QueueFilter) -> Any: ...


_running: set[tuple[str, str, str]] = set()
_running_lock = threading.Lock()

OWN = frozenset({"/v1/me", "/v1/me/password", "/v1/session"})
"""All that somebody may do who has to change their password first."""
ABOUT_CASES = frozenset({"cases", "decisions", "evidence"})
"""Tags of routes about one case or what belongs to it."""
LONGEST_KEY = 200
MONEY = {"x-money": True}
"""`openapi_extra` of routes whose write is called with `money`: the document then says that the key is required."""
_REF = re.compile(r"RC-\d{2}-\d{6,}\Z")

RowId = Annotated[int, Path(ge=0, le=MAX_INT, description="Id of a row, as the service gave it.")]


class Call:
    """One request, in the hands of a route."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.house: House = request.app.state.house
        self.desk: Desk = self.house.desk
        # Read here: a parameter of every route would cost each of them its own validator at every start.
        # Reads have none: each look is a look, and what somebody saw is never kept.
        self.key = None if request.method == "GET" else request.headers.get("idempotency-key") or None
        if self.key and len(self.key) > LONGEST_KEY:
            long = {"path": "Idempotency-Key", "code": "field.too_long", "params": {"limit": LONGEST_KEY}}
            raise Invalid("request.invalid", problems=[long])
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
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

    @property
    def route(self) -> str:
        """The route's template: what it is called with may be personal, and never stands in the log."""
        path = str(getattr(self.request.scope.get("route"), "path", ""))
        return path if path.startswith("/v1/") else f"/v1{path}"  # FastAPI names it within its router

    def _enter(self, work: Work, who: Principal) -> None:
        """What holds on every route: a password that must be changed comes first, and who may see no case
        learns nothing of any: whether it exists is their answer's secret, too."""
        if who.must_change and self.route not in OWN:
            raise Refused("people.password_must_change", rule="people.must_change", could=[])
        if self._about_cases and self.request.path_params:
            permit(work, self.desk, who, "case.look")

    @property
    def _about_cases(self) -> bool:
        return bool(ABOUT_CASES.intersection(getattr(self.request.scope.get("route"), "tags", ())))

    def read(self, use: Callable[[Work, Principal], T]) -> T:
        """Run a use case that changes nothing."""
        who: Principal | None = None
        try:
            with self.house.read() as work:
                who = self.who(work)
                self._enter(work, who)
                return use(work, who)
        except Refused as refusal:
            if who is not None:
                self._audit_refusal(refusal, who)
            raise

    def write(
        self,
        use: Callable[[Work, Principal], Any],
        *,
        body: BaseModel | None = None,
        raw: bytes = b"",
        status: int = 200,
        money: bool = False,
        hidden: AbstractSet[str] | None = None,
    ) -> Response:
        """Run a use case in one transaction and answer with what it returns, as JSON (status 204: nothing).

        use: returns a wire shape (or None); it is serialised before the commit, so that the kept answer and
        the change are one. raw: a body that is no shape of ours, such as a file. money: the call must carry
        an Idempotency-Key. hidden: fields of the body that are secret, where the answer is one, too: neither
        is ever kept, and the same key again answers that it was done.
        """
        if money and not self.key:
            raise Invalid("idempotency.missing")
        route = f"{self.request.method} {self.request.url.path}"
        said = body.model_dump_json(exclude=set(hidden or ())).encode() if body else raw
        if query := self.request.url.query:  # what is asked for stands there, too: the name of a file, of a view
            said = query.encode() + b"\0" + said
        digest = hashlib.sha256(said).digest()
        who: Principal | None = None
        try:
            with self._claimed(route), self.house.write() as work:
                who = self.who(work)
                self._enter(work, who)
                if self._about_cases and self.request.method != "GET":
                    must_be_person(who)
                self._claim(work, who, route)
                answer = self._kept(work, who, route, digest)
                if answer is None:
                    content = use(work, who)
                    raw = b"" if status == 204 else _json(content)
                    answer = Response(raw, status, media_type=None if status == 204 else "application/json")
                    self._keep(work, who, route, digest, status, b"" if hidden is not None else raw)
                elif hidden is not None:
                    raise Conflict("idempotency.shown_once")
        except Refused as refusal:
            if who is not None:
                self._audit_refusal(refusal, who)
            raise
        return answer

    @contextmanager
    def _claimed(self, route: str) -> Iterator[None]:
        """In this process, before any lock is waited for: the same call by the same token runs once at a time."""
        mine = (self.token, route, self.key or "")
        if not self.key:
            yield
            return
        with _running_lock:
            if mine in _running:
                raise Conflict("idempotency.running", retry_after=1)
            _running.add(mine)
        try:
            yield
        finally:
            with _running_lock:
                _running.discard(mine)

    def _claim(self, work: Any, who: Principal, route: str) -> None:
        """Among processes."""
        if self.key and not work.idempotency.claim(who.actor, route, self.key):
            raise Conflict("idempotency.running", retry_after=1)

    def _kept(self, work: Any, who: Principal, route: str, digest: bytes) -> Response | None:
        if not self.key:
            return None
        kept: Kept | None = work.idempotency.kept(who.actor, route, self.key)
        if kept is None:
            return None
        if kept.body_digest != digest:
            raise Invalid("idempotency.other_body")
        kind = None if kept.status == 204 else "application/json"
        return Response(kept.answer, kept.status, {"Idempotent-Replayed": "true"}, kind)

    def _keep(self, work: Any, who: Principal, route: str, digest: bytes, status: int, answer: bytes) -> None:
        if self.key:
            work.idempotency.keep(who.actor, route, self.key, digest, status, answer, self.desk.clock())

    def _audit_refusal(self, refusal: Refused, who: Principal) -> None:
        """The command was rolled back; its refusal stands on its own, before the answer leaves."""
        named = str(self.request.path_params.get("ref") or refusal.params.get("ref") or "")
        rule = str(refusal.params.get("rule", refusal.code))
        with self.house.write() as work:
            ref = named if _REF.match(named) else None  # what somebody typed is no case
            work.audit("refused", who, ref, code=refusal.code, rule=rule, route=f"{self.request.method} {self.route}")


_any = TypeAdapter(Any)


def _json(value: Any) -> bytes:
    if isinstance(value, BaseModel):
        return value.model_dump_json().encode()
    return _any.dump_json(value)


async def _caller(request: Request) -> Call:
    """Async, though it waits for nothing: a plain function would cost every call a thread of its own."""
    return Call(request)


Caller = Annotated[Call, Depends(_caller)]
