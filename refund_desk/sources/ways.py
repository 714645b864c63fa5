"""The one way out: HTTP with a deadline a call, retries, size limits, and checked addresses.

Nothing of httpx is used that would log an address or a header: addresses may carry tokens, headers do.
"""

from __future__ import annotations

import json
import logging
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import httpx
import stamina

from refund_desk.domain.errors import DeskError, NotFound, TooLarge, Unavailable
from refund_desk.sources.addresses import Addresses, Resolve, resolve

for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)  # below it they write addresses, and headers of answers

MAX_ANSWER: Final = 64 * 1024 * 1024
MAX_DEPTH: Final = 64
REDIRECTS: Final = 5
_SECRET: Final = frozenset({"authorization", "cookie", "proxy-authorization"})
_AGAIN: Final = frozenset({408, 425, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a call may take, and how often it is tried. Seconds.

    longest: of a wait that a system asks for (Retry-After); longer, and the run ends and comes back later.
    """

    deadline: float = 60.0
    tries: int = 5
    first_wait: float = 0.5
    longest: float = 120.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whole. Header names in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    system: str = ""

    @property
    def time(self) -> datetime | None:
        """By the system's own clock, in whole seconds; None where it doesn't say."""
        try:
            at = parsedate_to_datetime(self.headers.get("date", ""))
        except ValueError:
            return None
        return at if at.tzinfo else at.replace(tzinfo=UTC)

    def json(self) -> Any:
        """Plain values; a number with a point is a Decimal. Raises Unavailable `source.garbage`."""
        try:
            return json.loads(self.content, parse_float=Decimal, parse_constant=_no_number)
        except (ValueError, RecursionError):
            raise Unavailable("source.garbage", system=self.system) from None


def _no_number(name: str) -> Any:
    raise ValueError(name)


class _Later(Exception):
    """Try again. wait: seconds that the system asked for; final: what it is when there is no further try."""

    def __init__(self, final: DeskError, wait: float | None = None) -> None:
        super().__init__(final.code)
        self.final, self.wait = final, wait


@dataclass(slots=True)
class Ways:
    """How one session reaches its system. Not for two threads at once."""

    system: str
    private: bool = False
    patience: Patience = field(default_factory=Patience)
    resolve: Resolve = resolve
    clock: Callable[[], datetime] | None = None
    addresses: Addresses = field(init=False)
    _pools: dict[tuple[str, str, int], httpx.HTTPTransport] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.addresses = Addresses(self.system, self.private, self.resolve)

    def close(self) -> None:
        for pool in self._pools.values():
            pool.close()
        self._pools.clear()

    # ------------------------------------------------------------ calls

    def get(self, url: str, headers: Mapping[str, str] | None = None, limit: int = MAX_ANSWER) -> Answer:
        """Read an address. Raises Unavailable for every way in which it can't be; NotFound for a 404."""
        return self.send("GET", url, headers, None, limit)

    def post(
        self,
        url: str,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
        limit: int = MAX_ANSWER,
        fine: frozenset[int] = frozenset(),
    ) -> Answer:
        """Ask with a JSON body. It is tried again like a GET: only for what changes nothing there.

        fine: statuses that are answers, too.
        """
        content = json.dumps(body, ensure_ascii=False).encode()
        return self.send("POST", url, {"content-type": "application/json", **(headers or {})}, content, limit, fine)

    def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        content: bytes | None,
        limit: int,
        fine: frozenset[int] = frozenset(),
    ) -> Answer:
        """One call with its retries."""
        try:
            for attempt in stamina.retry_context(
                on=_again,
                attempts=self.patience.tries,
                timeout=self.patience.tries * (self.patience.deadline + self.patience.longest),
                wait_initial=self.patience.first_wait,
                wait_jitter=self.patience.first_wait,
                wait_max=30.0,
            ):
                with attempt:
                    return self._judged(self._try(method, url, dict(headers or {}), content, limit), fine)
        except _Later as last:
            raise last.final from None
        raise AssertionError("a retry that neither returned nor raised")

    def _try(self, method: str, url: str, headers: dict[str, str], content: bytes | None, limit: int) -> Answer:
        until = time.monotonic() + self.patience.deadline
        for _ in range(REDIRECTS + 1):
            answer = self._once(method, url, headers, content, limit, until)
            to = answer.headers.get("location")
            if answer.status not in (301, 302, 303, 307, 308) or not to:
                return answer
            if method != "GET":
                break
            target = urljoin(url, to)
            if _origin(target) != _origin(url):  # a name and a password are for the system, not for where it points
                headers = {name: value for name, value in headers.items() if name.lower() not in _SECRET}
            if urlsplit(url).scheme == "https" and urlsplit(target).scheme != "https":
                break
            url = target
        raise Unavailable("source.redirect", system=self.system)

    def _judged(self, answer: Answer, fine: frozenset[int]) -> Answer:
        if answer.status < 300 or answer.status in fine:
            return answer
        failed = Unavailable("source.status", system=self.system, status=answer.status)
        if answer.status in _AGAIN:
            wait = self._asked_wait(answer)
            if answer.status == 429:
                failed = Unavailable("source.throttled", system=self.system, retry_after=round(wait or 0))
            if wait is not None and wait > self.patience.longest:
                raise failed
            raise _Later(failed, wait)
        if answer.status in (401, 403):
            raise Unavailable("source.sign_in", system=self.system, status=answer.status)
        if answer.status in (404, 410):
            raise NotFound("source.gone", system=self.system)
        raise failed

    def _asked_wait(self, answer: Answer) -> float | None:
        """Seconds of Retry-After; a date counts from the answer's own, for whose clock it is."""
        said = answer.headers.get("retry-after", "").strip()
        if said.isdigit() and len(said) < 8:
            return float(said)
        try:
            until = parsedate_to_datetime(said)
            since = parsedate_to_datetime(answer.headers.get("date", ""))
            return max(0.0, (until - since).total_seconds())
        except (ValueError, TypeError):
            return None

    # ------------------------------------------------------------ one exchange

    def _once(
        self, method: str, url: str, headers: dict[str, str], content: bytes | None, limit: int, until: float
    ) -> Answer:
        """One request to a checked address, its answer read to the end within the deadline and the limit."""
        scheme, host, port = _origin(url)
        if scheme not in ("http", "https") or not host:
            raise Unavailable("source.redirect", system=self.system)
        late = Unavailable("source.timeout", system=self.system, seconds=round(self.patience.deadline))
        cut = "cut"
        for address in self.addresses.of(host, port):
            left = until - time.monotonic()
            if left <= 0:
                raise _Later(late)
            request = self._request(method, url, host, address, headers, content, left)
            try:
                return self._read(self._pool(scheme, host, port).handle_request(request), limit, until, late)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                cut = type(error).__name__  # the next address, if there is one
            except httpx.TimeoutException:
                raise _Later(late) from None
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                cut = type(error).__name__
                break
        raise _Later(Unavailable("source.unreachable", system=self.system, why=cut))

    def _request(
        self,
        method: str,
        url: str,
        host: str,
        address: str,
        headers: dict[str, str],
        content: bytes | None,
        left: float,
    ) -> httpx.Request:
        """The request with its name in Host and in TLS, and the checked address where it goes."""
        try:
            named = httpx.Request(method, url, headers={"accept-encoding": "gzip", **headers}, content=content)
        except (httpx.InvalidURL, ValueError):
            raise Unavailable("source.redirect", system=self.system) from None
        times = {"connect": min(left, 10.0), "read": left, "write": left, "pool": left}
        named.extensions = {"timeout": times, "sni_hostname": host}
        named.url = named.url.copy_with(host=address)
        return named

    def _pool(self, scheme: str, host: str, port: int) -> httpx.HTTPTransport:
        """One for each name: a connection that was proved for one is not used for another at the same address."""
        key = (scheme, host, port)
        if key not in self._pools:
            self._pools[key] = httpx.HTTPTransport(trust_env=False, limits=httpx.Limits(max_keepalive_connections=2))
        return self._pools[key]

    def _read(self, response: httpx.Response, limit: int, until: float, late: DeskError) -> Answer:
        parts, size = [], 0
        try:
            declared = response.headers.get("content-length", "")
            if declared.isdigit() and int(declared) > limit:
                raise TooLarge("source.too_large", system=self.system, limit=limit)
            for part in response.iter_bytes():
                size += len(part)
                if size > limit:
                    raise TooLarge("source.too_large", system=self.system, limit=limit)
                if time.monotonic() > until:
                    raise _Later(late)
                parts.append(part)
        finally:
            response.close()
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, headers, b"".join(parts), self.system)


def _again(error: Exception) -> bool | float:
    """Whether to try again, and after how long where the system said so."""
    if not isinstance(error, _Later):
        return False
    return True if error.wait is None else error.wait + random.uniform(0, 0.05)  # noqa: S311 - so that two don't meet


def _origin(url: str) -> tuple[str, str, int]:
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        return parts.scheme, (parts.hostname or "").lower(), port
    except ValueError:
        return "", "", 0
