"""A desk of a million cases, written with bare SQL: what the figures are measured on.

100,000 are open and whole (order, lines, payment, request, clocks); the others are closed and have
what a closed case needs to be counted and passed over. Times are microseconds, amounts minor units.
"""

from __future__ import annotations

import hashlib
import json
import random
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

STAGES = ("review",) * 14 + ("waiting_customer", "approval", "payout", "consult", "return", "settlement")
REASONS = ("damaged", "not_received", "wrong_item", "changed_mind", "late", "overcharged")
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
GIVEN = "思远子涵雨桐浩然欣怡梓萱宇轩佳琪俊杰诗涵"
MINUTE = 60_000_000


def fill(path: Path, version: str, now: datetime, cases: int, opened: int, reviewers: int) -> None:
    """Add the cases to an empty desk database whose tables are there. version: of the process they began with."""
    with connect(path) as db:
        for name, rows in _rows(version, int(now.timestamp() * 1_000_000), cases, opened, reviewers):
            insert_rows(db, name, rows)


@contextmanager
def connect(path: Path) -> Iterator[sqlite3.Connection]:
    """One transaction that needn't survive a crash; analysed and written through at its end."""
    db = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=OFF", "cache_size=-400000"):
        db.execute(f"PRAGMA {pragma}")
    db.execute("BEGIN IMMEDIATE")
    yield db
    db.execute("COMMIT")
    db.execute("ANALYZE")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()


def insert_rows(db: sqlite3.Connection, table: str, rows: Iterator[dict[str, Any]]) -> None:
    """Rows that all have the first one's columns."""
    first = next(rows)
    columns = ",".join(f'"{name}"' for name in first)
    places = ",".join("?" * len(first))
    sql = f'INSERT INTO "{table}" ({columns}) VALUES ({places})'
    db.execute(sql, tuple(first.values()))
    db.executemany(sql, (tuple(row.values()) for row in rows))


def _rows(
    version: str, now: int, cases: int, opened: int, reviewers: int
) -> Iterator[tuple[str, Iterator[dict[str, Any]]]]:
    people = max(1, cases // 5)
    yield (
        "customer",
        (
            {"id": i, "system": "shop", "external_id": f"u{i}", "secret": hashlib.sha256(str(i).encode()).digest()}
            for i in range(1, people + 1)
        ),
    )
    yield "personal", (_personal(i, now) for i in range(1, people + 1))
    yield (
        "shop_order",
        (
            {"id": i, "number": f"SO-{i:08d}", "currency": "CNY", "customer_id": i % people + 1, "version": 1}
            for i in range(1, cases + 1)
        ),
    )
    yield "refund_case", (_case(i, i <= opened, version, now, people, reviewers) for i in range(1, cases + 1))
    yield (
        "request",
        (
            {
                "id": i,
                "case_id": i,
                "system": "shop",
                "external_id": f"r{i}",
                "kind": "refund_only",
                "reason": REASONS[i % len(REASONS)],
                "amount_minor": _amount(i),
                "currency": "CNY",
                "lines": json.dumps([{"line": "1", "quantity": 1}]),
                "created_at": now - (i % 4000) * MINUTE,
                "taken_at": now,
            }
            for i in range(1, cases + 1)
        ),
    )
    yield "case_clock", (row for i in range(1, opened + 1) for row in _clocks(i, now))
    yield "record", (row for i in range(1, opened + 1) for row in _records(i, now))
    yield "observation", (row for i in range(1, opened + 1) for row in _observations(i, now))


def _iso(micros: int) -> str:
    return datetime.fromtimestamp(micros / 1e6, UTC).isoformat()


def _amount(i: int) -> int:
    return 1_000 + (i * 7919) % 90_000


def _personal(i: int, now: int) -> dict[str, Any]:
    name = SURNAMES[i % len(SURNAMES)] + GIVEN[i % len(GIVEN)] + GIVEN[(i * 7) % len(GIVEN)]
    return {
        "customer_id": i,
        "name": name,
        "masked": f"{name[0]}**",
        "email": f"u{i}@example.com",
        "phone": f"1380000{i % 10000:04d}",
        "updated_at": now,
    }


def _case(i: int, is_open: bool, version: str, now: int, people: int, reviewers: int) -> dict[str, Any]:
    dice = random.Random(i)
    stage = STAGES[i % len(STAGES)] if is_open else "closed"
    due = now + dice.randint(-600, 4000) * MINUTE if is_open and stage != "waiting_customer" else None
    held = is_open and i % 25 == 0
    return {
        "id": i,
        "ref": f"RC-26-{i:06d}",
        "order_id": i,
        "customer_id": i % people + 1,
        "kind": "refund_only",
        "reason": REASONS[i % len(REASONS)],
        "language": "zh",
        "amount_minor": _amount(i),
        "currency": "CNY",
        "method": "alipay",
        "round": 1,
        "stage": stage,
        "stage_at": now - (i % 3000) * MINUTE,
        "progress": "submitted" if is_open else "completed",
        "open": int(is_open),
        "process_version": version,
        "conflicts": int(i % 37 == 0),
        "disputed": int(i % 211 == 0),
        "images": i % 5,
        "opened_at": now - dice.randint(1, 4000) * MINUTE,
        "changed_at": now,
        "act_by": (due or now + 9000 * MINUTE) - dice.randint(4, 300) * MINUTE if is_open else now - i * MINUTE,
        "due_at": due,
        "due_clock": "decision" if due else None,
        "assignee_id": i // 25 % reviewers + 1 if held else None,
        "taken_at": now if held else None,
        "lease_until": None,
        "answer_came": 0,
        **dict.fromkeys(("v_facts", "v_money", "v_proposal", "v_assignment", "v_thread"), 1),
    }


def _clocks(i: int, now: int) -> Iterator[dict[str, Any]]:
    for kind, limit in (("first_answer", 28_800), ("decision", 172_800)):
        started = now - (i % 2000) * MINUTE
        yield {
            "case_id": i,
            "round": 1,
            "kind": kind,
            "started_at": started,
            "limit_s": limit,
            "due_at": started + limit * 1_000_000,
        }


KINDS = (("shop", "order"), ("shop", "order_line"), ("shop", "order_line"), ("pay", "payment"), ("sf", "shipment"))


def _records(i: int, now: int) -> Iterator[dict[str, Any]]:
    for n, (source, kind) in enumerate(KINDS):
        yield {
            "id": i * 5 + n,
            "order_id": i,
            "source": source,
            "kind": kind,
            "external_id": {"order": f"SO-{i:08d}", "payment": f"pay-{i}", "shipment": f"sf-{i}"}.get(kind, str(n)),
            "parent_id": i * 5 if kind == "order_line" else None,
            "as_of": now,
            "digest": b"\x00" * 32,
        }


def _observations(i: int, now: int) -> Iterator[dict[str, Any]]:
    amount = _amount(i)
    said: tuple[dict[str, Any], ...] = (
        {
            "placed_at": _iso(now - 9000 * MINUTE),
            "status": "delivered",
            "currency": "CNY",
            "paid": amount + 5_000,
            "refunded": 0,
            "shipping": 0,
            "discount": 0,
            "tax": 0,
        },
        {"sku": "A", "name": "陶瓷手冲壶", "quantity": 1, "unit_price": amount, "discount": 0},
        {"sku": "B", "name": "滤杯套装", "quantity": 1, "unit_price": 5_000, "discount": 0},
        {"method": "alipay", "status": "captured", "currency": "CNY", "captured": amount + 5_000, "refunded": 0},
        {"tracking": f"SF{i:012d}", "status": "delivered", "delivered_at": _iso(now - 5000 * MINUTE)},
    )
    for n, fields in enumerate(said):
        for name, value in fields.items():
            yield {
                "record_id": i * 5 + n,
                "field": name,
                "value": json.dumps(value, ensure_ascii=False),
                "as_of": now,
                "fetched_at": now,
                "raw_digest": b"\x00" * 32,
                "current": 1,
            }
