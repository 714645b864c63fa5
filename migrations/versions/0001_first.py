"""The first schema: facts, cases, money, people and the audit log; search on both databases.

Revision: 0001_first
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001_first"
down_revision = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.BigInteger()  # microseconds since 1970-01-01 UTC
JSON = sa.Text()

# Search reads one tokenisation, made by us: the tokenizer only has to split at spaces. FTS5 keeps its text in
# `search_doc`; triggers carry every change over, which needs the old text to take it out again.
SEARCH_SQLITE = (
    "CREATE VIRTUAL TABLE search_index USING fts5(tokens, content='search_doc', content_rowid='id',"
    ' tokenize="unicode61 remove_diacritics 0")',
    "CREATE TRIGGER search_doc_in AFTER INSERT ON search_doc BEGIN"
    " INSERT INTO search_index(rowid, tokens) VALUES (new.id, new.tokens); END",
    "CREATE TRIGGER search_doc_out AFTER DELETE ON search_doc BEGIN"
    " INSERT INTO search_index(search_index, rowid, tokens) VALUES ('delete', old.id, old.tokens); END",
    "CREATE TRIGGER search_doc_on AFTER UPDATE ON search_doc BEGIN"
    " INSERT INTO search_index(search_index, rowid, tokens) VALUES ('delete', old.id, old.tokens);"
    " INSERT INTO search_index(rowid, tokens) VALUES (new.id, new.tokens); END",
)
SEARCH_POSTGRES = "CREATE INDEX ix_search_doc_tokens ON search_doc USING gin (to_tsvector('simple', tokens))"


def upgrade() -> None:
    """Make every table and index."""
    op.create_table(
        "audit_checkpoint",
        sa.Column("size", KEY, autoincrement=False, nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("size", name="pk_audit_checkpoint"),
    )
    op.create_table(
        "audit_entry",
        sa.Column("id", KEY, nullable=False),
        sa.Column("bytes", sa.LargeBinary(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("case_ref", sa.Text()),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_entry"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_entry_case", "audit_entry", ["case_ref", "id"])
    op.create_table(
        "audit_leaf",
        sa.Column("position", KEY, autoincrement=False, nullable=False),
        sa.Column("entry_id", KEY, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_audit_leaf"),
        sa.UniqueConstraint("entry_id", name="uq_audit_leaf_entry_id"),
    )
    op.create_table(
        "audit_subtree",
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("index", KEY, autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("level", "index", name="pk_audit_subtree"),
    )
    op.create_table(
        "customer",
        sa.Column("id", KEY, nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("secret", sa.LargeBinary()),
        sa.Column("erased_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_customer"),
        sa.UniqueConstraint("system", "external_id", name="uq_customer_system_external_id"),
    )
    op.create_table(
        "desk_mark",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_desk_mark"),
    )
    op.create_table(
        "idempotency",
        sa.Column("principal", sa.Text(), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("body_digest", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("principal", "route", "key", name="pk_idempotency"),
    )
    op.create_table(
        "merchant",
        sa.Column("id", KEY, nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_merchant"),
        sa.UniqueConstraint("external_id", name="uq_merchant_external_id"),
    )
    op.create_table(
        "person",
        sa.Column("id", KEY, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_person"),
    )
    op.create_table(
        "quarantine",
        sa.Column("id", KEY, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("line", sa.Integer()),
        sa.Column("request", sa.Text()),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("reasons", JSON, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("evidence_dir", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_quarantine"),
        sa.UniqueConstraint("digest", "source", name="uq_quarantine_digest_source"),
    )
    op.create_index("ix_quarantine_status", "quarantine", ["status", "id"])
    op.create_table(
        "sign_in_throttle",
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("blocked_until", INSTANT),
        sa.Column("last_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("login", name="pk_sign_in_throttle"),
    )
    op.create_table(
        "account",
        sa.Column("id", KEY, nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text()),
        sa.Column("must_change", sa.Boolean(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("disabled_at", INSTANT),
        sa.Column("demo", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_account_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_account"),
        sa.UniqueConstraint("login", name="uq_account_login"),
    )
    op.create_index("ix_account_person", "account", ["person_id"])
    op.create_table(
        "config_change",
        sa.Column("id", KEY, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("content", JSON, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("proposed_by", KEY, nullable=False),
        sa.Column("proposed_at", INSTANT, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("verdict_by", KEY),
        sa.Column("verdict_at", INSTANT),
        sa.Column("verdict_reason", sa.Text()),
        sa.ForeignKeyConstraint(["proposed_by"], ["person.id"], name="fk_config_change_proposed_by"),
        sa.ForeignKeyConstraint(["verdict_by"], ["person.id"], name="fk_config_change_verdict_by"),
        sa.PrimaryKeyConstraint("id", name="pk_config_change"),
    )
    op.create_index("ix_config_change_status", "config_change", ["status"])
    op.create_table(
        "personal",
        sa.Column("customer_id", KEY, nullable=False),
        sa.Column("name", sa.Text()),
        sa.Column("masked", sa.Text(), nullable=False),
        sa.Column("email", sa.Text()),
        sa.Column("phone", sa.Text()),
        sa.Column("address", sa.Text()),
        sa.Column("country", sa.Text()),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name="fk_personal_customer_id"),
        sa.PrimaryKeyConstraint("customer_id", name="pk_personal"),
    )
    op.create_table(
        "saved_view",
        sa.Column("id", KEY, nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("filters", JSON, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_saved_view_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_saved_view"),
        sa.UniqueConstraint("person_id", "name", name="uq_saved_view_person_id_name"),
    )
    op.create_table(
        "shop_order",
        sa.Column("id", KEY, nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("customer_id", KEY),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name="fk_shop_order_customer_id"),
        sa.PrimaryKeyConstraint("id", name="pk_shop_order"),
        sa.UniqueConstraint("number", name="uq_shop_order_number"),
    )
    op.create_index("ix_shop_order_customer", "shop_order", ["customer_id"])
    op.create_table(
        "account_role",
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("granted_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_account_role_account_id"),
        sa.PrimaryKeyConstraint("account_id", "role", name="pk_account_role"),
    )
    op.create_table(
        "config_version",
        sa.Column("id", KEY, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("content", JSON, nullable=False),
        sa.Column("effective_at", INSTANT, nullable=False),
        sa.Column("change_id", KEY),
        sa.ForeignKeyConstraint(["change_id"], ["config_change.id"], name="fk_config_version_change_id"),
        sa.PrimaryKeyConstraint("id", name="pk_config_version"),
        sa.UniqueConstraint("kind", "version", name="uq_config_version_kind_version"),
    )
    op.create_table(
        "record",
        sa.Column("id", KEY, nullable=False),
        sa.Column("order_id", KEY, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("parent_id", KEY),
        sa.Column("as_of", INSTANT, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["shop_order.id"], name="fk_record_order_id"),
        sa.ForeignKeyConstraint(["parent_id"], ["record.id"], name="fk_record_parent_id"),
        sa.PrimaryKeyConstraint("id", name="pk_record"),
        sa.UniqueConstraint(
            "source", "kind", "external_id", "order_id", name="uq_record_source_kind_external_id_order_id"
        ),
    )
    op.create_index("ix_record_external", "record", ["external_id"])
    op.create_index("ix_record_order", "record", ["order_id"])
    op.create_table(
        "refund_case",
        sa.Column("id", KEY, nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("order_id", KEY, nullable=False),
        sa.Column("customer_id", KEY),
        sa.Column("merchant_id", KEY),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text()),
        sa.Column("amount_minor", sa.BigInteger()),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("method", sa.Text()),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("stage_at", INSTANT, nullable=False),
        sa.Column("progress", sa.Text(), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("process_version", sa.Text(), nullable=False),
        sa.Column("conflicts", sa.Integer(), nullable=False),
        sa.Column("disputed", sa.Boolean(), nullable=False),
        sa.Column("images", sa.Integer(), nullable=False),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("closed_at", INSTANT),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.Column("act_by", INSTANT, nullable=False),
        sa.Column("due_at", INSTANT),
        sa.Column("due_clock", sa.Text()),
        sa.Column("assignee_id", KEY),
        sa.Column("taken_at", INSTANT),
        sa.Column("lease_until", INSTANT),
        sa.Column("proposer_id", KEY),
        sa.Column("returned_to_id", KEY),
        sa.Column("answer_came", sa.Boolean(), nullable=False),
        sa.Column("v_facts", sa.Integer(), nullable=False),
        sa.Column("v_money", sa.Integer(), nullable=False),
        sa.Column("v_proposal", sa.Integer(), nullable=False),
        sa.Column("v_assignment", sa.Integer(), nullable=False),
        sa.Column("v_thread", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["assignee_id"], ["person.id"], name="fk_refund_case_assignee_id"),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name="fk_refund_case_customer_id"),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name="fk_refund_case_merchant_id"),
        sa.ForeignKeyConstraint(["order_id"], ["shop_order.id"], name="fk_refund_case_order_id"),
        sa.ForeignKeyConstraint(["proposer_id"], ["person.id"], name="fk_refund_case_proposer_id"),
        sa.ForeignKeyConstraint(["returned_to_id"], ["person.id"], name="fk_refund_case_returned_to_id"),
        sa.PrimaryKeyConstraint("id", name="pk_refund_case"),
        sa.UniqueConstraint("ref", name="uq_refund_case_ref"),
    )
    op.create_index(
        "ix_case_assignee",
        "refund_case",
        ["assignee_id", "act_by", "id"],
        sqlite_where=sa.text("open = 1 AND assignee_id IS NOT NULL"),
        postgresql_where=sa.text("open AND assignee_id IS NOT NULL"),
    )
    op.create_index(
        "ix_case_conflict",
        "refund_case",
        ["act_by", "id"],
        sqlite_where=sa.text("open = 1 AND conflicts > 0"),
        postgresql_where=sa.text("open AND conflicts > 0"),
    )
    op.create_index("ix_case_customer", "refund_case", ["customer_id"])
    op.create_index(
        "ix_case_disputed",
        "refund_case",
        ["act_by", "id"],
        sqlite_where=sa.text("open = 1 AND disputed = 1"),
        postgresql_where=sa.text("open AND disputed"),
    )
    op.create_index(
        "ix_case_due", "refund_case", ["due_at"], sqlite_where=sa.text("open = 1"), postgresql_where=sa.text("open")
    )
    op.create_index(
        "ix_case_free",
        "refund_case",
        ["act_by", "id"],
        sqlite_where=sa.text("open = 1 AND assignee_id IS NULL AND stage = 'review'"),
        postgresql_where=sa.text("open AND assignee_id IS NULL AND stage = 'review'"),
    )
    op.create_index(
        "ix_case_amount",
        "refund_case",
        ["stage", "currency", "amount_minor"],
        sqlite_where=sa.text("open = 1"),
        postgresql_where=sa.text("open"),
    )
    op.create_index(
        "ix_case_lease",
        "refund_case",
        ["lease_until"],
        sqlite_where=sa.text("lease_until IS NOT NULL"),
        postgresql_where=sa.text("lease_until IS NOT NULL"),
    )
    op.create_index(
        "ix_case_back",
        "refund_case",
        ["returned_to_id", "act_by", "id"],
        sqlite_where=sa.text("open = 1 AND assignee_id IS NULL AND returned_to_id IS NOT NULL"),
        postgresql_where=sa.text("open AND assignee_id IS NULL AND returned_to_id IS NOT NULL"),
    )
    op.create_index(
        "ix_case_answered",
        "refund_case",
        ["act_by", "id"],
        sqlite_where=sa.text("open = 1 AND assignee_id IS NULL AND answer_came = 1"),
        postgresql_where=sa.text("open AND assignee_id IS NULL AND answer_came"),
    )
    op.create_index(
        "ix_case_open",
        "refund_case",
        ["act_by", "id"],
        sqlite_where=sa.text("open = 1"),
        postgresql_where=sa.text("open"),
    )
    op.create_index("ix_case_order", "refund_case", ["order_id"])
    op.create_index(
        "ix_case_queue",
        "refund_case",
        ["stage", "act_by", "id"],
        sqlite_where=sa.text("open = 1"),
        postgresql_where=sa.text("open"),
    )
    op.create_table(
        "token",
        sa.Column("id", KEY, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("label", sa.Text()),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("revoked_at", INSTANT),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_token_account_id"),
        sa.PrimaryKeyConstraint("id", name="pk_token"),
        sa.UniqueConstraint("digest", name="uq_token_digest"),
    )
    op.create_table(
        "case_clock",
        sa.Column("case_id", KEY, nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("limit_s", sa.Integer(), nullable=False),
        sa.Column("due_at", INSTANT),
        sa.Column("paused_at", INSTANT),
        sa.Column("paused_for", sa.Text()),
        sa.Column("remaining_s", sa.Integer()),
        sa.Column("stopped_at", INSTANT),
        sa.ForeignKeyConstraint(["case_id"], ["refund_case.id"], name="fk_case_clock_case_id"),
        sa.PrimaryKeyConstraint("case_id", "round", "kind", name="pk_case_clock"),
    )
    op.create_table(
        "case_event",
        sa.Column("id", KEY, nullable=False),
        sa.Column("case_id", KEY, nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("aspect", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("person_id", KEY),
        sa.Column("data", JSON, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["refund_case.id"], name="fk_case_event_case_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_case_event_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_case_event"),
    )
    op.create_index("ix_case_event_case", "case_event", ["case_id", "id"])
    op.create_table(
        "case_pause",
        sa.Column("id", KEY, nullable=False),
        sa.Column("case_id", KEY, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("from_at", INSTANT, nullable=False),
        sa.Column("until_at", INSTANT),
        sa.Column("person_id", KEY),
        sa.ForeignKeyConstraint(["case_id"], ["refund_case.id"], name="fk_case_pause_case_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_case_pause_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_case_pause"),
    )
    op.create_index("ix_case_pause_case", "case_pause", ["case_id"])
    op.create_table(
        "consultation",
        sa.Column("id", KEY, nullable=False),
        sa.Column("case_id", KEY, nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("asked_by", KEY, nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("due_at", INSTANT),
        sa.Column("answer", sa.Text()),
        sa.Column("answered_by", KEY),
        sa.Column("answered_at", INSTANT),
        sa.Column("overridden_by", KEY),
        sa.Column("override_reason", sa.Text()),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["answered_by"], ["person.id"], name="fk_consultation_answered_by"),
        sa.ForeignKeyConstraint(["asked_by"], ["person.id"], name="fk_consultation_asked_by"),
        sa.ForeignKeyConstraint(["case_id"], ["refund_case.id"], name="fk_consultation_case_id"),
        sa.ForeignKeyConstraint(["overridden_by"], ["person.id"], name="fk_consultation_overridden_by"),
        sa.PrimaryKeyConstraint("id", name="pk_consultation"),
    )
    op.create_index("ix_consultation_case", "consultation", ["case_id"])
    op.create_index(
        "ix_consultation_role",
        "consultation",
        ["role", "case_id"],
        sqlite_where=sa.text("open = 1"),
        postgresql_where=sa.text("open"),
    )
    op.create_table(
        "finding",
        sa.Column("id", KEY, nullable=False),
        sa.Column("case_id", KEY, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("params", JSON, nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("gone_at", INSTANT),
        sa.ForeignKeyConstraint(["case_id"], ["refund_case.id"], name="fk_finding_case_id"),
        sa.PrimaryKeyConstraint("id", name="pk_finding"),
    )
    op.create_index("ix_finding_case", "finding", ["case_id"])
    op.create_table(
        "inbox",
        sa.Column("id", KEY, nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("case_id", KEY, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("params", JSON, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["refund_case.id"], name="fk_inbox_case_id"),
        sa.PrimaryKeyConstraint("id", name="pk_inbox"),
    )
    op.create_index("ix_inbox_role", "inbox", ["role", "id"])
    op.create_table(
        "intake_seen",
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("case_id", KEY, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["refund_case.id"], name="fk_intake_seen_case_id"),
        sa.PrimaryKeyConstraint("system", "external_id", name="pk_intake_seen"),
    )
    op.create_table(
        "last_look",
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("case_id", KEY, nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["refund_case.id"], name="fk_last_look_case_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_last_look_person_id"),
        sa.PrimaryKeyConstraint("person_id", "case_id", name="pk_last_look"),
    )
    op.create_table(
        "message",
        sa.Column("id", KEY, nullable=False),
        sa.Column("order_id", KEY),
        sa.Column("case_id", KEY),
        sa.Column("customer_id", KEY),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("name", sa.Text()),
        sa.Column("sent_at", INSTANT, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("language", sa.Text()),
        sa.Column("promise_minor", sa.BigInteger()),
        sa.Column("promise_currency", sa.Text()),
        sa.Column("promise_form", sa.Text()),
        sa.Column("person_id", KEY),
        sa.Column("taken_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["refund_case.id"], name="fk_message_case_id"),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name="fk_message_customer_id"),
        sa.ForeignKeyConstraint(["order_id"], ["shop_order.id"], name="fk_message_order_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_message_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_message"),
        sa.UniqueConstraint("source", "external_id", "case_id", name="uq_message_source_external_id_case_id"),
    )
    op.create_index("ix_message_case", "message", ["case_id", "sent_at"])
    op.create_table(
        "observation",
        sa.Column("id", KEY, nullable=False),
        sa.Column("record_id", KEY, nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("value", JSON),
        sa.Column("as_of", INSTANT, nullable=False),
        sa.Column("fetched_at", INSTANT, nullable=False),
        sa.Column("raw_digest", sa.LargeBinary(), nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name="fk_observation_record_id"),
        sa.PrimaryKeyConstraint("id", name="pk_observation"),
    )
    op.create_index(
        "uq_observation_current",
        "observation",
        ["record_id", "field"],
        unique=True,
        sqlite_where=sa.text("current = 1"),
        postgresql_where=sa.text("current"),
    )
    op.create_table(
        "proposal",
        sa.Column("id", KEY, nullable=False),
        sa.Column("case_id", KEY, nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger()),
        sa.Column("currency", sa.Text()),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("void_because", JSON),
        sa.Column("verdict_by", KEY),
        sa.Column("verdict_at", INSTANT),
        sa.Column("verdict_reason", sa.Text()),
        sa.Column("undo_until", INSTANT),
        sa.Column("note", sa.Text()),
        sa.ForeignKeyConstraint(["case_id"], ["refund_case.id"], name="fk_proposal_case_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_proposal_person_id"),
        sa.ForeignKeyConstraint(["verdict_by"], ["person.id"], name="fk_proposal_verdict_by"),
        sa.PrimaryKeyConstraint("id", name="pk_proposal"),
        sa.UniqueConstraint("case_id", "number", name="uq_proposal_case_id_number"),
    )
    op.create_index("ix_proposal_status", "proposal", ["status", "case_id"])
    op.create_table(
        "request",
        sa.Column("id", KEY, nullable=False),
        sa.Column("case_id", KEY, nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("reason_text", sa.Text()),
        sa.Column("text", sa.Text()),
        sa.Column("amount_minor", sa.BigInteger()),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("lines", JSON, nullable=False),
        sa.Column("channel", sa.Text()),
        sa.Column("want", sa.Text()),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("taken_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["refund_case.id"], name="fk_request_case_id"),
        sa.PrimaryKeyConstraint("id", name="pk_request"),
        sa.UniqueConstraint("system", "external_id", name="uq_request_system_external_id"),
    )
    op.create_index("ix_request_case", "request", ["case_id"])
    op.create_table(
        "request_key",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("case_id", KEY, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["refund_case.id"], name="fk_request_key_case_id"),
        sa.PrimaryKeyConstraint("key", name="pk_request_key"),
    )
    op.create_index("ix_request_key_case", "request_key", ["case_id"])
    op.create_table(
        "search_doc",
        sa.Column("id", KEY, nullable=False),
        sa.Column("case_id", KEY, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("tokens", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["refund_case.id"], name="fk_search_doc_case_id"),
        sa.PrimaryKeyConstraint("id", name="pk_search_doc"),
        sa.UniqueConstraint("case_id", "kind", "origin", name="uq_search_doc_case_id_kind_origin"),
    )
    op.create_table(
        "evidence",
        sa.Column("id", KEY, nullable=False),
        sa.Column("case_id", KEY, nullable=False),
        sa.Column("customer_id", KEY),
        sa.Column("message_id", KEY),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("problem", JSON),
        sa.Column("width", sa.Integer()),
        sa.Column("height", sa.Integer()),
        sa.Column("exif", JSON),
        sa.Column("taken_at", sa.Text()),
        sa.Column("edited", sa.Boolean(), nullable=False),
        sa.Column("sent_at", INSTANT),
        sa.Column("added_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["refund_case.id"], name="fk_evidence_case_id"),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name="fk_evidence_customer_id"),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name="fk_evidence_message_id"),
        sa.PrimaryKeyConstraint("id", name="pk_evidence"),
        sa.UniqueConstraint("case_id", "sha256", name="uq_evidence_case_id_sha256"),
    )
    op.create_index("ix_evidence_sha256", "evidence", ["sha256"])
    op.create_index(
        "ix_evidence_waiting",
        "evidence",
        ["id"],
        sqlite_where=sa.text("status = 'waiting'"),
        postgresql_where=sa.text("status = 'waiting'"),
    )
    op.create_table(
        "inbox_seen",
        sa.Column("inbox_id", KEY, nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["inbox_id"], ["inbox.id"], name="fk_inbox_seen_inbox_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_inbox_seen_person_id"),
        sa.PrimaryKeyConstraint("inbox_id", "person_id", name="pk_inbox_seen"),
    )
    op.create_table(
        "refund_intent",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("case_id", KEY, nullable=False),
        sa.Column("order_id", KEY, nullable=False),
        sa.Column("customer_id", KEY),
        sa.Column("proposal_id", KEY, nullable=False),
        sa.Column("tender", sa.Text(), nullable=False),
        sa.Column("payment_record_id", KEY),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text()),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.Column("proposer_id", KEY, nullable=False),
        sa.Column("approver_id", KEY),
        sa.Column("confirmed_by", KEY),
        sa.ForeignKeyConstraint(["approver_id"], ["person.id"], name="fk_refund_intent_approver_id"),
        sa.ForeignKeyConstraint(["case_id"], ["refund_case.id"], name="fk_refund_intent_case_id"),
        sa.ForeignKeyConstraint(["confirmed_by"], ["person.id"], name="fk_refund_intent_confirmed_by"),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name="fk_refund_intent_customer_id"),
        sa.ForeignKeyConstraint(["order_id"], ["shop_order.id"], name="fk_refund_intent_order_id"),
        sa.ForeignKeyConstraint(["payment_record_id"], ["record.id"], name="fk_refund_intent_payment_record_id"),
        sa.ForeignKeyConstraint(["proposal_id"], ["proposal.id"], name="fk_refund_intent_proposal_id"),
        sa.ForeignKeyConstraint(["proposer_id"], ["person.id"], name="fk_refund_intent_proposer_id"),
        sa.PrimaryKeyConstraint("id", name="pk_refund_intent"),
        sa.UniqueConstraint("channel", "reference", name="uq_refund_intent_channel_reference"),
    )
    op.create_index("ix_intent_case", "refund_intent", ["case_id"])
    op.create_index("ix_intent_customer", "refund_intent", ["customer_id", "created_at"])
    op.create_index("ix_intent_order", "refund_intent", ["order_id"])
    op.create_index("ix_intent_state", "refund_intent", ["state", "created_at"])
    op.create_table(
        "evidence_note",
        sa.Column("id", KEY, nullable=False),
        sa.Column("evidence_id", KEY, nullable=False),
        sa.Column("shape", JSON, nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("removed_at", INSTANT),
        sa.ForeignKeyConstraint(["evidence_id"], ["evidence.id"], name="fk_evidence_note_evidence_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_evidence_note_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_evidence_note"),
    )
    op.create_index("ix_evidence_note_evidence", "evidence_note", ["evidence_id"])
    op.create_table(
        "evidence_opened",
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("evidence_id", KEY, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["evidence_id"], ["evidence.id"], name="fk_evidence_opened_evidence_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_evidence_opened_person_id"),
        sa.PrimaryKeyConstraint("person_id", "evidence_id", name="pk_evidence_opened"),
    )
    op.create_table(
        "intent_event",
        sa.Column("id", KEY, nullable=False),
        sa.Column("intent_id", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("person_id", KEY),
        sa.Column("data", JSON, nullable=False),
        sa.ForeignKeyConstraint(["intent_id"], ["refund_intent.id"], name="fk_intent_event_intent_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_intent_event_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_intent_event"),
    )
    op.create_index("ix_intent_event_intent", "intent_event", ["intent_id"])
    op.create_table(
        "intent_line",
        sa.Column("intent_id", sa.Text(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["intent_id"], ["refund_intent.id"], name="fk_intent_line_intent_id"),
        sa.PrimaryKeyConstraint("intent_id", "line", name="pk_intent_line"),
    )

    if op.get_bind().dialect.name == "sqlite":
        for statement in SEARCH_SQLITE:
            op.execute(statement)
    else:
        op.execute(SEARCH_POSTGRES)


def downgrade() -> None:
    """Drop everything, dependants first. The guards of append-only tables go with their tables."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE search_index")
    for table in TABLES:
        op.drop_table(table)


TABLES = (
    "intent_line",
    "intent_event",
    "evidence_opened",
    "evidence_note",
    "refund_intent",
    "inbox_seen",
    "evidence",
    "search_doc",
    "request_key",
    "request",
    "proposal",
    "observation",
    "message",
    "last_look",
    "intake_seen",
    "inbox",
    "finding",
    "consultation",
    "case_pause",
    "case_event",
    "case_clock",
    "token",
    "refund_case",
    "record",
    "config_version",
    "account_role",
    "shop_order",
    "saved_view",
    "personal",
    "config_change",
    "account",
    "sign_in_throttle",
    "quarantine",
    "person",
    "merchant",
    "idempotency",
    "desk_mark",
    "customer",
    "audit_subtree",
    "audit_leaf",
    "audit_entry",
    "audit_checkpoint",
)
