"""Against a real Dovecot: a thread with photos, its validity, what is new, and a newsletter that is no case."""

from __future__ import annotations

import imaplib
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlalchemy import select

from refund_desk.domain.errors import Unavailable
from refund_desk.sources.registry import Registry
from refund_desk.sources.ways import Patience
from refund_desk.store.tables.cases import refund_case
from refund_desk.store.tables.facts import evidence, message
from refund_desk.wiring import utc_now
from refund_desk.worker.sync import run
from tests.conftest import NewEngine
from tests.fakes.house import OPERATOR
from tests.fakes.sources import SourceHouse
from tests.upstreams.conftest import picture
from tests.upstreams.mailbox import PASSWORD, USER, dovecot

pytestmark = pytest.mark.upstreams


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with dovecot(tmp_path_factory.mktemp("mail")) as port:
        yield port


@pytest.fixture
def desk(new_engine: NewEngine, tmp_path: Path, port: int) -> SourceHouse:
    patient = Patience(deadline=20.0)  # Dovecot thinks for two seconds before it says that a password is wrong
    house = SourceHouse(new_engine("sqlite"), tmp_path, Registry(utc_now, patience=patient))
    house.clock.now = utc_now()
    where = {"host": "127.0.0.1", "port": port, "security": "none", "private": True, "username": USER}
    house.connect("mail", "imap", where, {"password": PASSWORD})
    with house.store.write() as work:
        work.facts.ensure_order("TYRTZQ6C6PGHC42X", "EUR", None)
    return house


def put(port: int, *mails: EmailMessage) -> None:
    with imaplib.IMAP4("127.0.0.1", port) as box:
        box.login(USER, PASSWORD)
        for one in mails:
            box.append("INBOX", "", "", one.as_bytes())


def mail(name: str, sender: str, subject: str, text: str, *after: str) -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"], made["Message-ID"] = sender, USER, subject, f"<{name}@x.test>"
    made["Date"] = utc_now()
    if after:
        made["In-Reply-To"], made["References"] = f"<{after[-1]}@x.test>", " ".join(f"<{one}@x.test>" for one in after)
    made.set_content(text)
    return made


def test_a_thread_with_photos_and_a_newsletter(desk: SourceHouse, port: int, tmp_path: Path) -> None:
    subject = "Broken on arrival – order TYRTZQ6C6PGHC42X"
    first = mail("a", "Ama Owusu <ama@example.com>", subject, "It arrived cracked.\nAma")
    first.add_attachment(picture(tmp_path), maintype="image", subtype="png", filename="приём ✓.png")
    third = mail("c", "Ama Owusu <ama@example.com>", f"Re: {subject}", "Here is the box.", "a", "b")
    third.add_alternative(
        "<p>Here is the box. <img src='http://tracker.invalid/p.gif'><script>alert(1)</script></p>", subtype="html"
    )
    put(port, first, mail("b", USER, f"Re: {subject}", "Sorry! A photo of the box?", "a"), third)
    put(port, mail("n", "x@example.net", "Newsletter", "buy"))
    counts = run(desk, OPERATOR, "mail")
    assert (counts.new, counts.ignored, counts.quarantined) == (3, 1, 0)
    with desk.engine.connect() as connection:
        assert len(connection.execute(select(refund_case.c.id)).all()) == 1
        texts = connection.execute(select(message.c.text).order_by(message.c.id)).scalars().all()
        assert texts[2] == "Here is the box."
        assert connection.execute(select(evidence.c.name)).scalars().all() == ["приём ✓.png"]
    assert run(desk, OPERATOR, "mail").read == 0
    put(port, mail("d", "ama@example.com", f"Re: {subject}", "Any news?", "a", "b", "c"))
    assert run(desk, OPERATOR, "mail").new == 1


def test_a_wrong_password_is_said_to_be_one(desk: SourceHouse, port: int) -> None:
    where = {"host": "127.0.0.1", "port": port, "security": "none", "private": True, "username": USER}
    desk.connect("closed", "imap", where, {"password": "nonsense"})
    with pytest.raises(Unavailable, match=r"source\.sign_in"):
        run(desk, OPERATOR, "closed")
    desk.connect("elsewhere", "imap", {**where, "mailbox": "Nowhere"}, {"password": PASSWORD})
    with pytest.raises(Unavailable, match=r"source\.mailbox"):
        run(desk, OPERATOR, "elsewhere")
