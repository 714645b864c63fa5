"""One case as a paper, worded: the dossier, and the pack that answers a chargeback. All of it is data to a template."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from refund_desk.domain import papers as b
from refund_desk.domain.dictionary import BY_KEY
from refund_desk.domain.papers import WIDE
from refund_desk.service.ports.exports import Catalogue
from refund_desk.service.ports.papers import Block, Paper, Section
from refund_desk.wire.base import Amount
from refund_desk.wire.cases import CaseView, CustomerView, EvidenceView
from refund_desk.wire.decisions import ProposalView
from refund_desk.wire.facts import FieldView, RecordView

NOTHING = "–"
MONEY_FACTS = ("requested", "paid", "refundable", "lines_refundable", "already_refunded", "shipping")
"""Facts of a policy that are minor units."""


@dataclass(frozen=True, slots=True)
class Told:
    """A case and what goes with it. images: renditions by the id of their evidence; proof: that of `audit prove`."""

    view: CaseView
    customer: CustomerView
    images: Mapping[int, bytes]
    proof: Mapping[str, Any]
    entries: Sequence[Mapping[str, Any]]
    by: str
    at: datetime


def dossier(told: Told, words: Catalogue) -> Paper:
    """Everything about one case, for a file or an auditor."""
    return _Case(told, words).dossier()


def dispute_pack(told: Told, words: Catalogue) -> Paper:
    """What a card network wants for a chargeback, in the order it reads: what, why we answer, proof of each."""
    return _Case(told, words).dispute_pack()


class _Case:
    """The sections of a case, each made once."""

    def __init__(self, told: Told, words: Catalogue) -> None:
        self._told, self._view, self._words = told, told.view, words
        self._tr = words.tr

    # ------------------------------------------------------------ whole papers

    def dossier(self) -> Paper:
        made = [
            ("summary", self._summary()),
            ("decision", self._decisions()),
            ("policy", self._policy()),
            ("money", self._money()),
            ("order", self._order()),
            ("timeline", self._timeline()),
            ("messages", self._messages()),
            ("evidence", self._evidence()),
            ("proof", self._proof()),
        ]
        return self._paper("dossier", made)

    def dispute_pack(self) -> Paper:
        made = [
            ("dispute", self._dispute()),
            ("answer", self._answer()),
            ("transaction", self._transaction()),
            ("delivery", self._delivery()),
            ("given_back", self._given_back()),
            ("messages", self._messages(notes=False)),
            ("terms", self._terms()),
            ("evidence", self._evidence()),
            ("timeline", self._timeline(inside=False)),
        ]
        return self._paper("dispute", made)

    def _paper(self, kind: str, made: Iterable[tuple[str, Sequence[Block]]]) -> Paper:
        view, told = self._view, self._told
        at = self._words.formats.full(told.at)
        return Paper(
            title=self._tr(f"report.{kind}.title", ref=view.ref),
            subtitle=self._tr("report.made", at=at, by=self._plain(told.by)),
            mark=view.ref,
            footer=self._tr("report.footer", at=at),
            language=self._words.language,
            at=told.at,
            sections=[Section(self._tr(f"report.section.{name}"), blocks) for name, blocks in made if blocks],
            images={f"{number}.jpg": data for number, data in told.images.items()},
            keywords=[view.ref],
        )

    # ------------------------------------------------------------ summary, decision, policy

    def _summary(self) -> list[Block]:
        view, asked = self._view, self._view.requests[0]
        rows = [
            self._row("customer", self._customer()),
            self._row("order", view.order.number if view.order else NOTHING),
            self._row("asked", self._money_of(asked.amount)),
            self._row("kind", self._member("kind", asked.kind)),
            self._row("reason", self._member("reason", asked.reason)),
            self._row("stage", self._member("stage", view.stage)),
            self._row("progress", self._member("progress", view.progress)),
            self._row("opened", self._at(view.opened_at)),
            self._row("round", str(view.round)),
            self._row("merchant", self._plain(view.merchant or NOTHING)),
        ]
        if view.promise:
            rows.append(self._row("promise", self._money_of(view.promise.amount)))
        rows += [self._row("words", self._plain(one.text), wide=True) for one in view.requests if one.text]
        blocks: list[Block] = [b.fields(rows)]
        for one in view.conflicts:
            said = "；".join if self._words.language == "zh" else "; ".join
            text = said(f"{self._plain(s.system)} {self._value(one.field, s.value)}" for s in one.said)
            field = self._member("field", one.field)
            blocks.append(b.text(self._tr("report.conflict", field=field, said=text), "warn"))
        blocks += [b.text(self._words.word({"code": f.code, "params": f.params}), "warn") for f in view.findings]
        return blocks

    def _decisions(self) -> list[Block]:
        view = self._view
        found = [*([view.proposal] if view.proposal else []), *view.proposals]
        blocks: list[Block] = []
        for one in found:
            blocks.append(b.heading(self._tr("report.proposal", number=one.number, round=one.round)))
            blocks.append(b.fields(self._proposal(one)))
            blocks += self._terms_of(one.terms)
        for asked in view.consultations:
            head = self._tr("report.asked", role=asked.role.value, by=asked.asked_by.name, at=self._at(asked.asked_at))
            answer = asked.answer or asked.override_reason
            text = f"{asked.question}\n→ {answer}" if answer else asked.question
            blocks.append(b.messages([{"head": head, "text": self._plain(text), "side": "note"}]))
        return blocks or [b.text(self._tr("report.undecided"), "muted")]

    def _proposal(self, one: ProposalView) -> list[Sequence[str]]:
        rows = [
            self._row("decision", self._member("decision", one.decision)),
            self._row("amount", self._money_of(one.amount)),
            self._row("why", self._member("decision_reason", one.reason)),
            self._row("status", self._member("report.proposal", one.status)),
            self._row("proposed", f"{self._plain(one.by.name)} · {self._at(one.at)}"),
        ]
        if one.verdict_by and one.verdict_at:
            rows.append(self._row("verdict", f"{self._plain(one.verdict_by.name)} · {self._at(one.verdict_at)}"))
        if one.tender:
            rows.append(self._row("tender", self._member("tender", one.tender)))
        if one.destination:
            rows.append(self._row("destination", self._plain(one.destination)))
        rows.append(self._row("version", self._plain(f"{one.policy_version} {one.clause or ''}".strip()), wide=True))
        for name, said in (("note", one.note), ("verdict_reason", one.verdict_reason)):
            if said:
                rows.append(self._row(name, self._plain(said), wide=True))
        return [*rows, self._row("digest", one.digest, wide=True)]

    def _terms_of(self, terms: Sequence[Any]) -> list[Block]:
        if not terms:
            return []
        rows = [[self._words.word(term.what, "term"), self._money_of(term.amount)] for term in terms]
        return [b.table(self._heads("term", "amount"), rows, right=[1], widths=[1, 0])]

    def _policy(self) -> list[Block]:
        advice = self._view.recommendation
        if advice is None:
            return []
        rows = [
            self._row("clause", self._plain(advice.clause)),
            self._row("recommended", self._member("decision", advice.decision)),
            self._row("amount", self._money_of(advice.amount)),
            self._row("version", self._plain(advice.version), wide=True),
            self._row("clause_text", self._words.text2(advice.clause_text), wide=True),
            self._row("public_text", self._words.text2(advice.public_text), wide=True),
        ]
        looked = [
            [self._member("fact", t.field), self._saw(t.field, t.saw), self._plain(t.wanted), self._yes(t.held)]
            for t in advice.trace
        ]
        heads = self._heads("fact", "saw", "wanted", "held")
        return [b.fields(rows), *([b.table(heads, looked, widths=[2, 2, 3, 0])] if looked else [])]

    def _saw(self, fact: str, value: Any) -> str:
        """What a condition found; amounts with their currency."""
        money = self._view.money
        if fact in MONEY_FACTS and money and isinstance(value, int) and not isinstance(value, bool):
            return self._words.formats.money({"minor": value, "currency": money.currency})
        return self._words.show(value)

    # ------------------------------------------------------------ order and money

    def _order(self) -> list[Block]:
        order = self._view.order
        if order is None:
            return []
        blocks: list[Block] = [b.fields(self._fields(order.fields))]
        rows = [
            [
                self._plain(line.name),
                str(line.quantity),
                self._money_of(line.unit_price),
                self._money_of(line.paid_share),
                str(line.requested_quantity or ""),
            ]
            for line in order.lines
        ]
        heads = self._heads("item", "quantity", "unit_price", "paid_share", "requested")
        if rows:
            blocks.append(b.table(heads, rows, right=[1, 2, 3, 4], widths=[1, 0, 0, 0, 0]))
        for record in (*order.shipments, *order.returns):
            blocks += self._record(record)
        return blocks

    def _record(self, record: RecordView) -> list[Block]:
        title = f"{self._member('report.record', record.kind)} {record.id} · {self._member('system', record.system)}"
        return [b.heading(self._plain(title)), b.fields(self._fields(record.fields))]

    def _fields(self, found: Iterable[FieldView]) -> list[Sequence[str]]:
        return [
            (self._member("field", field.key), self._value(field.key, field.value))
            for field in found
            if field.value not in (None, "")
        ]

    def _money(self) -> list[Block]:
        view, blocks = self._view, list[Block]()
        if view.money:
            rows = [
                self._row("paid", self._money_of(view.money.paid)),
                self._row("given_back", self._money_of(view.money.given_back)),
                self._row("refundable", self._money_of(view.money.refundable)),
            ]
            blocks.append(b.fields(rows))
        blocks += self._given_back()
        for record in view.payment.payments if view.payment else ():
            blocks += self._record(record)
        return blocks

    def _given_back(self) -> list[Block]:
        view, blocks = self._view, list[Block]()
        rows = [
            [
                self._at(one.at),
                self._member("tender", one.tender),
                self._money_of(one.amount),
                self._member("intent", one.state),
                self._plain(one.reference or NOTHING),
            ]
            for one in view.intents
        ]
        if rows:
            heads = self._heads("at", "tender", "amount", "status", "reference")
            blocks += [b.heading(self._tr("report.intents")), b.table(heads, rows, right=[2], widths=[0, 0, 0, 1, 1])]
        moved = [
            [
                self._at(one.at) if one.at else NOTHING,
                self._member("report.movement", one.kind),
                self._plain(f"{one.system} {one.id}"),
                self._money_of(one.amount),
                self._member("ledger" if one.kind == "ledger_entry" else "status", one.status),
            ]
            for one in (view.payment.movements if view.payment else ())
            if one.kind != "intent"
        ]
        if moved:
            heads = self._heads("at", "movement", "record", "amount", "status")
            blocks += [
                b.heading(self._tr("report.movements")),
                b.table(heads, moved, right=[3], widths=[0, 0, 1, 0, 0]),
            ]
        return blocks

    # ------------------------------------------------------------ what happened, what was said, what was shown

    def _timeline(self, *, inside: bool = True) -> list[Block]:
        """inside: with what happened on the desk, and what was said, notes too. A card network gets neither."""
        rows = [
            [
                self._at(one.at),
                self._member("system", one.source),
                self._words.word(one.what, "event"),
                self._plain(one.who or ""),
            ]
            for one in self._view.timeline
            if inside or (one.source != "desk" and one.kind != "message")
        ]
        return [b.table(self._heads("at", "source", "what", "who"), rows, widths=[0, 0, 1, 0])] if rows else []

    def _messages(self, *, notes: bool = True) -> list[Block]:
        items = [
            {
                "head": self._tr(
                    "report.message",
                    at=self._at(one.sent_at),
                    who=one.who.value,
                    name=self._plain(one.name or ""),
                    channel=self._member("channel", one.channel),
                ),
                "text": self._plain(one.text),
                "side": one.direction,
            }
            for one in self._view.messages
            if notes or one.direction != "note"
        ]
        return [b.messages(items)] if items else []

    def _evidence(self) -> list[Block]:
        items = [self._picture(number, one) for number, one in enumerate(self._view.evidence, 1)]
        return [b.images(items)] if items else []

    def _picture(self, number: int, one: EvidenceView) -> dict[str, str]:
        there = one.id in self._told.images
        lines = [
            self._words.formats.join([self._member("who", one.who), *([self._at(one.sent_at)] if one.sent_at else [])])
        ]
        if one.taken_at:
            lines.append(self._tr("report.taken", at=self._plain(one.taken_at)))
        if one.edited:
            lines.append(self._tr("report.edited"))
        lines += [f"✎ {self._plain(note.text)} ({self._plain(note.by.name)})" for note in one.notes]
        lines.append(f"SHA-256 {one.sha256[:32]}\n{one.sha256[32:]}")
        missing = self._words.word(one.problem) if one.problem else self._tr("report.no_picture")
        return {
            "file": f"{one.id}.jpg" if there else "",
            "caption": f"{number}. {self._plain(one.name)}",
            "text": "\n".join(lines),
            "missing": missing,
        }

    # ------------------------------------------------------------ proof

    def _proof(self) -> list[Block]:
        proof = self._told.proof
        rows = [
            [
                str(one["position"]),
                self._at(one["at"]),
                self._plain(str(one["actor"])),
                self._tr(f"action.{one['action']}"),
            ]
            for one in self._told.entries
        ]
        said = self._tr("report.proof", entries=len(rows), pending=int(proof.get("pending", 0)))
        heads = self._heads("position", "at", "actor", "action")
        return [
            b.text(said, "muted"),
            b.mono(self._plain(str(proof.get("checkpoint", NOTHING)))),
            b.table(heads, rows, right=[0], widths=[0, 0, 1, 1]),
        ]

    # ------------------------------------------------------------ a chargeback

    def _dispute(self) -> list[Block]:
        view = self._view
        blocks: list[Block] = []
        for one in view.payment.movements if view.payment else ():
            if one.kind == "dispute":
                rows = [
                    self._row("dispute", self._plain(one.id)),
                    self._row("amount", self._money_of(one.amount)),
                    self._row("dispute_reason", self._plain(one.reason or NOTHING)),
                    self._row("status", self._member("status", one.status)),
                    self._row("opened", self._at(one.at) if one.at else NOTHING),
                    self._row("answer_by", self._at(one.due_at) if one.due_at else NOTHING),
                ]
                blocks.append(b.fields(rows))
        return blocks or [b.text(self._tr("report.no_dispute"), "warn")]

    def _answer(self) -> list[Block]:
        """What we say, in sentences, each with its proof below."""
        view, said = self._view, []
        money = view.money
        if money and money.given_back.minor:
            said.append(self._tr("report.say.given_back", amount=money.given_back, paid=money.paid))
        for record in view.order.shipments if view.order else ():
            value = {field.key.rpartition(".")[2]: field.value for field in record.fields}
            if value.get("delivered_at"):
                at, number = self._value("shipment.delivered_at", value["delivered_at"]), value.get("tracking")
                said.append(self._tr("report.say.delivered", at=at, tracking=self._plain(str(number or record.id))))
        decided = next((one for one in view.proposals if one.status == "approved"), None)
        if decided:
            said.append(
                self._tr(
                    "report.say.decided", decision=decided.decision.value, at=self._at(decided.verdict_at or decided.at)
                )
            )
        written = sum(one.direction == "out" for one in view.messages)
        if written:
            said.append(self._tr("report.say.messages", n=written))
        if view.evidence:
            said.append(self._tr("report.say.evidence", n=len(view.evidence)))
        return [b.text("\n".join(f"{n}. {one}" for n, one in enumerate(said, 1)))] if said else []

    def _transaction(self) -> list[Block]:
        rows = [
            self._row("customer", self._customer()),
            self._row("order", self._view.order.number if self._view.order else NOTHING),
        ]
        blocks: list[Block] = [b.fields(rows)]
        for record in self._view.payment.payments if self._view.payment else ():
            blocks += self._record(record)
        order = self._view.order
        if order and order.lines:
            lines = [[self._plain(x.name), str(x.quantity), self._money_of(x.paid_share)] for x in order.lines]
            heads = self._heads("item", "quantity", "paid_share")
            blocks.append(b.table(heads, lines, right=[1, 2], widths=[1, 0, 0]))
        return blocks

    def _delivery(self) -> list[Block]:
        order = self._view.order
        records = [*order.shipments, *order.returns] if order else []
        return [block for record in records for block in self._record(record)]

    def _terms(self) -> list[Block]:
        advice = self._view.recommendation
        return [b.text(self._words.text2(advice.public_text))] if advice and advice.public_text.en else []

    # ------------------------------------------------------------ words

    def _row(self, name: str, value: str, *, wide: bool = False) -> Sequence[str]:
        label = self._tr(f"report.field.{name}")
        return (label, value, WIDE) if wide else (label, value)

    def _heads(self, *names: str) -> list[str]:
        return [self._tr(f"report.field.{name}") for name in names]

    def _customer(self) -> str:
        one = self._told.customer
        if one.erased:
            return self._tr("report.erased")
        parts = [one.name or one.id, *([one.email, one.phone] if one.unmasked else [])]
        return self._plain(" · ".join(part for part in parts if part)) or NOTHING

    def _member(self, vocabulary: str, value: Any) -> str:
        return self._words.member(vocabulary, value)

    def _plain(self, text: str) -> str:
        return self._words.plain(text)

    def _yes(self, value: bool) -> str:
        return self._words.formats.yes(value)

    def _at(self, at: datetime) -> str:
        return self._words.formats.stamp(at)

    def _money_of(self, amount: Amount | None) -> str:
        return NOTHING if amount is None else self._words.formats.money(amount)

    def _value(self, key: str, raw: Any) -> str:
        """A field's value by the type that the data dictionary gives it."""
        if raw is None or raw == "":
            return NOTHING
        field = BY_KEY.get(key)
        if field is not None and field.type == "time":
            return self._at(raw if isinstance(raw, datetime) else datetime.fromisoformat(str(raw)))
        if isinstance(raw, str):
            vocabulary = "method" if key == "payment.method" else "status" if key.endswith(".status") else ""
            return self._member(vocabulary, raw) if vocabulary else self._plain(raw)
        return self._words.show(raw)
