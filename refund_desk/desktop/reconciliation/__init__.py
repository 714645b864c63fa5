"""Breaks of reconciliation: found, looked at side by side, settled."""

from refund_desk.desktop.reconciliation.panel import ReconciliationPanel

__all__ = ["ReconciliationPanel"]
