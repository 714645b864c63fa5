"""Whose a mail is, and what becomes of its text and files."""

from __future__ import annotations

from collections.abc import Iterator
from email.message import EmailMessage
from typing import Any

import pytest
from sqlalchemy import select

from refund_desk.sources.mails import item_of
from refund_desk.sources.plain import from_html
from refund_desk.store.tables.cases import refund_case
from refund_desk.store.tables.facts import evidence, message
from refund_desk.worker.sync import run
from tests.fakes import imap
from tests.fakes.house import OPERATOR, START
from tests.fakes.sources import SourceHouse
from tests.sources.rigs import ImapRig

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360000002000001e221bc330000000049454e44ae426082"
)


@pytest.fixture
def rig() -> Iterator[ImapRig]:
    made = ImapRig()
    yield made
    made.close()


@pytest.fixture
def desk(house: SourceHouse, rig: ImapRig) -> SourceHouse:
    house.connect("mail", "imap", rig.settings, rig.secrets)
    rig.prepare(house)
    return house


def rows(desk: SourceHouse, *columns: Any) -> list[Any]:
    with desk.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(select(*columns))]


def cases(desk: SourceHouse) -> int:
    return len(rows(desk, refund_case.c.id))


def test_a_thread_is_one_case_with_its_files(desk: SourceHouse, rig: ImapRig) -> None:
    first = EmailMessage()
    first["From"], first["To"], first["Subject"] = "Ama <ama@example.com>", imap.USER, "Broken – order V00003"
    first["Message-ID"], first["Date"] = "<a@x>", "Wed, 18 Nov 2026 08:00:00 +0000"
    first.set_content("It arrived cracked.")
    first.add_attachment(PNG, maintype="image", subtype="png", filename="приём ✓.png")
    rig.box.add(first.as_bytes())
    rig.box.add(imap.mail(8, "Re: Broken", "Sorry!", sender=imap.USER, to="ama@example.com", In_Reply_To="<a@x>"))
    rig.box.add(
        imap.mail(9, "Re: Broken", "Here is the box.", sender="ama@example.com", References="<a@x> <m8@shop.test>")
    )
    counts = run(desk, OPERATOR, "mail")
    assert (counts.new, counts.quarantined, cases(desk)) == (3, 0, 1)
    assert rows(desk, message.c.direction, message.c.who) == [("in", "customer"), ("out", "agent"), ("in", "customer")]
    assert rows(desk, evidence.c.name, evidence.c.status) == [("приём ✓.png", "waiting")]
    again = run(desk, OPERATOR, "mail")
    assert (again.read, cases(desk)) == (0, 1)


def test_another_validity_reads_everything_anew_and_changes_nothing(desk: SourceHouse, rig: ImapRig) -> None:
    rig.put(1)
    rig.put(2)
    run(desk, OPERATOR, "mail")
    before = desk.picture()
    rig.box.validity += 1
    rig.box.mails = {uid + 40: raw for uid, raw in rig.box.mails.items()}
    counts = run(desk, OPERATOR, "mail")
    assert (counts.read, counts.unchanged) == (2, 2)
    assert desk.picture() == before


@pytest.mark.parametrize(
    "raw",
    [
        imap.mail(1, "Newsletter", "buy V00001", List_Unsubscribe="<mailto:x@y>"),
        imap.mail(2, "Newsletter", "buy"),
        imap.mail(3, "Hello", "no order of ours: ZZ99999"),
    ],
)
def test_what_is_about_nothing_we_know_is_no_case(desk: SourceHouse, rig: ImapRig, raw: bytes) -> None:
    rig.box.add(raw)
    counts = run(desk, OPERATOR, "mail")
    assert (counts.ignored, counts.quarantined, cases(desk)) == (1, 0, 0)


def test_two_orders_in_one_mail_wait_for_somebody(desk: SourceHouse, rig: ImapRig) -> None:
    rig.box.add(imap.mail(1, "Orders V00001 and V00002", "both broken"))
    assert run(desk, OPERATOR, "mail").reasons == {"mail.several_orders": 1}


def test_by_the_address_of_who_has_one_open_case(desk: SourceHouse, rig: ImapRig) -> None:
    rig.box.add(imap.mail(1, "Order V00001", "broken"))
    rig.box.add(imap.mail(1, "Again", "any news?").replace(b"<m1@", b"<m1b@"))
    run(desk, OPERATOR, "mail")
    assert (cases(desk), len(rows(desk, message.c.id))) == (1, 2)


def test_a_machine_that_is_out_of_office_starts_no_clock(desk: SourceHouse, rig: ImapRig) -> None:
    rig.put(1)
    rig.box.add(imap.mail(5, "Away", "back on Monday", In_Reply_To="<m1@shop.test>", Auto_Submitted="auto-replied"))
    run(desk, OPERATOR, "mail")
    assert rows(desk, message.c.who) == [("customer",), ("system",)]


def test_html_becomes_words_and_nothing_else() -> None:
    text = (
        "<p>Here <b>it</b> is.<img src='http://tracker.invalid/p.gif'></p><script>alert(1)</script><style>p{}</style>"
    )
    assert from_html(text) == "Here it is."
    assert from_html('<a href="http://evil.invalid">https://bank.example</a>') == (
        "https://bank.example (http://evil.invalid)"
    )
    assert from_html("<div>a<br>b</div><div>c</div>") == "a\nb\n\nc"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xfe\x00",
        b"From: x\nContent-Type: text/plain; charset=klingon\n\n\xff\xfe",
        b"Subject: =?utf-8?b?////?=\nDate: never\nMessage-ID: nonsense\n\nhello \x00 there",
        b"Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: multipart/mixed; boundary=x\n\n--x--",
        b'From: "a\nTo: <<<>>>\nSubject: \n\n',
    ],
)
def test_whatever_comes_is_a_mail(raw: bytes) -> None:
    item, files = item_of("mail", raw, "support@shop.test", START)
    assert item.id
    assert files == {}
    assert item.what is not None
