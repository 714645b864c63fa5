"""From whom a case is kept as the process says: in take, take-next, assign and moves alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from refund_desk.domain.cases import CaseState
from refund_desk.domain.errors import Refused
from refund_desk.domain.fairness import (
    NOTHING,
    KeepFrom,
    Party,
    Relation,
    Ties,
    address_key,
    kept_from,
    payment_keys,
)
from refund_desk.domain.process import Process
from refund_desk.domain.words import Role
from refund_desk.service.ports import Work
from refund_desk.service.ports.workload import InterestRow

Parties = dict[int, Party]


class Bars:
    """For persons and cases of one question: read once, asked often. cases: (id, customer)."""

    def __init__(
        self, work: Work, process: Process, people: Collection[int], cases: Iterable[tuple[int, int | None]]
    ) -> None:
        self._rules = _in_force(work, process)
        asked = list(cases) if self._rules else []
        self._ties = _ties(work, people) if asked else {}
        self._parties = self._read(work, asked)

    def kept(self, person: int, case_id: int) -> KeepFrom | None:
        """The rule that keeps a case from a person; None: they may have it."""
        party = self._parties.get(case_id)
        return None if party is None else kept_from(self._rules, person, self._ties.get(person, NOTHING), party)

    def _read(self, work: Work, cases: Sequence[tuple[int, int | None]]) -> Parties:
        ids = {customer for _, customer in cases if customer is not None}
        ties = list(self._ties.values())
        places = work.workload.customers(ids) if any(each.addresses for each in ties) else {}
        accounts = work.workload.accounts_of(ids) if any(each.payments for each in ties) else {}
        lasts = _lasts(work, ids) if KeepFrom.SAME_CUSTOMER in self._rules else {}
        return {
            case_id: Party(
                customer,
                address_key(*places.get(customer or 0, (None, None))),
                payment_keys(accounts.get(customer or 0, ())),
                _last_by(lasts.get(customer or 0, ()), case_id),
            )
            for case_id, customer in cases
        }


def _in_force(work: Work, process: Process) -> tuple[KeepFrom, ...]:
    """A desk of one reviewer gives a customer to them again: there is nobody else."""
    rules = process.take.keep_from
    if KeepFrom.SAME_CUSTOMER in rules and len(work.people.persons_with([Role.REVIEWER])[Role.REVIEWER]) < 2:
        return tuple(rule for rule in rules if rule is not KeepFrom.SAME_CUSTOMER)
    return rules


def _ties(work: Work, people: Collection[int]) -> dict[int, Ties]:
    """What these persons declared; of a colleague they named, the colleague's own customers are meant."""
    rows = work.workload.interests()
    own: dict[int, set[int]] = defaultdict(set)
    for row in rows:
        if row.relation == Relation.OWN and row.customer is not None:
            own[row.person].add(row.customer)
    asked = set(people)
    mine: dict[int, list[InterestRow]] = defaultdict(list)
    for row in rows:
        if row.person in asked:
            mine[row.person].append(row)
    theirs = {customer for person in mine for customer in own[person]}
    places = work.workload.customers(theirs) if theirs else {}
    accounts = work.workload.accounts_of(theirs) if theirs else {}
    out = {}
    for person, found in mine.items():
        known = {row.customer for row in found if row.relation == Relation.KNOWN and row.customer is not None}
        known |= {customer for row in found if row.other is not None for customer in own[row.other]}
        keys = (address_key(*places.get(customer, (None, None))) for customer in own[person])
        hints = (payment_keys(accounts.get(customer, ())) for customer in own[person])
        out[person] = Ties(
            frozenset(own[person]),
            frozenset(known),
            frozenset(key for key in keys if key),
            frozenset().union(*hints),
        )
    return out


def _lasts(work: Work, customers: Collection[int]) -> dict[int, list[tuple[int, int, int]]]:
    """(proposal, case, person) of each customer, newest first."""
    out: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for customer, case_id, number, person in work.workload.last_proposers(customers):
        out[customer].append((number, case_id, person))
    for rows in out.values():
        rows.sort(reverse=True)
    return out


def _last_by(rows: Sequence[tuple[int, int, int]], case_id: int) -> int | None:
    """Who proposed last on another case."""
    return next((person for _, other, person in rows if other != case_id), None)


def keeps(work: Work, process: Process, person: int, state: CaseState) -> KeepFrom | None:
    """The rule that keeps one case from one person."""
    return Bars(work, process, [person], [(state.id, state.customer_id)]).kept(person, state.id)


def check(work: Work, process: Process, person: int, state: CaseState) -> None:
    """Raise Refused where a case is kept from somebody."""
    rule = keeps(work, process, person, state)
    if rule is not None:
        raise Refused(
            "case.kept_from",
            rule=f"take.keep_from.{rule.value}",
            could=[],
            ref=state.ref,
            why=rule.value,
            person=person,
        )
