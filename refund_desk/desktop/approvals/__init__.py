"""Approvals: a list in one line each, the whole of one, and what can be said to it."""

from refund_desk.desktop.approvals.panel import ApprovalsPanel

__all__ = ["ApprovalsPanel"]
