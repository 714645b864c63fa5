"""Every code of the money floor has its words in both languages, with values its code really gives."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from refund_desk.client.flatyaml import read_flat
from refund_desk.client.resources import resource_dir
from refund_desk.client.words import load_catalogue, placeholders
from refund_desk.domain import decisions, intents, money, payouts, shares
from refund_desk.domain.decisions import ProposalContent
from refund_desk.domain.payouts import IntentState

CODE = re.compile(r'(Invalid|Conflict|Finding|Term|_check|_taken|_order_ceiling)\(\s*"([a-z_]+\.[a-z_]+)"')
PROBLEM = re.compile(r'found\.(?:add|amounts|unless)\([^"]*?"[^"]*",\s+"([a-z_]+)"', re.DOTALL)
LITERAL = re.compile(r'"((?:money|ceiling|payout|share|tender|intent|order|line|proposal)\.[a-z_]+)"')
KIND = {"Invalid": "error", "Conflict": "error", "_check": "error", "Finding": "finding", "Term": "term"}

OURS = set(read_flat(resource_dir() / "translations" / "en.d" / "money.yaml"))


def written() -> set[str]:
    """Keys of all codes that stand in the modules."""
    keys = {f"void.{each.name.removesuffix('_minor')}" for each in fields(ProposalContent)}
    keys |= {f"intent.{state.value}" for state in IntentState}
    for module in (money, shares, intents, payouts, decisions):
        text = Path(module.__file__ or "").read_text(encoding="utf-8")
        keys |= {f"{KIND.get(kind, 'term')}.{code}" for kind, code in CODE.findall(text)}
        keys |= {f"error.proposal.{code}" for code in PROBLEM.findall(text)}
    return keys


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_code_has_words(language: str) -> None:
    keys = written()
    assert len(keys) > 80
    assert keys - set(load_catalogue(language)) == set()


def test_no_code_is_left_out_and_no_words_are_idle() -> None:
    texts = [Path(module.__file__ or "").read_text(encoding="utf-8") for module in (money, shares, payouts, decisions)]
    literals = {code for text in texts for code in LITERAL.findall(text)}
    worded = {key.partition(".")[2] for key in OURS if not key.startswith(("void.", "intent."))}
    proposal = {code for code in worded if code.startswith("proposal.")}
    assert literals | {"intent.transition"} == (worded - proposal) | {"proposal.invalid"}
    assert written() <= OURS


def test_both_languages_say_the_same_values() -> None:
    english, chinese = load_catalogue("en"), load_catalogue("zh")
    for key in written():
        assert placeholders(english[key]) == placeholders(chinese[key]), key
