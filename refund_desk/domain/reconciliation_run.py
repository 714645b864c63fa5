"""A run: every comparison that the lines at hand allow, in an order in which each can use what the last found."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial
from itertools import product
from operator import attrgetter

from refund_desk.domain.reconciliation import (
    Apart,
    Break,
    BreakKind,
    Check,
    Entry,
    Kind,
    Match,
    Outcome,
    Role,
    Rules,
    State,
)
from refund_desk.domain.reconciliation_amounts import Amounts
from refund_desk.domain.reconciliation_breaks import name_breaks, waiting
from refund_desk.domain.reconciliation_goods import match_returns, match_stock
from refund_desk.domain.reconciliation_pairs import Pairing, match_by_reference, uncross
from refund_desk.domain.reconciliation_payouts import batches, join_days
from refund_desk.domain.reconciliation_scores import (
    lags,
    match_alike,
    match_by_customer,
    match_by_score,
    match_interchangeable,
    match_misdirected,
    names_alike,
)
from refund_desk.domain.reconciliation_shared import give_way
from refund_desk.domain.reconciliation_sums import complete_sums, fill_up_pairs, sum_up_named

_MONEY = (Kind.PAYMENT, Kind.REFUND)
Members = Callable[[int], tuple[int, ...]]


def reconcile(entries: Sequence[Entry], rules: Rules, as_of: datetime, apart: Apart = frozenset()) -> Outcome:
    """Match everything that can be compared and name what differs, as it stands at `as_of`.

    The same entries give the same outcome, in whatever order they come. Raises KeyError for a source without a
    book in `rules`, and Invalid for a currency nobody has.
    """
    collecting = gc.isenabled()
    gc.disable()  # a million tuples, no cycle among them: looking for some takes as long as the matching
    try:
        return _reconcile(entries, rules, as_of, apart)
    finally:
        if collecting:
            gc.enable()


def _reconcile(entries: Sequence[Entry], rules: Rules, as_of: datetime, apart: Apart) -> Outcome:
    outcome = Outcome(sorted(entries, key=attrgetter("source", "kind", "at", "id")))
    run = _Run(outcome, rules, as_of, apart)
    run.money()
    run.payouts()
    run.credit_notes()
    run.goods()
    return outcome


class _Run:
    """One run over its outcome. `shop_of`: what the order system says about a gateway's line, once that is known;
    `twice`: gateway's lines of which one repeats the other."""

    def __init__(self, outcome: Outcome, rules: Rules, as_of: datetime, apart: Apart) -> None:
        self.out, self.rules, self.as_of, self.apart = outcome, rules, as_of, apart
        self.amounts = Amounts(rules)
        self.by_role: dict[tuple[Role, Kind], list[int]] = {}
        for position, entry in enumerate(outcome.entries):
            self.by_role.setdefault((rules.books[entry.source].role, entry.kind), []).append(position)
        self.shop_of: dict[int, int] = {}
        self.twice: set[int] = set()

    def _of(self, role: Role, kind: Kind) -> list[int]:
        return self.by_role.get((role, kind), [])

    def _has(self, role: Role) -> bool:
        return any(known is role for known, _ in self.by_role)

    # ------------------------------------------------------------ the comparisons

    def money(self) -> None:
        """Order system and gateway (the bank is one where customers transfer), then gateway and ledger."""
        for kind in _MONEY:
            gateway = self._of(Role.GATEWAY, kind)
            there = gateway + self._of(Role.BANK, kind)
            if self._has(Role.SHOP) and (self._has(Role.GATEWAY) or there):
                self._compare(Check.SHOP_GATEWAY, self._of(Role.SHOP, kind), there)
                if self._has(Role.LEDGER):
                    self._remember_shop()
            if self._has(Role.LEDGER) and self._has(Role.GATEWAY):
                self._compare(Check.GATEWAY_LEDGER, gateway, self._of(Role.LEDGER, kind))

    def payouts(self) -> None:
        """What gateways pay out against the bank's lines."""
        there = self._of(Role.BANK, Kind.PAYOUT)
        if not there:
            return
        money = sorted(position for kind in _MONEY for position in self._of(Role.GATEWAY, kind))
        made = batches(self.out.entries, money, self.amounts)
        pairing = Pairing(Check.GATEWAY_BANK, made.lines, self._entries(there), self.amounts, self.apart)
        self._match(pairing, by_day=made.by_day)
        self._write(pairing, lambda place: made.members[place], there)

    def credit_notes(self) -> None:
        """Refunds of orders that were invoiced against credit notes (红字发票)."""
        entries = self.out.entries
        invoiced = {ref for p in self._kind(Kind.INVOICE) for ref in entries[p].refs}
        if not invoiced:
            return
        due = [p for p in self._of(Role.SHOP, Kind.REFUND) if not invoiced.isdisjoint(entries[p].refs)]
        self._compare(Check.CREDIT_NOTES, due, self._kind(Kind.CREDIT_NOTE))

    def goods(self) -> None:
        """Returns against what was sold, and against what the warehouse booked where it books at all."""
        if not self._kind(Kind.RETURN):
            return
        self._add(*match_returns(self.out.entries, self.rules))
        if self._kind(Kind.STOCK):
            self._add(*match_stock(self.out.entries, self.rules, self.as_of))

    def _add(self, matches: list[Match], breaks: list[Break]) -> None:
        self.out.matches += matches
        self.out.breaks += breaks

    def _kind(self, kind: Kind) -> list[int]:
        return [position for (_, known), some in self.by_role.items() if known is kind for position in some]

    # ------------------------------------------------------------ one comparison

    def _entries(self, positions: Iterable[int]) -> list[Entry]:
        return [self.out.entries[position] for position in positions]

    def _compare(self, check: Check, here: list[int], there: list[int]) -> None:
        pairing = Pairing(check, self._entries(here), self._entries(there), self.amounts, self.apart)
        enrich = None
        if check is Check.GATEWAY_LEDGER and self._has(Role.SHOP):
            shared = self._shared_names(Role.SHOP, Role.GATEWAY)
            pairing.doubted = frozenset(place for place, one in enumerate(here) if self._doubted(one, shared))
            enrich = partial(self._enrich, pairing, here)
        self._match(pairing, enrich)
        self._write(pairing, lambda place: (here[place],), there)

    def _shared_names(self, *roles: Role) -> set[str]:
        """Names that several lines of one side have, as two refunds of an order have its number, or an order that was
        charged twice has two payments."""
        shared: set[str] = set()
        for role, kind in product(roles, _MONEY):
            count = Counter(ref for p in self._of(role, kind) for ref in set(self.out.entries[p].refs))
            shared.update(ref for ref, times in count.items() if times > 1)
        return shared

    def _doubted(self, position: int, shared: set[str]) -> bool:
        """Whether a gateway's copy of a number names nobody exactly: the order system doesn't confirm it, or has
        it on several lines, or several of the gateway's have it."""
        refs, shop = self.out.entries[position].refs, self.shop_of.get(position)
        if not refs:
            return False
        return (
            position in self.twice
            or shop is None
            or set(refs).isdisjoint(self.out.entries[shop].refs)
            or not shared.isdisjoint(refs)
        )

    def _match(
        self, pairing: Pairing, enrich: Callable[[], None] | None = None, by_day: set[str] | None = None
    ) -> None:
        match_by_reference(pairing)
        if enrich is not None:
            enrich()
            match_by_reference(pairing, "reference_by_order")
        give_way(pairing)
        known = lags(pairing)
        done, pending, failed = State.DONE, State.PENDING, State.FAILED
        named = names_alike(pairing)
        match_alike(pairing, named)
        sum_up_named(pairing, named)
        match_by_score(pairing, known, (done, pending), (done,))
        complete_sums(pairing, known)
        if by_day:
            join_days(pairing, by_day)
        match_interchangeable(pairing, known)
        match_misdirected(pairing, known)
        match_by_customer(pairing, known)
        fill_up_pairs(pairing, known)
        for state in (pending, failed):
            match_by_score(pairing, known, (done, pending), (state,), named=True)
        match_by_score(pairing, known, (failed,), (done,), named=True)
        uncross(pairing)
        self._known = known

    def _remember_shop(self) -> None:
        for one in self.out.breaks:
            if one.check is Check.SHOP_GATEWAY and one.kind is BreakKind.DUPLICATE:
                self.twice.update(one.right)
                self.shop_of.update(dict.fromkeys(one.right, one.left[0]))  # what repeats it is of the same order
        self.shop_of.update(
            (there, match.left[0])
            for match in self.out.matches
            if match.check is Check.SHOP_GATEWAY
            for there in match.right
        )

    def _enrich(self, pairing: Pairing, here: list[int]) -> None:
        """What the order system knows of a gateway's line helps to find it in the ledger."""
        pairing.doubted = frozenset()
        for place in pairing.open_left(State.DONE, State.PENDING):
            shop = self.shop_of.get(here[place])
            if shop is not None:
                known, entry = self.out.entries[shop], pairing.left[place]
                account = entry.account or known.account
                pairing.left[place] = entry._replace(refs=known.refs, account=account, name=known.name or entry.name)

    def _write(self, pairing: Pairing, members: Members, there: list[int]) -> None:
        check = pairing.check
        self.out.matches += [
            Match(
                check,
                pair.code if check is not Check.GATEWAY_BANK else "payout",
                members(pair.left[0]) if len(pair.left) == 1 else _all(members, pair.left),
                (there[pair.right[0]],) if len(pair.right) == 1 else tuple(there[place] for place in pair.right),
                pair.terms,
                pair.gap.difference,
                pair.gap.currency,
            )
            for pair in pairing.pairs
        ]
        for one in name_breaks(pairing, self._known, self.as_of):
            right = tuple(there[place] for place in one.right)
            left = _all(members, one.left)
            self.out.breaks.append(Break(one.kind, check, left, right, one.minor, one.currency, one.at))
        self.out.waiting += _all(members, waiting(pairing, self.as_of))


def _all(members: Members, places: Iterable[int]) -> tuple[int, ...]:
    return tuple(position for place in places for position in members(place))
