"""Make the file of one case: read it for somebody, print it, and for a zip add originals, manifest, seal and proof."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from refund_desk.domain.errors import Conflict
from refund_desk.domain.people import Principal
from refund_desk.server.dossier import Told, dispute_pack, dossier
from refund_desk.server.present_case import case as case_view
from refund_desk.server.present_case import customer as customer_view
from refund_desk.service import evidence, reading
from refund_desk.service.dossier import MANIFEST, PROOF, manifest_of, seal
from refund_desk.service.ports import Desk, Work
from refund_desk.service.ports.exports import Catalogue
from refund_desk.service.ports.papers import Printer
from refund_desk.wire.exports import CaseFile, CaseOrder

SCREEN = "screen"
_ODD = re.compile(r"[^\w.()\- ]+")


class House(Protocol):
    """What a run stands on."""

    @property
    def desk(self) -> Desk: ...
    def read(self) -> AbstractContextManager[Work]: ...
    def write(self) -> AbstractContextManager[Work]: ...
    def decode_now(self, evidence: int) -> None: ...
    def prove(self, ref: str) -> dict[str, Any]: ...
    def settle_log(self) -> None: ...


Progress = Callable[[int, int | None], None]


def run_case(
    house: House,
    who: Principal,
    ref: str,
    order: CaseOrder,
    path: Path,
    words: Catalogue,
    print_paper: Printer,
    progress: Progress,
) -> dict[str, Any]:
    """Write the file; what it is (`CaseFile`) as plain values."""
    told = _tell(house, who, ref, order, progress)
    if order.format == "dispute":
        data = print_paper(dispute_pack(told, words), most=order.most_bytes)
        path.write_bytes(data)
    elif order.format == "pdf":
        path.write_bytes(print_paper(dossier(told, words)))
    else:
        _zip(house, who, told, print_paper(dossier(told, words)), path)
    raw = path.read_bytes()
    made = CaseFile(
        ref=ref,
        format=order.format,
        sha256=hashlib.sha256(raw).hexdigest(),
        bytes=len(raw),
        images=len(told.images),
        entries=len(told.entries),
        at=told.at,
    )
    return made.model_dump(mode="json")


def _tell(house: House, who: Principal, ref: str, order: CaseOrder, progress: Progress) -> Told:
    with house.read() as work:
        waiting = [e["id"] for e in work.facts.evidence(work.cases.by_ref(ref).id) if e["status"] == "waiting"]
    for number in waiting:
        house.decode_now(number)
    house.settle_log()  # what is about to be shown as proven has its place and its signature
    proof = house.prove(ref)
    with house.read() as work:
        found = reading.read_case(work, house.desk, who, ref)
        view = case_view(found)
        ready = [one.id for one in view.evidence if one.status == "ready"]
        images = {}
        for number, one in enumerate(ready):
            progress(number, len(ready))
            images[one] = evidence.rendition(work, house.desk, who, one, SCREEN)
    shown = customer_view(found.customer, unmasked=order.purpose is not None)
    return Told(view, shown, images, proof, _entries(proof), who.name, house.desk.clock())


def _entries(proof: Mapping[str, Any]) -> list[dict[str, Any]]:
    out = []
    for row in proof["entries"]:
        said = json.loads(row["entry"])
        at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=said["at"])
        out.append({"position": row["position"], "at": at, "actor": said["actor"], "action": said["action"]})
    return out


def _zip(house: House, who: Principal, told: Told, pdf: bytes, path: Path) -> None:
    ref = told.view.ref
    files = {"dossier.pdf": pdf, "case.json": (told.view.model_dump_json(indent=1) + "\n").encode()}
    with house.write() as work:
        for number, one in enumerate(told.view.evidence, 1):
            if one.problem is None or one.problem.code != "evidence.erased":
                _, data = evidence.original(work, house.desk, who, one.id)
                files[f"originals/{number:02d} {_safe(one.name)}"] = data
        about = {"at": told.at.isoformat(), "by": {"name": who.name, "actor": who.actor}}
        manifest = manifest_of(ref, files, about)
        seal(work, who, ref, manifest)
    house.settle_log()
    proof = house.prove(ref)
    if proof["pending"]:
        raise Conflict("audit.no_checkpoint")
    with zipfile.ZipFile(path, "w") as out:  # pictures and papers are as small as they get
        for name, data in files.items():
            out.writestr(name, data)
        for name, said in ((MANIFEST, manifest), (PROOF, json.dumps(proof, ensure_ascii=False, indent=1) + "\n")):
            out.writestr(name, said, zipfile.ZIP_DEFLATED)


def _safe(name: str) -> str:
    """A name that no system reads as a path."""
    return _ODD.sub("_", name).strip(". ")[-120:] or "file"
