"""Real bills through the panel, end to end: JD, WeChat, Alipay and a bank statement against the shop's orders."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PySide6.QtWidgets import QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from refund_desk.desktop.clock import DeskClock
from refund_desk.desktop.context import Desk
from refund_desk.desktop.keys import Keys
from refund_desk.desktop.operations import Operations
from refund_desk.desktop.reconciliation import ReconciliationPanel
from refund_desk.desktop.theme import Theme
from refund_desk.desktop.words import DeskWords
from refund_desk.domain.reconciliation import BreakKind, Kind
from refund_desk.domain.requests import Saying
from refund_desk.domain.words import RecordKind, Role
from refund_desk.service import people
from refund_desk.sources.statements import read_statement
from refund_desk.wiring import House
from tests.fakes import panel_samples as samples
from tests.fakes.desk_api import PASSWORD, open_house
from tests.fakes.house import Clock
from tests.statements.test_bank_files import entry, statement
from tests.statements.test_bills import ALIPAY

PLACED = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = open_house(tmp_path / "home", tmp_path / "keys", None, Clock(), worker=False)
    yield made
    made.close()


def order(house: House, number: str, currency: str, paid: int, refunded: int) -> None:
    """What the shop says of an order. Amounts in minor units."""
    now = house.desk.clock()
    fields = {"paid": paid, "refunded": refunded, "placed_at": PLACED}
    said = Saying("", "mall", RecordKind.ORDER, number, number, now, fields, None, currency)
    with house.write() as work:
        known = work.facts.ensure_order(number, currency, None)
        work.facts.observe(known.id, [said], now, lambda _said: b"")


@pytest.fixture
def panel(qtbot: QtBot, operations: Operations, theme: Theme, words: DeskWords, house: House) -> Iterator[QWidget]:
    operator = house.operators[house.operator_token("tests")]
    secret = people.new_password(house.desk, PASSWORD)
    with house.write() as work:
        people.add_account(work, house.desk, operator, "Fiona", "fiona", [Role.FINANCE], secret)
    with house.write() as work:
        session = people.sign_in(work, house.desk, "fiona", True)
    assert session is not None
    window = QWidget()
    qtbot.addWidget(window)
    client, me = house.client(session.token), samples.me(Role.FINANCE)
    desk = Desk(client, operations, Keys(window), DeskClock(house.desk.clock()), me, samples.status())
    made = ReconciliationPanel(desk)
    QVBoxLayout(window).addWidget(made)
    with qtbot.waitExposed(window):
        window.show()
    made.start()
    qtbot.waitUntil(lambda: made.counts is not None)
    yield made
    window.close()


def bring(panel: ReconciliationPanel, qtbot: QtBot, path: Path, source: str) -> None:
    """A file taken in by the panel, and the run that follows, to its end."""
    panel.note.setAccessibleName("")
    panel.files.send(path, source)
    qtbot.waitUntil(lambda: "匹配" in panel.note.accessibleName(), timeout=20_000)


def shown(panel: ReconciliationPanel) -> set[tuple[BreakKind, int, str | None]]:
    return {(row.kind, row.minor, row.order) for row in panel.model.rows}


def counted(house: House) -> int:
    with house.read() as work:
        return sum(work.reconciliation.count_breaks(0).kinds.values())


def test_bills_of_four_kinds_are_held_against_the_shops_orders(
    panel: ReconciliationPanel, house: House, qtbot: QtBot, tmp_path: Path, shared_set: Callable[[str], Path]
) -> None:
    bills = shared_set("cn_payment_bills")
    jd = bills / "jd_order_bill_utf8bom.csv"
    rows = [row for row in read_statement(jd.read_bytes()).rows if row.kind is not None]
    number = rows[0].refs[0]
    paid = sum(row.minor for row in rows if number in row.refs and row.kind is Kind.PAYMENT)
    order(house, number, "CNY", paid, 0)
    order(house, "SO-1", "CNY", 1_234, 0)
    order(house, "SO-9", "EUR", 7_500, 0)
    bring(panel, qtbot, jd, "jd")
    assert counted(house) == 0  # it comes out to the cent
    alipay = tmp_path / "alipay.csv"
    alipay.write_bytes(ALIPAY.encode("gb18030"))
    bring(panel, qtbot, alipay, "alipay")
    missing = (BreakKind.MISSING_HERE, 500, "SO-1")
    qtbot.waitUntil(lambda: shown(panel) == {missing})
    bank = tmp_path / "camt.xml"
    bank.write_bytes(statement(entry(e2e="SO-9", text="Order SO-9"), closing="170.00"))
    bring(panel, qtbot, bank, "bank")
    qtbot.waitUntil(lambda: shown(panel) == {missing, (BreakKind.UNDER, 500, "SO-9")})
    bring(panel, qtbot, bills / "wechat_bill_utf8.csv", "wechat_pay")
    assert counted(house) == 2  # nobody here sold what it lists
    saved = tmp_path / "breaks.csv"
    panel.save_to(saved)
    qtbot.waitUntil(saved.exists, timeout=20_000)
    head, *lines = list(csv.reader(saved.read_text("utf-8-sig").splitlines()))
    assert {(line[head.index("order")], line[head.index("difference_minor")]) for line in lines} == {
        ("SO-1", "500"),
        ("SO-9", "500"),
    }
    order(house, "SO-1", "CNY", 1_234, 500)
    panel.run.click()
    qtbot.waitUntil(lambda: [row.order for row in panel.model.rows] == ["SO-9"])
