"""The generated demo: about 200 refund requests in two languages, with all that their systems say, and pictures.

`generate` gives one `DemoCase` after the other; `write_bundle` writes them as a bundle directory that
`import` reads. Nothing is taken from outside: the same seed and the same `now` give the same cases.jsonl.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from refund_desk.domain.words import Reason
from refund_desk.engines import demo_kit as kit
from refund_desk.engines.demo_cast import Frame, cast
from refund_desk.engines.demo_data import DemoData, load
from refund_desk.engines.demo_images import Picture, render
from refund_desk.engines.demo_orders import Trade, text_of, trade, when
from refund_desk.engines.demo_shots import Told, shots
from refund_desk.engines.demo_systems import records
from refund_desk.engines.demo_talk import Sentences, converse

SCHEMA = "case-bundle/1"
SEED = 2026
_A_DAY = timedelta(days=1)
_rendered = lru_cache(maxsize=8)(render)  # the picture that two cases share is drawn once


@dataclass(frozen=True, slots=True)
class DemoCase:
    """A line of cases.jsonl and its pictures, not drawn yet.

    line: in the shape of BundleCase, ready for JSON.
    pictures: (path inside the bundle, picture), in the order of line["evidence"].
    conflict: the twist this case was cast with, or None; nothing in `line` names it.
    shape: facts for the plan of the demo's life: reason, kind, delivery, disputed, special, lang, hours.
    """

    line: dict[str, Any]
    pictures: tuple[tuple[str, Picture], ...]
    conflict: str | None
    shape: dict[str, Any]

    @property
    def request(self) -> tuple[str, str]:
        """System and id of the request: what the bundle and the desk know it by."""
        return self.line["request"]["system"], self.line["request"]["id"]

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Path inside the bundle and bytes of each picture; drawn when asked for, 50 ms or so each."""
        for path, picture in self.pictures:
            yield path, _rendered(picture)


@dataclass(frozen=True, slots=True)
class Written:
    """What a bundle came to."""

    cases: int
    files: int
    bytes: int


def generate(resources: Path, *, seed: int = SEED, now: datetime, count: int = 200) -> Iterator[DemoCase]:
    """`count` cases, told as of `now` (aware). `resources` is the directory that holds demo/.

    In a set of 60 or more the last one asks a second time about an order that is in it already.
    """
    data = load(resources)
    sentences = Sentences(kit.dice("sentences", seed))
    twin = count >= 60
    first: DemoCase | None = None
    for frame in cast(data, seed, now, count - twin):
        case = _case(frame, data, sentences)
        if first is None and frame.reason is Reason.NOT_RECEIVED and frame.conflict is None and frame.age > _A_DAY:
            first = case
        yield case
    if twin and first is not None:
        yield again(first, now)


def again(case: DemoCase, now: datetime) -> DemoCase:
    """The same customer asks a second time for the same loss, by phone: it joins the first case."""
    line = json.loads(json.dumps(case.line))
    zh = line["request"]["language"] == "zh"
    request_id = f"{line['request']['id']}-B"
    line["request"] |= {
        "id": request_id,
        "channel": "phone",
        "created_at": when(now - timedelta(minutes=26)),
        "text": "打电话来催，怕网上那份没提交成功，又登记了一遍，问题和之前说的一样。"
        if zh
        else "Rang because they weren't sure the form had gone through. Same problem as before, written down again.",
    }
    line["messages"], line["evidence"] = [], []
    return DemoCase(line, (), case.conflict, {**case.shape, "special": "again"})


def write_bundle(
    path: Path,
    resources: Path,
    *,
    seed: int = SEED,
    now: datetime,
    count: int = 200,
    progress: Callable[[int, int], None] | None = None,
) -> Written:
    """Write a bundle directory (cases.jsonl, evidence/) below `path`; `progress` gets (done, count) after each case."""
    path.mkdir(parents=True, exist_ok=True)
    files = total = done = 0
    with (path / "cases.jsonl").open("w", encoding="utf-8", newline="\n") as out:
        for case in generate(resources, seed=seed, now=now, count=count):
            out.write(json.dumps(case.line, ensure_ascii=False, separators=(",", ":")) + "\n")
            for name, body in case.files():
                target = path / name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(body)
                files, total = files + 1, total + len(body)
            done += 1
            if progress:
                progress(done, count)
    return Written(done, files, total)


def _case(frame: Frame, data: DemoData, sentences: Sentences) -> DemoCase:
    made = trade(frame, data)
    said = records(frame, made)
    messages, opening = converse(frame, made, data, sentences)
    pictures = shots(Told(frame, made, data, said, messages, opening))
    line: dict[str, Any] = {
        "schema": SCHEMA,
        "request": _request(frame, made, opening),
        "customer": frame.customer,
        "merchant": frame.merchant,
        **said,
        "messages": messages,
        "evidence": [entry for entry, _ in pictures],
    }
    shape = {
        "reason": frame.reason.value,
        "kind": frame.kind.value,
        "delivery": frame.delivery,
        "disputed": frame.disputed,
        "special": frame.special,
        "lang": frame.lang,
        "hours": frame.age.total_seconds() / 3600,
    }
    return DemoCase(line, tuple((e["file"], p) for e, p in pictures), frame.conflict, shape)


_TOLD = {
    "zh": {
        Reason.DAMAGED: "收货破损", Reason.DEFECTIVE: "质量问题", Reason.WRONG_ITEM: "发错货",
        Reason.NOT_AS_DESCRIBED: "与描述不符", Reason.MISSING_ITEM: "少件漏发", Reason.SPOILED: "生鲜变质",
    },
    "en": {
        Reason.DAMAGED: "Arrived damaged", Reason.DEFECTIVE: "Doesn't work", Reason.WRONG_ITEM: "Wrong item",
        Reason.NOT_AS_DESCRIBED: "Not as described", Reason.MISSING_ITEM: "Item missing", Reason.SPOILED: "Went bad",
    },
}  # fmt: skip


def _request(frame: Frame, made: Trade, opening: str) -> dict[str, Any]:
    channels = ("app", "app", "mail", "chat", "phone")
    return {
        "system": made.system,
        "id": frame.request_id,
        "order": made.number,
        "kind": frame.kind.value,
        "reason": frame.reason.value,
        "reason_text": _TOLD[frame.lang].get(frame.reason),
        "text": opening,
        "created_at": when(frame.asked),
        "amount": None if made.asked is None else text_of(frame, made.asked),
        "currency": frame.currency,
        "lines": [{"line": x.id, "quantity": x.wanted} for x in made.lines if x.wanted],
        "language": frame.lang,
        "channel": frame.rng.choice(channels),
        "want": _want(frame, made),
    }


def _want(frame: Frame, made: Trade) -> str | None:
    """What an exchange is for."""
    if frame.kind.value != "exchange":
        return None
    name = made.first.product.name[frame.lang]
    if frame.lang == "zh":
        return f"{name}，{frame.rng.choice(('同款换新', '换大一码', '换成雾灰色'))}"
    return f"{name}, {frame.rng.choice(('the same, new', 'one size up', 'in slate grey'))}"
