"""Policies on the ZEN engine: decision tables as data, checked when they are read, explained by their own trace.

A table that ZEN can't read would silently never match; so every cell is compiled, every word and
field looked up, and any node but a table refused before a book is used.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from functools import lru_cache
from typing import Any

import zen

from refund_desk.domain.errors import Invalid
from refund_desk.domain.policies import Advice, Basis, Clause, Held, PolicyFacts, amount_for
from refund_desk.domain.words import Decision, Reason, ReasonGroup, RequestKind, Role
from refund_desk.engines import process_book, resources
from refund_desk.engines.plainfile import Node, Problems

REGISTER = "policies/clauses.yaml"
NODES = ("inputNode", "decisionTableNode", "outputNode")
OUTPUTS = frozenset({"clause", "decision", "reason", "basis", "missing", "ask"})
FIELDS = frozenset({field.name for field in fields(PolicyFacts)} | {"group", "decision", "advised"})
WORDS: dict[str, frozenset[str]] = {
    "reason": frozenset(Reason),
    "kind": frozenset(RequestKind),
    "group": frozenset(ReasonGroup),
    "decision": frozenset(Decision),
}


@dataclass(frozen=True, slots=True)
class Cell:
    """A condition of a row: the field it looks at, its text, the text compiled, and other fields it names."""

    field: str
    wanted: str
    test: Any
    names: tuple[str, ...] = ()

    def held(self, values: Mapping[str, Any]) -> bool:
        """What is unknown satisfies nothing but the question whether it is unknown."""
        saw = values.get(self.field)
        if saw is None:
            return self.wanted == "null"
        beside = {name: values.get(name) for name in self.names}
        if None in beside.values():
            return False
        return bool(self.test.evaluate({"$": saw, **beside}))


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: its clause, the cells that must hold, and what it gives then."""

    clause: str
    cells: tuple[Cell, ...]
    given: Mapping[str, Any]

    def fits(self, values: Mapping[str, Any]) -> bool:
        return all(cell.held(values) for cell in self.cells)


@dataclass(frozen=True, slots=True)
class PolicyTable:
    """One table, ready to be asked. `refines`: asked after the decision, which it may change.

    The first row whose cells all hold speaks: the very cells, compiled by ZEN, that then explain it. ZEN asked
    for the whole table (`decision`) gives the same row, but takes a thread of its own runtime for it: 0.3 ms a
    table, several on a busy machine. It has read the table as a whole, and a test asks it for a second opinion.
    """

    policy: str
    refines: bool
    rows: tuple[Row, ...]
    decision: Any

    def ask(self, values: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[Held, ...]]:
        """What the table gives (empty: no row fits), and what it looked at."""
        hit = next((index for index, row in enumerate(self.rows) if row.fits(values)), None)
        seen = [held for row in self.rows[:hit] for held in _near(row, values)]
        if hit is None:
            return {}, tuple(seen)
        row = self.rows[hit]
        seen += [Held(row.clause, cell.field, values.get(cell.field), cell.wanted, True) for cell in row.cells]
        return dict(row.given), tuple(seen)


def _near(row: Row, values: Mapping[str, Any]) -> Iterator[Held]:
    """The one measure by which a clause was missed, where its words all fit: it says why not that one."""
    failed = None
    for cell in row.cells:
        if cell.held(values):
            continue
        if failed is not None or isinstance(values.get(cell.field), str):
            return
        failed = cell
    if failed is not None:
        yield Held(row.clause, failed.field, values.get(failed.field), failed.wanted, False)


@dataclass(frozen=True, slots=True)
class Book:
    """The tables that hold together from an instant on."""

    version: str
    effective: datetime
    tables: tuple[PolicyTable, ...]


class PolicyBook:
    """All books that were read. Asking the same facts at the same instant always gives the same advice."""

    def __init__(self, books: tuple[Book, ...], clauses: Mapping[str, Clause]) -> None:
        self._books = tuple(sorted(books, key=lambda book: book.effective))
        self._clauses = clauses

    def version_at(self, at: datetime) -> str:
        """Version of the book in force at an instant."""
        return self._book(at).version

    def clause(self, clause: str) -> Clause | None:
        """A clause in words; None for an id nobody knows (as when an old advice is read)."""
        return self._clauses.get(clause)

    def advise(self, facts: PolicyFacts, at: datetime) -> Advice:
        """What the policies in force at `at` advise. Raises Invalid `policy.none_in_force` before the first."""
        book = self._book(at)
        values = facts.values()
        given: dict[str, Any] = {}
        spoke: list[tuple[str, str]] = []
        trace: list[Held] = []
        missing: dict[str, None] = {}
        ask: dict[Role, None] = {}
        for table in book.tables:
            if table.refines != ("decision" in given):
                continue
            answer, seen = table.ask({**values, "decision": given.get("decision"), "advised": given.get("reason")})
            trace += seen
            if not answer:
                continue
            spoke.append((table.policy, answer["clause"]))
            missing.update(dict.fromkeys(answer.get("missing", ())))
            ask.update(dict.fromkeys(Role(role) for role in answer.get("ask", ())))
            given.update({key: answer[key] for key in ("decision", "reason", "basis") if answer.get(key)})
        policy, clause = spoke[-1] if spoke else ("", "")
        basis = Basis(given.get("basis", Basis.NONE))
        return Advice(
            policy=policy,
            version=book.version,
            clause=clause,
            decision=Decision(given["decision"]) if "decision" in given else None,
            reason=given.get("reason"),
            basis=basis,
            amount=amount_for(basis, facts),
            currency=facts.currency,
            clauses=tuple(each for _, each in spoke),
            trace=tuple(trace),
            missing=tuple(missing),
            ask=tuple(ask),
        )

    def _book(self, at: datetime) -> Book:
        begun = [book for book in self._books if book.effective <= at]
        if not begun:
            raise Invalid("policy.none_in_force", at=at.isoformat())
        return begun[-1]


# ------------------------------------------------------------------ reading


def standard_content() -> dict[str, Any]:
    """The shipped policies as plain values: the register and its tables by file name."""
    register = resources.read_yaml(REGISTER)
    files = {table["file"] for book in register["books"] for table in book["tables"]}
    return {
        "register": register,
        "tables": {name: json.loads(resources.read_text(f"policies/{name}")) for name in files},
    }


@lru_cache(maxsize=1)
def standard() -> PolicyBook:
    """The shipped policies."""
    return read(standard_content())


def read(content: Any, file: str = REGISTER, fits: Mapping[Decision, tuple[str, ...]] | None = None) -> PolicyBook:
    """Policies from plain values of the shape of `standard_content`.

    fits: reason codes that fit each decision; default: those of the shipped process. Raises Invalid
    `policy.invalid_file` with `problems`: path, code and params of each.
    """
    if fits is None:
        fits = {rule.decision: rule.reasons for rule in process_book.standard().decisions.values()}
    problems = Problems()
    whole = Node(content, "", problems).only("register tables")
    register = whole["register"].only("name books policies clauses")
    clauses = {key: _clause(key, node) for key, node in register["clauses"].items()}
    reader = _Reader(clauses, fits)
    books = tuple(_book(register["name"].text(), node, whole["tables"], reader) for node in register["books"].each())
    for key in sorted(clauses.keys() - reader.used):
        problems.add(f"register.clauses.{key}", "policy.clause_unused")
    if not books:
        problems.add("register.books", "file.missing")
    problems.finish("policy.invalid_file", file)
    return PolicyBook(books, clauses)


def _clause(key: str, node: Node) -> Clause:
    node.only("policy internal public reply")
    texts = [{lang: node[part][lang].text() for lang in ("zh", "en")} for part in ("internal", "public")]
    return Clause(key, node["policy"].text(), texts[0], texts[1], node["reply"].text())


def _book(name: str, node: Node, tables: Node, reader: _Reader) -> Book:
    node.only("version effective tables")
    entries = [entry.only("policy file", "refines") for entry in node["tables"].each()]
    used = {entry["file"].text(): tables[entry["file"].text()].value for entry in entries}
    fingerprint = process_book.digest([node.value, used])[:12]
    return Book(
        version=f"{name}@{node['version'].text()}+{fingerprint}",
        effective=_instant(node["effective"]),
        tables=tuple(
            reader.table(tables[entry["file"].text()], entry["policy"].text(), entry["refines"].flag())
            for entry in entries
        ),
    )


def _instant(node: Node) -> datetime:
    try:
        at = datetime.fromisoformat(node.text())
        if at.tzinfo is not None:
            return at
    except ValueError:
        pass
    node.problems.add(node.path, "file.not_time")
    return datetime.fromisoformat("2000-01-01T00:00:00+00:00")


class _Reader:
    """Checks tables against the clauses and the vocabularies, and compiles them."""

    def __init__(self, clauses: Mapping[str, Clause], fits: Mapping[Decision, tuple[str, ...]]) -> None:
        self.clauses = clauses
        self.fits = fits
        self.used: set[str] = set()

    def table(self, node: Node, policy: str, refines: bool) -> PolicyTable:
        """A table from its JDM document: an input, one table called after the policy, an output."""
        nodes = list(node["nodes"].each())
        kinds = [each["type"].text() for each in nodes]
        for each, kind in zip(nodes, kinds, strict=True):
            if kind not in NODES:
                each.problems.add(each.path, "policy.node_refused", kind=kind)
        if sorted(kinds) != sorted(NODES):
            node.problems.add(f"{node.path}.nodes", "policy.not_one_table")
            return PolicyTable(policy, refines, (), None)
        table = nodes[kinds.index("decisionTableNode")]
        if table["id"].text() != policy:
            table.problems.add(f"{table.path}.id", "policy.table_name", policy=policy)
        if table["content"]["hitPolicy"].value != "first":
            table.problems.add(f"{table.path}.content.hitPolicy", "policy.hit_policy")
        return PolicyTable(policy, refines, self._rows(table["content"], policy, refines), self._engine(node))

    def _engine(self, node: Node) -> Any:
        try:
            # content read beforehand is compiled once, not with every question
            return zen.ZenEngine().create_decision(zen.ZenDecisionContent(json.dumps(node.value)))
        except Exception as error:  # the binding raises plain RuntimeErrors
            node.problems.add(node.path, "policy.not_readable", detail=str(error).splitlines()[0][:200])
            return None

    def _rows(self, content: Node, policy: str, refines: bool) -> tuple[Row, ...]:
        inputs = {each["id"].text(): each["field"].text() for each in content["inputs"].each()}
        outputs = {each["id"].text(): each["field"].text() for each in content["outputs"].each()}
        for name in sorted(set(inputs.values()) - FIELDS):
            content.problems.add(f"{content.path}.inputs", "policy.unknown_field", field=name)
        if set(outputs.values()) != OUTPUTS:
            content.problems.add(f"{content.path}.outputs", "policy.outputs", wanted=sorted(OUTPUTS))
        return tuple(self._row(rule, inputs, outputs, policy, refines) for rule in content["rules"].each())

    def _row(self, rule: Node, inputs: dict[str, str], outputs: dict[str, str], policy: str, refines: bool) -> Row:
        cells = tuple(
            self._cell(rule[key], field, rule.value[key]) for key, field in inputs.items() if rule.value.get(key)
        )
        given = {
            field: self._literal(rule[key], rule.value[key]) for key, field in outputs.items() if rule.value.get(key)
        }
        clause = str(given.get("clause", ""))
        self.used.add(clause)
        if clause not in self.clauses or self.clauses[clause].policy != policy:
            rule.problems.add(rule.path, "policy.clause_unknown", clause=clause)
        self._given(rule, given, refines)
        return Row(clause, cells, given)

    def _cell(self, node: Node, field: str, text: str) -> Cell:
        for word in re.findall(r"'([^']*)'", text):
            if word not in WORDS.get(field, {word}):
                node.problems.add(node.path, "file.unknown_word", word=word, known=sorted(WORDS[field]))
        try:
            names = sorted(FIELDS & set(re.findall(r"[a-z_]+", re.sub(r"'[^']*'", "", text))))
            return Cell(field, text, zen.compile_unary_expression(text), tuple(names))
        except Exception as error:
            node.problems.add(node.path, "policy.not_readable", detail=str(error).splitlines()[0][:200])
            return Cell(field, text, None)

    def _literal(self, node: Node, text: str) -> Any:
        try:
            return zen.evaluate_expression(text, {})
        except Exception as error:
            node.problems.add(node.path, "policy.not_readable", detail=str(error).splitlines()[0][:200])
            return None

    def _given(self, rule: Node, given: Mapping[str, Any], refines: bool) -> None:
        """The words a row gives: known ones, and a reason that fits its decision."""
        for field, known in (("decision", frozenset(Decision)), ("basis", frozenset(Basis))):
            if field in given and given[field] not in known:
                rule.problems.add(rule.path, "file.unknown_word", word=str(given[field]), known=sorted(known))
        for role in given.get("ask", ()):
            if role not in set(Role):
                rule.problems.add(rule.path, "file.unknown_word", word=str(role), known=sorted(Role))
        decision, reason = given.get("decision"), given.get("reason")
        if decision in set(Decision) and not (refines and not reason):
            if reason not in self.fits.get(Decision(decision), ()):
                rule.problems.add(rule.path, "policy.reason_does_not_fit", reason=str(reason), decision=decision)
        elif decision is None and not given.get("missing"):
            rule.problems.add(rule.path, "policy.row_says_nothing")
