"""The board of work: who has how much, what will miss, and moves with their preview and undo."""

from refund_desk.desktop.workload.panel import WorkloadPanel

__all__ = ["WorkloadPanel"]
