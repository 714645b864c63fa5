"""Somebody owns the database, but neither the key nor the checkpoints handed out: all they do is found."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from refund_desk.domain.errors import Conflict, Invalid, NotFound
from refund_desk.domain.merkle import leaf_hash
from refund_desk.engines.signing import SigningKey, verify_note
from refund_desk.service.audit import Trust, VerifyReport
from refund_desk.service.audit_files import export, verify_file
from refund_desk.service.audit_proofs import prove_case, verify_proof
from refund_desk.store.audit_reader import open_readonly, read_log
from refund_desk.store.database import reading
from refund_desk.store.tables.audit import audit_entry
from tests.store.audit_desk import ORIGIN, AuditDesk


@pytest.fixture
def desk(engine: Engine, tmp_path: Path) -> AuditDesk:
    """120 entries under checkpoints at 50, 100 and 120."""
    made = AuditDesk(engine, tmp_path)
    made.fill(50, 50, 20)
    return made


def _bad(report: VerifyReport) -> tuple[str, int | None, int | None]:
    assert not report.ok
    assert not report.origin_proven
    assert report.first_bad is not None
    return report.first_bad.code, report.first_bad.position, report.first_bad.entry


def test_an_honest_log(desk: AuditDesk) -> None:
    report = desk.verify()
    assert (report.ok, report.entries, report.size, report.unprotected) == (True, 120, 120, 0)
    assert report.origin_proven
    without = desk.verify(key=False)
    assert (without.ok, without.origin_proven) == (True, False)


def test_an_empty_log_and_one_without_places(engine: Engine, tmp_path: Path) -> None:
    desk = AuditDesk(engine, tmp_path)
    assert desk.verify().ok
    desk.add(3)
    report = desk.verify()
    assert (report.ok, report.entries, report.size, report.unprotected) == (True, 3, 0, 3)
    assert not report.origin_proven


def test_entries_after_the_last_checkpoint_are_counted(desk: AuditDesk) -> None:
    desk.add(4)
    desk.integrator.step()
    desk.add(2)
    report = desk.verify()
    assert (report.ok, report.entries, report.size, report.unprotected) == (True, 126, 124, 6)


def _hex(engine: Engine, raw: bytes) -> str:
    return f"X'{raw.hex()}'" if engine.dialect.name == "sqlite" else f"'\\x{raw.hex()}'"


def _bytes_of(engine: Engine, entry: int) -> bytes:
    with reading(engine) as connection:
        return bytes(connection.execute(select(audit_entry.c.bytes).where(audit_entry.c.id == entry)).scalar_one())


def _rewritten(desk: AuditDesk, entry: int, old: bytes, new: bytes) -> tuple[str, str]:
    """Statements that change an entry's bytes, and its leaf to match."""
    raw = _bytes_of(desk.engine, entry)
    changed = raw.replace(old, new)
    assert changed != raw
    literal, digest = (_hex(desk.engine, value).replace("\\", "\\\\") for value in (changed, leaf_hash(changed)))
    escape = "E" if desk.engine.dialect.name == "postgresql" else ""
    return (
        f"UPDATE audit_entry SET bytes = {escape}{literal} WHERE id = {entry}",
        f"UPDATE audit_leaf SET hash = {escape}{digest} WHERE entry_id = {entry}",
    )


def test_a_changed_byte(desk: AuditDesk) -> None:
    change, _ = _rewritten(desk, 61, b'"amount_minor":6000', b'"amount_minor":9000')
    desk.attack(change)
    assert _bad(desk.verify()) == ("audit.bytes_changed", 60, 61)
    assert _bad(desk.verify(key=False, held=False)) == ("audit.bytes_changed", 60, 61)


def test_a_changed_byte_with_its_hash(desk: AuditDesk) -> None:
    desk.attack(*_rewritten(desk, 61, b'"amount_minor":6000', b'"amount_minor":9000'))
    report = desk.verify(held=False)
    assert _bad(report) == ("audit.checkpoint_mismatch", 50, 51)
    assert report.first_bad is not None
    assert report.first_bad.params == {"until": 99, "size": 100}
    assert _bad(desk.verify(key=False, held=False)) == ("audit.checkpoint_mismatch", 50, 51)


@pytest.mark.parametrize(
    ("column", "value"), [("action", "'look.case'"), ("actor", "'somebody'"), ("at", "5"), ("case_ref", "NULL")]
)
def test_a_changed_copy(desk: AuditDesk, column: str, value: str) -> None:
    desk.attack(f"UPDATE audit_entry SET {column} = {value} WHERE id = 62")
    report = desk.verify()
    assert _bad(report) == ("audit.copy_changed", 61, 62)
    assert report.first_bad is not None
    assert report.first_bad.params == {"fields": [column]}


def test_a_deleted_entry(desk: AuditDesk) -> None:
    desk.attack("DELETE FROM audit_entry WHERE id = 30")
    assert _bad(desk.verify()) == ("audit.entry_missing", 29, 30)


def test_a_deleted_entry_with_its_leaf(desk: AuditDesk) -> None:
    desk.attack("DELETE FROM audit_entry WHERE id = 30", "DELETE FROM audit_leaf WHERE entry_id = 30")
    assert _bad(desk.verify())[:2] == ("audit.position_missing", 29)


def test_a_deleted_entry_with_the_gap_closed(desk: AuditDesk) -> None:
    desk.attack(
        "DELETE FROM audit_entry WHERE id = 30",
        "DELETE FROM audit_leaf WHERE entry_id = 30",
        "UPDATE audit_leaf SET position = -position WHERE position > 29",
        "UPDATE audit_leaf SET position = -position - 1 WHERE position < 0",
    )
    assert _bad(desk.verify()) == ("audit.checkpoint_mismatch", 0, 1)


CUT = ("DELETE FROM audit_leaf WHERE position >= 90", "DELETE FROM audit_entry WHERE id > 90")


def test_a_tail_cut(desk: AuditDesk) -> None:
    desk.attack(*CUT)
    for report in (desk.verify(), desk.verify(held=False), desk.verify(key=False, held=False)):
        assert _bad(report) == ("audit.tail_cut", 90, None)


def test_a_tail_cut_with_its_checkpoints(desk: AuditDesk) -> None:
    desk.attack(*CUT, "DELETE FROM audit_checkpoint WHERE size > 90")
    assert _bad(desk.verify()) == ("audit.tail_cut", 90, None)
    assert _bad(desk.verify(key=False)) == ("audit.tail_cut", 90, None)
    # Somebody else's copy is as good as ours.
    handed_out = desk.files.latest()
    assert handed_out is not None
    assert _bad(desk.verify(held=False, known=[handed_out])) == ("audit.tail_cut", 90, None)


def test_deleted_checkpoints_alone(desk: AuditDesk) -> None:
    desk.attack("DELETE FROM audit_checkpoint WHERE size = 120")
    assert _bad(desk.verify())[0] == "audit.checkpoint_missing"
    desk.attack("DELETE FROM audit_checkpoint")
    assert _bad(desk.verify(held=False)) == ("audit.checkpoint_missing", 0, 1)


def test_a_swapped_pair(desk: AuditDesk) -> None:
    desk.attack(
        "UPDATE audit_leaf SET position = -1 WHERE position = 70",
        "UPDATE audit_leaf SET position = 70 WHERE position = 71",
        "UPDATE audit_leaf SET position = 71 WHERE position = -1",
    )
    assert _bad(desk.verify()) == ("audit.checkpoint_mismatch", 50, 51)


def test_a_pair_of_bytes_swapped(desk: AuditDesk) -> None:
    desk.attack(
        "UPDATE audit_leaf SET entry_id = -1 WHERE position = 70",
        "UPDATE audit_leaf SET entry_id = 71 WHERE position = 71",
        "UPDATE audit_leaf SET entry_id = 72 WHERE position = 70",
    )
    assert _bad(desk.verify()) == ("audit.bytes_changed", 70, 72)


def test_a_duplicated_entry(desk: AuditDesk) -> None:
    desk.attack(
        "INSERT INTO audit_entry (id, bytes, at, action, case_ref, actor) "
        "SELECT 500, bytes, at, action, case_ref, actor FROM audit_entry WHERE id = 20",
        "UPDATE audit_leaf SET position = -position - 1 WHERE position > 19",
        "UPDATE audit_leaf SET position = -position WHERE position < 0",
        "INSERT INTO audit_leaf (position, entry_id, hash) SELECT 20, 500, hash FROM audit_leaf WHERE position = 19",
    )
    assert _bad(desk.verify()) == ("audit.checkpoint_mismatch", 0, 1)


def test_an_entry_with_two_places(desk: AuditDesk) -> None:
    desk.add(1)
    desk.settle()
    if desk.engine.dialect.name == "sqlite":  # the rule can't be dropped there: rebuild the table without it
        desk.attack(
            "CREATE TABLE other AS SELECT * FROM audit_leaf",
            "DROP TABLE audit_leaf",
            "ALTER TABLE other RENAME TO audit_leaf",
        )
    else:
        desk.attack("ALTER TABLE audit_leaf DROP CONSTRAINT uq_audit_leaf_entry_id")
    copied = "SELECT 121, entry_id, hash FROM audit_leaf WHERE position = 3"
    desk.attack(f"INSERT INTO audit_leaf (position, entry_id, hash) {copied}")
    assert _bad(desk.verify()) == ("audit.entry_twice", 121, 4)


def test_a_stray_leaf(desk: AuditDesk) -> None:
    desk.add(1)
    desk.attack(
        "INSERT INTO audit_leaf (position, entry_id, hash) SELECT -5, 121, hash FROM audit_leaf WHERE position=1"
    )
    assert _bad(desk.verify())[0] == "audit.position_stray"


def test_a_changed_checkpoint(desk: AuditDesk) -> None:
    desk.attack("UPDATE audit_checkpoint SET note = replace(note, '100', '101') WHERE size = 100")
    assert _bad(desk.verify()) == ("audit.checkpoint_changed", None, None)


def test_a_log_rebuilt_without_the_key(desk: AuditDesk, tmp_path: Path) -> None:
    """All rows written anew, hashes, subtrees and checkpoints with them, signed with a key of the forger's."""
    desk.attack(
        _rewritten(desk, 61, b'"amount_minor":6000', b'"amount_minor":9000')[0],
        "DELETE FROM audit_leaf", "DELETE FROM audit_subtree", "DELETE FROM audit_checkpoint",
    )  # fmt: skip
    forger = AuditDesk(desk.engine, tmp_path / "forger", SigningKey.generate(ORIGIN))
    forger.settle()
    assert forger.verify().ok
    # With the key one trusts: nothing is signed by it any more.
    assert _bad(desk.verify(held=False)) == ("audit.signature_missing", 0, 1)
    # With checkpoints one holds: the first that differs says from where on.
    assert _bad(desk.verify(key=False)) == ("audit.checkpoint_mismatch", 50, 51)
    assert _bad(desk.verify()) == ("audit.checkpoint_mismatch", 50, 51)
    # With neither, all that can be said is that it agrees with itself.
    nothing = desk.verify(key=False, held=False)
    assert (nothing.ok, nothing.origin_proven) == (True, False)


def test_an_integrator_that_held_on_does_not_sign_a_rebuilt_log(desk: AuditDesk) -> None:
    desk.attack(*_rewritten(desk, 61, b'"amount_minor":6000', b'"amount_minor":9000'))
    integrator = desk.new_integrator()
    desk.add(200)
    integrator.close()
    assert integrator.problem == "audit.checkpoint_mismatch"


def test_values_of_kinds_we_never_write(desk: AuditDesk) -> None:
    if desk.engine.dialect.name == "postgresql":
        desk.attack("UPDATE audit_leaf SET hash = '' WHERE position = 5")
    else:
        desk.attack("UPDATE audit_leaf SET hash = 'text' WHERE position = 5")
    assert _bad(desk.verify()) == ("audit.bytes_changed", 5, 6)


def test_a_held_checkpoint_that_is_none(desk: AuditDesk) -> None:
    assert _bad(desk.verify(known=["hello"]))[0] == "audit.note_malformed"
    forged = SigningKey.generate(ORIGIN).sign("x\n1\n" + "A" * 43 + "=\n")
    assert _bad(desk.verify(known=[forged]))[0] == "audit.signature_missing"
    other = desk.key.sign("elsewhere\n1\n" + "A" * 43 + "=\n")
    assert _bad(desk.verify(known=[other]))[0] == "audit.other_log"


# ---------------------------------------------------------------- files


def _exported(desk: AuditDesk) -> bytes:
    out = io.BytesIO()
    with read_log(desk.engine) as reader:
        export(reader, out.write, version="test", at="2026-11-20T09:00:00Z")
    return out.getvalue()


def _check(desk: AuditDesk, content: bytes, *, key: bool = True, known: tuple[str, ...] = ()) -> VerifyReport:
    return verify_file(io.BytesIO(content), Trust(verify_note, desk.key.vkey if key else None, known))


def test_an_exported_file_proves_the_same(desk: AuditDesk) -> None:
    desk.add(4)
    desk.integrator.step()
    content = _exported(desk)
    for line in content.splitlines():
        json.loads(line)
    report = _check(desk, content)
    assert (report.ok, report.size, report.unprotected, report.origin_proven) == (True, 124, 4, True)
    assert not _check(desk, content, key=False).origin_proven
    assert desk.key.vkey.encode() not in content


def _end(lines: list[bytes]) -> bytes:
    from hashlib import sha256

    body = b"".join(lines)
    end = {"end": {"lines": len(lines), "sha256": sha256(body).hexdigest()}}
    return body + json.dumps(end, separators=(",", ":")).encode() + b"\n"


Forge = Callable[[list[bytes]], list[bytes]]


@pytest.mark.parametrize(
    ("forge", "code", "position"),
    [
        (lambda lines: [line.replace(b'"amount_minor":6000', b'"amount_minor":9000') for line in lines],
         "audit.checkpoint_mismatch", 50),
        (lambda lines: lines[:30] + lines[31:], "audit.position_missing", 29),
        (lambda lines: lines[:96], "audit.tail_cut", 94),
        (lambda lines: [line for line in lines if b'"checkpoint"' not in line], "audit.checkpoint_missing", 0),
        (lambda lines: [line.replace(b"desk.test", b"desk.oops") for line in lines], "audit.signature_missing", 0),
    ],
)  # fmt: skip
def test_a_forged_file(desk: AuditDesk, forge: Forge, code: str, position: int) -> None:
    lines = _exported(desk).splitlines(keepends=True)[:-1]
    assert _bad(_check(desk, _end(forge(lines))))[:2] == (code, position)


def test_a_file_that_ends_at_an_earlier_checkpoint_needs_a_later_one_to_be_found(desk: AuditDesk) -> None:
    lines = _exported(desk).splitlines(keepends=True)[:-1]
    header = json.loads(lines[0]) | {"size": 100}
    cut = _end([json.dumps(header).encode() + b"\n", *lines[1:103]])
    assert _check(desk, cut).size == 100
    held = desk.files.latest()
    assert held is not None
    assert _bad(_check(desk, cut, known=(held,))) == ("audit.tail_cut", 100, None)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "audit.file_empty"),
        (b"\n", "audit.file_not_ours"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 50, "audit.file_not_ours"),
        (b"[" * 100_000 + b"\n", "audit.file_not_ours"),
        (b'{"format":"refund-desk audit log","schema":99,"size":1}\n', "audit.file_schema"),
        (b'{"format":"refund-desk audit log","schema":1,"size":1}\n', "audit.file_truncated"),
        (b'{"format":"refund-desk audit log","schema":1,"size":1}\nhello\n', "audit.file_line"),
        (b'{"format":"refund-desk audit log","schema":1,"size":1}\n{"end":5}\n', "audit.file_truncated"),
        (b'{"format":"refund-desk audit log","schema":1,"size":1}\n{"checkpoint":7}\n', "audit.file_line"),
        (b"x" * (5 * 1024 * 1024), "audit.file_line"),
    ],
)
def test_what_is_no_export_is_said_to_be_none(content: bytes, code: str) -> None:
    with pytest.raises(Invalid) as caught:
        verify_file(io.BytesIO(content), Trust(verify_note))
    assert caught.value.code == code


def test_a_file_cut_anywhere_is_never_good(desk: AuditDesk) -> None:
    content = _exported(desk)
    for length in range(1, len(content) - 1, 997):
        with pytest.raises(Invalid) as caught:
            _check(desk, content[:length])
        assert caught.value.code in {"audit.file_truncated", "audit.file_not_ours"}


def test_a_broken_log_is_not_exported_as_if_it_were_whole(desk: AuditDesk) -> None:
    desk.attack("DELETE FROM audit_entry WHERE id = 30")
    with pytest.raises(Invalid) as caught:
        _exported(desk)
    assert (caught.value.code, caught.value.params["entry"]) == ("audit.entry_missing", 30)


# ---------------------------------------------------------------- proofs


def test_a_case_is_proven_without_the_log(desk: AuditDesk) -> None:
    desk.add(10)
    with read_log(desk.engine) as reader:
        bundle = json.loads(json.dumps(prove_case(reader, "R-3")))
    trust = Trust(verify_note, desk.key.vkey)
    report = verify_proof(bundle, trust)
    assert (report.ok, report.origin_proven, report.case, report.size) == (True, True, "R-3", 120)
    assert report.entries == len(bundle["entries"]) > 5
    assert bundle["pending"] == 1
    assert not verify_proof(bundle, Trust(verify_note)).origin_proven
    changed = json.loads(json.dumps(bundle))
    changed["entries"][2]["entry"] = changed["entries"][2]["entry"].replace("CNY", "USD")
    first = verify_proof(changed, trust).first_bad
    assert first is not None
    assert (first.code, first.position) == ("audit.proof_wrong", changed["entries"][2]["position"])
    renamed = verify_proof({**bundle, "case": "R-4"}, trust).first_bad
    assert renamed is not None
    assert renamed.code == "audit.other_case"
    twice = verify_proof({**bundle, "entries": [*bundle["entries"], bundle["entries"][0]]}, trust).first_bad
    assert twice is not None
    assert (twice.code, twice.position) == ("audit.entry_twice", bundle["entries"][0]["position"])
    emptied = verify_proof({**bundle, "entries": []}, trust)
    assert emptied.first_bad is not None
    assert (emptied.ok, emptied.first_bad.code) == (False, "audit.proof_empty")
    with pytest.raises(Invalid):
        verify_proof({"format": "x"}, trust)


def test_no_proof_is_made_of_a_broken_log_or_of_nothing(desk: AuditDesk) -> None:
    with read_log(desk.engine) as reader, pytest.raises(NotFound):
        prove_case(reader, "R-none")
    desk.attack(_rewritten(desk, 4, b"CNY", b"USD")[0])
    with read_log(desk.engine) as reader, pytest.raises(Conflict) as caught:
        prove_case(reader, "R-3")
    assert caught.value.params["entry"] == 4


def test_a_file_of_the_desk_is_read_while_it_works(desk: AuditDesk) -> None:
    if desk.engine.dialect.name != "sqlite":
        return
    database = desk.engine.url.database
    assert database is not None
    outside = open_readonly(Path(database))
    with desk.engine.connect() as writer, writer.begin():
        writer.exec_driver_sql("CREATE TABLE busy (x)")
        with read_log(outside) as reader:
            assert reader.size() == 120
            with pytest.raises(Exception, match="readonly"):
                reader._connection.exec_driver_sql("DELETE FROM audit_leaf")
    outside.dispose()
