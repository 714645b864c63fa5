"""Use cases: one case out of the desk, sealed into the log, and checked offline by whoever got it.

The manifest lists every file with its SHA-256; the SHA-256 of the manifest is an entry of the case, and the proof of
that entry lies beside it. So the one signature over the log vouches for every byte of the zip.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from refund_desk.domain.errors import Invalid
from refund_desk.domain.people import Principal
from refund_desk.service.audit import Trust
from refund_desk.service.audit_check import FirstBad
from refund_desk.service.audit_proofs import verify_proof
from refund_desk.service.gate import permit, permit_on
from refund_desk.service.ports import Desk, Work

FORMAT: Final = "refund-desk case dossier"
SCHEMA: Final = 1
MANIFEST, PROOF, SEALED = "manifest.json", "proof.json", "case.sealed"


def order_dossier(work: Work, desk: Desk, who: Principal, ref: str, form: str, purpose: str | None) -> None:
    """Before anything is read: whether they may, and the entry that says they did."""
    state = work.cases.by_ref(ref)
    permit_on(work, desk, who, "export.case", state)
    if purpose is not None:
        permit(work, desk, who, "export.personal")
    work.audit("case.exported", who, ref, format=form, purpose=purpose)


def manifest_of(ref: str, files: Mapping[str, bytes], about: Mapping[str, Any]) -> bytes:
    """The manifest as it is written: about, and every file with its SHA-256 and size."""
    rows = [
        {"path": path, "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)} for path, data in files.items()
    ]
    said = {"format": FORMAT, "schema": SCHEMA, "case": ref, **about, "files": rows}
    return (json.dumps(said, ensure_ascii=False, indent=1) + "\n").encode()


def seal(work: Work, who: Principal, ref: str, manifest: bytes) -> None:
    """The entry that vouches for a manifest."""
    work.audit(SEALED, who, ref, manifest=hashlib.sha256(manifest).hexdigest())


# ---------------------------------------------------------------- by whoever got it


class Package(Protocol):
    """A zip that is read, never unpacked."""

    def names(self) -> Sequence[str]: ...
    def digest(self, name: str) -> str:
        """SHA-256 of a file, in hex."""

    def read(self, name: str, most: int) -> bytes:
        """Raises Invalid `audit.dossier_malformed` for one that is larger or not there."""


@dataclass(frozen=True, slots=True)
class DossierReport:
    """What a dossier proves; by whom the log was signed only with a key."""

    ok: bool
    case: str
    files: int
    entries: int
    size: int
    origin_proven: bool
    first_bad: FirstBad | None = None


MOST: Final = 64 * 1024 * 1024


def verify_dossier(package: Package, trust: Trust) -> DossierReport:
    """Check a zip offline: every file, the seal of the list, the log's signature over the seal."""
    raw = package.read(MANIFEST, MOST)
    case, listed = _read_manifest(raw)
    bad = _files_problem(package, listed)
    proof = verify_proof(_read_proof(package.read(PROOF, MOST)), trust)
    if bad is None and proof.first_bad is not None:
        bad = proof.first_bad
    if bad is None and (proof.case != case or not _sealed(package, raw)):
        bad = FirstBad("audit.dossier_not_sealed", params={"case": case})
    proven = bad is None and proof.origin_proven
    return DossierReport(bad is None, case, len(listed), proof.entries, proof.size, proven, bad)


def _read_manifest(raw: bytes) -> tuple[str, dict[str, str]]:
    try:
        said = json.loads(raw)
        if (said["format"], said["schema"]) != (FORMAT, SCHEMA):
            raise Invalid("audit.dossier_malformed")
        rows = {str(row["path"]): str(row["sha256"]) for row in said["files"]}
        if len(rows) != len(said["files"]):
            raise Invalid("audit.dossier_malformed")
        return str(said["case"]), rows
    except (ValueError, KeyError, TypeError):
        raise Invalid("audit.dossier_malformed") from None


def _read_proof(raw: bytes) -> Mapping[str, Any]:
    try:
        said = json.loads(raw)
    except ValueError:
        raise Invalid("audit.proof_malformed") from None
    if not isinstance(said, dict):
        raise Invalid("audit.proof_malformed")
    return said


def _files_problem(package: Package, listed: Mapping[str, str]) -> FirstBad | None:
    there = [name for name in package.names() if name not in (MANIFEST, PROOF)]
    for name in there:
        if name not in listed:
            return FirstBad("audit.dossier_file_added", params={"file": name})
    for name, digest in listed.items():
        if name not in there:
            return FirstBad("audit.dossier_file_missing", params={"file": name})
        if package.digest(name) != digest:
            return FirstBad("audit.dossier_file_changed", params={"file": name})
    return None


def _sealed(package: Package, manifest: bytes) -> bool:
    """Whether one of the proven entries vouches for this very manifest."""
    digest = hashlib.sha256(manifest).hexdigest()
    rows = [json.loads(row["entry"]) for row in _read_proof(package.read(PROOF, MOST))["entries"]]
    return any(row["action"] == SEALED and row["data"].get("manifest") == digest for row in rows)
