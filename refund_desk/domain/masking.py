"""What the queue shows of a customer: enough to tell two apart, too little to know one. Pure."""

from __future__ import annotations

NOBODY = "—"
"""Nobody known, or nobody any more."""


def masked_name(name: str | None, email: str | None = None, external_id: str = "") -> str:
    """王小明 becomes 王**, Noah Brown N*** B***, a bare mail n***@e***, an id its last four characters."""
    words = (name or "").split()
    if words:
        return " ".join(_masked(word) for word in words[:3])
    if email and "@" in email:
        user, _, host = email.partition("@")
        return f"{user[:1]}***@{host[:1]}***"
    return f"#{external_id[-4:]}" if len(external_id) > 4 else NOBODY


def _masked(word: str) -> str:
    if word[0] >= "\u2e80":  # Chinese, Japanese, Korean: one character is a family name
        return word[0] + "*" * min(2, max(1, len(word) - 1))
    return word[0] + "***"
