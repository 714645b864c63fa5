"""Refunds through a gateway of Stripe's shape: charges, refunds, disputes over HTTP, form fields in, JSON out.

Written from the published reference of refunds, idempotent requests and errors. The intent's id stands in
the refund's metadata; the idempotency key is the parcel's. Whatever isn't plainly a yes or a no is UNKNOWN:
a time-out, a lost connection, 5xx, 401, 409, 429, an answer that can't be read, a status not listed here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from refund_desk.domain.errors import Unavailable
from refund_desk.domain.intents import Dispute
from refund_desk.domain.sending import Answer, Listed, Outcome, Paid, Parcel, Snapshot, Terms
from refund_desk.service.ports.gateways import Credentials, Listing
from refund_desk.sources.stripe import INTENT

STATUS: Mapping[str, Outcome] = {
    "succeeded": Outcome.SUCCEEDED,
    "pending": Outcome.PENDING,
    "requires_action": Outcome.PENDING,
    "failed": Outcome.FAILED,
    "canceled": Outcome.FAILED,
}
"""Refund states of the published reference. Any other is UNKNOWN."""

DISPUTE: Mapping[str, str] = {
    "needs_response": "open",
    "warning_needs_response": "open",
    "under_review": "under_review",
    "warning_under_review": "under_review",
    "warning_closed": "won",
    "won": "won",
    "lost": "lost",
}
NO = frozenset({400, 402, 404})
"""Answers that say for good that nothing was done. A reused key is a 400 too, and says the opposite."""

TERMS = Terms(
    name="stripe",
    settling=timedelta(minutes=10),
    key_life=timedelta(hours=24),
    arrival_days=10,
    patience=timedelta(seconds=45),
)
_PAGE, _MOST_PAGES = 100, 50
_LONGEST = 1 << 20  # bytes of an answer


class StripePayout:
    """A channel (`service.ports.gateways.Channel`). Close it when the desk ends."""

    def __init__(
        self, credentials: Credentials, terms: Terms = TERMS, transport: httpx.BaseTransport | None = None
    ) -> None:
        self.terms = terms
        wait = terms.patience.total_seconds()
        self._http = httpx.Client(
            base_url=credentials.address,
            headers={"authorization": f"Bearer {credentials.secret}"},
            timeout=httpx.Timeout(wait / 2, connect=min(10.0, wait / 2)),
            transport=transport,
        )

    def close(self) -> None:
        self._http.close()

    # ------------------------------------------------------------ sending

    def send(self, parcel: Parcel) -> Answer:
        """One POST, never repeated here: whoever calls decides whether and when."""
        form = {
            "charge": parcel.payment,
            "amount": str(parcel.minor),
            f"metadata[{INTENT}]": parcel.intent,
            "metadata[refund_desk_case]": parcel.case,
            "metadata[refund_desk]": parcel.desk,
        }
        try:
            said = self._http.post("/v1/refunds", data=form, headers={"idempotency-key": parcel.key})
        except httpx.HTTPError as error:
            return Answer(Outcome.UNKNOWN, code=type(error).__name__)
        return answer_of(said, parcel)

    # ------------------------------------------------------------ asking

    def find(self, parcel: Parcel) -> Listing:
        """Every refund of the payment that carries the intent's id. Raises Unavailable `channel.silent`."""
        refunds, theirs = self._refunds(parcel.payment, parcel.currency)
        return Listing([one for one in refunds if one.intent == parcel.intent], theirs)

    def read(self, paid: Paid, at: datetime) -> Snapshot:
        """Charge, refunds and disputes. The list comes last, so nothing that the sum knows can be missing in it."""
        payment = paid.payment
        charge, theirs = self._get(f"/v1/charges/{payment}")
        try:
            currency = str(charge["currency"]).upper()
            captured = charge.get("amount_captured")
            if captured is None:
                captured = charge["amount"] if charge.get("captured") else 0
            sums = _whole(captured), _whole(charge.get("amount_refunded", 0))
        except (KeyError, TypeError, ValueError) as error:
            raise Unavailable("channel.silent", channel=self.terms.name, why="unreadable") from error
        disputes = tuple(self._disputes(payment, charge))
        refunds, later = self._refunds(payment, currency)
        return Snapshot(payment, currency, *sums, tuple(refunds), disputes, at, _earlier(theirs, later))

    def _refunds(self, payment: str, currency: str) -> tuple[list[Listed], datetime | None]:
        """To the end of the list, or not at all."""
        rows, first = self._list("/v1/refunds", payment)
        try:
            return [listed_of(row, currency) for row in rows], first
        except (KeyError, TypeError, ValueError) as error:
            raise Unavailable("channel.silent", channel=self.terms.name, why="unreadable") from error

    def _disputes(self, payment: str, charge: Mapping[str, Any]) -> Iterator[Dispute]:
        named = charge.get("dispute")
        if named and not isinstance(named, dict):
            named, _ = self._get(f"/v1/disputes/{named}")
        if isinstance(named, dict):
            rows = [named]
        else:
            rows = self._list("/v1/disputes", payment)[0] if charge.get("disputed") else []
        for row in rows:
            try:
                status = str(row["status"])
                yield Dispute(str(row["id"]), payment, _whole(row["amount"]), DISPUTE.get(status, status))
            except (KeyError, TypeError, ValueError) as error:
                raise Unavailable("channel.silent", channel=self.terms.name, why="unreadable") from error

    def _list(self, path: str, payment: str) -> tuple[list[Any], datetime | None]:
        rows: list[Any] = []
        first: datetime | None = None
        params = {"charge": payment, "limit": str(_PAGE)}
        for page in range(_MOST_PAGES):
            body, theirs = self._get(path, params)
            first = theirs if page == 0 else first
            data = body.get("data")
            if not isinstance(data, list):
                break
            rows += data
            if not body.get("has_more"):
                return rows, first
            if not data or not isinstance(data[-1], dict) or "id" not in data[-1]:
                break
            params["starting_after"] = str(data[-1]["id"])
        raise Unavailable("channel.silent", channel=self.terms.name, why="unreadable")

    def _get(self, path: str, params: Mapping[str, str] | None = None) -> tuple[dict[str, Any], datetime | None]:
        try:
            said = self._http.get(path, params=params)
        except httpx.HTTPError as error:
            raise Unavailable("channel.silent", channel=self.terms.name, why=type(error).__name__) from error
        body = _json(said)
        if said.status_code != 200 or body is None:
            raise Unavailable("channel.silent", channel=self.terms.name, why=str(said.status_code))
        return body, _time_of(said)


# ---------------------------------------------------------------- their words


def answer_of(said: httpx.Response, parcel: Parcel) -> Answer:
    """What an answer to a refund says. A yes counts only if it speaks of this very refund."""
    replayed = said.headers.get("idempotent-replayed", "").lower() == "true"
    code, body = str(said.status_code), _json(said)
    if said.status_code == 200 and body is not None and body.get("object") == "refund":
        status = str(body.get("status"))
        try:
            listed = listed_of(body, parcel.currency)
        except (KeyError, TypeError, ValueError):
            return Answer(Outcome.UNKNOWN, status, code, replayed=replayed)
        if listed.intent != parcel.intent:
            return Answer(Outcome.UNKNOWN, status, "other_refund", replayed=replayed)
        return Answer(listed.outcome, status, code, listed.id, replayed)
    error = body.get("error") if body is not None else None
    named = error if isinstance(error, dict) else {}
    kind, reason = str(named.get("type", "")), str(named.get("code") or named.get("type") or "")
    if said.status_code in NO and kind and kind != "idempotency_error":
        return Answer(Outcome.FAILED, reason, code, replayed=replayed)
    wait = said.headers.get("retry-after", "")
    return Answer(
        Outcome.UNKNOWN, reason, code, replayed=replayed, retry_after_s=int(wait) if wait.isdecimal() else None
    )


def listed_of(row: Mapping[str, Any], currency: str) -> Listed:
    """A refund object. Raises KeyError, TypeError or ValueError for what isn't one."""
    status = str(row["status"])
    metadata = row.get("metadata") or {}
    created = row.get("created")
    return Listed(
        id=str(row["id"]),
        minor=_whole(row["amount"]),
        currency=str(row.get("currency") or currency).upper(),
        outcome=STATUS.get(status, Outcome.UNKNOWN),
        status=status,
        intent=metadata.get(INTENT),
        desk=metadata.get("refund_desk") or "",
        created_at=datetime.fromtimestamp(created, UTC) if isinstance(created, int) else None,
    )


def _whole(value: Any) -> int:
    if type(value) is not int:
        raise ValueError("an amount is a whole number of minor units")
    return value


def _json(said: httpx.Response) -> dict[str, Any] | None:
    if len(said.content) > _LONGEST:
        return None
    try:
        body = said.json()
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _time_of(said: httpx.Response) -> datetime | None:
    try:
        at = parsedate_to_datetime(said.headers["date"])
    except (KeyError, ValueError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((at for at in (one, other) if at is not None), default=None)
