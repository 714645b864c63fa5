# ruff: noqa: E501 - lines as they stand in the program
"""Bugs, one for each door that must stay shut: what to change in the program, and which cry must follow.

Each is planted into a copy of the package, and histories are played on it until one breaks. A change that no
longer fits its source is a failure of its own, so none can rot away unseen.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Bug:
    """edits: (file below refund_desk, what stands there, what stands there instead). cries: doors that may be
    found open by it. themes: which histories meet it soonest."""

    name: str
    edits: tuple[tuple[str, str, str], ...]
    cries: tuple[str, ...]
    themes: tuple[str, ...]


SENDING, RULES, GATE = "service/sending.py", "domain/sending.py", "sources/stripe_payout.py"
TWICE = ("paid twice", "one loss made good twice")
BLIND = "sent while another is unknown"
UNPAID = ("paid, and called unpaid", BLIND, *TWICE)

BUGS = (
    Bug(
        "the key is renewed with each try",
        (
            (
                RULES,
                'return f"refund-desk-{self.intent}"',
                "return f\"refund-desk-{self.intent}-{__import__('uuid').uuid4()}\"",
            ),
        ),
        TWICE,
        ("lost_answer",),
    ),
    Bug(
        "a time-out is a failure",
        (
            (
                GATE,
                "return Answer(Outcome.UNKNOWN, code=type(error).__name__)",
                "return Answer(Outcome.FAILED, code=type(error).__name__)",
            ),
        ),
        UNPAID,
        ("lost_answer",),
    ),
    Bug(
        "a 5xx is a failure",
        ((GATE, "NO = frozenset({400, 402, 404})", "NO = frozenset({400, 402, 404, 500})"),),
        UNPAID,
        ("lost_answer",),
    ),
    Bug(
        "a call that still runs is a failure",
        (
            (GATE, "NO = frozenset({400, 402, 404})", "NO = frozenset({400, 402, 404, 409})"),
            (GATE, 'and kind != "idempotency_error"', ""),
            (RULES, "if answer.outcome is Outcome.FAILED and again and not answer.replayed:", "if False:"),
        ),
        UNPAID,
        ("lost_answer", "two_processes"),
    ),
    Bug(
        "an answer that can't be read is a success",
        (
            (
                GATE,
                '    error = body.get("error") if body is not None else None\n',
                "    if said.status_code == 200 and body is None:\n"
                "        return Answer(Outcome.SUCCEEDED, code=code)\n"
                '    error = body.get("error") if body is not None else None\n',
            ),
        ),
        ("called paid, and isn't", BLIND),
        ("lost_answer",),
    ),
    Bug(
        "a status that nobody lists is a success",
        ((GATE, "outcome=STATUS.get(status, Outcome.UNKNOWN)", "outcome=STATUS.get(status, Outcome.SUCCEEDED)"),),
        ("called paid, and isn't", BLIND),
        ("lost_answer",),
    ),
    Bug(
        "pending is a success",
        ((GATE, '"pending": Outcome.PENDING', '"pending": Outcome.SUCCEEDED'),),
        ("called paid, and isn't",),
        ("fails_later",),
    ),
    Bug(
        "absence counts at once",
        (
            (
                RULES,
                "return not found and len(empty) >= 2",
                'return not found and any(a.found == 0 for a in after if a.kind == "ask")',
            ),
        ),
        UNPAID,
        ("lost_answer",),
    ),
    Bug(
        "one listing is enough",
        ((RULES, "return not found and len(empty) >= 2", "return not found and len(empty) >= 1"),),
        UNPAID,
        ("lost_answer",),
    ),
    Bug(
        "the desk's clock alone says how long something waited",
        (
            (RULES, "return wanted is None or (seen is not None and seen >= wanted)", "return True"),
            (RULES, "return theirs is None or first.theirs is None or theirs - first.theirs < life", "return True"),
        ),
        (*UNPAID, "sent after its key had expired"),
        ("clock_jumps",),
    ),
    Bug(
        "a key lives for ever",
        ((RULES, "life = terms.key_life - KEY_MARGIN", "life = timedelta(days=9999)"),),
        ("sent after its key had expired", *TWICE),
        ("lost_answer",),
    ),
    Bug(
        "what was read an hour ago will do",
        ((RULES, "return timedelta(0) <= at - snapshot.read_at <= FRESH", "return True"),),
        ("not read fresh",),
        ("stale_read",),
    ),
    Bug(
        "only the intent's own payment is read",
        (
            (
                SENDING,
                "if record.kind is RecordKind.PAYMENT and record.source in channels",
                "if record.kind is RecordKind.PAYMENT and record.id == intent.payment_record_id",
            ),
        ),
        ("not read fresh", "sent though others had paid", *TWICE),
        ("clerk_between",),
    ),
    Bug(
        "what others gave back since the approval doesn't matter",
        ((RULES, "    if difference:\n", "    if False:\n"),),
        ("sent though others had paid", "sent though the bank had taken it", *TWICE),
        ("clerk_between",),
    ),
    Bug(
        "a chargeback doesn't matter",
        ((RULES, "return {**words, **each, **taken}", "return {**words, **each}"),),
        ("sent though the bank had taken it",),
        ("bank_takes",),
    ),
    Bug(
        "an unknown doesn't block its order",
        (
            (
                "store/sending.py",
                'or_(_I.state != "reserved", and_(refund_case.c.stage == "payout", ~_IN_THE_AIR))',
                'or_(_I.state != "reserved", refund_case.c.stage == "payout")',
            ),
            (SENDING, "return not any(other.state in (_S.SUBMITTING, _S.UNKNOWN) for other in others)", "return True"),
            ("domain/payouts.py", "if intent.state is IntentState.UNKNOWN), None)", "if False), None)"),
        ),
        ("sent while another is unknown", *TWICE),
        ("lost_answer", "same_loss_twice"),
    ),
    Bug(
        "nobody minds that another process is sending it",
        (
            (SENDING, "return intent.busy_until is not None and intent.busy_until >= now", "return False"),
            (SENDING, '"due_at": now + terms.patience}', '"due_at": now}'),
            ("store/sending.py", '        or_(_I.busy_until.is_(None), _I.busy_until < bindparam("now")),\n', ""),
        ),
        ("sent by two at once", *TWICE),
        ("two_processes",),
    ),
    Bug(
        "it is sent before it is on record",
        ((SENDING, "to = advance(at, _S.SUBMITTING) if at is _S.RESERVED else at", "to = at"),),
        ("sent before it was on record",),
        ("killed",),
    ),
    Bug(
        "it is sent inside the transaction",
        (
            (
                "worker/payouts.py",
                "            begun = sending.begin(work, desk, self._who, one, channel.terms, seen, self._epoch)\n",
                "            begun = sending.begin(work, desk, self._who, one, channel.terms, seen, self._epoch)\n"
                "            if begun is not None:\n"
                "                channel.send(begun[0])\n",
            ),
        ),
        ("sent with a transaction open", "sent before it was on record"),
        ("killed",),
    ),
    Bug(
        "a notification is believed",
        (
            (
                SENDING,
                "            _wait(work, intent.id, now)\n            asked_about += 1\n",
                '            work.money.set_intent(intent.id, "succeeded", now, None, {}, due_at=None)\n            asked_about += 1\n',
            ),
        ),
        ("called paid, and isn't", "not in the log"),
        ("notice_first", "lost_answer"),
    ),
    Bug(
        "a refund that fails later stays paid",
        (
            (
                SENDING,
                "if outcome is Outcome.FAILED and refund is not None and intent.reference in (None, refund):",
                "if False:",
            ),
        ),
        ("called paid, and isn't", "lost"),
        ("fails_later",),
    ),
    Bug(
        "a restored database goes on",
        (("service/halting.py", "if inside < outside.before:", "if False:"),),
        ("sent after a restore that nobody confirmed", "a payment forgotten"),
        ("restored",),
    ),
    Bug(
        "ids that nobody knows are overlooked",
        (
            (
                RULES,
                "return [r for r in snapshot.refunds if r.intent and r.desk == desk and r.intent not in known]",
                "return []",
            ),
        ),
        ("a payment forgotten",),
        ("restored",),
    ),
    Bug(
        "what was paid holds nothing any more",
        (
            (
                "domain/intents.py",
                "HOLDING = frozenset({_S.RESERVED, _S.SUBMITTING, _S.PENDING, _S.UNKNOWN, _S.SUCCEEDED, _S.ARRIVED})",
                "HOLDING = frozenset({_S.RESERVED, _S.SUBMITTING, _S.PENDING, _S.UNKNOWN})",
            ),
        ),
        TWICE,
        ("same_loss_twice",),
    ),
    Bug(
        "a line may be given back without end",
        (
            ("domain/payouts.py", "        _check_line(proposed, book, line_id)\n", "        pass\n"),
            ("domain/payouts.py", "                units -= part.quantity\n", "                pass\n"),
            (
                "domain/payouts.py",
                "left = sum(term.minor for term in terms)\n",
                "left = sum(term.minor for term in terms if term.minor > 0)\n",
            ),
        ),
        TWICE,
        ("same_loss_twice",),
    ),
    Bug(
        "nobody is told of an unknown",
        (
            (
                SENDING,
                '    alarm(work, desk, who, "payout.unknown", intent.id, state, intent=intent.id, told=told)\n',
                "",
            ),
        ),
        ("nobody's",),
        ("lost_answer",),
    ),
    Bug(
        "what was sent isn't in the log",
        (
            (
                SENDING,
                '    work.audit("payout.sent", who, state.ref, currency=intent.currency, again=at is _S.UNKNOWN, **data)\n',
                "",
            ),
        ),
        ("not in the log",),
        ("lost_answer",),
    ),
)


def plant(bug: Bug, folder: Path) -> Path:
    """A copy of the package with the bug in it. Raises LookupError where it doesn't fit any more."""
    package = folder / "refund_desk"
    shutil.copytree(ROOT / "refund_desk", package)
    for name in ("resources", "migrations"):
        (folder / name).symlink_to(ROOT / name)
    (folder / "tests").symlink_to(ROOT / "tests")
    for file, there, instead in bug.edits:
        path = package / file
        text = path.read_text("utf-8")
        if text.count(there) != 1:
            raise LookupError(f"{bug.name}: {file} has this {text.count(there)} times: {there}")
        path.write_text(text.replace(there, instead), "utf-8")
    return folder


def hunt(folder: Path, bug: Bug, histories: int) -> subprocess.CompletedProcess[str]:
    """Play histories on a copy until one breaks."""
    command = [sys.executable, "-m", "tests.money", "--until-broken", "--sqlite", str(histories)]
    command += ["--themes", ",".join(bug.themes)]
    environment = {"PYTHONPATH": str(folder), "PATH": "/usr/bin:/bin"}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=900, check=False
    )
