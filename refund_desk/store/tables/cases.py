"""Cases: requests, rounds, events, clocks, proposals, the ledger of intents, consultations, inbox.

`case_event` is append-only and holds no personal data. States on `refund_case` are derived and
stored for speed; each aspect has its own version column.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from refund_desk.store.tables.base import Instant, Json, Key, metadata

refund_case = Table(
    "refund_case",
    metadata,
    Column("id", Key, primary_key=True),
    Column("ref", Text, nullable=False, unique=True),
    Column("order_id", Key, ForeignKey("shop_order.id"), nullable=False),
    Column("customer_id", Key, ForeignKey("customer.id")),
    Column("merchant_id", Key, ForeignKey("merchant.id")),
    Column("kind", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("channel", Text),
    Column("amount_minor", BigInteger),
    Column("currency", Text, nullable=False),
    Column("method", Text),
    Column("round", Integer, nullable=False, default=1),
    Column("stage", Text, nullable=False),
    Column("stage_at", Instant, nullable=False),  # since when it stands there
    Column("progress", Text, nullable=False),
    Column("open", Boolean, nullable=False),
    Column("process_version", Text, nullable=False),
    Column("conflicts", Integer, nullable=False, default=0),
    Column("disputed", Boolean, nullable=False, default=False),
    Column("images", Integer, nullable=False, default=0),
    Column("opened_at", Instant, nullable=False),
    Column("closed_at", Instant),
    Column("changed_at", Instant, nullable=False),
    Column("act_by", Instant, nullable=False),
    Column("due_at", Instant),
    Column("due_clock", Text),
    Column("assignee_id", Key, ForeignKey("person.id")),
    Column("taken_at", Instant),
    Column("lease_until", Instant),
    Column("proposer_id", Key, ForeignKey("person.id")),  # of the open proposal; who may not approve it
    Column("returned_to_id", Key, ForeignKey("person.id")),
    Column("answer_came", Boolean, nullable=False, default=False),
    Column("v_facts", Integer, nullable=False, default=1),
    Column("v_money", Integer, nullable=False, default=1),
    Column("v_proposal", Integer, nullable=False, default=1),
    Column("v_assignment", Integer, nullable=False, default=1),
    Column("v_thread", Integer, nullable=False, default=1),
    Index("ix_case_order", "order_id"),
    Index("ix_case_customer", "customer_id"),
    Index("ix_case_queue", "stage", "act_by", "id", sqlite_where=text("open = 1"), postgresql_where=text("open")),
    Index(
        "ix_case_free",
        "act_by",
        "id",
        sqlite_where=text("open = 1 AND assignee_id IS NULL AND stage = 'review'"),
        postgresql_where=text("open AND assignee_id IS NULL AND stage = 'review'"),
    ),
    Index(
        "ix_case_back",
        "returned_to_id",
        "act_by",
        "id",
        sqlite_where=text("open = 1 AND assignee_id IS NULL AND returned_to_id IS NOT NULL"),
        postgresql_where=text("open AND assignee_id IS NULL AND returned_to_id IS NOT NULL"),
    ),
    Index(
        "ix_case_answered",
        "act_by",
        "id",
        sqlite_where=text("open = 1 AND assignee_id IS NULL AND answer_came = 1"),
        postgresql_where=text("open AND assignee_id IS NULL AND answer_came"),
    ),
    Index("ix_case_open", "act_by", "id", sqlite_where=text("open = 1"), postgresql_where=text("open")),
    Index("ix_case_due", "due_at", sqlite_where=text("open = 1"), postgresql_where=text("open")),
    Index(
        "ix_case_assignee",
        "assignee_id",
        "act_by",
        "id",
        sqlite_where=text("open = 1 AND assignee_id IS NOT NULL"),
        postgresql_where=text("open AND assignee_id IS NOT NULL"),
    ),
    Index(
        "ix_case_conflict",
        "act_by",
        "id",
        sqlite_where=text("open = 1 AND conflicts > 0"),
        postgresql_where=text("open AND conflicts > 0"),
    ),
    Index(
        "ix_case_disputed",
        "act_by",
        "id",
        sqlite_where=text("open = 1 AND disputed = 1"),
        postgresql_where=text("open AND disputed"),
    ),
    Index(
        "ix_case_amount",
        "stage",
        "currency",
        "amount_minor",
        sqlite_where=text("open = 1"),
        postgresql_where=text("open"),
    ),
    Index(  # what the board counts, without a look at the rows
        "ix_case_load",
        "assignee_id",
        "stage",
        "due_at",
        sqlite_where=text("open = 1"),
        postgresql_where=text("open"),
    ),
    Index("ix_case_age", "stage", "stage_at", sqlite_where=text("open = 1"), postgresql_where=text("open")),
    Index(
        "ix_case_lease",
        "lease_until",
        sqlite_where=text("lease_until IS NOT NULL"),
        postgresql_where=text("lease_until IS NOT NULL"),
    ),
)

request = Table(
    "request",
    metadata,
    Column("id", Key, primary_key=True),
    Column("case_id", Key, ForeignKey("refund_case.id"), nullable=False),
    Column("system", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("reason_text", Text),
    Column("text", Text),  # the customer's words: erasable
    Column("amount_minor", BigInteger),
    Column("currency", Text, nullable=False),
    Column("lines", Json, nullable=False),
    Column("channel", Text),
    Column("want", Text),
    Column("created_at", Instant, nullable=False),
    Column("taken_at", Instant, nullable=False),
    UniqueConstraint("system", "external_id"),
    Index("ix_request_case", "case_id"),
)

request_key = Table(
    "request_key",
    metadata,
    Column("key", Text, primary_key=True),  # system, order, line, unit, reason group
    Column("case_id", Key, ForeignKey("refund_case.id"), nullable=False),
    Index("ix_request_key_case", "case_id"),
)

case_event = Table(
    "case_event",
    metadata,
    Column("id", Key, primary_key=True),
    Column("case_id", Key, ForeignKey("refund_case.id"), nullable=False),
    Column("round", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    Column("type", Text, nullable=False),
    Column("aspect", Text, nullable=False),
    Column("version", Integer, nullable=False),  # of that aspect, after this event
    Column("person_id", Key, ForeignKey("person.id")),
    Column("data", Json, nullable=False),
    Index("ix_case_event_case", "case_id", "id"),
)

case_clock = Table(
    "case_clock",
    metadata,
    Column("case_id", Key, ForeignKey("refund_case.id"), primary_key=True),
    Column("round", Integer, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("started_at", Instant, nullable=False),
    Column("limit_s", Integer, nullable=False),
    Column("due_at", Instant),  # null while paused
    Column("paused_at", Instant),
    Column("paused_for", Text),
    Column("remaining_s", Integer),  # while paused
    Column("stopped_at", Instant),
    Column("calendar", Text),  # its id; null: all time counts
    Column("met_at", Instant),
)

case_pause = Table(
    "case_pause",
    metadata,
    Column("id", Key, primary_key=True),
    Column("case_id", Key, ForeignKey("refund_case.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("from_at", Instant, nullable=False),
    Column("until_at", Instant),
    Column("person_id", Key, ForeignKey("person.id")),
    Column("waits_for", Text),  # null: of before it was kept
    Column("ended_by", Key, ForeignKey("person.id")),
    Column("message_id", Key, ForeignKey("message.id")),  # the note that says why, of one made by hand
    Index("ix_case_pause_case", "case_id"),
    Index(
        "ix_case_pause_by_hand",
        "waits_for",
        "from_at",
        sqlite_where=text("until_at IS NULL AND message_id IS NOT NULL"),
        postgresql_where=text("until_at IS NULL AND message_id IS NOT NULL"),
    ),
)

finding = Table(
    "finding",
    metadata,
    Column("id", Key, primary_key=True),
    Column("case_id", Key, ForeignKey("refund_case.id"), nullable=False),
    Column("code", Text, nullable=False),
    Column("params", Json, nullable=False),
    Column("severity", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("gone_at", Instant),
    Index("ix_finding_case", "case_id"),
)

proposal = Table(
    "proposal",
    metadata,
    Column("id", Key, primary_key=True),
    Column("case_id", Key, ForeignKey("refund_case.id"), nullable=False),
    Column("round", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column("decision", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),  # canonical JSON; its SHA-256 is `digest`
    Column("digest", LargeBinary, nullable=False),
    Column("amount_minor", BigInteger),
    Column("currency", Text),
    Column("person_id", Key, ForeignKey("person.id"), nullable=False),
    Column("at", Instant, nullable=False),
    Column("status", Text, nullable=False),
    Column("void_because", Json),
    Column("verdict_by", Key, ForeignKey("person.id")),
    Column("verdict_at", Instant),
    Column("verdict_reason", Text),
    Column("undo_until", Instant),
    Column("note", Text),
    UniqueConstraint("case_id", "number"),
    Index("ix_proposal_status", "status", "case_id"),
)

refund_intent = Table(
    "refund_intent",
    metadata,
    Column("id", Text, primary_key=True),  # UUIDv7
    Column("case_id", Key, ForeignKey("refund_case.id"), nullable=False),
    Column("order_id", Key, ForeignKey("shop_order.id"), nullable=False),
    Column("customer_id", Key, ForeignKey("customer.id")),
    Column("proposal_id", Key, ForeignKey("proposal.id"), nullable=False),
    Column("tender", Text, nullable=False),
    Column("payment_record_id", Key, ForeignKey("record.id")),
    Column("channel", Text, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("reference", Text),
    Column("created_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("proposer_id", Key, ForeignKey("person.id"), nullable=False),
    Column("approver_id", Key, ForeignKey("person.id")),
    Column("confirmed_by", Key, ForeignKey("person.id")),
    Column("outside", Json),  # given back by others when it was approved, by whose word
    Column("due_at", Instant),  # when the worker looks after it next
    Column("busy_until", Instant),  # a process is sending it until then
    Column("promised_at", Instant),  # until when the customer has it
    UniqueConstraint("channel", "reference"),
    Index("ix_intent_order", "order_id"),
    Index("ix_intent_case", "case_id"),
    Index("ix_intent_customer", "customer_id", "created_at"),
    Index("ix_intent_state", "state", "created_at"),
    Index(
        "ix_intent_due", "due_at", sqlite_where=text("due_at IS NOT NULL"), postgresql_where=text("due_at IS NOT NULL")
    ),
)

intent_line = Table(
    "intent_line",
    metadata,
    Column("intent_id", Text, ForeignKey("refund_intent.id"), primary_key=True),
    Column("line", Text, primary_key=True),  # order line id; "" is shipping
    Column("quantity", Integer, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
)

intent_event = Table(
    "intent_event",
    metadata,
    Column("id", Key, primary_key=True),
    Column("intent_id", Text, ForeignKey("refund_intent.id"), nullable=False),
    Column("at", Instant, nullable=False),
    Column("state", Text, nullable=False),
    Column("person_id", Key, ForeignKey("person.id")),
    Column("data", Json, nullable=False),
    Index("ix_intent_event_intent", "intent_id"),
)

payout_attempt = Table(
    "payout_attempt",
    metadata,
    Column("id", Key, primary_key=True),
    Column("intent_id", Text, ForeignKey("refund_intent.id"), nullable=False),
    Column("kind", Text, nullable=False),  # send, answer, ask
    Column("at", Instant, nullable=False),
    Column("theirs", Instant),  # by the gateway's clock
    Column("outcome", Text, nullable=False),
    Column("status", Text, nullable=False),  # as the gateway said it
    Column("code", Text, nullable=False),
    Column("found", Integer),  # of an ask: how many refunds carry the id
    Column("replayed", Boolean, nullable=False),
    Index("ix_payout_attempt_intent", "intent_id"),
)

payout_read = Table(
    "payout_read",
    metadata,
    Column("record_id", Key, ForeignKey("record.id"), primary_key=True),
    Column("at", Instant, nullable=False),
    Column("theirs", Instant),  # by the gateway's clock
    Column("first_theirs", Instant),  # of the first read since payouts halted
)
"""When a payment was last read fresh from its gateway."""

alarm = Table(
    "alarm",
    metadata,
    Column("id", Key, primary_key=True),
    Column("code", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("role", Text, nullable=False),  # whose it is
    Column("case_id", Key, ForeignKey("refund_case.id")),
    Column("intent_id", Text, ForeignKey("refund_intent.id")),
    Column("params", Json, nullable=False),
    Column("at", Instant, nullable=False),
    Column("gone_at", Instant),
    UniqueConstraint("code", "subject"),
    Index("ix_alarm_case", "case_id"),
    Index(
        "ix_alarm_open", "role", "at", sqlite_where=text("gone_at IS NULL"), postgresql_where=text("gone_at IS NULL")
    ),
)

consultation = Table(
    "consultation",
    metadata,
    Column("id", Key, primary_key=True),
    Column("case_id", Key, ForeignKey("refund_case.id"), nullable=False),
    Column("round", Integer, nullable=False),
    Column("role", Text, nullable=False),
    Column("required", Boolean, nullable=False),
    Column("question", Text, nullable=False),
    Column("asked_by", Key, ForeignKey("person.id"), nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("due_at", Instant),
    Column("answer", Text),
    Column("answered_by", Key, ForeignKey("person.id")),
    Column("answered_at", Instant),
    Column("overridden_by", Key, ForeignKey("person.id")),
    Column("override_reason", Text),
    Column("open", Boolean, nullable=False),
    Index("ix_consultation_case", "case_id"),
    Index("ix_consultation_role", "role", "case_id", sqlite_where=text("open = 1"), postgresql_where=text("open")),
)

inbox = Table(
    "inbox",
    metadata,
    Column("id", Key, primary_key=True),
    Column("role", Text, nullable=False),
    Column("case_id", Key, ForeignKey("refund_case.id"), nullable=False),
    Column("at", Instant, nullable=False),
    Column("code", Text, nullable=False),
    Column("params", Json, nullable=False),
    Index("ix_inbox_role", "role", "id"),
)

inbox_seen = Table(
    "inbox_seen",
    metadata,
    Column("inbox_id", Key, ForeignKey("inbox.id"), primary_key=True),
    Column("person_id", Key, ForeignKey("person.id"), primary_key=True),
    Column("at", Instant, nullable=False),
)

last_look = Table(
    "last_look",
    metadata,
    Column("person_id", Key, ForeignKey("person.id"), primary_key=True),
    Column("case_id", Key, ForeignKey("refund_case.id"), primary_key=True),
    Column("event_id", BigInteger, nullable=False),  # the last case_event they had before them
    Column("at", Instant, nullable=False),
    Index("ix_last_look_at", "at"),
)

evidence_opened = Table(
    "evidence_opened",
    metadata,
    Column("person_id", Key, ForeignKey("person.id"), primary_key=True),
    Column("evidence_id", Key, ForeignKey("evidence.id"), primary_key=True),
    Column("at", Instant, nullable=False),
)

search_doc = Table(
    "search_doc",
    metadata,
    Column("id", Key, primary_key=True),
    Column("case_id", Key, ForeignKey("refund_case.id"), nullable=False),
    Column("kind", Text, nullable=False),  # ref, order, customer, request, message …
    Column("origin", Text, nullable=False),  # id of the row it was made from
    Column("tokens", Text, nullable=False),  # one tokenisation for both databases
    UniqueConstraint("case_id", "kind", "origin"),
)
"""Indexed by FTS5 (`search_index`) on SQLite and a GIN tsvector on PostgreSQL; migrations make both."""
