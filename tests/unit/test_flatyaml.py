"""The quick reader and PyYAML say the same."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from refund_desk.client.flatyaml import DuplicateKey, _lines, read_flat
from refund_desk.client.resources import resource_dir

OURS = sorted([*resource_dir().joinpath("translations").glob("*.d/*.yaml"), *resource_dir().glob("themes/*.yaml")])


@pytest.mark.parametrize("path", OURS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_our_files_read_as_yaml_does(path: Path) -> None:
    with path.open(encoding="utf-8") as file:
        assert read_flat(path) == yaml.load(file, Loader=yaml.BaseLoader)


@pytest.mark.parametrize(
    "text",
    [
        'a: "x \\" y\\n"\n',
        "a: no\nb: 12\n",
        "a: |\n  two\n  lines\n",
        'a: "x" # said\n',
        "a: 'it''s'\n",
        'a: "\\x41"\n',
    ],
)
def test_other_forms_too(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(text)
    assert read_flat(path) == yaml.load(text, Loader=yaml.BaseLoader)


def test_what_is_no_mapping_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("- a\n")
    with pytest.raises(ValueError):
        read_flat(path)
    path.write_text("")
    assert read_flat(path) == {}
    path.write_text("a: 1\na: 2\n")
    with pytest.raises(DuplicateKey):
        read_flat(path)


def test_the_quick_way_is_taken() -> None:
    assert _lines('a.b: "c {d:e}"\n# note\n\n') == [("a.b", "c {d:e}")]
    assert _lines("a: b\n") is None
