"""Sets of rows with known truth: orders, payments, refunds, ledger, bank, invoices and stock of one quarter.

`make(seed)` draws 25,000 payments with their refunds and everything beside them, plants the thirteen kinds of
break (PLAN) on orders old enough that nothing is merely on its way, and garbles references, names, times and
amounts as `noise` says. Standard library only; it knows nothing of any matcher.

Comparisons: `shop_gateway` (transfers included: there the bank is the gateway), `gateway_ledger`,
`gateway_bank` (payouts), `returns` (against sales), `credit_notes`, `stock`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from random import Random

from tests.reconciliation.chains import Books, sell
from tests.reconciliation.payouts import pay_out
from tests.reconciliation.returns import give_back
from tests.reconciliation.rows import AS_OF, BASE, BEGIN, Sample, Truth
from tests.reconciliation.world import Order, World

PAYMENTS = 25_000
SEEDS = (3, 17, 101, 2_026, 40_961, 77_777, 314_159, 900_001)


@dataclass(frozen=True, slots=True)
class Plant:
    kind: str
    check: str
    thing: str
    count: int


PLAN = (
    Plant("missing_here", "shop_gateway", "payment", 30),
    Plant("missing_here", "shop_gateway", "refund", 20),
    Plant("missing_here", "gateway_ledger", "payment", 10),
    Plant("missing_there", "shop_gateway", "payment", 25),
    Plant("missing_there", "shop_gateway", "refund", 15),
    Plant("missing_there", "gateway_ledger", "payment", 20),
    Plant("over", "shop_gateway", "payment", 25),
    Plant("over", "shop_gateway", "refund", 15),
    Plant("over", "gateway_ledger", "payment", 15),
    Plant("under", "shop_gateway", "payment", 25),
    Plant("under", "shop_gateway", "refund", 15),
    Plant("under", "gateway_ledger", "payment", 15),
    Plant("currency", "shop_gateway", "payment", 30),
    Plant("currency", "shop_gateway", "refund", 10),
    Plant("currency", "gateway_ledger", "payment", 20),
    Plant("duplicate", "shop_gateway", "payment", 25),
    Plant("duplicate", "shop_gateway", "refund", 15),
    Plant("duplicate", "gateway_ledger", "payment", 20),
    Plant("late", "shop_gateway", "refund", 45),
    Plant("late", "gateway_ledger", "payment", 10),
    Plant("state", "shop_gateway", "payment", 30),
    Plant("state", "shop_gateway", "refund", 25),
    Plant("orphan_cancellation", "returns", "refund", 60),
    Plant("price_above_paid", "returns", "refund", 60),
    Plant("more_than_bought", "returns", "refund", 60),
    Plant("credit_note_due", "credit_notes", "refund", 60),
    Plant("stock_not_booked", "stock", "refund", 60),
)
"""Of PAYMENTS; fewer payments, fewer breaks. Payouts have theirs in `payouts`."""

OLD_ENOUGH = AS_OF - timedelta(days=65)


def make(seed: int, payments: int = PAYMENTS) -> Sample:
    """A set; the same seed and size give the same set."""
    rng = Random(seed)
    world, truth = World(rng, payments), Truth()
    books = Books(rng, truth, _rates(rng), world.skus)
    for order in world.orders:
        books.bought.setdefault(order.customer.key, []).extend(line.sku for line in order.lines)
    plan = _plan(rng, world.orders)
    for order in world.orders:
        sell(books, order, plan.get(order.number))
        give_back(books, order, plan.get(order.number))
    pay_out(books)
    rows = [row for row in books.rows if row.at <= AS_OF]
    kept = {row.key for row in rows}
    for links in truth.links.values():
        links -= {pair for pair in links if not kept.issuperset(pair)}
    rng.shuffle(rows)
    return Sample(seed, rows, truth, books.rates)


def _plan(rng: Random, orders: list[Order]) -> dict[str, Plant]:
    free = [o for o in orders if o.at < OLD_ENOUGH and not o.together and not o.inside and o.total >= 400]
    rng.shuffle(free)
    plan: dict[str, Plant] = {}
    for plant in PLAN:
        wanted = max(1, plant.count * len(orders) // PAYMENTS)
        for order in [o for o in free if _fits(plant, o)][:wanted]:
            plan[order.number] = plant
            free.remove(order)
    return plan


def _fits(plant: Plant, order: Order) -> bool:
    """The ledger hears of gateways alone; a price can be above what was paid only where less was paid."""
    if plant.check == "gateway_ledger":
        return order.method != "transfer"
    if plant.kind == "price_above_paid":
        return any(line.paid * 100 < line.listed * line.quantity * 96 for line in order.lines)
    return plant.check != "credit_notes" or order.invoiced


def _rates(rng: Random) -> dict[tuple[str, str], Decimal]:
    """A slow walk of daily rates, four decimals for one unit."""
    made: dict[tuple[str, str], Decimal] = {}
    start = {"USD": 7.11, "EUR": 7.85, "GBP": 9.2, "JPY": 0.0481, "KRW": 0.0052, "KWD": 23.1, BASE: 1.0}
    for currency, rate in start.items():
        day = BEGIN - timedelta(days=1)
        while day <= AS_OF + timedelta(days=60):
            if currency != BASE:
                rate *= 1 + rng.gauss(0, 0.002)
            made[currency, day.date().isoformat()] = Decimal(str(rate)).quantize(Decimal("0.000001"))
            day += timedelta(days=1)
    return made
