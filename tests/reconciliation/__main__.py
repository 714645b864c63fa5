"""`python -m tests.reconciliation [payments]`: the eight seeds, one line each, and all of them together by kind."""

from __future__ import annotations

import sys
from collections import Counter

from tests.reconciliation.generator import PAYMENTS, SEEDS
from tests.reconciliation.measuring import measure
from tests.reconciliation.rows import KINDS


def main(payments: int) -> None:
    right, missed, wrong = Counter[str](), Counter[str](), Counter[str]()
    for seed in SEEDS:
        one = measure(seed, payments)
        print(one.line(), flush=True)
        right += one.score.right
        missed += Counter(found.kind for found in one.score.missed)
        wrong += Counter(kind for kind, _ in one.score.wrong)
    print(f"{'kind':22}{'right':>7}{'missed':>8}{'wrong':>7}")
    for kind in KINDS:
        print(f"{kind:22}{right[kind]:7}{missed[kind]:8}{wrong[kind]:7}")
    recall = right.total() / (right.total() + missed.total())
    precision = right.total() / (right.total() + wrong.total())
    print(f"all: recall {recall:.2%}, precision {precision:.2%}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else PAYMENTS)
