"""The queue: filters, the list, why a case stands where it stands."""

from refund_desk.desktop.queue.panel import QueuePanel

__all__ = ["QueuePanel"]
