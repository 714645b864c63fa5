"""`import`, `quarantine` and `schema` as somebody types them."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import jsonschema
import pytest

from tests.fakes import bundles
from tests.fakes.shell import Shell


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """Two requests that are right, and one with a number where text must be."""
    wrong = bundles.case("R3", "O3", request=bundles.request("R3", "O3", amount=12))
    return bundles.write(tmp_path / "bundle", [bundles.case("R1"), bundles.case("R2", "O2"), wrong])


def test_the_same_bundle_twice_changes_nothing(shell: Shell, bundle: Path) -> None:
    first = shell.json("import", str(bundle))
    assert {name: first[name] for name in ("read", "new", "unchanged", "updated", "quarantined")} == {
        "read": 3,
        "new": 2,
        "unchanged": 0,
        "updated": 0,
        "quarantined": 1,
    }
    assert first["reasons"] == {"money.not_text": 1}
    again = shell.json("import", str(bundle))
    assert (again["new"], again["unchanged"], again["updated"], again["quarantined"]) == (0, 2, 0, 1)
    assert len(shell.json("quarantine", "list")) == 1
    said = shell("import", str(bundle))
    assert said.stdout.startswith("3 read: 0 new, 0 updated, 2 unchanged, 1 quarantined.")
    assert said.stderr == ""


def test_a_zip_is_taken_like_a_directory(shell: Shell, bundle: Path, tmp_path: Path) -> None:
    packed = tmp_path / "bundle.zip"
    with zipfile.ZipFile(packed, "w") as file:
        file.write(bundle / "cases.jsonl", "cases.jsonl")
    assert shell.json("import", str(packed))["new"] == 2
    assert shell.json("import", str(bundle))["unchanged"] == 2


def test_a_quarantined_record_is_seen_corrected_and_taken(shell: Shell, bundle: Path, tmp_path: Path) -> None:
    shell("import", str(bundle))
    listed = shell("quarantine", "list").stdout.splitlines()
    assert "request.amount: " in listed[1]
    shown = shell("quarantine", "show", "1")
    assert shown.stderr.startswith("# request.amount: ")
    record = json.loads(shown.stdout)
    assert "request.amount: " in shell("quarantine", "retry", "1", code=1).stderr
    assert shell.json("quarantine", "retry", "--all", code=1) == {"taken": 0, "left": 1}
    record["request"]["amount"] = "12.00"
    file = tmp_path / "corrected.json"
    file.write_text(json.dumps(record, ensure_ascii=False), "utf-8")
    taken = shell.json("quarantine", "retry", "1", "--file", str(file))
    assert taken["result"] == "new"
    assert shell("quarantine", "list").stdout == "Nothing is in quarantine.\n"
    assert "settled" in shell("quarantine", "drop", "1", "--reason", "late", code=1).stderr


def test_a_record_is_given_up_for_a_reason(shell: Shell, bundle: Path) -> None:
    shell("import", str(bundle))
    assert "stays on record" in shell("quarantine", "drop", "1", "--reason", "a test order").stdout
    assert [row["status"] for row in shell.json("quarantine", "list", "--status", "dropped")] == ["dropped"]
    assert shell.json("quarantine", "retry", "--all") == {"taken": 0, "left": 0}


def test_what_is_no_bundle_is_refused_in_words(shell: Shell, tmp_path: Path) -> None:
    assert "Check the path" in shell("import", str(tmp_path / "nowhere"), code=1).stderr
    (tmp_path / "empty").mkdir()
    assert "no cases.jsonl" in shell("import", str(tmp_path / "empty"), code=1).stderr
    broken = tmp_path / "broken.zip"
    broken.write_bytes(b"PK\x03\x04 cut off")
    assert "no complete zip" in shell("import", str(broken), code=1).stderr


def test_only_who_may_take_in_does(shell: Shell, bundle: Path) -> None:
    shell.add("mei", "reviewer")
    refused = shell.as_("mei", "import", str(bundle), code=1)
    assert refused.stdout == ""
    assert shell.json("import", str(bundle))["new"] == 2
    actions = _actions(shell)
    assert actions.count("refused") == 1  # and it is on record
    assert actions.count("request.taken_in") == 2


def _actions(shell: Shell) -> list[str]:
    out = shell.home.parent / "log.jsonl"
    shell("audit", "export", str(out))
    lines = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    return [line["entry"]["action"] for line in lines if "entry" in line]


def test_the_published_schema_takes_what_the_import_takes(shell: Shell) -> None:
    schema = json.loads(shell("schema", "case-bundle").stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    assert list(validator.iter_errors(bundles.case("R1"))) == []
    for example in schema["examples"]:
        assert list(validator.iter_errors(example)) == []
    wrong = bundles.case("R3", request=bundles.request("R3", amount=12))
    assert [list(error.absolute_path) for error in validator.iter_errors(wrong)] == [["request", "amount"]]
    assert "schema" in schema["required"]


def test_the_example_of_the_schema_can_be_imported(shell: Shell, tmp_path: Path) -> None:
    (example,) = json.loads(shell("schema", "case-bundle").stdout)["examples"]
    assert example["evidence"]
    path = bundles.write(tmp_path / "b", [example], {one["file"]: b"\x89PNG\r\n\x1a\n" for one in example["evidence"]})
    assert shell.json("import", str(path))["new"] == 1


def test_every_field_of_the_schema_says_what_it_is(shell: Shell) -> None:
    schema = json.loads(shell("schema", "case-bundle").stdout)
    silent = [
        f"{name}.{field}"
        for name, shape in {"BundleCase": schema, **schema["$defs"]}.items()
        for field, what in shape.get("properties", {}).items()
        if "description" not in what
    ]
    assert silent == []
