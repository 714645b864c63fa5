"""What a file is, by content; what its name claims is only compared."""

from __future__ import annotations

import pytest

from refund_desk.domain.evidence import MAX_EVIDENCE_BYTES, media_type, path_problem, sniff

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 20


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (PNG, "image/png"),
        (JPEG, "image/jpeg"),
        (b"GIF89a....", "image/gif"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        (b"BM\x36\0\0\0\0\0\0\0", "image/bmp"),
        (b"BMW, a car and no bitmap", "text/plain"),
        (b"\0\0\0\x18ftypheic", "image/heic"),
        (b"\0\0\0\x18ftypisom", "video/mp4"),
        (b"%PDF-1.7", "application/pdf"),
        (b"\xef\xbb\xbf  <svg xmlns='x'>", "image/svg+xml"),
        (b"<!DOCTYPE html><p>", "text/html"),
        ("质量问题，申请退款".encode() * 3, "text/plain"),
        ("质量问题".encode()[:-1], "text/plain"),
        (b"\x00\x01\x02", "application/octet-stream"),
        (b"\xff\xfe\x41\x42\x80\x80\x80\x80\x80\x80\x80\x80", "application/octet-stream"),
        (b"", "text/plain"),
    ],
)
def test_content_decides(head: bytes, kind: str) -> None:
    assert media_type(head) == kind


def test_an_image_under_another_ending_is_taken_and_said() -> None:
    found = sniff("evidence/a.png", JPEG, 24)
    assert (found.media_type, found.status, found.mislabelled) == ("image/jpeg", "waiting", "image/png")


@pytest.mark.parametrize(
    ("name", "head", "size", "code"),
    [
        ("a.jpg", b"", 0, "evidence.empty"),
        ("a.jpg", JPEG, MAX_EVIDENCE_BYTES + 1, "evidence.too_large"),
        ("a.jpg", b"<html><script>", 20, "evidence.active_content"),
        ("a.svg", b"<svg>", 5, "evidence.active_content"),
        ("a.png", b"MZ\x90\0", 5, "evidence.active_content"),
        ("a.heic", b"\0\0\0\x18ftypheic", 20, "evidence.unsupported"),
        ("a.jpg", b"just words", 10, "evidence.not_an_image"),
        ("a.jpg", b"%PDF-1.4", 10, "evidence.not_an_image"),
    ],
)
def test_refused_with_a_clear_word(name: str, head: bytes, size: int, code: str) -> None:
    found = sniff(name, head, size)
    assert found.status == "refused"
    assert found.trouble is not None
    assert found.trouble.code == code


def test_other_files_stay_files() -> None:
    assert sniff("invoice.pdf", b"%PDF-1.4", 10).status == "file"
    assert sniff("call.amr", b"#!AMR\n", 10).status == "file"


@pytest.mark.parametrize(
    "name",
    [
        "evidence/../../etc/passwd",
        "/evidence/a.jpg",
        "evidence\\a.jpg",
        "C:/evidence/a.jpg",
        "evidence/a.jpg:stream",
        "evidence/a\0.jpg",
        "evidence//a.jpg",
        "evidence/./a.jpg",
        "evidence/..",
        "evidence/a. ",
        "",
    ],
)
def test_paths_that_climb_are_refused(name: str) -> None:
    assert path_problem(name) == "evidence.path_unsafe"


def test_paths_outside_evidence_are_refused() -> None:
    assert path_problem("cases.jsonl") == "evidence.path_outside"
    assert path_problem("pictures/a.jpg") == "evidence.path_outside"
    assert path_problem("evidence/2026/破损 1.jpg") is None
