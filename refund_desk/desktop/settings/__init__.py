"""Settings: accounts, changes by a second person, the process in force, and one's own account."""

from refund_desk.desktop.settings.panel import SettingsPanel

__all__ = ["SettingsPanel"]
