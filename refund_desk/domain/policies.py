"""What policies look at and what they advise. The tables are data; they recommend and never decide.

Amounts are minor units of `currency`; days are whole days up to the time of asking, None where
nobody knows the date.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from refund_desk.domain.words import REASON_GROUP, Decision, Reason, RequestKind, Role


@dataclass(frozen=True, slots=True)
class PolicyFacts:
    """The facts of a case by which a policy may judge; their names are the input fields of the tables.

    requested: what the customer asks for (None: not said); paid: what came in for the order;
    refundable: the most that may still go back; lines_refundable: the same for the lines asked about;
    shipping: the paid share of shipping. payments: captured payments of the order.
    """

    kind: RequestKind
    reason: Reason
    currency: str
    days_since_order: int | None = None
    days_since_delivery: int | None = None
    images: int = 0
    requested: int | None = None
    paid: int = 0
    refundable: int = 0
    lines_refundable: int | None = None
    already_refunded: int = 0
    shipping: int = 0
    payments: int = 1
    perishable: bool = False
    made_to_order: bool = False
    shipped: bool = False
    delivered: bool = False
    goods_back: bool = False
    disputed: bool = False
    conflict: bool = False
    money_conflict: bool = False
    appeal: bool = False

    def values(self) -> dict[str, Any]:
        """Plain values for a table, with `group`, the reason's group. Without known lines the whole counts as them."""
        out = {key: value.value if isinstance(value, StrEnum) else value for key, value in asdict(self).items()}
        out["group"] = REASON_GROUP[self.reason].value
        if self.lines_refundable is None:
            out["lines_refundable"] = self.refundable
        return out


class Basis(StrEnum):
    """What an advised amount is computed from."""

    NONE = "none"
    REQUESTED = "requested"
    LINES = "lines"
    REFUNDABLE = "refundable"
    SHIPPING = "shipping"


def amount_for(basis: Basis, facts: PolicyFacts) -> int | None:
    """The advised amount in minor units, never above what may still go back; None where there is none to name."""
    wanted = {
        Basis.NONE: None,
        Basis.REQUESTED: facts.requested,
        Basis.LINES: facts.lines_refundable,
        Basis.REFUNDABLE: facts.refundable,
        Basis.SHIPPING: facts.shipping,
    }[basis]
    if wanted is None and basis in (Basis.REQUESTED, Basis.LINES):
        wanted = facts.refundable if facts.lines_refundable is None else facts.lines_refundable
    return None if wanted is None else max(0, min(wanted, facts.refundable))


@dataclass(frozen=True, slots=True)
class Held:
    """A condition that a clause looked at: the field, what it saw, what it wanted, and whether it held."""

    clause: str
    field: str
    saw: Any
    wanted: str
    held: bool


@dataclass(frozen=True, slots=True)
class Clause:
    """A row of a table in words. `reply` is the id of the reply template; texts are data in both languages."""

    id: str
    policy: str
    internal: Mapping[str, str]
    public: Mapping[str, str]
    reply: str


@dataclass(frozen=True, slots=True)
class Advice:
    """What the policies advise. `decision` None: no clause settles it, a person must.

    policy and clause: the last that changed the advice; clauses: all that spoke, in order.
    missing: codes of the catalogue for what the case lacks. ask: roles whose answer the clauses want.
    amount: minor units of `currency`, by `basis`.
    """

    policy: str
    version: str
    clause: str
    decision: Decision | None
    reason: str | None
    basis: Basis
    amount: int | None
    currency: str
    clauses: tuple[str, ...] = ()
    trace: tuple[Held, ...] = ()
    missing: tuple[str, ...] = ()
    ask: tuple[Role, ...] = ()
