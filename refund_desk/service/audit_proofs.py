"""Use cases: prove that the entries of one case are in the log, in a bundle that is checked without the log.

Inclusion shows that each entry stood in the log when the checkpoint was signed. It does not show that the
bundle holds every entry of the case: that takes the whole log (`audit export`).
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from refund_desk.domain.checkpoints import Checkpoint, read_checkpoint
from refund_desk.domain.errors import Conflict, Invalid, NotFound
from refund_desk.domain.merkle import inclusion_proof, leaf_hash, verify_inclusion
from refund_desk.service.audit import Trust
from refund_desk.service.audit_check import FirstBad
from refund_desk.service.ports.audit import AuditReader, StoredEntry

FORMAT = "refund-desk audit proof"
SCHEMA = 1


def prove_case(reader: AuditReader, ref: str) -> dict[str, Any]:
    """The bundle for a case, ready for JSON: its entries, their proofs, the checkpoint they lead to.

    `pending` counts entries that no checkpoint covers yet. Raises NotFound `audit.no_entries`, Conflict
    `audit.no_checkpoint` or `audit.checkpoint_mismatch` (the log is broken: verify it).
    """
    entries = reader.of_case(ref)
    if not entries:
        raise NotFound("audit.no_entries", case=ref)
    latest = reader.latest_checkpoint()
    if latest is None:
        raise Conflict("audit.no_checkpoint")
    checkpoint = read_checkpoint(latest.note)
    covered = [entry for entry in entries if entry.position is not None and entry.position < checkpoint.size]
    return {
        "format": FORMAT,
        "schema": SCHEMA,
        "case": ref,
        "checkpoint": latest.note,
        "entries": [_proven(reader, entry, checkpoint) for entry in covered],
        "pending": len(entries) - len(covered),
    }


def _proven(reader: AuditReader, entry: StoredEntry, checkpoint: Checkpoint) -> dict[str, Any]:
    position = entry.position
    assert position is not None
    proof = inclusion_proof(position, checkpoint.size, reader)
    if not verify_inclusion(position, checkpoint.size, leaf_hash(entry.bytes), proof, checkpoint.root):
        raise Conflict("audit.checkpoint_mismatch", position=position, entry=entry.id, size=checkpoint.size)
    return {
        "position": position,
        "id": entry.id,
        "entry": entry.bytes.decode(),
        "proof": [b64encode(step).decode() for step in proof],
    }


@dataclass(frozen=True, slots=True)
class ProofReport:
    """What a bundle proves: `entries` of `case` stood in the log of `size`; by whom it was signed only with a key."""

    ok: bool
    case: str
    entries: int
    size: int
    origin_proven: bool
    first_bad: FirstBad | None = None


def verify_proof(bundle: Mapping[str, Any], trust: Trust) -> ProofReport:
    """Check a bundle, offline. Raises Invalid `audit.proof_malformed` for what is none."""
    try:
        if bundle["format"] != FORMAT or bundle["schema"] != SCHEMA:
            raise Invalid("audit.proof_malformed")
        case, note = str(bundle["case"]), str(bundle["checkpoint"])
        rows = [
            (int(row["position"]), int(row["id"]), str(row["entry"]), [b64decode(step) for step in row["proof"]])
            for row in bundle["entries"]
        ]
        checkpoint = read_checkpoint(note)
    except (KeyError, TypeError, ValueError):
        raise Invalid("audit.proof_malformed") from None
    bad: FirstBad | None = None
    if wrong := trust.signed(note):
        bad = FirstBad(wrong, params={"source": "log", "size": checkpoint.size})
    for position, entry, raw, proof in rows:
        if bad is None:
            bad = _row_problem(case, checkpoint, position, entry, raw, proof)
    if bad is None:
        bad = _set_problem([(position, entry) for position, entry, *_ in rows])
    proven = bad is None and trust.vkey is not None
    return ProofReport(bad is None, case, len(rows), checkpoint.size, proven, bad)


def _set_problem(places: list[tuple[int, int]]) -> FirstBad | None:
    """What is wrong with the entries as a whole: none is no proof, and one counts once."""
    if not places:
        return FirstBad("audit.proof_empty")
    seen: set[int] = set()
    for position, entry in places:
        if position in seen:
            return FirstBad("audit.entry_twice", position, entry)
        seen.add(position)
    return None


def _row_problem(
    case: str, checkpoint: Checkpoint, position: int, entry: int, raw: str, proof: list[bytes]
) -> FirstBad | None:
    leaf = leaf_hash(raw.encode("utf-8", "surrogatepass"))
    if not verify_inclusion(position, checkpoint.size, leaf, proof, checkpoint.root):
        return FirstBad("audit.proof_wrong", position, entry)
    try:
        named = json.loads(raw).get("case")
    except (ValueError, AttributeError):
        named = None
    return None if named == case else FirstBad("audit.other_case", position, entry)
