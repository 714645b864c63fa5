"""What a text to the customer names: no amount and no date that isn't approved, promised, or known to both already."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from refund_desk.domain.decisions import ProposalContent
from refund_desk.domain.errors import Invalid
from refund_desk.domain.mentions import amounts_in, dates_in
from refund_desk.domain.money import Money, decimal_text
from refund_desk.domain.process import arrives_by
from refund_desk.service.casefile import CaseFile
from refund_desk.service.ports import Desk, Work

_DEAD = ("failed", "cancelled")


def check_reply(work: Work, desk: Desk, file: CaseFile, text: str) -> None:
    """A reply. Raises Invalid `message.amount_not_approved` or `message.date_not_approved`."""
    for code, params in unapproved(work, desk, file, text):
        raise Invalid(code, **params)


def check_letter(work: Work, desk: Desk, file: CaseFile, content: ProposalContent) -> None:
    """What a decision tells the customer in words of its own; its own amounts count as approved: they will be.

    Raises Invalid `proposal.invalid` with `problems` at public_text, want and questions.
    """
    words = {"public_text": content.public_text or "", "want": content.want or ""}
    words |= {"questions" if not n else f"questions[{n}]": text for n, text in enumerate(content.questions)}
    own = _own(content)
    problems = [
        {"path": path, "code": code, "params": params}
        for path, text in words.items()
        for code, params in unapproved(work, desk, file, text, own)
    ]
    if problems:
        raise Invalid("proposal.invalid", problems=problems)


def unapproved(
    work: Work, desk: Desk, file: CaseFile, text: str, also: Iterable[int] = ()
) -> list[tuple[str, dict[str, Any]]]:
    """What a text names and may not, as (code, params). `also`: further amounts that it may name, minor units."""
    named, dates = amounts_in(text), dates_in(text)
    if not named and not dates:
        return []
    messages = work.facts.messages(file.state.id)
    fine = _known_amounts(file, messages) | set(also)
    wording = {decimal_text(Money(minor, file.state.currency)) for minor in fine}
    found: list[tuple[str, dict[str, Any]]] = []
    if bad := [amount for amount in named if not any(_same(amount, other) for other in wording)]:
        found.append(("message.amount_not_approved", {"amounts": bad}))
    known = _known_dates(desk, file, messages) if dates else set()
    if unknown := [f"{month:02d}-{day:02d}" for month, day in dates if (month, day) not in known]:
        found.append(("message.date_not_approved", {"dates": unknown}))
    return found


def _own(content: ProposalContent) -> set[int]:
    """Amounts that approving a proposal approves."""
    terms = content.credit_terms
    own = {content.amount_minor, content.shipping_minor, content.fee_minor, *(line.minor for line in content.lines)}
    own |= {terms.minimum_spend_minor} if terms else set()
    return {minor for minor in own if minor is not None}


def _known_amounts(file: CaseFile, messages: Sequence[Mapping[str, Any]]) -> set[int]:
    """Approved, on their way, asked for, promised, or on the order: minor units."""
    known = {p.amount_minor for p in file.proposals if p.status == "approved"}
    known |= {i.amount_minor for i in file.intents if i.state not in _DEAD}
    known |= {request["amount_minor"] for request in file.requests}
    known |= {message["promise_minor"] for message in messages}
    known |= {file.shares.total_minor, *(line.minor for line in file.shares.lines)}
    known |= {int(line.get("unit_price", 0)) for line in file.lines}
    return {minor for minor in known if minor is not None}


def _known_dates(desk: Desk, file: CaseFile, messages: Sequence[Mapping[str, Any]]) -> set[tuple[int, int]]:
    """Dates a text may name: what happened, today, and when an approved payout should arrive."""
    times = [desk.clock(), file.state.opened_at]
    times += [said.value for r in file.records for said in r.fields.values() if isinstance(said.value, datetime)]
    times += [m["sent_at"] for m in messages] + [r["created_at"] for r in file.requests]
    paid = [i.created_at for i in file.intents if i.state not in _DEAD]
    times += [arrives_by(file.process, file.state.method, at) for at in paid]
    # The customer's own calendar may be a day ahead of ours or behind it.
    near = [time + timedelta(hours=hours) for time in times for hours in (-12, 0, 14)]
    return {(time.month, time.day) for time in near}


def _same(one: str, other: str) -> bool:
    """1299 and 1299.00 are one amount."""
    return one.rstrip("0").rstrip(".") == other.rstrip("0").rstrip(".") if "." in one + other else one == other
