"""The case workspace: everything about one case on one screen, and what may be done about it."""

from refund_desk.desktop.workspace.workspace import CaseWorkspace

__all__ = ["CaseWorkspace"]
