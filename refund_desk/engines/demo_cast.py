"""Casting: which case is about what. Decides language, reason, kind, people, market and twist of every case.

A `Frame` is a decided case before anybody has said anything about it; orders, messages and pictures
are made from it. Everything follows from the seed.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from refund_desk.domain.words import Reason, RequestKind
from refund_desk.engines import demo_kit as kit
from refund_desk.engines.demo_data import DemoData, Lang, Plot, Product

CONFLICTS: dict[str, frozenset[Reason]] = {
    "gateway_refunded": frozenset({Reason.DAMAGED, Reason.DEFECTIVE, Reason.NOT_AS_DESCRIBED, Reason.SPOILED}),
    "total_vs_captured": frozenset({Reason.OVERCHARGED}),
    "delivered_vs_transit": frozenset({Reason.NOT_RECEIVED}),
    "ledger_missing": frozenset({Reason.DAMAGED, Reason.SPOILED, Reason.NOT_AS_DESCRIBED, Reason.WRONG_ITEM}),
    "line_quantity": frozenset({Reason.MISSING_ITEM}),
    "captured_twice": frozenset({Reason.DUPLICATE_CHARGE}),
    "refund_failed": frozenset({Reason.CANCELLED_BEFORE_SHIPPING, Reason.REJECTED_DELIVERY}),
}
"""Twists in which two systems say different things, and the reasons they fit."""

CONFLICT_SHARE = 0.12
DISPUTE_SHARE = 0.04
_DISPUTABLE = frozenset({Reason.UNAUTHORISED, Reason.NOT_RECEIVED, Reason.COUNTERFEIT, Reason.OVERCHARGED})
_CURRENCIES = {"GBP": 30, "EUR": 25, "USD": 25, "BRL": 10, "JPY": 10}
_GROUPS = {"GBP": "en", "USD": "en", "BRL": "pt", "JPY": "ja"}


@dataclass(slots=True)
class Frame:
    """One case, decided but not yet told. `now` carries the market's own offset; `asked` is when they asked."""

    index: int
    rng: random.Random
    lang: Lang
    reason: Reason
    plot: Plot
    now: datetime
    currency: str = "CNY"
    kind: RequestKind = RequestKind.REFUND_ONLY
    conflict: str | None = None
    disputed: bool = False
    special: str | None = None
    on_platform: bool = False
    merchant: dict[str, str] | None = None
    customer: dict[str, str | None] = field(default_factory=dict)
    market: dict[str, Any] = field(default_factory=dict)
    carrier: dict[str, Any] = field(default_factory=dict)
    gateway: dict[str, Any] = field(default_factory=dict)
    delivery: str = "delivered"
    pictures: tuple[str, ...] = ()
    asked: datetime = field(default_factory=lambda: datetime.min.replace(tzinfo=timezone.utc))  # noqa: UP017

    @property
    def age(self) -> timedelta:
        return self.now - self.asked

    @property
    def request_id(self) -> str:
        return f"RR-26-{20417 + self.index * 3:06d}"


def cast(data: DemoData, seed: int, now: datetime, count: int) -> list[Frame]:
    """`count` frames in the order in which they stand in the bundle."""
    rng = kit.dice("cast", seed)
    reasons = _reasons(data, rng, count)
    languages: list[Lang] = ["zh" if i % 2 else "en" for i in range(count)]
    rng.shuffle(languages)
    frames = [
        Frame(i, kit.dice(seed, i), languages[i], reason, data.plots[reason], now) for i, reason in enumerate(reasons)
    ]
    _twist(frames, rng)
    _specials(frames)
    people = _People(data, rng)
    for frame in frames:
        _market(frame, data)
        _age(frame)
        frame.kind = _weighted(frame.rng, frame.plot.kinds)
        frame.pictures = _pictures(frame)
        frame.on_platform = frame.rng.random() < 0.26 and frame.special != "picture"
        frame.customer = people.pick(frame)
    _hostile(frames, data)
    return frames


def _weighted(rng: random.Random, weights: dict[Any, int]) -> Any:
    return rng.choices(list(weights), list(weights.values()))[0]


def _reasons(data: DemoData, rng: random.Random, count: int) -> list[Reason]:
    """Each reason once, the rest by weight, no reason twice in a row where that can be helped."""
    whole = sum(plot.weight for plot in data.plots.values())
    wanted = list(Reason)
    extra = [r for r, plot in data.plots.items() for _ in range(max(0, round(plot.weight * count / whole) - 1))]
    rng.shuffle(extra)
    wanted = (wanted + extra + rng.choices(list(Reason), k=count))[:count]
    rng.shuffle(wanted)
    for i in range(1, count):
        if wanted[i] is wanted[i - 1]:
            other = next((j for j in range(count) if j not in (i, i - 1) and wanted[j] is not wanted[i]), i)
            wanted[i], wanted[other] = wanted[other], wanted[i]
    return wanted


def _twist(frames: list[Frame], rng: random.Random) -> None:
    """Give conflicts and disputes to cases whose reason carries them."""
    names = list(CONFLICTS)
    free = list(frames)
    rng.shuffle(free)
    for i in range(round(len(frames) * CONFLICT_SHARE)):
        for name in names[i % len(names) :] + names[: i % len(names)]:
            fits = CONFLICTS[name] if i else frozenset({Reason.DAMAGED})  # the first is the picture's own case
            frame = next((f for f in free if f.conflict is None and f.reason in fits), None)
            if frame is not None:
                frame.conflict = name
                break
    quiet = [f for f in free if f.conflict is None and f.reason in _DISPUTABLE]
    for frame in quiet[: max(1, round(len(frames) * DISPUTE_SHARE))]:
        frame.disputed = True


def _specials(frames: list[Frame]) -> None:
    """Slots for the cases written by hand: see specials.yaml."""

    def slot(fits: Callable[[Frame], bool], name: str, lang: Lang) -> None:
        frame = next((f for f in frames if f.special is None and not f.disputed and fits(f)), None)
        if frame is not None:
            frame.special, frame.lang = name, lang

    slot(lambda f: f.reason is Reason.DAMAGED and f.conflict == "gateway_refunded", "picture", "zh")
    slot(lambda f: f.reason is Reason.DAMAGED and f.conflict is None, "long", "zh")
    slot(lambda f: f.reason is Reason.MISSING_ITEM and f.conflict is None, "wordy", "en")
    slot(lambda f: f.reason is Reason.WRONG_ITEM and f.conflict is None, "many_lines", "en")
    for _ in range(2):
        slot(lambda f: f.reason is Reason.DEFECTIVE and f.conflict is None, "dear", "zh")
        slot(lambda f: f.reason is Reason.COUNTERFEIT and f.conflict is None, "dear", "en")
    slot(lambda f: f.reason is Reason.SPOILED and f.conflict is None, "eight_pictures", "zh")
    slot(lambda f: f.reason is Reason.DAMAGED and f.conflict is None, "reused", "zh")
    slot(lambda f: f.reason is Reason.DAMAGED and f.conflict is None, "reused", "zh")


def _market(frame: Frame, data: DemoData) -> None:
    rng = frame.rng
    frame.currency = "CNY" if frame.lang == "zh" else _weighted(rng, _CURRENCIES)
    if frame.special in ("wordy", "many_lines"):
        frame.currency = "GBP"
    frame.market = data.systems["markets"][f"{frame.lang}_{frame.currency}"]
    frame.now = frame.now.astimezone(timezone(timedelta(hours=frame.market["offset"])))
    frame.carrier = rng.choice(frame.market["carriers"])
    frame.gateway = rng.choice(frame.market["gateways"])
    frame.delivery = rng.choice(frame.plot.delivery)
    if frame.special == "picture":
        frame.carrier, frame.gateway = frame.market["carriers"][0], frame.market["gateways"][4]
    if frame.conflict == "delivered_vs_transit":
        frame.delivery = "delivered"


_ALBUMS = {
    "picture": ("goods.faulty", "parcel.crushed", "waybill", "goods.faulty"),
    "long": ("parcel.crushed", "waybill", "goods.faulty", "goods.faulty", "receipt", "goods.whole"),
    "wordy": ("parcel.wet", "goods.faulty", "goods.faulty", "receipt"),
    "eight_pictures": (
        "goods.faulty", "parcel.wet", "goods.faulty", "waybill", "goods.faulty", "receipt", "chat", "parcel.open",
    ),
    "reused": ("parcel.torn", "goods.faulty"),
}  # fmt: skip


def _pictures(frame: Frame) -> tuple[str, ...]:
    """What the customer (or the driver) took pictures of, as demo_shots knows the names."""
    if frame.special in _ALBUMS:
        return _ALBUMS[frame.special]
    low, high = frame.plot.count
    names = frame.plot.pictures[: frame.rng.randint(low, high)]
    carried = frame.delivery != "paid"
    return tuple(n for n in names if carried or n.split(".")[0] not in ("parcel", "waybill", "doorstep"))


def _age(frame: Frame) -> None:
    """How long ago they asked: some minutes ago, most within a day and a half, some far too long ago."""
    rng = frame.rng
    bands = {(0.07, 2.5): 18, (2.5, 12): 27, (12, 30): 28, (30, 47): 12, (49, 210): 15}
    low, high = _weighted(rng, bands)
    if frame.conflict in ("gateway_refunded", "ledger_missing", "refund_failed"):
        low, high = max(low, 1.5), max(high, 6)
    hours = {"picture": 2.1, "long": 71.0, "wordy": 5.0}.get(frame.special or "", rng.uniform(low, high))
    frame.asked = (frame.now - timedelta(hours=hours)).replace(microsecond=0)


class _People:
    """Hands out customers; about one case in six belongs to somebody who is known already."""

    def __init__(self, data: DemoData, rng: random.Random) -> None:
        self._data = data
        self._rng = rng
        self._left = {group: list(data.customers[group]["names"]) for group in ("zh", "en", "de", "pt", "ja")}
        for names in self._left.values():
            rng.shuffle(names)
        self._known: dict[tuple[str, str], list[dict[str, str | None]]] = {}
        self._count = 0

    def pick(self, frame: Frame) -> dict[str, str | None]:
        group = _GROUPS.get(frame.currency) or ("zh" if frame.lang == "zh" else frame.rng.choice(("de", "en")))
        known = self._known.setdefault((group, frame.currency), [])
        if known and not frame.special and (frame.rng.random() < 0.16 or not self._left[group]):
            favourite = known[0] if frame.rng.random() < 0.3 else frame.rng.choice(known)
            return dict(favourite)
        customer = self._new(frame, group)
        if not frame.special:
            known.append(customer)
        return dict(customer)

    def _new(self, frame: Frame, group: str) -> dict[str, str | None]:
        pool, rng = self._data.customers[group], self._rng
        self._count += 1
        left = self._left[group]
        given = self._data.specials.get(frame.special or "", {})
        name = given.get("customer") or given.get("name") or (left.pop() if left else rng.choice(pool["names"]))
        plain = "".join(c for c in name.lower().replace(" ", ".") if c.isascii() and (c.isalnum() or c == "."))[:30]
        mailbox = plain.strip(".") or f"u{rng.randrange(10**7, 10**8)}"
        return {
            "system": "crm",
            "id": f"C-{10400 + self._count * 7}",
            "name": name,
            "email": f"{mailbox}@{rng.choice(pool['mail'])}",
            "phone": _phone(frame.market["country"], rng),
            "address": _address(group, rng.choice(pool["cities"]), rng),
            "country": frame.market["country"],
        }


def _phone(country: str, rng: random.Random) -> str:
    """A number from the ranges kept for fiction where a country has them."""
    shapes = {
        "CN": "+86 138 0000 {:04d}",
        "GB": "+44 7700 90{:04d}",
        "US": "+1 503 555 0{:03d}",
        "DE": "+49 30 23125 {:03d}",
        "BR": "+55 11 95555 {:04d}",
        "JP": "+81 90 0000 {:04d}",
    }
    shape = shapes[country]
    return shape.format(rng.randrange(1000 if "{:03d}" in shape else 10_000))


def _address(group: str, city: list[str], rng: random.Random) -> str:
    street, number = rng.choice(city[1:]), rng.randrange(2, 180)
    if group == "zh":
        return f"{city[0]}{street}{number}号{rng.randrange(1, 12)}幢{rng.randrange(101, 2400)}室"
    return f"{street} {number}, {city[0]}" if group in ("de", "pt") else f"{number} {street}, {city[0]}"


def _hostile(frames: list[Frame], data: DemoData) -> None:
    """Names that a person could really type, on quiet cases spread over the list."""
    quiet = [f for f in frames if f.special is None and f.conflict is None]
    for i, odd in enumerate(data.customers["hostile"]):
        fits = [f for f in quiet if f.lang == odd["language"]]
        if not fits:
            continue
        frame = fits[(i * 7) % len(fits)]
        quiet.remove(frame)
        frame.customer = {**frame.customer, "id": f"C-9900{i}", "name": odd["name"], "email": f"odd{i}@example.org"}


def goods_for(frame: Frame, data: DemoData) -> list[Product]:
    """Products that the reason can be about, in an order of the case's own; the first is what it is about."""
    rng = frame.rng
    fits = [p for p in data.products if not frame.plot.tags or p.tags & frame.plot.tags]
    if frame.reason is not Reason.SPOILED:
        fits = [p for p in fits if not p.perishable or rng.random() < 0.3] or fits
    if frame.special == "dear":
        fits = [p for p in fits if p.id in ("phone-b", "designer-bag", "phone-a")]
    named = {"picture": "pour-over-pot", "long": "stoneware-set", "wordy": "stoneware-set"}.get(frame.special or "")
    first = next(p for p in data.products if p.id == named) if named else rng.choice(fits)
    rest = [p for p in data.products if p is not first and not (p.perishable and frame.reason is Reason.DEFECTIVE)]
    rng.shuffle(rest)
    if frame.special == "picture":
        rest.sort(key=lambda p: p.id != "filter-set")
    return [first, *rest]
