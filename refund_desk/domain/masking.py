"""What the queue shows of a customer: enough to tell two apart, too little to know one. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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


def masked(row: Mapping[str, Any]) -> dict[str, str | None]:
    """Name, mail, phone and address of a customer, each as far as anybody may see it unasked."""
    email, phone, address = row.get("email"), row.get("phone"), row.get("address")
    number = "" if row.get("erased_at") else str(row.get("external_id") or "")
    return {
        "name": masked_name(row.get("name"), email, number),
        "email": _masked_mail(email) if email else None,
        "phone": f"***{phone[-4:]}" if phone and len(phone) > 6 else "***" if phone else None,
        "address": f"{address[:3]}***" if address and len(address) > 6 else "***" if address else None,
    }


def _masked_mail(email: str) -> str:
    user, _, host = email.partition("@")
    return f"{user[:1]}***@{host}" if host else "***"
