"""Bundles from strangers: what climbs out, lies about its size or never ends is refused by name."""

from __future__ import annotations

import io
import os
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from refund_desk.domain.errors import DeskError
from refund_desk.domain.evidence import MAX_EVIDENCE_BYTES
from refund_desk.engines import bundles
from refund_desk.engines.bundles import KEPT_OF_LONG_LINE, MAX_LINE, open_bundle, split_lines

LINES = b'{"a":1}\n{"a":2}\n'


def code_of(act: Callable[[], object]) -> str:
    with pytest.raises(DeskError) as caught:
        act()
    return caught.value.code


def make_zip(path: Path, files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as out:
        for name, data in files.items():
            out.writestr(name, data)
    return path


def make_dir(path: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return path


@pytest.mark.parametrize("make", [make_zip, make_dir])
def test_both_forms_read_the_same(tmp_path: Path, make: Callable[[Path, dict[str, bytes]], Path]) -> None:
    source = make(tmp_path / "b", {"cases.jsonl": LINES, "evidence/破损.jpg": b"picture"})
    with open_bundle(source) as bundle:
        assert [(line.number, line.raw) for line in bundle.lines()] == [(1, b'{"a":1}'), (2, b'{"a":2}')]
        assert bundle.read("evidence/破损.jpg") == b"picture"
        assert bundle.position == bundle.size
        assert code_of(lambda: bundle.read("evidence/none.jpg")) == "evidence.missing"
        assert code_of(lambda: bundle.read("evidence/../cases.jsonl")) == "evidence.path_unsafe"
        assert code_of(lambda: bundle.read("cases.jsonl")) == "evidence.path_outside"


def test_bom_carriage_returns_blank_lines_and_no_end() -> None:
    source = io.BytesIO(b"\xef\xbb\xbf{1}\r\n\r\n  \n{2}\n\n{3}")
    assert [(x.number, x.raw) for x in split_lines(source.read)] == [(1, b"{1}"), (4, b"{2}"), (6, b"{3}")]


def test_a_long_line_is_cut_and_the_next_one_is_read() -> None:
    source = io.BytesIO(b"x" * (3 * MAX_LINE) + b"\n{2}\n" + b"y" * MAX_LINE + b"\r\n" + b"z" * (MAX_LINE + 2))
    first, second, third, fourth = split_lines(source.read)
    assert (first.cut, first.length, len(first.raw)) == (True, 3 * MAX_LINE, KEPT_OF_LONG_LINE)
    assert (second.raw, second.cut, second.number) == (b"{2}", False, 2)
    assert (len(third.raw), third.cut) == (MAX_LINE, False)
    assert fourth.cut


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_lines_don_t_depend_on_how_they_arrive(limit: int) -> None:
    text = b"ab\ncdefghij\n\nk\r\nlmnopqrstu"
    whole = list(split_lines(io.BytesIO(text).read, limit=5))
    source = io.BytesIO(text)
    assert list(split_lines(lambda _size: source.read(limit), limit=5)) == whole


def test_another_encoding_is_named(tmp_path: Path) -> None:
    source = make_dir(tmp_path / "b", {"cases.jsonl": '{"a":1}'.encode("utf-16")})
    with open_bundle(source) as bundle:
        assert code_of(lambda: list(bundle.lines())) == "bundle.not_utf8"


def test_no_cases_nothing_there_and_no_zip(tmp_path: Path) -> None:
    assert code_of(lambda: open_bundle(make_dir(tmp_path / "d", {"evidence/a": b""}))) == "bundle.no_cases"
    assert code_of(lambda: open_bundle(make_zip(tmp_path / "z", {"evidence/a": b""}))) == "bundle.no_cases"
    assert code_of(lambda: open_bundle(tmp_path / "nowhere")) == "bundle.missing"
    (tmp_path / "text").write_bytes(b"hello" * 100)
    assert code_of(lambda: open_bundle(tmp_path / "text")) == "bundle.broken"


@pytest.mark.skipif(os.name != "posix", reason="symbolic links need a right there")
def test_links_and_pipes_are_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "secret.jpg"
    outside.write_bytes(b"secret")
    root = make_dir(tmp_path / "b", {"cases.jsonl": LINES, "evidence/a.jpg": b"a"})
    (root / "evidence/link.jpg").symlink_to(outside)
    (root / "evidence/inside.jpg").symlink_to(root / "evidence/a.jpg")
    (root / "evidence/loop.jpg").symlink_to(root / "evidence/loop.jpg")
    (root / "evidence/folder").symlink_to(tmp_path)
    os.mkfifo(root / "evidence/pipe.jpg")
    with open_bundle(root) as bundle:
        assert code_of(lambda: bundle.read("evidence/link.jpg")) == "evidence.path_link"
        assert code_of(lambda: bundle.read("evidence/inside.jpg")) == "evidence.path_link"
        assert code_of(lambda: bundle.read("evidence/loop.jpg")) == "evidence.missing"
        assert code_of(lambda: bundle.read("evidence/folder/secret.jpg")) == "evidence.path_link"
        assert code_of(lambda: bundle.read("evidence/pipe.jpg")) == "evidence.path_link"
        assert code_of(lambda: bundle.read("evidence")) == "evidence.path_outside"


def test_a_link_in_a_zip_is_not_followed(tmp_path: Path) -> None:
    path = tmp_path / "z"
    with zipfile.ZipFile(path, "w") as out:
        out.writestr("cases.jsonl", LINES)
        link = zipfile.ZipInfo("evidence/a.jpg")
        link.external_attr = 0o120777 << 16
        out.writestr(link, "/etc/passwd")
    with open_bundle(path) as bundle:
        assert code_of(lambda: bundle.read("evidence/a.jpg")) == "evidence.path_link"


def test_a_zip_of_a_folder_and_the_litter_of_a_mac(tmp_path: Path) -> None:
    files = {"__MACOSX/cases.jsonl": b"junk", "may/cases.jsonl": LINES, "may/evidence/a.jpg": b"a"}
    with open_bundle(make_zip(tmp_path / "z", files)) as bundle:
        assert len(list(bundle.lines())) == 2
        assert bundle.read("evidence/a.jpg") == b"a"


def test_names_in_the_spelling_of_a_chinese_windows(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "z", {"cases.jsonl": LINES, "evidence/AAAA.jpg": b"a"})
    path.write_bytes(path.read_bytes().replace(b"AAAA", "破损".encode("gb18030")))
    with open_bundle(path) as bundle:
        assert bundle.read("evidence/破损.jpg") == b"a"


def test_a_bomb_is_noticed_while_it_unpacks(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "z", {"cases.jsonl": LINES, "evidence/a.bin": b"\0" * MAX_EVIDENCE_BYTES})
    with open_bundle(path) as bundle:
        assert code_of(lambda: bundle.read("evidence/a.bin")) == "bundle.bomb"
    path = make_zip(tmp_path / "y", {"cases.jsonl": b"\0" * (48 * 1024 * 1024)})
    with open_bundle(path) as bundle:
        assert code_of(lambda: list(bundle.lines())) == "bundle.bomb"


def test_large_and_lying_entries(tmp_path: Path) -> None:
    big = os.urandom(1024) * (MAX_EVIDENCE_BYTES // 1024 + 1)
    path = make_zip(tmp_path / "z", {"cases.jsonl": LINES, "evidence/a.bin": big}, zipfile.ZIP_STORED)
    with open_bundle(path) as bundle:
        assert code_of(lambda: bundle.read("evidence/a.bin")) == "evidence.too_large"
    # A table of contents that says 10 bytes where a thousand lie: what is read doesn't fit its checksum.
    path = make_zip(tmp_path / "y", {"cases.jsonl": LINES, "evidence/a.bin": os.urandom(1000)}, zipfile.ZIP_STORED)
    data = bytearray(path.read_bytes())
    at = data.rfind(b"PK\x01\x02")
    data[at + 20 : at + 28] = struct.pack("<II", 10, 10)
    path.write_bytes(data)
    with open_bundle(path) as bundle:
        assert code_of(lambda: bundle.read("evidence/a.bin")) == "evidence.broken"


def test_a_directory_larger_than_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_zip(tmp_path / "z", {"cases.jsonl": LINES})
    data = bytearray(path.read_bytes())
    at = data.rfind(b"PK\x05\x06")
    data[at + 12 : at + 16] = struct.pack("<I", bundles.MAX_DIRECTORY_BYTES + 1)
    path.write_bytes(data)
    assert code_of(lambda: open_bundle(path)) == "bundle.too_many_files"
    monkeypatch.setattr(bundles, "MAX_ENTRIES", 3)
    many = make_zip(tmp_path / "y", {"cases.jsonl": LINES, **{f"evidence/{n}": b"" for n in range(3)}})
    assert code_of(lambda: open_bundle(many)) == "bundle.too_many_files"


@pytest.mark.parametrize("name", ["cases.jsonl", "evidence/a.jpg"])
def test_a_name_that_stands_twice(tmp_path: Path, name: str) -> None:
    path = make_zip(tmp_path / "z", {"cases.jsonl": LINES, "evidence/a.jpg": b"shown", "evidence/b.jpg": b"other"})
    with zipfile.ZipFile(path, "a") as out, pytest.warns(UserWarning, match="Duplicate name"):
        out.writestr(name, b"hidden")
    assert code_of(lambda: open_bundle(path)) == "bundle.duplicate_name"


def test_encrypted_and_unknown_compression(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "z", {"cases.jsonl": LINES}, zipfile.ZIP_LZMA)
    with open_bundle(path) as bundle:
        assert code_of(lambda: list(bundle.lines())) == "bundle.compression"
    path = make_zip(tmp_path / "y", {"cases.jsonl": LINES})
    data = bytearray(path.read_bytes())
    data[data.rfind(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    assert code_of(lambda: open_bundle(path)) == "bundle.encrypted"


def test_a_cut_zip_and_a_zip_inside(tmp_path: Path) -> None:
    inner = make_zip(tmp_path / "inner", {"cases.jsonl": LINES}).read_bytes()
    path = make_zip(tmp_path / "z", {"cases.jsonl": LINES, "evidence/more.zip": inner})
    with open_bundle(path) as bundle:
        assert bundle.read("evidence/more.zip") == inner  # a file like any other, never opened
    path.write_bytes(path.read_bytes()[:-30])
    assert code_of(lambda: open_bundle(path)) == "bundle.broken"
