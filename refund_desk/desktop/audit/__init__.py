"""The audit log: what happened, whether it still proves itself, and a copy to take along."""

from refund_desk.desktop.audit.panel import AuditPanel

__all__ = ["AuditPanel"]
