"""Evidence of a case: decoded once, looked at, added by hand, noted on, erased with its customer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from refund_desk.domain.cases import CaseState
from refund_desk.domain.decisions import ProposalContent
from refund_desk.domain.errors import Conflict, Invalid, NotFound, Refused, TooLarge
from refund_desk.domain.evidence import MAX_EVIDENCE_BYTES, RENDITIONS, Decoded, Trouble, sniff
from refund_desk.domain.people import Principal
from refund_desk.domain.words import Aspect, EvidenceKind, Who
from refund_desk.service import intake
from refund_desk.service.gate import permit, permit_on
from refund_desk.service.ports import Desk, Work

PERSONAL_FIELDS: Final = (("order", "note"), ("return", "note"), ("payment", "account_hint"))
"""Observations that hold free text or a piece of an account number: they go with the customer."""
_WORDS: Final = ("customer", "request", "message")


@dataclass(frozen=True, slots=True)
class Waiting:
    """An image to decode. `secret` None: it is about nobody known, the desk's own key."""

    id: int
    sha256: bytes
    secret: bytes | None


# ---------------------------------------------------------------- decoding, by whoever runs it


def waiting(work: Work, limit: int = 16, after: int = 0) -> list[Waiting]:
    """Images nobody has decoded yet, oldest first."""
    return [Waiting(row["id"], row["sha256"], row["secret"]) for row in work.facts.waiting(limit, after)]


def waiting_one(work: Work, evidence_id: int) -> Waiting | None:
    """One image, if it still waits: for whoever wants to see it now."""
    row = work.facts.evidence_by_id(evidence_id)
    if row["status"] != "waiting":
        return None
    secret = None if row["customer_id"] is None else work.facts.customer(row["customer_id"])["secret"]
    return Waiting(evidence_id, row["sha256"], secret)


def keep_renditions(desk: Desk, image: Waiting, decoded: Decoded) -> None:
    """Put renditions on disk; no transaction is open."""
    for name, data in decoded.renditions.items():
        desk.blobs.put_rendition(image.secret, image.sha256, name, data)


def decoded(work: Work, desk: Desk, evidence_id: int, result: Decoded | Trouble) -> None:
    """What came of decoding an image, on its row and, where it can't be shown, as a finding on the case."""
    row = work.facts.evidence_by_id(evidence_id)
    if row["status"] != "waiting":
        return  # somebody else was faster, or it was erased meanwhile
    if isinstance(result, Trouble):
        problem = {"code": result.code, "params": dict(result.params)}
        work.facts.change_evidence(evidence_id, status="refused", problem=problem)
        case = work.cases.by_id(row["case_id"])
        work.cases.update(case.id, images=work.facts.count_images(case.id))
        intake.refind(work, case, desk.clock())
        return
    work.facts.change_evidence(
        evidence_id,
        status="ready",
        media_type=result.media_type,
        width=result.width,
        height=result.height,
        exif=dict(result.exif),
        taken_at=result.taken_at,
        edited=result.edited,
    )


# ---------------------------------------------------------------- looking


def rendition(work: Work, desk: Desk, who: Principal, evidence_id: int, size: str) -> bytes:
    """A rendition's bytes, JPEG or PNG. Reading it is no look yet: the window says what was opened."""
    if size not in RENDITIONS:
        raise Invalid("evidence.no_such_size", size=size, allowed=list(RENDITIONS))
    row = _allowed(work, desk, who, evidence_id)
    if row["status"] == "waiting":
        raise Conflict("evidence.waiting", retry_after=1)
    if row["status"] != "ready":
        problem = row["problem"] or {}
        raise Conflict("evidence.not_shown", why=problem.get("code", "evidence.not_an_image"))
    return desk.blobs.rendition(_secret(work, row), row["sha256"], size)


def ref_of(work: Work, evidence_id: int) -> str:
    """The case a piece of evidence belongs to."""
    return work.cases.by_id(work.facts.evidence_by_id(evidence_id)["case_id"]).ref


def original(work: Work, desk: Desk, who: Principal, evidence_id: int) -> tuple[Mapping[str, Any], bytes]:
    """The row and the bytes as they came: taking them out of the desk is a look, and an entry."""
    row = _allowed(work, desk, who, evidence_id)
    if row["problem"] and row["problem"]["code"] == "evidence.erased":
        raise NotFound("evidence.erased", evidence=evidence_id)
    data = desk.blobs.get(_secret(work, row), row["sha256"])
    ref = work.cases.by_id(row["case_id"]).ref
    work.audit("look.original", who, ref, evidence=evidence_id, sha256=row["sha256"].hex())
    return row, data


def _allowed(work: Work, desk: Desk, who: Principal, evidence_id: int) -> Mapping[str, Any]:
    row = work.facts.evidence_by_id(evidence_id)
    permit_on(work, desk, who, "evidence.look", work.cases.by_id(row["case_id"]))
    return row


def _secret(work: Work, row: Mapping[str, Any]) -> bytes | None:
    if row["customer_id"] is None:
        return None
    secret: bytes | None = work.facts.customer(row["customer_id"])["secret"]
    if secret is None:
        raise NotFound("evidence.erased", evidence=row["id"])
    return secret


# ---------------------------------------------------------------- adding, noting


def may_add(work: Work, desk: Desk, who: Principal, ref: str) -> None:
    """Refuse who may not add to this case, before a byte of theirs is read."""
    permit_on(work, desk, who, "evidence.add", work.cases.by_ref(ref))


def add(
    work: Work,
    desk: Desk,
    who: Principal,
    ref: str,
    name: str,
    data: bytes,
    kind: EvidenceKind = EvidenceKind.PHOTO,
    whose: Who = Who.AGENT,
) -> tuple[int, bool]:
    """A file somebody adds to a case. Returns its id and whether the case had the same bytes before."""
    if len(data) > MAX_EVIDENCE_BYTES:
        raise TooLarge("evidence.too_large", file=name[:200], bytes=len(data))
    state = work.cases.lock(ref)
    permit_on(work, desk, who, "evidence.add", state)
    customer = work.facts.customer(state.customer_id) if state.customer_id else None
    if customer is not None and customer["secret"] is None:
        raise Conflict("customer.erased", ref=ref)
    digest = hashlib.sha256(data).digest()
    same = [row["id"] for row in work.facts.evidence(state.id) if row["sha256"] == digest]
    if same:
        return int(same[0]), True
    now, sniffed = desk.clock(), sniff(name, data[:4096], len(data))
    desk.blobs.put(customer["secret"] if customer else None, data)
    trouble = sniffed.trouble
    number = work.facts.add_evidence(
        case_id=state.id,
        customer_id=state.customer_id,
        file=name[:500],
        name=name.rsplit("/", 1)[-1][:500],
        kind=kind.value,
        who=whose.value,
        sha256=digest,
        media_type=sniffed.media_type,
        bytes=len(data),
        status=sniffed.status,
        problem={"code": trouble.code, "params": dict(trouble.params)} if trouble else None,
        edited=False,
        added_at=now,
    )
    assert number is not None  # the case is locked, and it had no such bytes
    work.cases.event(
        state.id,
        "evidence.came",
        Aspect.FACTS,
        at=now,
        person_id=who.person_id,
        data={"evidence": [number]},
        images=work.facts.count_images(state.id),
    )
    work.audit("evidence.added", who, ref, evidence=number, sha256=digest.hex())
    intake.refind(work, work.cases.by_id(state.id), now)
    return number, False


def note(work: Work, desk: Desk, who: Principal, evidence_id: int, shape: Mapping[str, Any]) -> Mapping[str, Any]:
    """A note on an image, kept beside it: the image never changes. A note makes no decision stale."""
    row = work.facts.evidence_by_id(evidence_id)
    state = work.cases.by_id(row["case_id"])
    permit_on(work, desk, who, "evidence.annotate", state)
    now = desk.clock()
    number = work.facts.add_note(evidence_id, shape, who.person_id, now)
    data = {"evidence": evidence_id, "note": number}
    work.cases.event(state.id, "evidence.noted", Aspect.THREAD, at=now, person_id=who.person_id, data=data)
    work.audit("evidence.noted", who, state.ref, **data)
    return work.facts.note(number)


def remove_note(work: Work, desk: Desk, who: Principal, evidence_id: int, note_id: int) -> None:
    """Take one's own note off. The row stays, with the time it went."""
    row = work.facts.evidence_by_id(evidence_id)
    state = work.cases.by_id(row["case_id"])
    permit_on(work, desk, who, "evidence.annotate", state)
    old = work.facts.note(note_id)
    if old["evidence_id"] != evidence_id:
        raise NotFound("note.not_found", note=note_id)
    if old["person_id"] != who.person_id:
        raise Refused("note.not_yours", rule="note.author", could=[])
    work.facts.remove_note(note_id, desk.clock())
    work.audit("evidence.note_removed", who, state.ref, evidence=evidence_id, note=note_id)


# ---------------------------------------------------------------- erasing


def erase_of_case(work: Work, desk: Desk, who: Principal, ref: str, reason: str) -> CaseState:
    """Erase the customer of a case; see `erase_customer`."""
    state = work.cases.lock(ref)
    permit(work, desk, who, "customer.erase")
    if state.customer_id is None:
        raise Conflict("customer.none", ref=ref)
    erase_customer(work, desk, who, state.customer_id, reason)
    return work.cases.by_id(state.id)


def erase_customer(work: Work, desk: Desk, who: Principal, customer_id: int, reason: str) -> Sequence[str]:
    """Erase everything personal of a customer: rows, words, pictures, the secret. Returns refs of their cases.

    Refused while a case of theirs is open. What stays, events and audit entries, holds ids and keyed
    digests that nobody can read any more.
    """
    permit(work, desk, who, "customer.erase")
    if not reason.strip():
        raise Invalid("reason.missing")
    found = work.facts.customer(customer_id)
    if found["secret"] is None:
        raise Conflict("customer.erased", customer=customer_id)
    states = [work.cases.by_id(case_id) for case_id in work.facts.cases_of_customer(customer_id)]
    if still := [state.ref for state in states if state.open]:
        raise Conflict("customer.has_open_cases", cases=still)
    cases, now = [state.id for state in states], desk.clock()
    for folder in work.intake.erase(cases, found["external_id"]):
        desk.blobs.drop_aside(folder)
    work.people.forget_views([found[name] for name in ("name", "phone", "email", "external_id") if found[name]])
    for case_id in cases:
        _blank_words(work, desk, case_id)
    work.facts.erase(customer_id, cases, PERSONAL_FIELDS, now)
    work.cases.forget_index(cases, _WORDS)
    for state in states:
        data = {"customer": customer_id}
        work.cases.event(state.id, "customer.erased", Aspect.THREAD, at=now, person_id=who.person_id, data=data)
    work.audit("customer.erased", who, customer=customer_id, cases=[state.ref for state in states])
    # Before the commit: if it fails the pictures are lost and the rows are not, never the other way round.
    desk.blobs.forget(found["secret"])
    return [state.ref for state in states]


def _blank_words(work: Work, desk: Desk, case_id: int) -> None:
    """What people typed about a case beside its messages. A digest stays that of what was approved: the log has it."""
    for row in work.money.proposals(case_id):
        content = ProposalContent.from_canonical_dict(json.loads(row.content)).without_words()
        kept = desk.canonical(content.to_canonical_dict())
        work.money.settle_proposal(row.id, content=kept, note=None, verdict_reason=None)
    work.money.blank_consultations(case_id)
