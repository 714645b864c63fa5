"""Cases with 20 messages and 6 images each, taken in like any others and held by the reviewer who is measured."""

from __future__ import annotations

import io
import random
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from PIL import Image

from refund_desk import wiring
from refund_desk.domain.people import Principal
from refund_desk.server.jobs import Running
from tests.fakes import bundles as b

CASES, MESSAGES, IMAGES = 24, 20, 6
SIZE = (1600, 1200)
WORDS = "包裹收到了，外箱有明显的挤压痕迹，里面的手冲壶壶嘴断了一截，滤杯也有裂纹。麻烦尽快处理，谢谢。"


def add(house: wiring.House, who: Principal, holder: int) -> None:
    """Import them, decode their images, give them to a person."""
    with tempfile.TemporaryDirectory() as name:
        folder = b.write(Path(name), list(_cases()), dict(_images()))
        counts = house.import_bundle(Running("bench", "import", 0), who, folder)
    assert counts["new"] == CASES, counts
    with house.write() as work:
        for n in range(CASES):
            order = work.facts.order_by_number(f"BENCH-{n:03d}")
            assert order is not None
            for state in work.cases.of_order(order.id):
                work.cases.update(state.id, assignee_id=holder, taken_at=datetime.now(UTC))
    while house.decode(8):
        pass
    house.integrate()


def _cases() -> Iterator[dict[str, Any]]:
    now = datetime.now(UTC) - timedelta(days=1)
    for n in range(CASES):
        order = f"BENCH-{n:03d}"
        yield b.case(
            f"bench-{n}",
            order,
            customer={"id": f"bench-{n}", "name": "陈思远", "phone": "13800001234"},
            payments=[b.payment(f"bench-pay-{n}", order)],
            messages=[_message(n, m, now + timedelta(minutes=m)) for m in range(MESSAGES)],
            evidence=[{"file": f"evidence/{n}-{i}.jpg", "name": f"IMG_{n}{i}.jpg"} for i in range(IMAGES)],
        )


def _message(case: int, number: int, at: datetime) -> dict[str, Any]:
    staff = number % 3 == 1
    return b.message(
        f"bench-{case}-{number}",
        sent_at=at.isoformat(),
        text=f"{number + 1}. {WORDS[: 20 + number * 2]}",
        direction="out" if staff else "in",
        who="agent" if staff else "customer",
    )


def _images() -> Iterator[tuple[str, bytes]]:
    """Photos of nothing, as large as a telephone's and each its own."""
    for n in range(CASES):
        for i in range(IMAGES):
            dice = random.Random(n * IMAGES + i)
            small = Image.frombytes("RGB", (40, 30), dice.randbytes(40 * 30 * 3))
            out = io.BytesIO()
            small.resize(SIZE, Image.Resampling.BICUBIC).save(out, "JPEG", quality=80)
            yield f"evidence/{n}-{i}.jpg", out.getvalue()
