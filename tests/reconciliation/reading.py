"""The generator's rows as the product's entries: what a reader of each system's files would know of them."""

from __future__ import annotations

from datetime import UTC, datetime

from refund_desk.domain import reconciliation as d
from tests.reconciliation import rows as r

_STATES = {
    "failed": d.State.FAILED,
    "REFUSED": d.State.FAILED,
    "TRADE_CLOSED": d.State.FAILED,
    "rejected": d.State.FAILED,
    "pending": d.State.PENDING,
    "RECEIVED": d.State.PENDING,
    "PROCESSING": d.State.PENDING,
    "kept": d.State.FAILED,  # goods that don't come back: nothing to shelve
}
_ROLES = {
    "shop": d.Role.SHOP,
    "ledger": d.Role.LEDGER,
    "bank": d.Role.BANK,
    "invoicing": d.Role.SHOP,
    "warehouse": d.Role.SHOP,
}


def entries(sample: r.Sample) -> list[d.Entry]:
    """Every row of a set."""
    return [
        d.Entry(
            row.system,
            d.Kind(row.kind),
            row.id,
            row.refs,
            row.amount,
            row.currency,
            row.at,
            row.account,
            row.name,
            row.fee,
            _STATES.get(row.state, d.State.DONE),
            row.sku,
            row.quantity,
            row.batch,
            row.rate,
        )
        for row in sample.rows
    ]


def rules(sample: r.Sample) -> d.Rules:
    """What the company has settled: roles, contracts, promises, rates."""
    systems = {row.system for row in sample.rows}
    books = {
        system: d.Book(_ROLES.get(system, d.Role.GATEWAY), system in r.NET, r.TARIFF.get(system)) for system in systems
    }
    rates = {
        key: d.Rate(value, "generator", datetime.fromisoformat(key[1]).replace(tzinfo=UTC))
        for key, value in sample.rates.items()
    }
    return d.Rules(books, r.BASE, rates, r.PROMISES)


def key(entry: d.Entry) -> str:
    return f"{entry.source}|{entry.kind.value}|{entry.id}"
