"""Bills of JD, WeChat and Alipay: real exports where they are there, and files made here for what those don't have."""

from __future__ import annotations

import io
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from refund_desk.domain.errors import Invalid
from refund_desk.domain.reconciliation import Kind, State
from refund_desk.domain.statements import Statement
from refund_desk.sources.bills import Unreadable, amount, fee_of
from refund_desk.sources.statements import read_statement

ALIPAY = """支付宝（中国）网络技术有限公司  电子客户回单
共3笔记录
收入：1笔 88.00元
支出：1笔 12.34元
不计收支：1笔 5.00元

交易时间,交易分类,交易对方,对方账号,商品说明,收/支,金额,收/付款方式,交易状态,交易订单号,商家订单号,备注,
2026-05-01 10:00:00,日用百货,某店,a***@b.com,肥皂,支出,12.34,余额宝,交易成功,2026050122001\t,SO-1\t,,
2026-05-02 11:00:00,转账红包,李雷,/,转账,收入,88.00,/,交易成功,2026050222002\t,\t,,
2026-05-03 12:00:00,退款,某店,a***@b.com,退款-肥皂,不计收支,5.00,余额宝,退款成功,2026050122001_re\t,SO-1\t,,
"""
WECHAT_MERCHANT = """交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注
`2026-05-01 10:00:00,`wx1,`1900,`0,`,`42000001,`SO-1,`o1,`JSAPI,`SUCCESS,`OTHERS,`CNY,`100.00,`0.00,`0,`0,`0.00,`0.00,`,`,`茶,`,`0.60000,`0.60%,`100.00,`0.00,`
`2026-05-02 10:00:00,`wx1,`1900,`0,`,`42000001,`SO-1,`o1,`JSAPI,`REFUND,`OTHERS,`CNY,`0.00,`0.00,`50000001,`RF-1,`40.00,`0.00,`ORIGINAL,`SUCCESS,`茶,`,`-0.24000,`0.60%,`0.00,`40.00,`
总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额
`2,`100.00,`40.00,`0.00,`0.36000,`100.00,`40.00
"""  # noqa: E501


def read(name: str, root: Path) -> Statement:
    return read_statement((root / name).read_bytes())


def test_jd_totals_come_out_to_the_cent(shared_set: Callable[[str], Path]) -> None:
    bill = read("jd_order_bill_utf8bom.csv", shared_set("cn_payment_bills"))
    assert (bill.format, bill.encoding, len(bill.rows), bill.bad) == ("jd_bill", "utf-8-sig", 26, ())
    out = [row for row in bill.rows if row.side == "out"]
    assert sum(row.minor - row.refunded for row in out) == 164_843
    assert sum(row.minor for row in bill.rows if row.kind is Kind.REFUND) == 109_759
    assert sum(1 for row in out if row.refunded) == 4
    assert bill.findings == ()


def test_a_bill_that_disagrees_with_itself_is_taken_with_findings(shared_set: Callable[[str], Path]) -> None:
    jd = (shared_set("cn_payment_bills") / "jd_order_bill_utf8bom.csv").read_bytes()
    assert [one.code for one in read_statement(jd.replace(b"1648.43", b"1648.44")).findings] == ["total_differs"]
    wechat = read("wechat_bill_utf8.csv", shared_set("cn_payment_bills"))
    assert wechat.format == "wechat_bill"
    assert not wechat.bad
    assert Counter(one.code for one in wechat.findings)["count_differs"] >= 1
    assert {row.fee for row in wechat.rows if row.fee} == {10, 100}
    assert all("\t" not in ref and ref != "/" for row in wechat.rows for ref in row.refs)


def test_alipay_in_gb18030(tmp_path: Path) -> None:
    bill = read_statement(ALIPAY.encode("gb18030"))
    assert (bill.format, bill.encoding) == ("alipay_bill", "gb18030")
    assert [(row.kind, row.minor) for row in bill.rows] == [
        (Kind.PAYMENT, 1_234),
        (Kind.PAYMENT, 8_800),
        (Kind.REFUND, 500),
    ]
    assert bill.findings == ()
    assert bill.rows[0].refs == ("SO-1", "2026050122001")
    assert read_statement(ALIPAY.encode("utf-16")).rows == bill.rows


def test_a_merchant_s_bill_of_wechat_with_its_refund_and_fees() -> None:
    bill = read_statement(WECHAT_MERCHANT.encode())
    assert (bill.format, bill.bad) == ("wechat_merchant", ())
    assert [(row.kind, row.minor, row.fee, row.id) for row in bill.rows] == [
        (Kind.PAYMENT, 10_000, 60, "42000001"),
        (Kind.REFUND, 4_000, 24, "50000001"),
    ]
    assert bill.findings == ()
    other = read_statement(WECHAT_MERCHANT.replace("`2,`100.00,`40.00", "`2,`100.00,`41.00").encode())
    assert [one.code for one in other.findings] == ["total_differs"]


def test_a_row_with_cells_missing_is_stopped_and_nothing_breaks() -> None:
    lines = ALIPAY.splitlines()
    lines[7] = "2026-05-01 10:00:00,日用百货,某店"
    bill = read_statement("\n".join(lines).encode())
    assert [bad.line for bad in bill.bad] == [8]
    assert {one.code for one in bill.findings} == {"count_differs", "total_differs"}


def test_a_value_that_cant_be_read_stops_its_row_alone() -> None:
    broken = ALIPAY.replace("12.34,余额宝", "12.3x,余额宝")
    bill = read_statement(broken.encode())
    assert [(bad.line, bad.code) for bad in bill.bad] == [(8, "amount_unreadable")]
    assert len(bill.rows) == 2
    late = read_statement(ALIPAY.replace("2026-05-02 11:00:00", "2026-13-02").encode())
    assert [bad.code for bad in late.bad] == ["time_unreadable"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("131.77(已退款89.84)", (13_177, 8_984)),
        ("468.32(已全额退款)", (46_832, 46_832)),
        ("¥50.0", (5_000, 0)),
        ("￥1,234.50", (123_450, 0)),
        ("0.00", (0, 0)),
    ],
)
def test_amounts_as_bills_write_them(text: str, expected: tuple[int, int]) -> None:
    assert amount(text, "CNY") == expected


@pytest.mark.parametrize("text", ["", "abc", "1.234", "12(已退款13)", "12(部分)", "1,23.00", "1e3", "--"])
def test_amounts_that_nobody_can_read_never_become_nothing(text: str) -> None:
    with pytest.raises(Unreadable):
        amount(text, "CNY")


def test_fees_in_a_column_or_a_remark() -> None:
    assert fee_of("服务费¥0.10", "CNY") == 10
    assert fee_of("/", "CNY") is None
    assert fee_of("生日快乐", "CNY") is None


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"a,b,c\n1,2,3\n", "statement.unknown_format"),
        (b"\x81\xff\xff\x00", "statement.encoding"),
        (b"PK\x03\x04 not a workbook", "statement.broken_table"),
        (b"", "statement.unknown_format"),
    ],
)
def test_a_file_that_cant_be_read_says_why(data: bytes, code: str) -> None:
    with pytest.raises(Invalid) as caught:
        read_statement(data)
    assert caught.value.code == code


def test_a_workbook_reads_like_the_table() -> None:
    lines = [line.split(",") for line in ALIPAY.splitlines()]
    bill = read_statement(_workbook(lines))
    assert bill.encoding == "xlsx"
    assert bill.rows == read_statement(ALIPAY.encode()).rows


def _workbook(lines: list[list[str]]) -> bytes:
    """The least xlsx that a reader takes: one sheet of inline text."""
    cells = "".join(
        f'<row r="{r}">'
        + "".join(f'<c r="{chr(65 + c)}{r}" t="inlineStr"><is><t>{text}</t></is></c>' for c, text in enumerate(line))
        + "</row>"
        for r, line in enumerate(lines, 1)
    )
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    rel = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    files = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"><Default Extension="rels" ContentType='
        '"application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentTyp'
        f'e="{kind}.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType='
        f'"{kind}.worksheet+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" Type='
        f'"{rel}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{space}" xmlns:r="{rel}"><sheets><sheet name="a" sheetId="1" r:id="r1"/>'
        "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" Type='
        f'"{rel}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{space}"><sheetData>{cells}</sheetData></worksheet>',
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return out.getvalue()


def test_rows_become_entries_with_a_name_each(shared_set: Callable[[str], Path]) -> None:
    bill = read("wechat_bill_utf8.csv", shared_set("cn_payment_bills"))
    entries = list(bill.entries("wechat"))
    assert len({entry.key for entry in entries}) == len(entries)
    assert len(entries) == sum(1 for row in bill.rows if row.kind is not None)
    assert {entry.state for entry in entries} == {State.DONE}
