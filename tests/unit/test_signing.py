"""Notes against the example of Go's sumdb/note and the C2SP checkpoint format; keys and their files."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refund_desk.domain.audit import AuditEntry, opening
from refund_desk.domain.checkpoints import Checkpoint, PinnedCheckpoints, read_checkpoint, worth_keeping
from refund_desk.domain.errors import Conflict, DeskError, Invalid, Unavailable
from refund_desk.domain.merkle import consistency_proof
from refund_desk.domain.words import Role
from refund_desk.engines.signing import (
    SigningKey,
    canonical,
    load_key,
    load_or_make_key,
    verify_note,
)
from refund_desk.store.checkpoint_files import CheckpointFiles
from tests.unit.test_merkle import ROOTS, TREE

# The published example of golang.org/x/mod/sumdb/note (BSD-3-Clause).
GO_SECRET = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
GO_NOTE = (
    GO_TEXT
    + "\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
# The example of the C2SP tlog-checkpoint specification (CC BY 4.0).
C2SP_NOTE = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+"
    "zyWE+xeMcTOAYQ8=\n"
)
KEY = SigningKey.generate("desk.example/refunds")


def test_the_published_note_is_made_and_verified_byte_for_byte() -> None:
    key = SigningKey.parse(GO_SECRET)
    assert key.vkey == GO_VKEY
    assert key.sign(GO_TEXT) == GO_NOTE
    assert key.line().strip() == GO_SECRET
    assert verify_note(GO_NOTE, GO_VKEY) == GO_TEXT


def test_the_published_checkpoint_is_read() -> None:
    checkpoint = read_checkpoint(C2SP_NOTE)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert C2SP_NOTE.startswith(checkpoint.text() + "\n")


@given(st.integers(0, len(GO_NOTE.encode()) - 1), st.integers(0, 7))
def test_a_changed_bit_never_passes(byte: int, bit: int) -> None:
    raw = bytearray(GO_NOTE.encode())
    raw[byte] ^= 1 << bit
    changed = raw.decode("utf-8", "replace")
    with pytest.raises(Invalid):
        verify_note(changed, GO_VKEY)


@pytest.mark.parametrize("cut", [1, 20, 70, 100, len(GO_NOTE) - 1])
def test_a_piece_of_a_note_is_none(cut: int) -> None:
    with pytest.raises(Invalid):
        verify_note(GO_NOTE[:cut], GO_VKEY)


def test_a_mangled_verifier_key_is_named_so() -> None:
    for lo in range(len(GO_VKEY)):
        for text in (GO_VKEY[lo + 1 :], GO_VKEY[:lo], GO_VKEY[:lo] + chr(ord(GO_VKEY[lo]) + 1) + GO_VKEY[lo + 1 :]):
            with pytest.raises(Invalid) as caught:
                verify_note(GO_NOTE, text)
            assert caught.value.code == "audit.key_malformed"


def test_another_key_of_the_same_name_has_not_signed() -> None:
    other = SigningKey.generate("PeterNeumann")
    with pytest.raises(Invalid) as caught:
        verify_note(GO_NOTE, other.vkey)
    assert caught.value.code == "audit.signature_missing"


@pytest.mark.parametrize(
    "note", ["", "a\n", "a\nb\nc\n\n", "a\n01\nx\n\n", "\n1\n" + "A" * 44 + "\n\n", "a\n-1\nCsU=\n\n", "a\n1\nCsU=\n\n"]
)
def test_what_is_no_checkpoint_is_refused(note: str) -> None:
    with pytest.raises(Invalid):
        read_checkpoint(note)


def test_canonical_bytes_sort_and_refuse_floats() -> None:
    assert canonical({"b": [1, None, True], "a": "é\u2028"}) == '{"a":"é\u2028","b":[1,null,true]}'.encode()
    for value in (1.0, {"a": [{"b": 0.5}]}):
        with pytest.raises(TypeError):
            canonical(value)
    with pytest.raises(ValueError):
        canonical(2**53)


def test_the_key_file(tmp_path: Path) -> None:
    data, safe = tmp_path / "data", tmp_path / "keys" / "audit.key"
    data.mkdir()
    made = load_or_make_key(safe, "desk", data)
    assert load_or_make_key(safe, "ignored", data).vkey == made.vkey
    assert safe.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in safe.parent.iterdir()] == ["audit.key"]
    safe.chmod(0o640)
    assert _code(lambda: load_key(safe, data)) == "audit.key_exposed"
    assert _code(lambda: load_key(tmp_path / "none")) == "audit.key_missing"
    assert _code(lambda: load_key(tmp_path)) == "audit.key_unreadable"
    assert _code(lambda: load_or_make_key(data / "audit.key", "desk", data)) == "audit.key_inside_data"
    safe.chmod(0o600)
    safe.write_text("PRIVATE+KEY+desk+00000000+AAAA\n")
    assert _code(lambda: load_key(safe, data)) == "audit.key_malformed"


def _code(call: object) -> str:
    assert callable(call)
    with pytest.raises((Unavailable, Invalid)) as caught:
        call()
    assert isinstance(caught.value, DeskError)
    return caught.value.code


def _note(size: int, root: str | None = None) -> str:
    return KEY.sign(Checkpoint("desk", size, bytes.fromhex(root or ROOTS[size])).text())


def test_a_desk_keeps_the_last_checkpoint_and_refuses_another_log() -> None:
    pins = PinnedCheckpoints(vkey=KEY.vkey, verify=verify_note)

    def prove(old: int, new: int) -> list[bytes]:
        return consistency_proof(old, new, TREE)

    for size in (3, 6, 6, 4, 8):
        pins.see(_note(size), prove)
    assert pins.note == _note(8)
    with pytest.raises(Conflict) as caught:
        pins.see(_note(7, ROOTS[6]), prove)
    assert (caught.value.code, pins.note) == ("audit.inconsistent", _note(8))
    with pytest.raises(Conflict, match=r"audit\.other_log"):
        pins.see(KEY.sign(Checkpoint("elsewhere", 8, bytes.fromhex(ROOTS[8])).text()), prove)
    with pytest.raises(Invalid):
        pins.see(SigningKey.generate("desk").sign(Checkpoint("desk", 8, bytes.fromhex(ROOTS[8])).text()), prove)


def test_a_desk_is_told_that_a_restore_was_accepted() -> None:
    pins = PinnedCheckpoints(_note(6))
    after = KEY.sign(Checkpoint("desk", 6, bytes.fromhex(ROOTS[5]), epoch=1).text())
    assert read_checkpoint(after).epoch == 1
    with pytest.raises(Conflict, match=r"audit\.restored"):
        pins.see(after, lambda _old, _new: [])
    back = PinnedCheckpoints(after)
    with pytest.raises(Conflict, match=r"audit\.inconsistent"):
        back.see(_note(6), lambda _old, _new: [])


def test_a_line_that_names_no_epoch_is_passed_over() -> None:
    text = Checkpoint("desk", 6, bytes.fromhex(ROOTS[6])).text()
    for line in ("epoch 0", "epoch -1", "epoch x", "epochs 1", "epoch 1 2", ""):
        assert read_checkpoint(KEY.sign(f"{text}{line}\n" if line else text)).epoch == 0


def test_old_checkpoints_thin_out(tmp_path: Path) -> None:
    kept = worth_keeping(range(100, 50_100, 100), newest=10, block=10_000)
    assert kept == {9_900, 19_900, 29_900, 39_900, 49_000, *range(49_100, 50_100, 100)}
    assert worth_keeping([]) == set()
    directory = tmp_path / "checkpoints"
    directory.mkdir()
    for size in range(1, 800):
        (directory / f"{size}.txt").write_text("note")
    files = CheckpointFiles(directory)
    files.write(800, "newest")
    assert len(list(directory.iterdir())) == 500 + 1 + 1  # the newest, the last of the old block, latest.txt
    assert files.held()[-2:] == ["newest", "newest"]


@given(
    st.text(min_size=1, alphabet=st.characters(exclude_categories=["Cs"])),
    st.none() | st.text(alphabet=st.characters(exclude_categories=["Cs"])),
    st.integers(0, 2**53 - 1).map(lambda micros: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)),
    st.dictionaries(st.text(max_size=5, alphabet=st.characters(exclude_categories=["Cs"])), st.integers(-9, 9)),
)
def test_an_entry_begins_as_its_columns_say(actor: str, case: str | None, at: datetime, data: dict[str, int]) -> None:
    entry = AuditEntry(at, actor, "case.opened", case, data, desk="desk", epoch=1)
    raw = canonical(entry.to_dict())
    assert raw.startswith(opening("case.opened", actor, entry.at_micros, case))
    assert json.loads(raw) == entry.to_dict()


def test_an_entry_takes_plain_values_alone() -> None:
    now = datetime(2026, 11, 20, tzinfo=UTC)
    entry = AuditEntry(now, "system:worker", "case.opened", data={"role": Role.LEAD, "list": (1, "a", None, True)})
    assert entry.to_dict()["data"] == {"role": "lead", "list": [1, "a", None, True]}
    for value in (1.5, {1: "x"}, object(), b"bytes", now):
        with pytest.raises(TypeError):
            AuditEntry(now, "system:worker", "case.opened", data={"value": value}).to_dict()
    for wrong in ({"at": datetime(2026, 1, 1)}, {"action": "Case opened"}, {"actor": ""}):  # noqa: DTZ001
        with pytest.raises(ValueError):
            AuditEntry(**({"at": now, "actor": "x", "action": "case.opened"} | wrong))  # type: ignore[arg-type]
