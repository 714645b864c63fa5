"""Requests taken in by API, and the quarantine. Same checks and words as an import."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter(tags=["intake"])
