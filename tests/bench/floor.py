"""The least that each command costs: bare `sqlite3`, written by hand, one transaction, the same rows.

It checks the token, reads what the rules look at and writes what the command writes, each row once, makes
dicts of them and sends them through JSON. It knows no rule: that is what the ratio is about.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from refund_desk.domain.people import Principal
from refund_desk.store.views import CAP, HIGH

_TOKEN = """SELECT a.*, p.name, group_concat(r.role) AS roles FROM token t JOIN account a ON a.id = t.account_id
JOIN person p ON p.id = a.person_id LEFT JOIN account_role r ON r.account_id = a.id
WHERE t.digest = ? AND t.revoked_at IS NULL AND t.expires_at > ? GROUP BY a.id"""
_PAGE = """SELECT c.*, l.masked, m.name AS merchant, p.name AS assignee, k.at AS looked FROM refund_case c
LEFT JOIN personal l ON l.customer_id = c.customer_id LEFT JOIN merchant m ON m.id = c.merchant_id
LEFT JOIN person p ON p.id = c.assignee_id LEFT JOIN last_look k ON k.case_id = c.id AND k.person_id = ?
WHERE c.open = 1 ORDER BY c.act_by, c.id LIMIT ?"""
_MINE = "open = 1 AND assignee_id = :me"
_CHIPS = {
    "mine": _MINE,
    "returned": f"{_MINE} AND returned_to_id = :me",
    "answer_came": f"{_MINE} AND answer_came = 1",
    "unassigned": "open = 1 AND assignee_id IS NULL AND stage = 'review'",
    "overdue": "open = 1 AND due_at < :now",
    "due_2h": "open = 1 AND due_at >= :now AND due_at < :soon",
    "conflict": "open = 1 AND conflicts > 0",
    "disputed": "open = 1 AND disputed = 1",
    "waiting_customer": "open = 1 AND stage = 'waiting_customer'",
    "waiting_approval": "open = 1 AND stage = 'approval'",
    "total": "open = 1",
}
_HIGH = " UNION ALL ".join(
    f"SELECT 1 FROM refund_case WHERE open = 1 AND stage = 'review' AND currency = '{name}' AND amount_minor >= {at}"
    for name, at in HIGH.items()
)
_COUNTS = (
    " UNION ALL ".join(
        f"SELECT '{key}', count(*) FROM (SELECT 1 FROM refund_case WHERE {where} LIMIT {CAP + 1})"
        for key, where in _CHIPS.items()
    )
    + f" UNION ALL SELECT 'high_amount', count(*) FROM (SELECT * FROM ({_HIGH}) LIMIT {CAP + 1})"
)
_FREE = """SELECT * FROM refund_case WHERE open = 1 AND assignee_id IS NULL AND stage = 'review'
ORDER BY act_by, id LIMIT 1"""
_RECORDS = """SELECT r.*, o.* FROM record r LEFT JOIN observation o ON o.record_id = r.id AND o.current = 1
WHERE r.order_id = ?"""
_BESIDE = (
    "SELECT * FROM proposal WHERE case_id = ? ORDER BY number DESC",
    "SELECT * FROM consultation WHERE case_id = ?",
    "SELECT * FROM request WHERE case_id = ?",
    "SELECT * FROM case_event WHERE case_id = ? ORDER BY id",
    "SELECT * FROM finding WHERE case_id = ? AND gone_at IS NULL",
    "SELECT * FROM case_clock WHERE case_id = ?",
)


class Floor:
    """Bare commands of one person on a database. Each method is one transaction."""

    def __init__(self, database: Path, who: Principal, token: str) -> None:
        self._db = sqlite3.connect(database, isolation_level=None, cached_statements=512)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "recursive_triggers=ON"):
            self._db.execute(f"PRAGMA {pragma}")
        for pragma in ("cache_size=-65536", "mmap_size=268435456", "temp_store=MEMORY"):
            self._db.execute(f"PRAGMA {pragma}")
        self._who, self._token = who, token

    def close(self) -> None:
        self._db.close()

    def _rows(self, sql: str, values: Sequence[Any] | dict[str, Any] = ()) -> list[dict[str, Any]]:
        cursor = self._db.execute(sql, values)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]

    def _known(self, now: int) -> list[dict[str, Any]]:
        return self._rows(_TOKEN, (hashlib.sha256(self._token.encode()).digest(), now))

    def _put(self, table: str, row: dict[str, Any], *, instead: bool = False) -> int:
        verb = "INSERT OR REPLACE" if instead else "INSERT"
        sql = f"{verb} INTO {table} ({','.join(row)}) VALUES ({','.join('?' * len(row))})"
        return self._db.execute(sql, tuple(row.values())).lastrowid or 0

    # ------------------------------------------------------------ the commands

    def queue(self, now: int, limit: int = 50) -> Any:
        """A first page with chip counts and total."""
        self._db.execute("BEGIN")
        who = self._known(now)
        self._rows("SELECT max(id) FROM config_version")
        page = self._rows(_PAGE, (self._who.person_id, limit + 1))
        counts = dict(self._db.execute(_COUNTS, {"me": self._who.person_id, "now": now, "soon": now + 7_200_000_000}))
        self._db.execute("COMMIT")
        return _through_json([who, page, counts])

    def take_next(self, now: int) -> dict[str, Any]:
        """The most urgent free case, now theirs."""
        me = self._who.person_id
        self._db.execute("BEGIN IMMEDIATE")
        seen = [self._known(now), self._rows("SELECT max(id) FROM config_version")]
        seen.append(self._rows("SELECT * FROM refund_case WHERE open = 1 AND assignee_id = ?", (me,)))
        case = self._rows(_FREE)[0]
        self._db.execute(
            "UPDATE refund_case SET assignee_id = ?, taken_at = ?, lease_until = ?, changed_at = ?,"
            " v_assignment = v_assignment + 1 WHERE id = ?",
            (me, now, now + 1_800_000_000, now, case["id"]),
        )
        event = self._event(case, "case.taken", "assignment", now, {"to": me, "from": None})
        entry = self._entry("case.taken", case["ref"], now, {"to": me, "previous": None})
        self._db.execute("COMMIT")
        _through_json([seen, case, event, entry])
        return case

    def propose(self, ref: str, minor: int, now: int) -> dict[str, Any]:
        """A proposal that waits for approval."""
        self._db.execute("BEGIN IMMEDIATE")
        seen, case = self._whole(ref, now)
        content = json.dumps({"amount_minor": minor, "decision": "partial", "reason": "goodwill", "case": ref}).encode()
        row = {"case_id": case["id"], "round": 1, "number": 1, "decision": "partial", "reason": "goodwill"}
        row |= {"content": content, "digest": hashlib.sha256(content).digest(), "amount_minor": minor}
        row |= {"currency": "CNY", "person_id": self._who.person_id, "at": now, "status": "open", "undo_until": now}
        row["id"] = self._put("proposal", row)
        self._db.execute(
            "UPDATE refund_case SET stage = 'approval', changed_at = ?, lease_until = NULL, proposer_id = ?,"
            " act_by = ?, due_at = ?, due_clock = 'decision', v_proposal = v_proposal + 1, v_thread = v_thread + 1"
            " WHERE id = ?",
            (now, self._who.person_id, case["act_by"], case["due_at"], case["id"]),
        )
        written = [
            self._event(case, "advice.recorded", "thread", now, {"clause": None, "advised": None, "same": False}),
            self._event(case, "proposal.made", "proposal", now, {"number": 1, "decision": "partial", "amount": minor}),
            self._entry("proposal.made", ref, now, {"number": 1, "amount": minor, "digest": row["digest"].hex()}),
        ]
        self._db.execute("COMMIT")
        _through_json([seen, row, written])
        return row

    def approve(self, ref: str, proposal: dict[str, Any], now: int) -> Any:
        """Its approval with the reserve, the stage it leads to, the letter, and who is informed."""
        me = self._who.person_id
        self._db.execute("BEGIN IMMEDIATE")
        seen, case = self._whole(ref, now)
        self._db.execute(
            "UPDATE proposal SET status = 'approved', verdict_by = ?, verdict_at = ? WHERE id = ?",
            (me, now, proposal["id"]),
        )
        self._db.execute(
            "UPDATE refund_case SET stage = 'payout', progress = 'refunding', changed_at = ?, assignee_id = NULL,"
            " taken_at = NULL, proposer_id = NULL, act_by = ?, due_at = ?, due_clock = 'payout',"
            " v_proposal = v_proposal + 1, v_thread = v_thread + 1, v_money = v_money + 1 WHERE id = ?",
            (now, now, now, case["id"]),
        )
        written = [*self._reserved(case, proposal, now), *self._told(case, proposal, now)]
        self._db.execute("COMMIT")
        return _through_json([seen, proposal, written])

    # ------------------------------------------------------------ parts of them

    def _whole(self, ref: str, now: int) -> tuple[list[Any], dict[str, Any]]:
        """All that a decision looks at."""
        seen: list[Any] = [self._known(now), self._rows("SELECT max(id) FROM config_version")]
        case = self._rows("SELECT * FROM refund_case WHERE ref = ?", (ref,))[0]
        order, number = case["order_id"], case["id"]
        seen += [case, self._rows("SELECT * FROM shop_order WHERE id = ?", (order,)), self._rows(_RECORDS, (order,))]
        seen.append(self._rows("SELECT * FROM refund_intent WHERE order_id = ?", (order,)))
        since = now - 2_592_000_000_000
        seen.append(
            self._rows(
                "SELECT currency, sum(amount_minor) FROM refund_intent WHERE customer_id = ? AND created_at >= ?"
                " AND state NOT IN ('cancelled', 'failed', 'returned') GROUP BY currency",
                (case["customer_id"], since),
            )
        )
        seen += [self._rows(sql, (number,)) for sql in _BESIDE]
        seen.append(self._rows("SELECT * FROM message WHERE case_id = ? ORDER BY sent_at, id", (number,)))
        return seen, case

    def _event(self, case: dict[str, Any], kind: str, aspect: str, now: int, data: dict[str, Any]) -> dict[str, Any]:
        row = {"case_id": case["id"], "round": 1, "at": now, "type": kind, "aspect": aspect, "version": 2}
        row |= {"person_id": self._who.person_id, "data": json.dumps(data)}
        self._put("case_event", row)
        return row

    def _entry(self, action: str, ref: str, now: int, data: dict[str, Any]) -> dict[str, Any]:
        actor = self._who.actor
        said = {"action": action, "actor": actor, "at": now, "case": ref, "data": data, "desk": "", "epoch": 0, "v": 1}
        row = {"bytes": json.dumps(said, separators=(",", ":"), sort_keys=True).encode(), "at": now}
        row |= {"action": action, "case_ref": ref, "actor": actor}
        self._put("audit_entry", row)
        return row

    def _reserved(self, case: dict[str, Any], proposal: dict[str, Any], now: int) -> list[Any]:
        minor = proposal["amount_minor"]
        intent = {"id": str(uuid.uuid4()), "case_id": case["id"], "order_id": case["order_id"]}
        intent |= {"customer_id": case["customer_id"], "proposal_id": proposal["id"], "tender": "money"}
        intent |= {"channel": "pay", "amount_minor": minor, "currency": "CNY", "state": "reserved", "created_at": now}
        intent |= {"changed_at": now, "proposer_id": proposal["person_id"], "approver_id": self._who.person_id}
        self._put("refund_intent", intent)
        line = {"intent_id": intent["id"], "line": "1", "quantity": 1, "amount_minor": minor}
        self._put("intent_line", line)
        self._put("intent_event", {"intent_id": intent["id"], "at": now, "state": "reserved", "data": "{}"})
        event = self._event(case, "intent.reserved", "money", now, {"intent": intent["id"], "amount": minor})
        return [intent, line, event, self._entry("intent.reserved", case["ref"], now, {"intent": intent["id"]})]

    def _told(self, case: dict[str, Any], proposal: dict[str, Any], now: int) -> list[Any]:
        number = case["id"]
        out: list[Any] = []
        for kind, stopped in (("first_answer", now), ("decision", now), ("payout", None), ("notice", now)):
            clock = {"case_id": number, "round": 1, "kind": kind, "started_at": now, "limit_s": 1, "due_at": now}
            clock["stopped_at"] = stopped
            self._put("case_clock", clock, instead=True)
            out.append(clock)
        letter = {"order_id": case["order_id"], "case_id": number, "customer_id": case["customer_id"]}
        letter |= {"source": "desk", "external_id": f"proposal:{proposal['id']}", "direction": "out"}
        letter |= {"channel": "desk", "who": "system", "sent_at": now, "text": "您好，" * 40, "taken_at": now}
        letter["id"] = self._put("message", letter)
        for role in ("customer_service", "finance"):
            line = {"role": role, "case_id": number, "at": now, "code": "event.decided.partial", "params": "{}"}
            self._put("inbox", line)
            out.append(line)
        return [
            *out,
            letter,
            self._event(case, "decided.partial", "proposal", now, {"number": 1, "amount": proposal["amount_minor"]}),
            self._event(case, "message.sent", "thread", now, {"message": letter["id"]}),
            self._entry("proposal.approved", case["ref"], now, {"digest": proposal["digest"].hex()}),
            self._entry("decision.made", case["ref"], now, {"number": 1, "decision": "partial"}),
        ]


def _through_json(value: Any) -> Any:
    return json.loads(json.dumps(value, default=_text))


def _text(value: Any) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)
