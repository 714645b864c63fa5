"""The closed vocabularies of the desk, in the words of the product.

Each member's value is what stands in API and database. Labels are in resources/translations under
`<vocabulary>.<value>`, for example `reason.damaged` or `decision.return_first`.
"""

from __future__ import annotations

from enum import StrEnum


class RequestKind(StrEnum):
    """What the customer asks."""

    REFUND_ONLY = "refund_only"
    RETURN_FIRST = "return_first"
    EXCHANGE = "exchange"
    SEND_AGAIN = "send_again"


class Reason(StrEnum):
    """Why the customer asks (reason code)."""

    DAMAGED = "damaged"
    DEFECTIVE = "defective"
    WRONG_ITEM = "wrong_item"
    NOT_AS_DESCRIBED = "not_as_described"
    MISSING_ITEM = "missing_item"
    SPOILED = "spoiled"
    COUNTERFEIT = "counterfeit"
    NOT_RECEIVED = "not_received"
    LATE = "late"
    REJECTED_DELIVERY = "rejected_delivery"
    CHANGED_MIND = "changed_mind"
    ORDERED_BY_MISTAKE = "ordered_by_mistake"
    CANCELLED_BEFORE_SHIPPING = "cancelled_before_shipping"
    DUPLICATE_CHARGE = "duplicate_charge"
    OVERCHARGED = "overcharged"
    UNAUTHORISED = "unauthorised"
    PRICE_DIFFERENCE = "price_difference"
    OTHER = "other"


class ReasonGroup(StrEnum):
    """Reasons that speak of one loss; part of the request key."""

    QUALITY = "quality"
    DELIVERY = "delivery"
    CHANGE_OF_MIND = "change_of_mind"
    CHARGE = "charge"
    PRICE = "price"
    OTHER = "other"


REASON_GROUP: dict[Reason, ReasonGroup] = {
    Reason.DAMAGED: ReasonGroup.QUALITY,
    Reason.DEFECTIVE: ReasonGroup.QUALITY,
    Reason.WRONG_ITEM: ReasonGroup.QUALITY,
    Reason.NOT_AS_DESCRIBED: ReasonGroup.QUALITY,
    Reason.MISSING_ITEM: ReasonGroup.QUALITY,
    Reason.SPOILED: ReasonGroup.QUALITY,
    Reason.COUNTERFEIT: ReasonGroup.QUALITY,
    Reason.NOT_RECEIVED: ReasonGroup.DELIVERY,
    Reason.LATE: ReasonGroup.DELIVERY,
    Reason.REJECTED_DELIVERY: ReasonGroup.DELIVERY,
    Reason.CHANGED_MIND: ReasonGroup.CHANGE_OF_MIND,
    Reason.ORDERED_BY_MISTAKE: ReasonGroup.CHANGE_OF_MIND,
    Reason.CANCELLED_BEFORE_SHIPPING: ReasonGroup.CHANGE_OF_MIND,
    Reason.DUPLICATE_CHARGE: ReasonGroup.CHARGE,
    Reason.OVERCHARGED: ReasonGroup.CHARGE,
    Reason.UNAUTHORISED: ReasonGroup.CHARGE,
    Reason.PRICE_DIFFERENCE: ReasonGroup.PRICE,
    Reason.OTHER: ReasonGroup.OTHER,
}


class Role(StrEnum):
    REVIEWER = "reviewer"
    SUPERVISOR = "supervisor"
    LEAD = "lead"
    FINANCE = "finance"
    RISK = "risk"
    COMPLIANCE = "compliance"
    CUSTOMER_SERVICE = "customer_service"
    WAREHOUSE = "warehouse"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


class Decision(StrEnum):
    FULL = "full"
    PARTIAL = "partial"
    STORE_CREDIT = "store_credit"
    COUPON = "coupon"
    REFUND_WITHOUT_RETURN = "refund_without_return"
    RETURN_FIRST = "return_first"
    EXCHANGE = "exchange"
    REPLACEMENT = "replacement"
    PRICE_DIFFERENCE = "price_difference"
    MORE_INFORMATION = "more_information"
    DECLINE = "decline"
    ESCALATE = "escalate"
    HOLD = "hold"
    CANCEL = "cancel"


MONEY_DECISIONS = frozenset(
    {
        Decision.FULL,
        Decision.PARTIAL,
        Decision.STORE_CREDIT,
        Decision.COUPON,
        Decision.REFUND_WITHOUT_RETURN,
        Decision.RETURN_FIRST,
        Decision.EXCHANGE,
        Decision.REPLACEMENT,
        Decision.PRICE_DIFFERENCE,
    }
)
"""Decisions that give something of value, in any form."""


class Stage(StrEnum):
    """Where a case stands on its path; the process file orders them and gives their limits."""

    REVIEW = "review"
    CONSULT = "consult"
    WAITING_CUSTOMER = "waiting_customer"
    WAITING_MERCHANT = "waiting_merchant"
    HOLD = "hold"
    APPROVAL = "approval"
    ARBITRATION = "arbitration"
    RETURN = "return"
    INSPECTION = "inspection"
    PAYOUT = "payout"
    SETTLEMENT = "settlement"
    CLOSED = "closed"


class WaitFor(StrEnum):
    """Whom a clock pauses for."""

    CUSTOMER = "customer"
    MERCHANT = "merchant"
    CARRIER = "carrier"
    RISK = "risk"


class Progress(StrEnum):
    """What the customer is shown."""

    SUBMITTED = "submitted"
    WAITING_FOR_YOU = "waiting_for_you"
    APPROVED = "approved"
    SEND_IT_BACK = "send_it_back"
    BEING_INSPECTED = "being_inspected"
    REFUNDING = "refunding"
    COMPLETED = "completed"
    DECLINED = "declined"
    CANCELLED = "cancelled"


class Aspect(StrEnum):
    """The parts of a case that have versions of their own."""

    FACTS = "facts"
    MONEY = "money"
    PROPOSAL = "proposal"
    ASSIGNMENT = "assignment"
    THREAD = "thread"


class ClockKind(StrEnum):
    FIRST_ANSWER = "first_answer"
    DECISION = "decision"
    PAYOUT = "payout"
    NOTICE = "notice"


class Raci(StrEnum):
    R = "R"
    A = "A"
    C = "C"
    I = "I"  # noqa: E741 - the letter is the term


class RecordKind(StrEnum):
    """What kind of thing a system speaks of in an observation."""

    ORDER = "order"
    ORDER_LINE = "order_line"
    SHIPMENT = "shipment"
    RETURN = "return"
    PAYMENT = "payment"
    REFUND = "refund"
    DISPUTE = "dispute"
    LEDGER_ENTRY = "ledger_entry"


class Tender(StrEnum):
    """The form in which value goes back."""

    MONEY = "money"
    STORE_CREDIT = "store_credit"
    COUPON = "coupon"
    POINTS = "points"
    GOODS = "goods"


class EvidenceKind(StrEnum):
    PHOTO = "photo"
    WAYBILL = "waybill"
    RECEIPT = "receipt"
    CHAT = "chat"
    DOCUMENT = "document"
    OTHER = "other"


class Who(StrEnum):
    """Whose message or evidence it is."""

    CUSTOMER = "customer"
    AGENT = "agent"
    MERCHANT = "merchant"
    CARRIER = "carrier"
    WAREHOUSE = "warehouse"
    SYSTEM = "system"
