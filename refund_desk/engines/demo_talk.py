"""What people wrote: one conversation per case, in the case's language, true to its order and its conflict."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from refund_desk.domain.words import REASON_GROUP, Reason, ReasonGroup, Who
from refund_desk.engines.demo_cast import Frame
from refund_desk.engines.demo_data import DemoData
from refund_desk.engines.demo_orders import Trade, days_of, text_of, when

_SIGNS = {"CNY": "¥", "GBP": "£", "EUR": "€", "USD": "$", "JPY": "¥", "BRL": "R$ "}
_HOLE = re.compile(r"\{(\w+)\}")
_IF = re.compile(r"\[([a-z0-9_,|!-]+)\](.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Known:
    """What a case knows: values for placeholders, and the facts that sentences may ask for."""

    values: dict[str, str]
    facts: frozenset[str]

    def fits(self, sentence: str) -> bool:
        """Whether everything the sentence speaks of is so."""
        match = _IF.match(sentence)
        if any(hole not in self.values for hole in _HOLE.findall(sentence)):
            return False
        return match is None or all(self._holds(term) for term in match[1].split(","))

    def _holds(self, term: str) -> bool:
        return any((one[1:] not in self.facts) if one[0] == "!" else one in self.facts for one in term.split("|"))

    def fill(self, sentence: str) -> str:
        """The sentence without its condition, placeholders filled."""
        match = _IF.match(sentence)
        return _HOLE.sub(lambda hole: self.values[hole[1]], match[2] if match else sentence)


class Sentences:
    """Hands out sentences so that none comes again soon: the one that was used longest ago."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._used: dict[str, int] = {}

    def draw(self, options: list[str], known: Known) -> str:
        """A sentence that is true of the case, filled in; at least one of the options must be."""
        fits = [option for option in options if known.fits(option)]
        oldest = min(self._used.get(option, 0) for option in fits)
        picked = self._rng.choice([option for option in fits if self._used.get(option, 0) == oldest])
        self._used[picked] = max(self._used.values(), default=0) + 1
        return known.fill(picked)


def money_words(frame: Frame, minor: int) -> str:
    """An amount as people write it in a message."""
    sign, text = _SIGNS[frame.currency], text_of(frame, minor)
    whole, _, cents = text.partition(".")
    if frame.currency in ("BRL", "EUR"):
        return f"{sign}{whole},{cents}"
    return f"{sign}{text}"


@dataclass(slots=True)
class Talk:
    """A conversation in the making. Times are filled in last, evenly and in order."""

    frame: Frame
    made: Trade
    data: DemoData
    sentences: Sentences
    known: Known
    rows: list[dict[str, Any]] = field(default_factory=list)

    def say(self, pool: str, direction: str, who: Who, *, at: datetime | None = None, **extra: Any) -> dict[str, Any]:
        """Add a message drawn from a pool of the case's language; `pool` is a path such as more.quality."""
        options: Any = self.data.stories[self.frame.lang]
        for step in pool.split("."):
            options = options[step]
        text = self.sentences.draw(options, self.known)
        return self.put(text, direction, who, at=at, **extra)

    def put(self, text: str, direction: str, who: Who, *, at: datetime | None = None, **extra: Any) -> dict[str, Any]:
        """Add a message with this text."""
        row: dict[str, Any] = {"direction": direction, "who": who.value, "text": text, "_at": at, **extra}
        self.rows.append(row)
        return row


def converse(frame: Frame, made: Trade, data: DemoData, sentences: Sentences) -> tuple[list[dict[str, Any]], str]:
    """Messages of a case in the bundle's shape (without attachments), and the request's own text."""
    talk = Talk(frame, made, data, sentences, _known(frame, made, data))
    opening = _scripted(talk) if frame.special in ("picture", "long") else _improvised(talk)
    _set_times(talk)
    return _written(talk), opening


_PLACES = {
    "paid": {"unshipped"},
    "shipped": {"shipped", "in_transit"},
    "returning": {"shipped"},
    "delivered": {"shipped", "delivered"},
}


def _facts(frame: Frame, made: Trade) -> frozenset[str]:
    """Everything a sentence's condition may name."""
    product = made.first.product
    facts = {frame.reason.value, REASON_GROUP[frame.reason].value, frame.kind.value, frame.gateway["system"]}
    facts |= product.tags | {product.picture, product.id} | _PLACES[frame.delivery]
    more = {
        "photos": bool(frame.pictures),
        "merchant": frame.merchant is not None,
        "tenders": bool(made.tenders),
        "conflict": frame.conflict is not None,
    }
    return frozenset(facts | {name for name, holds in more.items() if holds})


def _known(frame: Frame, made: Trade, data: DemoData) -> Known:
    """Values for placeholders; what the case doesn't have is absent, and so are sentences that speak of it."""
    rng, line = frame.rng, made.first
    known = {
        "product": line.product.say[frame.lang],
        "order": made.number,
        "days": str(days_of(frame, made)),
        "agent": rng.choice(data.systems["agents"][frame.lang]),
        "date": (frame.asked + timedelta(hours=24)).strftime("%m-%d %H:%M" if frame.lang == "zh" else "%d %b, %H:%M"),
    }
    if made.asked:
        known["amount"] = money_words(frame, made.asked)
    if line.wanted > 1 or line.quantity > 1:
        known["qty"] = str(line.quantity)
    if made.shipped:
        known["carrier"], known["tracking"] = frame.carrier[frame.lang], made.tracking
    if frame.merchant:
        known["merchant"] = frame.merchant["name"]
    if made.other:
        extra = made.other + made.in_money if frame.conflict == "total_vs_captured" else made.other
        known["other"] = money_words(frame, extra)
    if frame.conflict == "gateway_refunded":
        known["promise"] = money_words(frame, made.other)
    return Known(known, _facts(frame, made))


# ------------------------------------------------------------- scripts


def _scripted(talk: Talk) -> str:
    """A conversation written by hand: every message with its own hour."""
    frame, script = talk.frame, talk.data.specials[talk.frame.special or ""]
    for direction, who, hours, text in script["messages"]:
        at = frame.now - timedelta(hours=hours)
        if who == "phone":
            talk.put(text, direction, Who.AGENT, at=at, channel="phone")
        else:
            talk.put(text, direction, Who(who), at=at, _photos=frame.special == "picture" and not talk.rows)
    spoken = talk.rows[1] if frame.special == "picture" else talk.rows[script["promise"]]
    amount = talk.made.other if frame.special == "picture" else 12000
    spoken["promise"] = {"amount": text_of(frame, amount), "currency": frame.currency}
    first = next(row["text"] for row in talk.rows if row["direction"] == "in")
    return str(script.get("reason_text") or first)


def _improvised(talk: Talk) -> str:
    frame, known = talk.frame, talk.known
    rng = frame.rng
    options = talk.data.stories[frame.lang]["open"][frame.reason.value]
    opening = talk.sentences.draw(options, known)
    if frame.special == "wordy":
        opening = str(talk.data.specials["wordy"]["text"]).strip()
    if frame.conflict in ("gateway_refunded", "ledger_missing"):
        _before(talk, opening)
    elif rng.random() < 0.55:
        at = frame.asked - timedelta(minutes=rng.uniform(1, 9))
        talk.put(opening, "in", Who.CUSTOMER, at=at, _photos=True)
    talk.say("receipt", "out", Who.SYSTEM, at=frame.asked + timedelta(seconds=45))
    _first_hours(talk)
    _others(talk)
    _later(talk)
    return opening


def _before(talk: Talk, opening: str) -> None:
    """They wrote before, something was paid, and they came back: the request is the second act."""
    frame, made = talk.frame, talk.made
    paid = made.refund_at or frame.asked
    talk.put(opening, "in", Who.CUSTOMER, at=paid - timedelta(hours=frame.rng.uniform(4, 14)), _photos=True)
    talk.known.values["promise"] = money_words(frame, made.other)
    promise = {"amount": text_of(frame, made.other), "currency": frame.currency}
    talk.say("promise", "out", Who.AGENT, at=paid - timedelta(minutes=7), promise=promise)
    pool = "promise_reply" if frame.conflict == "gateway_refunded" else "conflict_customer.ledger_missing"
    talk.say(pool, "in", Who.CUSTOMER, at=paid + timedelta(hours=frame.rng.uniform(8, 20)))


def _first_hours(talk: Talk) -> None:
    frame, rng = talk.frame, talk.frame.rng
    group = REASON_GROUP[frame.reason]
    if frame.conflict in ("refund_failed", "total_vs_captured"):
        talk.say(f"conflict_customer.{frame.conflict}", "in", Who.CUSTOMER)
    elif rng.random() < 0.5:
        talk.say(f"more.{group.value}", "in", Who.CUSTOMER)
    if frame.age > timedelta(minutes=40) and rng.random() < 0.7:
        talk.say("ack", "out", Who.AGENT)
    asks = group in (ReasonGroup.QUALITY, ReasonGroup.CHARGE) and len(frame.pictures) > 1
    if asks and frame.age > timedelta(hours=2) and rng.random() < 0.6:
        talk.say("ask_photo", "out", Who.AGENT)
        talk.say("sends_photo", "in", Who.CUSTOMER, _photos=True)
    if frame.reason is Reason.OTHER and rng.random() < 0.5:
        talk.say("phone", "note", Who.AGENT, channel="phone")


def _others(talk: Talk) -> None:
    """Carrier, warehouse, merchant, bank: whoever has something to say about this case."""
    frame, rng, old = talk.frame, talk.frame.rng, talk.frame.age > timedelta(hours=4)
    if frame.conflict:
        talk.say(f"conflict.{frame.conflict}", "note", Who.AGENT)
    if old and talk.made.shipped and rng.random() < 0.55:
        pool = {"shipped": "note_transit", "returning": "note_rejected"}.get(frame.delivery, "note_delivered")
        if frame.reason is Reason.DAMAGED:
            pool = "note_damage"
        if frame.reason in (Reason.DAMAGED, Reason.NOT_RECEIVED, Reason.REJECTED_DELIVERY) and (
            frame.conflict != "delivered_vs_transit"
        ):
            talk.say(pool, "note", Who.CARRIER)
    if old and frame.reason in (Reason.DAMAGED, Reason.MISSING_ITEM, Reason.DEFECTIVE) and rng.random() < 0.3:
        talk.say("warehouse", "note", Who.WAREHOUSE)
    if frame.disputed:
        talk.say("dispute", "note", Who.AGENT)
    if frame.merchant and rng.random() < 0.75:
        _merchant(talk)
    if rng.random() < 0.35:
        talk.say("note", "note", Who.AGENT)


def _merchant(talk: Talk) -> None:
    frame, made = talk.frame, talk.made
    pool = frame.rng.choice(("merchant_accept", "merchant_offer", "merchant_refuse"))
    if pool == "merchant_offer" and made.asked and frame.conflict is None:
        offer = round(made.asked * 0.4 / 100) * 100 or made.asked
        talk.known.values["promise"] = money_words(frame, offer)
    elif pool == "merchant_offer":
        pool = "merchant_accept"
    talk.say(pool, "note", Who.MERCHANT, name=frame.merchant["name"] if frame.merchant else None)


def _later(talk: Talk) -> None:
    frame, rng, hours = talk.frame, talk.frame.rng, talk.frame.age.total_seconds() / 3600
    made = talk.made
    if frame.conflict is None and not frame.disputed and made.asked and made.asked > 20000 and rng.random() < 0.1:
        promised = round(made.asked * rng.choice((0.1, 0.2)) / 100) * 100
        talk.known.values["promise"] = money_words(frame, promised)
        talk.say("promise", "out", Who.AGENT, promise={"amount": text_of(frame, promised), "currency": frame.currency})
    if hours > 10 and rng.random() < 0.5:
        talk.say("status", "out", Who.AGENT)
        if rng.random() < 0.4:
            talk.say("thanks", "in", Who.CUSTOMER)
    for limit in (22, 44, 90, 140):
        if hours > limit + 5 and rng.random() < 0.7:
            _nudge(talk, limit)
    if hours > 16 and rng.random() < 0.08:
        talk.say("phone", "note", Who.AGENT, channel="phone")


def _nudge(talk: Talk, hours: int) -> None:
    """They ask where it stands, some `hours` after they wrote; now and then somebody answers."""
    frame, rng = talk.frame, talk.frame.rng
    at = frame.asked + timedelta(hours=hours + rng.uniform(0, 3))
    plain = talk.known
    talk.known = Known(plain.values, plain.facts | {"old1"} | ({"old2"} if hours > 40 else set()))
    talk.say("nudge", "in", Who.CUSTOMER, at=at)
    talk.known = plain
    if rng.random() < 0.4:
        talk.say("status", "out", Who.AGENT, at=at + timedelta(minutes=rng.uniform(20, 110)))


# ------------------------------------------------------------- writing down


def _set_times(talk: Talk) -> None:
    """Messages without a time of their own share what is left until now, in their order."""
    frame = talk.frame
    open_rows = [row for row in talk.rows if row["_at"] is None]
    start, room = frame.asked + timedelta(minutes=2), frame.age - timedelta(minutes=3)
    marks = sorted(frame.rng.random() for _ in open_rows)
    for row, mark in zip(open_rows, marks, strict=True):
        row["_at"] = start + max(room, timedelta(0)) * mark
    for row in talk.rows:
        row["_at"] = min(row["_at"], frame.now).replace(microsecond=0)
    talk.rows.sort(key=lambda row: row["_at"])


def _written(talk: Talk) -> list[dict[str, Any]]:
    frame = talk.frame
    channel = frame.rng.choice(("chat", "chat", "mail"))
    names = {
        "customer": frame.customer["name"],
        "agent": talk.known.values["agent"],
        "carrier": frame.carrier[frame.lang],
    }
    out = []
    for i, row in enumerate(talk.rows):
        own = row.get("channel") or ("app" if row["who"] == "system" else channel)
        message = {
            "system": "callcentre" if own == "phone" else own,
            "id": f"{frame.request_id}-M{i + 1:02d}",
            "channel": own,
            "direction": row["direction"],
            "who": row["who"],
            "name": row.get("name") or names.get(row["who"]),
            "sent_at": when(row["_at"]),
            "text": row["text"],
            "language": frame.lang,
            "attachments": [],
            "_photos": row.get("_photos", False),
        }
        if "promise" in row:
            message["promise"] = row["promise"]
        out.append(message)
    return out
