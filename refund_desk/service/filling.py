"""Put on a case what came with a request, from a source or by mail: messages, evidence, what they are found by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from refund_desk.domain.cases import CaseState
from refund_desk.domain.evidence import Kept
from refund_desk.domain.people import Principal
from refund_desk.domain.requests import Letter, Proof
from refund_desk.domain.words import Aspect, Who
from refund_desk.service import lifecycle
from refund_desk.service.ports import Desk, Work
from refund_desk.service.ports.facts import CustomerKey, OrderRef
from refund_desk.service.thread import customer_spoke


@dataclass(slots=True)
class Filling:
    """What came, and whose it is. `fill` is called once a case; the same again adds nothing."""

    work: Work
    desk: Desk
    who: Principal
    order: OrderRef
    customer: CustomerKey | None
    letters: Sequence[Letter]
    proofs: Sequence[Proof]
    kept: Sequence[Kept]
    _carried: dict[str, int] = field(default_factory=dict)

    @property
    def erased(self) -> bool:
        return self.customer is not None and self.customer.erased

    def fill(self, state: CaseState, changed: Sequence[str], *, new: bool) -> bool:
        """Messages, evidence and search; for a case that was there already, with its events. Whether any was new."""
        messages = {} if self.erased else self._messages(state)
        evidence = [] if self.erased else self._evidence(state)
        for message_id, letter in messages.items():
            self.work.cases.index(state.id, "message", str(message_id), letter.text)
        if new:
            if evidence:
                self.work.cases.update(state.id, images=self.work.facts.count_images(state.id))
            return True
        self._tell(state, messages, evidence)
        if changed or evidence:
            lifecycle.refresh(self.work, self.desk, state.id, new=bool(changed), what={"fields": list(changed)})
        spoke = any(letter.direction == "in" and letter.who is Who.CUSTOMER for letter in messages.values())
        if spoke and state.open:
            customer_spoke(self.work, self.desk, self.who, self.work.cases.by_id(state.id))
        return bool(messages or evidence)

    def _tell(self, state: CaseState, messages: Mapping[int, Letter], evidence: Sequence[int]) -> None:
        now, person = self.desk.clock(), self.who.person_id
        if messages:
            aspect = Aspect.FACTS if any(letter.direction == "in" for letter in messages.values()) else Aspect.THREAD
            ids = {"messages": sorted(messages)}
            self.work.cases.event(state.id, "message.came", aspect, at=now, person_id=person, data=ids)
        if evidence:
            self.work.cases.event(
                state.id, "evidence.came", Aspect.FACTS, at=now, person_id=person, data={"evidence": list(evidence)}
            )

    def _messages(self, state: CaseState) -> dict[int, Letter]:
        """Add the messages that the case hasn't; our ids of those."""
        known = self.work.facts.message_ids(state.id) if self.letters else {}
        self._carried = {}
        added: dict[int, Letter] = {}
        for letter in self.letters:
            message_id = known.get((letter.source, letter.id))
            if message_id is None:
                message_id = self._add_message(state, letter)
                added[message_id] = letter
            self._carried.update(dict.fromkeys(letter.attachments, message_id))
        return added

    def _add_message(self, state: CaseState, letter: Letter) -> int:
        promise = letter.promise
        return self.work.facts.add_message(
            order_id=self.order.id,
            case_id=state.id,
            customer_id=self.customer.id if self.customer else None,
            source=letter.source,
            external_id=letter.id,
            direction=letter.direction,
            channel=letter.channel,
            who=letter.who.value,
            name=letter.name,
            sent_at=letter.sent_at,
            text=letter.text,
            language=letter.language,
            promise_minor=promise.minor if promise else None,
            promise_currency=promise.currency if promise else None,
            promise_form=promise.form.value if promise else None,
            taken_at=self.desk.clock(),
        )

    def _evidence(self, state: CaseState) -> list[int]:
        proofs = {proof.file: proof for proof in self.proofs}
        added = (self._add_file(state, proofs[one.file], one) for one in self.kept)
        return [number for number in added if number is not None]

    def _add_file(self, state: CaseState, proof: Proof, one: Kept) -> int | None:
        trouble = one.sniffed.trouble
        return self.work.facts.add_evidence(
            case_id=state.id,
            customer_id=self.customer.id if self.customer else None,
            message_id=self._carried.get(proof.file),
            file=proof.file,
            name=proof.name,
            kind=proof.kind.value,
            who=proof.who.value,
            sha256=one.sha256,
            media_type=one.sniffed.media_type,
            bytes=one.size,
            status=one.sniffed.status,
            problem={"code": trouble.code, "params": dict(trouble.params)} if trouble else None,
            edited=False,
            sent_at=proof.sent_at,
            added_at=self.desk.clock(),
        )
