"""`refund-desk export` as somebody types it: the file, the manifest beside it, exit codes."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path

from tests.fakes import bundles as b
from tests.fakes.shell import Shell


def bundle(folder: Path, count: int = 3) -> Path:
    lines = [b.raw(b.case(f"R{n}", f"O{n}", customer={"id": f"C{n}", "name": f"王小{n}"})) for n in range(1, count + 1)]
    folder.mkdir()
    (folder / "cases.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    return folder


def test_cases_are_written_with_a_manifest_beside_them(shell: Shell, tmp_path: Path) -> None:
    shell("import", str(bundle(tmp_path / "bundle")))
    for form in ("xlsx", "csv", "jsonl", "parquet"):
        out = tmp_path / f"out.{form}"
        said = shell.json("export", "cases", "--format", form, "--out", str(out))
        manifest = json.loads((tmp_path / f"out.{form}.manifest.json").read_text("utf-8"))
        assert manifest["rows"] == said["rows"] == 3
        assert manifest["sha256"] == hashlib.sha256(out.read_bytes()).hexdigest()
        assert manifest["file"] == out.name
        assert manifest["by"]["actor"].startswith("local-operator:")
    assert sorted(path.suffix for path in tmp_path.glob("out.*")) == [
        ".csv",
        *[".json"] * 4,
        ".jsonl",
        ".parquet",
        ".xlsx",
    ]
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["customer"] for row in rows] == ["王**"] * 3


def test_the_format_goes_by_the_name_and_filters_narrow(shell: Shell, tmp_path: Path) -> None:
    shell("import", str(bundle(tmp_path / "bundle")))
    out = tmp_path / "some.jsonl"
    said = shell("export", "cases", "--out", str(out), "--search", "王小2", "--purpose", "fraud").stdout
    assert said == f"1 case written to {out}, with some.jsonl.manifest.json beside it.\n"
    assert json.loads(out.read_text("utf-8"))["customer"] == "王小2"


def test_what_can_not_be_is_said(shell: Shell, tmp_path: Path) -> None:
    shell("user", "list")
    assert "There is no format txt" in shell("export", "cases", "--out", "a.txt", code=1).stderr
    assert "There is no folder" in shell("export", "cases", "--out", str(tmp_path / "no" / "a.csv"), code=1).stderr
    wrong = shell("export", "cases", "--out", str(tmp_path / "a.csv"), "--currency", "yuan", code=1)
    assert "filters.currency" in wrong.stderr
    assert not (tmp_path / "a.csv").exists()
