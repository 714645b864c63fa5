"""Stripe's itemised payout report and balance history as CSV; decimals in major units, times in UTC.

Columns as in https://docs.stripe.com/reports/report-types (payout reconciliation, balance change from activity).
Each row says gross, fee and net: one that doesn't add up is stopped.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC
from itertools import zip_longest

from refund_desk.domain.errors import Invalid
from refund_desk.domain.money import exponent, parse
from refund_desk.domain.reconciliation import Kind, State
from refund_desk.domain.statements import BadRow, Statement, StatementFinding, StatementRow
from refund_desk.sources.bills import Cell, Cells, Unreadable, moment, table

_NAMES = {
    "id": ("balance_transaction_id", "id"),
    "what": ("reporting_category", "Type", "type"),
    "source": ("source_id", "Source", "source"),
    "gross": ("gross", "Amount", "amount"),
    "fee": ("fee", "Fee", "fees"),
    "net": ("net", "Net"),
    "currency": ("currency", "Currency"),
    "at": ("created_utc", "Created (UTC)", "created"),
    "payout": ("automatic_payout_id", "Transfer", "transfer"),
    "order": ("payment_metadata[order_id]", "order_id (metadata)"),
    "charge": ("charge_id", "payment_intent_id"),
    "name": ("customer_name", "card_name", "Customer Name"),
    "text": ("description", "Description"),
}
_NEEDED = ("what", "source", "gross", "fee", "net", "currency", "at")
_KINDS = {"charge": Kind.PAYMENT, "payment": Kind.PAYMENT, "refund": Kind.REFUND, "payment_refund": Kind.REFUND}


def fits(rows: Sequence[Cells]) -> bool:
    """Whether the first row is a heading of these reports."""
    return bool(rows) and all(set(_NAMES[name]) & set(rows[0]) for name in _NEEDED)


def read_stripe(data: bytes) -> Statement:
    """A report. Payouts are rows of kind None: the bank's file speaks of them. Raises Invalid for another file."""
    rows, encoding = table(data)
    if not fits(rows):
        raise Invalid("statement.unknown_format")
    heading = rows[0]
    good: list[StatementRow] = []
    bad: list[BadRow] = []
    paid: dict[str, int] = {}
    for number, cells in enumerate(rows[1:], 2):
        if not any(cells):
            continue
        try:
            row, net = _row(number, dict(zip_longest(heading, cells[: len(heading)], fillvalue="")))
        except Unreadable as problem:
            bad.append(BadRow(number, problem.code, problem.params))
            continue
        good.append(row)
        if row.batch:
            paid[row.batch] = paid.get(row.batch, 0) + (net if row.kind or row.side != "payout" else 0)
    currencies = {row.currency for row in good}
    findings = tuple(_payouts(good, paid)) if len(currencies) == 1 else ()
    return Statement("stripe_payouts", encoding, min(currencies, default=""), tuple(good), tuple(bad), findings)


def _of(cells: Cell, name: str) -> str:
    return next((cells[one] for one in _NAMES[name] if cells.get(one)), "")


def _row(number: int, cells: Cell) -> tuple[StatementRow, int]:
    currency = _of(cells, "currency").upper()
    gross, fee, net = (_minor(_of(cells, name), currency) for name in ("gross", "fee", "net"))
    if gross - fee != net:
        raise Unreadable("net_differs", gross=gross, fee=fee, net=net)
    what = _of(cells, "what").lower()
    kind = _KINDS.get(what)
    refs = (_of(cells, "order"), _of(cells, "source"), _of(cells, "charge"), _of(cells, "text"))
    row = StatementRow(
        number,
        kind,
        _of(cells, "source") or _of(cells, "id"),
        tuple(dict.fromkeys(ref for ref in refs if ref)),
        abs(gross),
        currency,
        moment(_of(cells, "at"), UTC),
        name=_of(cells, "name"),
        fee=abs(fee) if kind is Kind.PAYMENT else fee,
        state=State.FAILED if "failure" in what else State.DONE,
        batch=_of(cells, "payout"),
        side=what,
    )
    return row, net


def _minor(text: str, currency: str) -> int:
    try:
        exponent(currency)
        return parse(text, currency).minor
    except Invalid as error:
        raise Unreadable("amount_unreadable", text=text[:60]) from error


def _payouts(rows: Sequence[StatementRow], paid: dict[str, int]) -> Iterator[StatementFinding]:
    """A payout's row against the sum of what it pays, where the report has both."""
    for row in rows:
        if row.side == "payout" and row.batch in paid and paid[row.batch] != row.minor:
            said = {"minor": row.minor, "currency": row.currency}
            counted = {"minor": paid[row.batch], "currency": row.currency}
            yield StatementFinding("payout_differs", {"payout": row.batch, "said": said, "rows": counted})
