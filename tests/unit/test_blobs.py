"""Evidence on disk: what is read is what was kept, under its own key, and gone when it is forgotten."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from refund_desk.domain.errors import NotFound, Unavailable
from refund_desk.store.blobs import BlobStore

ANNA, BO = b"a" * 32, b"b" * 32


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return BlobStore(tmp_path / "blobs")


def everything(blobs: BlobStore, tmp_path: Path) -> bytes:
    return b"".join(path.read_bytes() for path in (tmp_path / "blobs").rglob("*") if path.is_file())


@pytest.mark.parametrize("secret", [ANNA, None])
def test_original_bytes_come_back(blobs: BlobStore, tmp_path: Path, secret: bytes | None) -> None:
    data = b"a photograph" * 1000
    digest = blobs.put(secret, data)
    assert digest == hashlib.sha256(data).digest()
    assert blobs.put(secret, data) == digest
    assert blobs.get(secret, digest) == data
    assert b"a photograph" not in everything(blobs, tmp_path)


def test_one_customer_s_key_opens_nothing_of_another(blobs: BlobStore) -> None:
    digest = blobs.put(ANNA, b"hers")
    with pytest.raises(NotFound):
        blobs.get(BO, digest)
    with pytest.raises(NotFound):
        blobs.get(None, digest)


def test_a_changed_byte_is_noticed(blobs: BlobStore, tmp_path: Path) -> None:
    digest = blobs.put(ANNA, b"hers")
    path = next(p for p in (tmp_path / "blobs").rglob(digest.hex()))
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(Unavailable, match=r"blob\.damaged"):
        blobs.get(ANNA, digest)


def test_a_file_put_in_another_s_place_is_noticed(blobs: BlobStore, tmp_path: Path) -> None:
    one, two = blobs.put(ANNA, b"one"), blobs.put(ANNA, b"two")
    files = {p.name: p for p in (tmp_path / "blobs").rglob("*") if p.is_file()}
    files[one.hex()].write_bytes(files[two.hex()].read_bytes())
    with pytest.raises(Unavailable):
        blobs.get(ANNA, one)


def test_renditions(blobs: BlobStore) -> None:
    digest = blobs.put(ANNA, b"original")
    assert not blobs.has_rendition(ANNA, digest, "thumb")
    with pytest.raises(NotFound):
        blobs.rendition(ANNA, digest, "thumb")
    blobs.put_rendition(ANNA, digest, "thumb", b"small")
    assert blobs.rendition(ANNA, digest, "thumb") == b"small"
    assert blobs.get(ANNA, digest) == b"original"


def test_forgetting_takes_all_of_it(blobs: BlobStore, tmp_path: Path) -> None:
    digest, other = blobs.put(ANNA, b"hers"), blobs.put(BO, b"his")
    blobs.put_rendition(ANNA, digest, "thumb", b"small")
    blobs.forget(ANNA)
    assert not any(digest.hex() in p.name for p in (tmp_path / "blobs").rglob("*"))
    assert blobs.get(BO, other) == b"his"


def test_aside(blobs: BlobStore, tmp_path: Path) -> None:
    blobs.keep_aside("ab12", "evidence/a.jpg", b"waiting")
    assert blobs.aside("ab12", "evidence/a.jpg") == b"waiting"
    assert b"waiting" not in everything(blobs, tmp_path)
    blobs.drop_aside("ab12")
    with pytest.raises(NotFound, match=r"evidence\.missing"):
        blobs.aside("ab12", "evidence/a.jpg")


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
def test_nobody_else_can_read(blobs: BlobStore, tmp_path: Path) -> None:
    blobs.put(None, b"x")
    for path in (tmp_path / "blobs").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0
