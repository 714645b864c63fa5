"""Whatever bill or bank file it is: looked at, read by the reader that fits, or refused with the reason."""

from __future__ import annotations

from refund_desk.domain.statements import Statement
from refund_desk.sources import statement_camt053, statement_stripe
from refund_desk.sources.bill_layouts import LAYOUTS
from refund_desk.sources.bills import read_bill, table


def read_statement(data: bytes, payers: frozenset[str] = frozenset()) -> Statement:
    """A pure function of the bytes. Raises Invalid: `statement.encoding`, `too_large`, `unknown_format`, `broken_…`."""
    if data.lstrip()[:1] == b"<" or statement_camt053.fits(data):
        return statement_camt053.read_camt053(data, payers)
    if not data.startswith(b"PK\x03\x04") and statement_stripe.fits(table(data)[0][:1]):
        return statement_stripe.read_stripe(data)
    return read_bill(data, LAYOUTS)
