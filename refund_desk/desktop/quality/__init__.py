"""A second look at what was decided, without knowing it; and how one's own decisions fared."""

from refund_desk.desktop.quality.panel import QualityPanel

__all__ = ["QualityPanel"]
