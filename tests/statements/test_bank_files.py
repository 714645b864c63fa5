"""Bank statements (camt.053) and Stripe's payout report."""

from __future__ import annotations

import pytest

from refund_desk.domain.errors import Invalid
from refund_desk.domain.reconciliation import Kind, State
from refund_desk.sources.statement_camt053 import read_camt053
from refund_desk.sources.statements import read_statement

ENTRY = """<Ntry><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd><Sts>{status}</Sts>
<BookgDt><Dt>2026-05-04</Dt></BookgDt><AcctSvcrRef>{ref}</AcctSvcrRef><NtryDtls><TxDtls><Refs><EndToEndId>{e2e}</EndToEndId>
</Refs><RltdPties><Dbtr><Nm>{name}</Nm></Dbtr><Cdtr><Nm>{name}</Nm></Cdtr></RltdPties>
<RmtInf><Ustrd>{text}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>"""


def statement(*entries: str, opening: str = "100.00", closing: str = "150.00", version: str = "02") -> bytes:
    def balance(code: str, amount: str) -> str:
        return (
            f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy='EUR'>{amount}</Amt>"
            "<CdtDbtInd>CRDT</CdtDbtInd></Bal>"
        )

    space = f"urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}"
    return (
        f'<?xml version="1.0"?><Document xmlns="{space}"><BkToCstmrStmt><Stmt><Id>1</Id><Acct><Id><IBAN>DE1</IBAN></Id>'
        f"</Acct>{balance('OPBD', opening)}{balance('CLBD', closing)}{''.join(entries)}</Stmt></BkToCstmrStmt>"
        "</Document>"
    ).encode()


def entry(amount: str = "70.00", side: str = "CRDT", status: str = "BOOK", **more: str) -> str:
    values = {"ref": "B1", "e2e": "SO-1", "name": "Anna Smith", "text": "Order SO-1", **more}
    return ENTRY.format(amount=amount, side=side, status=status, **values)


OUT = entry("20.00", "DBIT", ref="B2", e2e="NOTPROVIDED", text="RF-1")


def test_credits_and_debits_with_their_references_and_the_balance() -> None:
    read = read_statement(statement(entry(), OUT))
    assert (read.format, read.account, read.currency, read.findings) == ("camt053", "DE1", "EUR", ())
    first, second = read.rows
    assert (first.kind, first.minor, first.refs, first.name) == (
        Kind.PAYMENT,
        7_000,
        ("SO-1", "Order SO-1"),
        "Anna Smith",
    )
    assert (second.kind, second.refs) == (Kind.REFUND, ("RF-1",))
    assert read_statement(statement(entry(), OUT, version="08")).rows == read.rows


def test_a_payer_that_is_a_gateway_pays_out() -> None:
    data = statement(entry(name="Stripe Payments Europe"), OUT)
    assert read_camt053(data, frozenset({"stripe"})).rows[0].kind is Kind.PAYOUT


def test_a_balance_that_doesnt_come_out_is_a_finding() -> None:
    assert [one.code for one in read_statement(statement(entry(), OUT, closing="151.00")).findings] == [
        "balance_differs"
    ]


def test_pending_entries_move_nothing_and_broken_ones_are_stopped() -> None:
    read = read_statement(statement(entry(), OUT, entry("9.99", status="PDNG"), entry("x"), entry("1.00", side="?")))
    assert [row.state for row in read.rows] == [State.DONE, State.DONE, State.PENDING]
    assert [bad.code for bad in read.bad] == ["amount_unreadable", "side_unknown"]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"<Document>", "statement.broken_xml"),
        (b'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "b">]><Document>&a;</Document>', "statement.broken_xml"),
        (b"<Document/>", "statement.unknown_format"),
    ],
)
def test_hostile_or_foreign_xml_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(Invalid) as caught:
        read_statement(data)
    assert caught.value.code == code


STRIPE = """automatic_payout_id,balance_transaction_id,created_utc,currency,gross,fee,net,reporting_category,source_id,description,payment_metadata[order_id]
po_1,txn_1,2026-05-01 10:00:00,usd,100.00,3.20,96.80,charge,ch_1,Order SO-1,SO-1
po_1,txn_2,2026-05-02 10:00:00,usd,-40.00,0.00,-40.00,refund,re_1,,SO-1
po_1,txn_3,2026-05-02 11:00:00,usd,-5.00,0.00,-5.00,dispute,dp_1,,
po_1,txn_4,2026-05-03 00:00:00,usd,-51.80,0.00,-51.80,payout,po_1,STRIPE PAYOUT,
"""  # noqa: E501


def test_stripe_s_report_with_fees_and_its_payout() -> None:
    read = read_statement(STRIPE.encode())
    assert (read.format, read.currency, read.findings, read.bad) == ("stripe_payouts", "USD", (), ())
    kinds = [(row.kind, row.minor, row.fee, row.batch) for row in read.rows[:2]]
    assert kinds == [(Kind.PAYMENT, 10_000, 320, "po_1"), (Kind.REFUND, 4_000, 0, "po_1")]
    assert read.rows[0].refs[0] == "SO-1"
    assert [row.kind for row in read.rows[2:]] == [None, None]


def test_stripe_rows_that_dont_add_up_are_stopped_and_payouts_that_differ_are_found() -> None:
    read = read_statement(STRIPE.replace("3.20,96.80", "3.20,96.81").encode())
    assert [(bad.line, bad.code) for bad in read.bad] == [(2, "net_differs")]
    other = read_statement(STRIPE.replace("-51.80,0.00,-51.80", "-50.00,0.00,-50.00").encode())
    assert [one.code for one in other.findings] == ["payout_differs"]
