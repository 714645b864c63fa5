"""What people other than the deciding reviewer do on a case, as data: approve, pay, inspect, release, rule, reopen.

A step is an activity of the process. It has fields, knows when it is offered, and which call it is.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from refund_desk.client.api import DeskClient
from refund_desk.domain.errors import DeskError
from refund_desk.domain.money import parse, plain_number
from refund_desk.domain.words import Aspect, Role
from refund_desk.wire import clocks as k
from refund_desk.wire import commands as c
from refund_desk.wire.cases import CaseView
from refund_desk.wire.decisions import ConsultationView, IntentView

Values = Mapping[str, str]
Call = Callable[[DeskClient, CaseView, Values, str], Awaitable[Any]]
VERDICT_RESTS_ON = (Aspect.FACTS, Aspect.MONEY, Aspect.PROPOSAL)
OPEN_INTENTS = frozenset({"reserved", "submitting", "pending", "unknown"})
PAID_OUT = frozenset({"succeeded", "arrived"})


def open_intents(view: CaseView) -> list[IntentView]:
    return [intent for intent in view.intents if intent.state in OPEN_INTENTS]


def paid_intents(view: CaseView) -> list[IntentView]:
    """Money that went out, and so could come back."""
    return [intent for intent in view.intents if intent.state in PAID_OUT and intent.tender.value != "goods"]


def _of_inspection(choice: str) -> str:
    return f"ui.case.inspection.{choice}"


def _of_merchant(choice: str) -> str:
    return f"ui.case.merchant.{choice}"


@dataclass(frozen=True, slots=True)
class StepField:
    """name: also its words `ui.case.step.<name>`. kind: line, text, money, or choice of `choices`."""

    name: str
    kind: str = "line"
    required: bool = True
    choices: tuple[str, ...] = ()
    words: Callable[[str], str] = _of_inspection
    """The words of a choice."""


@dataclass(frozen=True, slots=True)
class Step:
    """`first`: offered as what is done here, its fields open at once; else behind its key."""

    activity: str
    keys: str
    call: Call
    fields: tuple[StepField, ...] = ()
    look: str = "plain"
    first: bool = False
    offered: Callable[[CaseView], bool] = field(default=lambda _view: True)
    intents: Callable[[CaseView], list[IntentView]] = open_intents
    """Those that its field `intent` chooses from."""

    def complete(self, values: Values) -> bool:
        return all(values.get(one.name, "").strip() for one in self.fields if one.required)


def open_consultations(view: CaseView, roles: frozenset[Role]) -> list[ConsultationView]:
    """Questions to these roles that nobody answered yet."""
    asked = [c for c in view.consultations if c.answered_at is None and c.overridden_by is None]
    return [one for one in asked if one.role in roles]


def _intent(intents: list[IntentView], values: Values) -> IntentView:
    """The chosen one, else the first."""
    return next((intent for intent in intents if intent.id == values.get("intent")), intents[0])


def _versions(view: CaseView) -> dict[Aspect, int]:
    return {aspect: view.versions[aspect] for aspect in VERDICT_RESTS_ON if aspect in view.versions}


def _because(name: str) -> Call:
    return lambda client, view, values, key: client.step(view.ref, name, c.Because(reason=values["reason"]), key)


def _number(view: CaseView) -> int:
    return view.proposal.number if view.proposal is not None else 0


def _approve(client: DeskClient, view: CaseView, values: Values, key: str) -> Awaitable[Any]:
    digest = view.proposal.digest if view.proposal is not None else ""
    body = c.Verdict(digest=digest, rests_on=_versions(view), reason=values.get("comment") or None)
    return client.approve(view.ref, _number(view), body, key)


def _return(client: DeskClient, view: CaseView, values: Values, key: str) -> Awaitable[Any]:
    body = c.SendBack(reason=values["reason"], rests_on=_versions(view))
    return client.return_proposal(view.ref, _number(view), body, key)


def _decline(client: DeskClient, view: CaseView, values: Values, key: str) -> Awaitable[Any]:
    body = c.SendBack(reason=values["reason"], rests_on=_versions(view))
    return client.decline_proposal(view.ref, _number(view), body, key)


def _withdraw(client: DeskClient, view: CaseView, _values: Values, key: str) -> Awaitable[Any]:
    return client.withdraw(view.ref, _number(view), key)


def _confirm(client: DeskClient, view: CaseView, values: Values, key: str) -> Awaitable[Any]:
    intent = _intent(open_intents(view), values)
    body = c.ConfirmPayout(
        reference=values["reference"].strip(), minor=minor_of(values["amount"], intent), currency=intent.amount.currency
    )
    return client.confirm_payout(intent.id, body, key)


def minor_of(text: str, intent: IntentView) -> int:
    """Minor units of a typed amount. DeskError where it can't be read."""
    return parse(plain_number(text), intent.amount.currency).minor


def _fail(client: DeskClient, view: CaseView, values: Values, key: str) -> Awaitable[Any]:
    return client.payout_failed(_intent(open_intents(view), values).id, c.PayoutFailed(reason=values["reason"]), key)


def _cancel(client: DeskClient, view: CaseView, values: Values, key: str) -> Awaitable[Any]:
    return client.cancel_payout(_intent(open_intents(view), values).id, c.Because(reason=values["reason"]), key)


def _came_back(client: DeskClient, view: CaseView, values: Values, key: str) -> Awaitable[Any]:
    return client.payout_returned(_intent(paid_intents(view), values).id, c.Because(reason=values["reason"]), key)


def _ask(client: DeskClient, view: CaseView, values: Values, key: str) -> Awaitable[Any]:
    chosen = values.get("intent")
    intent = next((one for one in asked_about(view) if one.id == chosen), asked_about(view)[0])
    return client.ask_payout(intent.id, key)


def asked_about(view: CaseView) -> list[IntentView]:
    """Intents that a gateway can be asked about, those whose outcome is unknown first."""
    found = [intent for intent in view.intents if intent.state in ("unknown", "pending", "succeeded")]
    return sorted(found, key=lambda intent: intent.state != "unknown")


def _out(view: CaseView) -> bool:
    return any(intent.state in ("unknown", "pending") or intent.overdue for intent in view.intents)


def _receive(client: DeskClient, view: CaseView, values: Values, key: str) -> Awaitable[Any]:
    body = c.GoodsReceived(tracking=values.get("tracking") or None, note=values.get("note") or None)
    return client.step(view.ref, "return-received", body, key)


def _inspect(client: DeskClient, view: CaseView, values: Values, key: str) -> Awaitable[Any]:
    body = c.Inspection.model_validate({"result": values["result"], "note": values.get("note") or None})
    return client.step(view.ref, "inspection", body, key)


def _answer(client: DeskClient, _view: CaseView, values: Values, key: str) -> Awaitable[Any]:
    return client.answer(int(values["consultation"]), values["answer"], key)


def _merchant(client: DeskClient, view: CaseView, values: Values, key: str) -> Awaitable[Any]:
    body = k.MerchantAnswer.model_validate({"answer": values["said"], "text": values["words"]})
    return client.step(view.ref, "merchant-answer", body, key)


def _ship(client: DeskClient, view: CaseView, values: Values, key: str) -> Awaitable[Any]:
    body = c.Shipped(tracking=values["tracking"].strip(), carrier=values.get("carrier") or None)
    return client.step(view.ref, "shipped", body, key)


_REASON = (StepField("reason", "text"),)
_INTENT = StepField("intent", "intent", required=False)
_MONEY = (_INTENT, StepField("reference"), StepField("amount", "money"))


def _gives_goods(view: CaseView) -> bool:
    return any(intent.tender.value == "goods" for intent in open_intents(view))


def _gives_money(view: CaseView) -> bool:
    return any(intent.tender.value != "goods" for intent in open_intents(view))


def _has_intents(view: CaseView) -> bool:
    return bool(open_intents(view))


def _may_be_erased(view: CaseView) -> bool:
    return not view.open and not view.customer.erased


def _has_proposal(view: CaseView) -> bool:
    return view.proposal is not None


STEPS: tuple[Step, ...] = (
    Step("proposal.approve", "A", _approve, (StepField("comment", required=False),), "primary", True, _has_proposal),
    Step("proposal.return", "B", _return, _REASON, offered=_has_proposal),
    Step("proposal.decline", "R", _decline, _REASON, "danger", offered=_has_proposal),
    Step("proposal.withdraw", "Z", _withdraw, offered=_has_proposal),
    Step("payout.confirm", "A", _confirm, _MONEY, "primary", True, _gives_money),
    Step("payout.ask", "Shift+Q", _ask, offered=_out),
    Step("payout.fail", "X", _fail, (_INTENT, *_REASON), "danger", offered=_has_intents),
    Step("payout.cancel", "Z", _cancel, (_INTENT, *_REASON), offered=_has_intents),
    Step(
        "payout.returned",
        "Shift+X",
        _came_back,
        (_INTENT, *_REASON),
        "danger",
        offered=lambda view: bool(paid_intents(view)),
        intents=paid_intents,
    ),
    Step(
        "exchange.ship",
        "H",
        _ship,
        (StepField("tracking"), StepField("carrier", required=False)),
        "primary",
        True,
        _gives_goods,
    ),
    Step(
        "return.receive",
        "A",
        _receive,
        (StepField("tracking", required=False), StepField("note", required=False)),
        "primary",
        True,
    ),
    Step(
        "return.inspect",
        "A",
        _inspect,
        (
            StepField("result", "choice", choices=("complete", "short", "damaged", "other_goods")),
            StepField("note", required=False),
        ),
        "primary",
        True,
    ),
    Step(
        "consult.answer",
        "A",
        _answer,
        (StepField("consultation", "consultation", required=False), StepField("answer", "text")),
        "primary",
        True,
    ),
    Step(
        "merchant.answer",
        "A",
        _merchant,
        (
            StepField("said", "choice", choices=("accepted", "offered", "refused"), words=_of_merchant),
            StepField("words", "text"),
        ),
        "primary",
        True,
    ),
    Step("decision.hold.release", "A", _because("hold-release"), _REASON, "primary", True),
    Step("arbitration.decide", "A", _because("arbitration"), _REASON, "primary", True),
    Step("case.close", "X", _because("close"), _REASON),
    Step("case.reopen", "Shift+O", _because("reopen"), _REASON),
    Step("customer.erase", "Shift+E", _because("customer-erase"), _REASON, "danger", offered=_may_be_erased),
)


def steps_for(view: CaseView) -> list[Step]:
    """The steps the viewer may take on this case now, what is done first in front."""
    found = [step for step in STEPS if step.activity in view.actions and step.offered(view)]
    return sorted(found, key=lambda step: not step.first)


__all__ = ["STEPS", "DeskError", "Step", "StepField", "minor_of", "open_consultations", "open_intents", "steps_for"]
