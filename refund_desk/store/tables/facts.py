"""What the systems said: customers, orders, records, observations, messages, evidence.

Everything personal is in `customer`, `personal`, `message`, `evidence` and the blobs, and goes when a
customer is erased; `observation` holds values of fields that are not personal.
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

customer = Table(
    "customer",
    metadata,
    Column("id", Key, primary_key=True),
    Column("system", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("secret", LargeBinary),  # 32 bytes; keys its digests and its blobs; null once erased
    Column("erased_at", Instant),
    UniqueConstraint("system", "external_id"),
)

personal = Table(
    "personal",
    metadata,
    Column("customer_id", Key, ForeignKey("customer.id"), primary_key=True),
    Column("name", Text),
    Column("masked", Text, nullable=False),  # what the queue shows
    Column("email", Text),
    Column("phone", Text),
    Column("address", Text),
    Column("country", Text),
    Column("updated_at", Instant, nullable=False),
    Index("ix_personal_email", "email"),
)

merchant = Table(
    "merchant",
    metadata,
    Column("id", Key, primary_key=True),
    Column("external_id", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
)

shop_order = Table(
    "shop_order",
    metadata,
    Column("id", Key, primary_key=True),
    Column("number", Text, nullable=False, unique=True),
    Column("currency", Text, nullable=False),
    Column("customer_id", Key, ForeignKey("customer.id")),
    Column("version", Integer, nullable=False, default=1),
    Index("ix_shop_order_customer", "customer_id"),
)

record = Table(
    "record",
    metadata,
    Column("id", Key, primary_key=True),
    Column("order_id", Key, ForeignKey("shop_order.id"), nullable=False),
    Column("source", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("parent_id", Key, ForeignKey("record.id")),
    Column("as_of", Instant, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    UniqueConstraint("source", "kind", "external_id", "order_id"),
    Index("ix_record_order", "order_id"),
    Index("ix_record_external", "external_id"),
)

observation = Table(
    "observation",
    metadata,
    Column("id", Key, primary_key=True),
    Column("record_id", Key, ForeignKey("record.id"), nullable=False),
    Column("field", Text, nullable=False),
    Column("value", Json),
    Column("as_of", Instant, nullable=False),
    Column("fetched_at", Instant, nullable=False),
    Column("raw_digest", LargeBinary, nullable=False),
    Column("current", Boolean, nullable=False),
    Index(
        "uq_observation_current",
        "record_id",
        "field",
        unique=True,
        sqlite_where=text("current = 1"),
        postgresql_where=text("current"),
    ),
    # Parcels are asked for by their number, which is all that a carrier knows of an order.
    Index(
        "ix_observation_tracking",
        "value",
        sqlite_where=text("field = 'tracking' AND current = 1"),
        postgresql_where=text("field = 'tracking' AND current"),
    ),
)

message = Table(
    "message",
    metadata,
    Column("id", Key, primary_key=True),
    Column("order_id", Key, ForeignKey("shop_order.id")),
    Column("case_id", Key, ForeignKey("refund_case.id")),
    Column("customer_id", Key, ForeignKey("customer.id")),
    Column("source", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("direction", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("name", Text),
    Column("sent_at", Instant, nullable=False),
    Column("text", Text, nullable=False),
    Column("language", Text),
    Column("promise_minor", BigInteger),
    Column("promise_currency", Text),
    Column("promise_form", Text),
    Column("person_id", Key, ForeignKey("person.id")),
    Column("taken_at", Instant, nullable=False),
    UniqueConstraint("source", "external_id", "case_id"),
    Index("ix_message_case", "case_id", "sent_at"),
)

evidence = Table(
    "evidence",
    metadata,
    Column("id", Key, primary_key=True),
    Column("case_id", Key, ForeignKey("refund_case.id"), nullable=False),
    Column("customer_id", Key, ForeignKey("customer.id")),
    Column("message_id", Key, ForeignKey("message.id")),
    Column("file", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("status", Text, nullable=False),
    Column("problem", Json),
    Column("width", Integer),
    Column("height", Integer),
    Column("exif", Json),
    Column("taken_at", Text),
    Column("edited", Boolean, nullable=False, default=False),
    Column("sent_at", Instant),
    Column("added_at", Instant, nullable=False),
    UniqueConstraint("case_id", "sha256"),
    Index("ix_evidence_sha256", "sha256"),
    Index(
        "ix_evidence_waiting",
        "id",
        sqlite_where=text("status = 'waiting'"),
        postgresql_where=text("status = 'waiting'"),
    ),
)

evidence_note = Table(
    "evidence_note",
    metadata,
    Column("id", Key, primary_key=True),
    Column("evidence_id", Key, ForeignKey("evidence.id"), nullable=False),
    Column("shape", Json, nullable=False),
    Column("person_id", Key, ForeignKey("person.id"), nullable=False),
    Column("at", Instant, nullable=False),
    Column("removed_at", Instant),
    Index("ix_evidence_note_evidence", "evidence_id"),
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("id", Key, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("source", Text, nullable=False),
    Column("line", Integer),
    Column("request", Text),
    Column("digest", LargeBinary, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("reasons", Json, nullable=False),
    Column("status", Text, nullable=False),
    Column("evidence_dir", Text),
    UniqueConstraint("digest", "source"),
    Index("ix_quarantine_status", "status", "id"),
)

intake_seen = Table(
    "intake_seen",
    metadata,
    Column("system", Text, primary_key=True),
    Column("external_id", Text, primary_key=True),
    Column("digest", LargeBinary, nullable=False),
    Column("case_id", Key, ForeignKey("refund_case.id"), nullable=False),
    Column("at", Instant, nullable=False),
)
