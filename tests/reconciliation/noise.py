"""How systems garble what they copy. Every way in which two rows of one thing differ without being a break.

References
- as written 66 %; other case, spaces, dashes or full width 10 %; prefix changed or dropped 6 %; inside a sentence 6 %;
  cut at the field's length, tail or head lost 5 %; two neighbouring characters swapped 1 %; blank 6 %.
- A customer's transfer: blank 25 %, swapped 4 %; 1 in 300 names somebody else's order.
Names
- as written 55 %; upper case, no accents 15 %; family name first 8 %; masked (`*伟`, `张**`, `J*** Smith`) 10 %;
  one letter wrong 7 %; cut at 12 characters 5 %.
- Account keys come along on 60 % of a gateway's rows and 50 % of the ledger's.
Times
- pay-a: UTC, up to 4 minutes late. pay-b: local time (+8 h) written as if it were UTC. pay-c: 3 minutes either way.
  Ledger and bank: a date alone, of the day they booked. 2 % of the shop's rows an hour wrong (summer time).
Amounts
- pay-b and pay-c after their fee; pay-c lists no fee at all (its contract says how much). The ledger books 15 % after
  the fee, and 40 % of foreign ones in CNY by the day's rate, which half of them name. The shop keeps two decimals of
  dinars (three are paid): up to 5 of the smallest units apart. Per-unit shares of discounted lines are rounded.
Shapes
- Payouts: one bank line for a day of a gateway and currency, refunds taken off; pay-c's rows don't name theirs.
- An order paid in two parts; one transfer for two or three orders.
- The same goods twice by one customer within the hour: two orders, two payments, no mistake.
- Common price points: many equal amounts a day by different customers.
- Failed attempts before the one that worked, and attempts that were given up.
- The last days of the period: what hasn't come yet and needn't have.
"""

from __future__ import annotations

import unicodedata
from datetime import datetime, timedelta
from random import Random

_SENTENCES = (
    "Payment for {} thank you",
    "订单{}货款",
    "INV/{}/RFB",
    "re: order {} (web)",
    "Ref {} - customer transfer",
)
_WIDE = {ord(c): ord(c) + 0xFEE0 for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"}


def reference(rng: Random, text: str, blank: float = 0.06, swapped: float = 0.01) -> str:
    """One reference, as another system has it; "" where it has none."""
    roll = rng.random()
    if roll < blank:
        return ""
    roll = rng.random()
    if roll < swapped:
        return _swap(rng, text)
    if roll < swapped + 0.05:
        return text[: max(6, len(text) - rng.choice((2, 3, 4)))] if rng.random() < 0.5 else text[-10:]
    if roll < swapped + 0.11:
        return rng.choice(_SENTENCES).format(text)
    if roll < swapped + 0.17:
        return _prefix(rng, text)
    if roll < swapped + 0.27:
        return _written(rng, text)
    return text


def _swap(rng: Random, text: str) -> str:
    at = rng.randrange(len(text) - 4, len(text) - 1)
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def _prefix(rng: Random, text: str) -> str:
    bare = text.split("-", 1)[1] if "-" in text else text
    return rng.choice((bare, f"#{text}", f"ORD-{bare}", f"No.{text}"))


def _written(rng: Random, text: str) -> str:
    way = rng.randrange(4)
    if way == 0:
        return text.lower()
    if way == 1:
        return text.replace("-", " ")
    return f" {text.replace('-', '')}  " if way == 2 else text.translate(_WIDE)


def name(rng: Random, text: str) -> str:
    """A customer's name, as another system has it."""
    roll = rng.random()
    if roll < 0.55:
        return text
    if roll < 0.70:
        plain = unicodedata.normalize("NFKD", text)
        return "".join(c for c in plain if not unicodedata.combining(c)).upper()
    if roll < 0.78:
        return " ".join(reversed(text.split(" ")))
    if roll < 0.88:
        return _masked(rng, text)
    if roll < 0.95:
        return _misspelt(rng, text)
    return text[:12]


def _masked(rng: Random, text: str) -> str:
    if " " not in text:
        return f"*{text[1:]}" if rng.random() < 0.5 else f"{text[0]}{'*' * (len(text) - 1)}"
    first, last = text.split(" ", 1)
    return f"{first[0]}*** {last}"


def _misspelt(rng: Random, text: str) -> str:
    if len(text) < 4:
        return text
    at = rng.randrange(1, len(text) - 1)
    way = rng.randrange(3)
    if way == 0:
        return text[:at] + text[at + 1 :]
    if way == 1:
        return text[:at] + text[at] + text[at:]
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def time(rng: Random, system: str, at: datetime) -> datetime:
    """When a system says that something happened."""
    if system == "pay-a":
        return at + timedelta(seconds=rng.randrange(240))
    if system == "pay-b":
        return at + timedelta(hours=8, seconds=rng.randrange(60))
    if system == "pay-c":
        return at + timedelta(seconds=rng.randrange(-180, 180))
    if system in ("ledger", "bank"):
        return at.replace(hour=0, minute=0, second=0, microsecond=0)
    return at + timedelta(hours=rng.choice((-1, 1))) if rng.random() < 0.02 else at
