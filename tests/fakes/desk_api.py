"""A whole desk behind its API: an account per role, small cases, a clock set by hand, and a way in.

The way in is the embedded one (no socket) or a real one: uvicorn on 127.0.0.1 in a thread. Tests speak
to both through the same helper, so that what holds for one holds for the other.
"""

from __future__ import annotations

import io
import json
import shutil
import socket
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, TypeVar, cast

import httpx
import uvicorn
from PIL import Image

from refund_desk.client.api import DeskClient, new_key
from refund_desk.client.loop import LoopThread
from refund_desk.client.words import LANGUAGES, PREFIXES, load_catalogue, placeholders
from refund_desk.domain.words import Aspect, Decision, Role
from refund_desk.server.intake_run import take_one
from refund_desk.service import people
from refund_desk.service.intake import Outcome
from refund_desk.settings import Settings
from refund_desk.wire import cases as w
from refund_desk.wire import commands as c
from refund_desk.wire import decisions as wd
from refund_desk.wiring import House, Parts, embedded, team
from tests.fakes import bundles as b
from tests.fakes.house import START, Clock

T = TypeVar("T")
Transport = Literal["embedded", "socket"]

PASSWORD = "a quiet password"
CASES = 12
LONGEST_S = 600
EXTRA = {
    "reviewer2": Role.REVIEWER,
    "supervisor2": Role.SUPERVISOR,
    "finance2": Role.FINANCE,
    "administrator2": Role.ADMINISTRATOR,
    "lead2": Role.LEAD,
}
LOGINS = {**{role.value: role for role in Role}, **EXTRA}


def picture() -> bytes:
    """A small JPEG."""
    out = io.BytesIO()
    Image.new("RGB", (64, 48), (180, 90, 30)).save(out, "JPEG")
    return out.getvalue()


def lines() -> list[dict[str, Any]]:
    """Small requests: an order of 129.00 paid by one payment each, the first with a picture and a message."""
    out = []
    for number in range(1, CASES + 1):
        customer = {"id": f"C{number}", "name": f"王小{number}", "phone": f"1380000{number:04d}"}
        parts: dict[str, Any] = {"customer": customer, "payments": [b.payment(f"P{number}", f"O{number}")]}
        if number == 1:
            parts |= {"evidence": [{"file": "evidence/a.jpg"}], "messages": [b.message()]}
        out.append(b.case(f"R{number}", f"O{number}", **parts))
    return out


@dataclass(frozen=True, slots=True)
class Filled:
    """A closed desk to copy: its directory, its database, and a session of each account."""

    directory: Path
    keys: Path
    url: str | None
    tokens: dict[str, str]


def fill(directory: Path, keys: Path, url: str | None) -> Filled:
    """Make the desk that all tests begin with."""
    house = open_house(directory, keys, url, Clock(), worker=False)
    operator = house.operators[house.operator_token("tests")]
    secret = people.new_password(house.desk, PASSWORD)
    tokens = {}
    try:
        with house.write() as work:
            for login, role in LOGINS.items():
                people.add_account(work, house.desk, operator, f"{login.title()} One", login, [role], secret)
        with house.write() as work:
            for login in LOGINS:
                session = people.sign_in(work, house.desk, login, True)
                assert session is not None
                tokens[login] = session.token
        for line in lines():
            taken = take_one(house, operator, b.raw(line), "tests", lambda _: picture())
            assert isinstance(taken, Outcome), taken
        house.decode()
        house.integrate()
    finally:
        house.close()
    return Filled(directory, keys, url, tokens)


def open_house(directory: Path, keys: Path, url: str | None, clock: Clock, *, worker: bool) -> House:
    """A house over a directory (SQLite), or over the database of a url."""
    settings = Settings(home=directory, key_dir=keys)
    parts = Parts(clock=clock, synchronous="OFF", quick_passwords=True, worker=worker)
    return embedded(directory, settings, parts) if url is None else team(url, directory, settings, parts)


class Server:
    """uvicorn on a free port of 127.0.0.1, in a thread. It listens before it is started: nobody waits for it."""

    def __init__(self, app: Any) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=512)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", ws="none")
        config.timeout_graceful_shutdown = 3
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), name="uvicorn", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def close(self) -> None:
        self._server.should_exit = True
        self._thread.join(10)
        self._socket.close()


CATALOGUES = {language: load_catalogue(language) for language in LANGUAGES}


def unworded(code: str, params: frozenset[str]) -> str | None:
    """What the catalogues lack for a code that an answer carried; None: nothing."""
    for language, known in CATALOGUES.items():
        keys = (f"error.{code}", code, *(f"{prefix}.{code}" for prefix in PREFIXES))
        text = next((known[key] for key in keys if key in known), None)
        if text is None:
            return f"{code}: no words in {language}"
        if blanks := placeholders(text) - params:
            return f"{code}: no value for {sorted(blanks)} in {language}"
    return None


def codes_in(value: Any) -> Iterator[tuple[str, frozenset[str]]]:
    """Every code with the names of its parameters, anywhere in an answer."""
    if isinstance(value, dict):
        if isinstance(value.get("code"), str) and isinstance(value.get("params"), dict):
            yield value["code"], frozenset(value["params"])
        for one in value.values():
            yield from codes_in(one)
    elif isinstance(value, list):
        for one in value:
            yield from codes_in(one)


@dataclass
class DeskApi:
    """One desk of a test. When it closes, every code that any answer carried must have had its words."""

    house: House
    clock: Clock
    tokens: dict[str, str]
    loop: LoopThread
    transport: Transport
    database: str
    _server: Server | None = None
    _http: httpx.AsyncClient = field(init=False)
    _clients: dict[str, DeskClient] = field(default_factory=dict)
    _codes: set[tuple[str, frozenset[str]]] = field(default_factory=set)

    def __post_init__(self) -> None:
        if self.transport == "socket":
            self._server = Server(self.house.app)
        self._http = self.new_http()

    def new_http(self) -> httpx.AsyncClient:
        hooks: dict[str, list[Any]] = {"response": [self._listen]}
        if self._server is not None:
            limits = httpx.Limits(max_connections=300)
            return httpx.AsyncClient(base_url=self._server.url, timeout=60, limits=limits, event_hooks=hooks)
        inside = httpx.ASGITransport(self.house.app, raise_app_exceptions=False)
        return httpx.AsyncClient(transport=inside, base_url="http://desk", event_hooks=hooks)

    async def _listen(self, answer: httpx.Response) -> None:
        if "json" in answer.headers.get("content-type", "") and not answer.url.path.endswith("openapi.json"):
            self._codes.update(codes_in(json.loads(await answer.aread() or b"null")))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """A coroutine on the client's loop, waited for. Each call in it has its own deadline; a walk of all routes
        has hundreds of them, and a busy machine takes its time."""
        return self.loop.submit(work).result(LONGEST_S)

    # ------------------------------------------------------------ raw calls

    async def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        by: str | None = None,
        token: str | None = None,
        key: str | None = None,
        **more: Any,
    ) -> httpx.Response:
        headers = dict(more.pop("headers", {}))
        token = self.tokens[by] if by else token
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if key:
            headers["Idempotency-Key"] = key
        if body is not None:
            more["json"] = body
        return await self._http.request(method, f"/v1{path}", headers=headers, **more)

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
        """One request, raw. by: a login; token: any other; key: the Idempotency-Key."""
        return self.run(self.send(method, path, body, **more))

    # ------------------------------------------------------------ typed calls

    def client(self, login: str) -> DeskClient:
        if login not in self._clients:
            self._clients[login] = DeskClient(self.new_http(), self.tokens[login])
        return self._clients[login]

    def ask(self, login: str, calls: Callable[[DeskClient], Awaitable[T]]) -> T:
        """What a client's call answers somebody."""

        async def whole() -> T:
            return await calls(self.client(login))

        return self.run(whole())

    def renew(self, *logins: str) -> None:
        """New sessions, where the clock has gone further than one lasts."""
        for login in logins:
            with self.house.write() as work:
                session = people.sign_in(work, self.house.desk, login, True)
            assert session is not None
            self.tokens = {**self.tokens, login: session.token}
            self.client(login).token = session.token

    # ------------------------------------------------------------ the way of a case

    def ref(self, number: int) -> str:
        """The case of request R<number>."""
        return f"RC-26-{number:06d}"

    def case(self, ref: str, login: str = "reviewer") -> w.CaseView:
        return self.ask(login, lambda desk: desk.case(ref))

    def body(self, ref: str, decision: Decision = Decision.PARTIAL, **changes: Any) -> c.ProposalBody:
        """A proposal that holds: the whole line the customer asked about."""
        view = self.case(ref)
        versions = {aspect: view.versions[aspect] for aspect in (Aspect.FACTS, Aspect.MONEY)}
        option = next(option for option in view.options if option.decision is decision)
        values: dict[str, Any] = {"decision": decision, "reason": option.reasons[0], "rests_on": versions}
        if decision is Decision.MORE_INFORMATION:
            values["questions"] = ["Which one is broken?"]
        return c.ProposalBody(**{**values, **changes})

    def taken(self, ref: str, by: str = "reviewer") -> str:
        self.ask(by, lambda desk: desk.take(ref))
        return ref

    def proposed(self, ref: str, by: str = "reviewer", **changes: Any) -> c.Outcome:
        self.taken(ref, by)
        body = self.body(ref, **changes)
        return self.ask(by, lambda desk: desk.propose(ref, body, new_key()))

    def verdict(self, ref: str) -> c.Verdict:
        proposal = self.case(ref).proposal
        assert proposal is not None
        return c.Verdict(digest=proposal.digest, rests_on={})

    def approved(self, ref: str, by: str = "supervisor") -> c.Outcome:
        """Proposed and approved: money is reserved."""
        number = self.proposed(ref).proposal or 0
        verdict = self.verdict(ref)
        return self.ask(by, lambda desk: desk.approve(ref, number, verdict, new_key()))

    def intent(self, ref: str) -> wd.IntentView:
        return self.case(ref).intents[-1]

    def paid(self, ref: str, by: str = "finance") -> c.Outcome:
        """All the way: the payout confirmed."""
        self.approved(ref)
        intent = self.intent(ref)
        body = c.ConfirmPayout(reference=f"BANK-{ref}", minor=intent.amount.minor, currency=intent.amount.currency)
        return self.ask(by, lambda desk: desk.confirm_payout(intent.id, body, new_key()))

    # ------------------------------------------------------------ what the log says

    def entries(self, action: str) -> list[dict[str, Any]]:
        """Entries of an action, oldest first, as they stand in the log."""
        with self.house.read() as work:
            rows = work.log.page(action=action, limit=2000)
        return [cast(dict[str, Any], json.loads(row.bytes)) for row in reversed(rows)]

    def close(self) -> None:
        self.house.feed.wake()

        async def let_go() -> None:
            for http in (self._http, *(client._http for client in self._clients.values())):
                await http.aclose()

        self.run(let_go())
        if self._server is not None:
            self._server.close()
        self.house.close()
        lacking = sorted(filter(None, (unworded(*code) for code in self._codes)))
        assert lacking == [], lacking


def open_copy(
    filled: Filled,
    target: Path,
    url: str | None,
    loop: LoopThread,
    transport: Transport,
    *,
    worker: bool = False,
    clock: Clock | None = None,
) -> DeskApi:
    """A desk of one's own, like the filled one. url: its copy of the database."""
    shutil.copytree(filled.directory, target)
    clock = clock or Clock(START + timedelta(minutes=1))
    house = open_house(target, filled.keys, url, clock, worker=worker)
    if not worker:
        house.integrate()
    return DeskApi(house, clock, dict(filled.tokens), loop, transport, "postgresql" if url else "sqlite")
