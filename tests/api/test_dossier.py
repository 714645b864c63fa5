"""One case as a file: a PDF/A, a zip that proves itself offline, and what happens to one that was touched."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from refund_desk.commands.packages import open_package
from refund_desk.domain.errors import Invalid, Refused
from refund_desk.engines import signing
from refund_desk.service.audit import Trust
from refund_desk.service.dossier import DossierReport, verify_dossier
from refund_desk.wire.commands import MessageBody
from refund_desk.wire.exports import CaseFile, CaseOrder
from tests.fakes.desk_api import DeskApi

ODD = '#include("/etc/passwd") #emph[x] $x$ *b* ก \x07 \u202e 😀 "quoted" \\ \n= no heading'


def made(desk: DeskApi, ref: str, folder: Path, by: str = "lead", **order: Any) -> tuple[CaseFile, Path]:
    job = desk.ask(by, lambda client: client.start_export_case(ref, CaseOrder.model_validate(order)))
    until = time.monotonic() + 60
    while job.status == "running" and time.monotonic() < until:
        job = desk.ask(by, lambda client, number=job.id: client.job(number))  # type: ignore[misc]
    assert job.status == "done", job
    path = folder / f"case.{order.get('format', 'pdf')}"
    desk.ask(by, lambda client: client.job_file_to(job.id, path))
    return CaseFile.model_validate(job.result), path


def text_of(pdf: Path) -> str:
    """What a reader finds in it, where poppler is here."""
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not installed (Debian: poppler-utils)")
    return subprocess.run(["pdftotext", "-layout", str(pdf), "-"], check=True, capture_output=True, text=True).stdout


def checked(path: Path, vkey: str | None) -> DossierReport:
    trust = Trust(verify_note=signing.verify_note, vkey=vkey, known=())
    with open_package(path) as package:
        return verify_dossier(package, trust)


# ------------------------------------------------------------ the paper


@pytest.mark.parametrize(("language", "title"), [("zh", "案件 RC-26-000001"), ("en", "Case RC-26-000001")])
def test_a_dossier_is_a_pdf_a_with_bookmarks(any_desk: DeskApi, tmp_path: Path, language: str, title: str) -> None:
    said, path = made(any_desk, any_desk.ref(1), tmp_path, language=language)
    raw = path.read_bytes()
    assert raw.startswith(b"%PDF-")
    assert b"pdfaid:part" in raw
    assert b"/Outlines" in raw
    assert b"FontFile" in raw
    assert said.images == 1
    assert said.entries > 0
    text = text_of(path)
    assert title in text
    assert "129.00" in text


def test_what_a_customer_writes_is_data(desk_api: DeskApi, tmp_path: Path) -> None:
    """No template, no markup; what no font has is shown by its number, and nothing keeps the paper from being made."""
    from tests.fakes import bundles as b

    line = b.case("R90", "O90", request=b.request("R90", "O90", text=ODD))
    answer = desk_api.call("POST", "/refund-requests", by="customer_service", content=b.raw(line))
    assert answer.is_success, answer.text
    _, path = made(desk_api, answer.json()["ref"], tmp_path)
    text = text_of(path)
    for said in (
        '#include("/etc/passwd")',
        "#emph[x]",
        "$x$",
        "*b*",
        "⟦U+0E01⟧",
        "⟦U+0007⟧",
        "⟦U+202E⟧",
        "= no heading",
    ):
        assert said in text, said
    assert "root:" not in text


def test_the_customer_is_masked_without_a_purpose(desk_api: DeskApi, tmp_path: Path) -> None:
    ref = desk_api.ref(2)
    _, masked = made(desk_api, ref, tmp_path)
    assert "王**" in text_of(masked)
    assert "13800000002" not in text_of(masked)
    _, shown = made(desk_api, ref, tmp_path, purpose="authority")
    assert "王小2" in text_of(shown).replace("王小 2", "王小2")  # a reader sees the gap between the scripts
    first, second = (entry["data"] for entry in desk_api.entries("case.exported"))
    assert (first["purpose"], second["purpose"]) == (None, "authority")


@pytest.mark.parametrize(
    ("by", "order", "rule"), [("reviewer", {}, "case"), ("auditor", {"purpose": "legal"}, "personal")]
)
def test_who_may_not_is_refused(desk_api: DeskApi, by: str, order: dict[str, str], rule: str) -> None:
    with pytest.raises(Refused) as refused:
        desk_api.ask(by, lambda client: client.start_export_case(desk_api.ref(1), CaseOrder.model_validate(order)))
    assert refused.value.params["rule"] == f"activity.export.{rule}"
    assert desk_api.entries("case.exported") == []


# ------------------------------------------------------------ the zip


def test_a_zip_proves_every_file(desk_api: DeskApi, tmp_path: Path) -> None:
    desk_api.paid(desk_api.ref(1))
    _, path = made(desk_api, desk_api.ref(1), tmp_path, format="zip")
    with zipfile.ZipFile(path) as file:
        names = file.namelist()
        manifest = json.loads(file.read("manifest.json"))
        original = next(name for name in names if name.startswith("originals/"))
        assert Image.open(io.BytesIO(file.read(original))).size == (64, 48)
    assert {row["path"] for row in manifest["files"]} == set(names) - {"manifest.json", "proof.json"}
    report = checked(path, desk_api.house.log_key())
    assert (report.ok, report.origin_proven, report.files) == (True, True, 3)
    unknown = checked(path, None)
    assert (unknown.ok, unknown.origin_proven) == (True, False)


def touched(path: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """A copy of a zip with other files in it."""
    with zipfile.ZipFile(path) as file:
        files = {name: file.read(name) for name in file.namelist()}
    change(files)
    out = path.with_name("touched.zip")
    with zipfile.ZipFile(out, "w") as file:
        for name, data in files.items():
            file.writestr(name, data)
    return out


def relisted(files: dict[str, bytes]) -> None:
    """A forger who brings the list into line with a changed paper."""
    import hashlib

    files["dossier.pdf"] += b"%"
    said = json.loads(files["manifest.json"])
    for row in said["files"]:
        row["sha256"] = hashlib.sha256(files[row["path"]]).hexdigest()
    files["manifest.json"] = json.dumps(said).encode()


def gone(files: dict[str, bytes]) -> None:
    del files["case.json"]


def other_seal(files: dict[str, bytes]) -> None:
    relisted(files)
    import hashlib

    proof = json.loads(files["proof.json"])
    for row in proof["entries"]:
        said = json.loads(row["entry"])
        if said["action"] == "case.sealed":
            said["data"]["manifest"] = hashlib.sha256(files["manifest.json"]).hexdigest()
            row["entry"] = json.dumps(said)
    files["proof.json"] = json.dumps(proof).encode()


def test_a_zip_that_was_touched_is_found_out(desk_api: DeskApi, tmp_path: Path) -> None:
    _, path = made(desk_api, desk_api.ref(1), tmp_path, format="zip")
    changes: dict[str, Callable[[dict[str, bytes]], None]] = {
        "audit.dossier_file_changed": lambda files: files.update({"case.json": files["case.json"] + b" "}),
        "audit.dossier_file_added": lambda files: files.update({"more.pdf": b"%PDF"}),
        "audit.dossier_file_missing": gone,
        "audit.dossier_not_sealed": relisted,
        "audit.proof_wrong": other_seal,
    }
    for code, change in changes.items():
        report = checked(touched(path, change), desk_api.house.log_key())
        assert report.first_bad is not None, code
        assert (report.ok, report.first_bad.code) == (False, code)
    assert not checked(path, signing.SigningKey.generate("other/desk").vkey).ok


def test_what_is_no_dossier_is_said(tmp_path: Path) -> None:
    for name, content in (("manifest.json", b"{}"), ("other.txt", b"x")):
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
            file.writestr(name, content)
        with pytest.raises(Invalid) as wrong:
            checked(tmp_path / "a.zip", None)
        assert wrong.value.code == "audit.dossier_malformed"
    (tmp_path / "b.zip").write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(Invalid):
        checked(tmp_path / "b.zip", None)


# ------------------------------------------------------------ the pack for a chargeback


def noisy(edge: int) -> bytes:
    import random

    out = io.BytesIO()
    Image.frombytes("RGB", (edge, edge), random.Random(1).randbytes(edge * edge * 3)).save(out, "JPEG", quality=95)
    return out.getvalue()


def test_a_pack_keeps_below_its_size(desk_api: DeskApi, tmp_path: Path) -> None:
    ref = desk_api.ref(1)
    for number in range(3):
        data = noisy(1200)
        desk_api.ask("reviewer", lambda client, n=number, d=data: client.add_evidence(ref, f"{n}.jpg", d + bytes([n])))  # type: ignore[misc]
    _, whole = made(desk_api, ref, tmp_path)
    said, path = made(desk_api, ref, tmp_path, format="dispute", most_bytes=600_000)
    assert said.bytes == path.stat().st_size <= 600_000 < whole.stat().st_size
    assert "Evidence for a dispute" in text_of(path)


def test_a_card_network_reads_no_internal_word(desk_api: DeskApi, tmp_path: Path) -> None:
    ref = desk_api.ref(1)
    desk_api.taken(ref)
    note = MessageBody(kind="note", text="our own doubts about this buyer")
    desk_api.ask("reviewer", lambda client: client.message(ref, note))
    _, whole = made(desk_api, ref, tmp_path)
    assert "our own doubts" in text_of(whole)
    _, pack = made(desk_api, ref, tmp_path, format="dispute")
    assert "our own doubts" not in text_of(pack)
