"""`reconcile` as somebody types it: a file in, in again, a run, and what differs."""

from __future__ import annotations

from pathlib import Path

from tests.fakes.shell import Shell

REPORT = """balance_transaction_id,created_utc,currency,gross,fee,net,reporting_category,source_id,description
txn_1,2026-05-01 10:00:00,usd,100.00,3.20,96.80,charge,ch_1,SO-1
txn_2,2026-05-02 10:00:00,usd,-40.00,0.00,-40.0x,refund,re_1,SO-1
"""


def test_a_report_in_a_run_and_what_differs(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "report.csv"
    file.write_text(REPORT, "utf-8")
    taken = shell.json("reconcile", "import", str(file), "--source", "stripe")
    assert (taken["format"], taken["rows"], taken["fresh"], taken["again"]) == ("stripe_payouts", 1, 1, False)
    assert [(bad["line"], bad["code"]) for bad in taken["bad"]] == [(3, "amount_unreadable")]
    assert "nothing changed" in shell("reconcile", "import", str(file), "--source", "stripe").stdout
    assert shell.json("reconcile", "run")["breaks"] == 0
    assert shell("reconcile", "breaks").stdout.strip() == "No open breaks."
