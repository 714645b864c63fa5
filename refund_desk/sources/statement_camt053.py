"""camt.053 (ISO 20022 bank statements), any version: entries and their transactions; balances and sums checked.

XML by defusedxml: no document type, no entity, nothing fetched. One row for each transaction of a batch entry.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from refund_desk.domain.errors import Invalid
from refund_desk.domain.money import parse
from refund_desk.domain.reconciliation import Kind, State
from refund_desk.domain.statements import BadRow, Statement, StatementFinding, StatementRow
from refund_desk.sources.bills import MOST_BYTES, Unreadable

_STATES = {"BOOK": State.DONE, "PDNG": State.PENDING, "INFO": State.FAILED, "FUTR": State.PENDING}


def fits(data: bytes) -> bool:
    """Whether it looks like one: the word is in its head."""
    return b"camt.053" in data[:2_000] or b"BkToCstmrStmt" in data[:4_000]


def read_camt053(data: bytes, payers: frozenset[str] = frozenset()) -> Statement:
    """A bank's statement. payers: names (any case) whose credits are payouts of a gateway, not a customer's transfer.

    Raises Invalid `statement.broken_xml`, `statement.too_large`, `statement.unknown_format`.
    """
    if len(data) > MOST_BYTES:
        raise Invalid("statement.too_large", bytes=len(data), most=MOST_BYTES)
    try:
        root = fromstring(data, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise Invalid("statement.broken_xml", detail=str(error)[:200]) from error
    statements = [one for one in root.iter() if _name(one) == "Stmt"]
    if not statements:
        raise Invalid("statement.unknown_format")
    good: list[StatementRow] = []
    bad: list[BadRow] = []
    findings: list[StatementFinding] = []
    for one in statements:
        _statement(one, frozenset(name.casefold() for name in payers), good, bad, findings)
    account = _text(statements[0], "Acct/Id/IBAN") or _text(statements[0], "Acct/Id/Othr/Id")
    currency = good[0].currency if good else _text(statements[0], "Acct/Ccy")
    return Statement("camt053", "xml", currency, tuple(good), tuple(bad), tuple(findings), account)


def _statement(
    statement: Element,
    payers: frozenset[str],
    good: list[StatementRow],
    bad: list[BadRow],
    findings: list[StatementFinding],
) -> None:
    moved, entries = 0, _all(statement, "Ntry")
    for number, entry in enumerate(entries, len(good) + len(bad) + 1):
        try:
            rows, signed = _entry(number, entry, payers, findings)
        except Unreadable as problem:
            bad.append(BadRow(number, problem.code, problem.params))
            continue
        good += rows
        moved += signed
    findings += _balances(statement, moved, bool(bad))
    said = _text(statement, "TxsSummry/TtlNtries/NbOfNtries")
    if said and said != str(len(entries)):
        findings.append(StatementFinding("count_differs", {"side": "all", "said": said, "rows": len(entries)}))


def _entry(
    number: int, entry: Element, payers: frozenset[str], findings: list[StatementFinding]
) -> tuple[list[StatementRow], int]:
    """Rows of an entry, and by how much it moved the account."""
    minor, currency = _amount(entry, "Amt")
    credit = _credit(entry)
    status = _text(entry, "Sts/Cd") or _text(entry, "Sts")
    if status not in _STATES:
        raise Unreadable("state_unknown", text=status[:20])
    at = _moment(_text(entry, "BookgDt/DtTm") or _text(entry, "BookgDt/Dt") or _text(entry, "ValDt/Dt"))
    parts = _all(entry, "NtryDtls/TxDtls") or [entry]
    rows = [_row(number, part, entry, minor, currency, credit, at, _STATES[status], payers) for part in parts]
    total = sum(row.minor for row in rows)
    if len(parts) > 1 and total != minor:
        said, counted = {"minor": minor, "currency": currency}, {"minor": total, "currency": currency}
        findings.append(StatementFinding("batch_differs", {"line": number, "said": said, "rows": counted}))
    booked = status == "BOOK"
    return rows, (minor if credit else -minor) if booked else 0


def _row(
    number: int,
    part: Element,
    entry: Element,
    minor: int,
    currency: str,
    credit: bool,
    at: datetime,
    state: State,
    payers: frozenset[str],
) -> StatementRow:
    own = "Amt" if part is not entry and part.find("{*}Amt") is not None else "AmtDtls/TxAmt/Amt"
    if part is not entry and _find(part, own) is not None:
        minor, currency = _amount(part, own)
    side = "Dbtr" if credit else "Cdtr"
    name = _text(part, f"RltdPties/{side}/Nm") or _text(part, f"RltdPties/{side}/Pty/Nm")
    refs = [_text(part, f"Refs/{one}") for one in ("EndToEndId", "InstrId", "TxId", "MsgId", "AcctSvcrRef")]
    refs += [_text(part, "RmtInf/Strd/CdtrRefInf/Ref"), *(one.text or "" for one in _all(part, "RmtInf/Ustrd"))]
    payout = credit and any(payer in name.casefold() for payer in payers)
    kind = Kind.PAYOUT if payout else Kind.PAYMENT if credit else Kind.REFUND
    return StatementRow(
        number,
        kind,
        _text(part, "Refs/AcctSvcrRef") or _text(entry, "AcctSvcrRef") or _text(entry, "NtryRef"),
        tuple(dict.fromkeys(ref.strip() for ref in refs if ref.strip() and ref.strip() != "NOTPROVIDED")),
        minor,
        currency,
        at,
        name=name,
        fee=_charges(part, currency),
        state=state,
        side="in" if credit else "out",
    )


def _balances(statement: Element, moved: int, stopped: bool) -> Iterator[StatementFinding]:
    """Opening and what moved must come to the closing balance; with stopped rows that can't be said."""
    of: dict[str, tuple[int, str]] = {}
    for one in _all(statement, "Bal"):
        try:
            minor, currency = _amount(one, "Amt")
            of[_text(one, "Tp/CdOrPrtry/Cd")] = (minor if _credit(one) else -minor), currency
        except Unreadable:
            yield StatementFinding("balance_unreadable", {})
            return
    opening, closing = of.get("OPBD") or of.get("PRCD"), of.get("CLBD")
    if opening and closing and not stopped and opening[0] + moved != closing[0]:
        said = {"minor": closing[0], "currency": closing[1]}
        rows = {"minor": opening[0] + moved, "currency": closing[1]}
        yield StatementFinding("balance_differs", {"said": said, "rows": rows})


def _charges(part: Element, currency: str) -> int | None:
    """What a bank kept for itself, where it says so in the entry's currency."""
    found = _find(part, "Chrgs/TtlChrgsAndTaxAmt")
    if found is None or found.get("Ccy", currency) != currency:
        return None
    return _minor(found.text or "", currency)


# ---------------------------------------------------------------- XML without its namespaces


def _name(one: Element) -> str:
    return one.tag.rpartition("}")[2]


def _find(one: Element, path: str) -> Element | None:
    return one.find("/".join(f"{{*}}{name}" for name in path.split("/")))


def _all(one: Element, path: str) -> list[Element]:
    return one.findall("/".join(f"{{*}}{name}" for name in path.split("/")))


def _text(one: Element, path: str) -> str:
    found = _find(one, path)
    return (found.text or "").strip() if found is not None else ""


def _credit(one: Element) -> bool:
    said = _text(one, "CdtDbtInd")
    if said not in {"CRDT", "DBIT"}:
        raise Unreadable("side_unknown", text=said[:20])
    return said == "CRDT"


def _amount(one: Element, path: str) -> tuple[int, str]:
    found = _find(one, path)
    if found is None:
        raise Unreadable("amount_unreadable", text="")
    currency = found.get("Ccy", "")
    return _minor(found.text or "", currency), currency


def _minor(text: str, currency: str) -> int:
    try:
        return parse(text.strip(), currency).minor
    except Invalid as error:
        raise Unreadable("amount_unreadable", text=text[:60]) from error


def _moment(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise Unreadable("time_unreadable", text=text[:40]) from error
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
