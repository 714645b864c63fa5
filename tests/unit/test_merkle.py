"""The tree against the published vectors of transparency-dev/merkle (Apache-2.0), and properties of proofs."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refund_desk.domain.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    tree_hash,
    verify_consistency,
    verify_inclusion,
)

LEAVES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
# (position, size): proof. The vectors count leaves from 1; positions here count from 0.
INCLUSION: dict[tuple[int, int], list[str]] = {
    (0, 1): [],
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
CONSISTENCY: dict[tuple[int, int], list[str]] = {
    (1, 1): [],
    (1, 8): INCLUSION[0, 8],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
    (6, 7): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
}


@dataclass
class Leaves:
    """A hash reader over leaf hashes, by the recursive definition of RFC 6962."""

    hashes: list[bytes]

    def range_hash(self, lo: int, hi: int) -> bytes:
        if hi - lo == 1:
            return self.hashes[lo]
        half = 1
        while half * 2 < hi - lo:
            half *= 2
        return node_hash(self.range_hash(lo, lo + half), self.range_hash(lo + half, hi))


TREE = Leaves([leaf_hash(leaf) for leaf in LEAVES])


def _invented(size: int) -> Leaves:
    return Leaves([leaf_hash(str(number).encode()) for number in range(size)])


def test_published_roots() -> None:
    frontier = Frontier()
    assert frontier.root().hex() == ROOTS[0] == EMPTY_ROOT.hex()
    for leaf, root in zip(TREE.hashes, ROOTS[1:], strict=True):
        frontier.append(leaf)
        assert frontier.root().hex() == root


@pytest.mark.parametrize(("position", "size"), INCLUSION)
def test_published_inclusion_proofs(position: int, size: int) -> None:
    proof = inclusion_proof(position, size, TREE)
    assert [step.hex() for step in proof] == INCLUSION[position, size]
    root = bytes.fromhex(ROOTS[size])
    leaf = TREE.hashes[position]
    assert verify_inclusion(position, size, leaf, proof, root)
    wrong = [
        (position - 1, size, leaf, proof, root),
        (position + 1, size, leaf, proof, root),
        (position ^ 2, size, leaf, proof, root),
        (position, size * 2, leaf, proof, root),
        (position, size // 2, leaf, proof, root),
        (position, size, b"WrongLeaf", proof, root),
        (position, size, leaf, proof, EMPTY_ROOT),
        (position, size, leaf, [*proof, b""], root),
        (position, size, leaf, [*proof, root], root),
        (position, size, leaf, [b"", *proof], root),
        (position, size, leaf, [root, *proof], root),
    ]
    for case in wrong:
        assert not verify_inclusion(*case)


@pytest.mark.parametrize(("old", "new"), CONSISTENCY)
def test_published_consistency_proofs(old: int, new: int) -> None:
    proof = consistency_proof(old, new, TREE)
    assert [step.hex() for step in proof] == CONSISTENCY[old, new]
    first, second = bytes.fromhex(ROOTS[old]), bytes.fromhex(ROOTS[new])
    assert verify_consistency(old, new, first, second, proof)
    if old == new:
        return
    wrong = [
        (old - 1, new, first, second, proof),
        (old + 1, new, first, second, proof),
        (old ^ 2, new, first, second, proof),
        (old, new * 2, first, second, proof),
        (old, new // 2, first, second, proof),
        (old, new, b"WrongRoot", second, proof),
        (old, new, first, b"WrongRoot", proof),
        (old, new, second, first, proof),
        (old, new, first, second, []),
        (old, new, first, second, [*proof, b""]),
        (old, new, first, second, [*proof, first]),
        (old, new, first, second, [first, *proof]),
        (old, new, first, second, [proof[0], *proof]),
        (old, new, first, second, proof[:-1]),
    ]
    for case in wrong:
        assert not verify_consistency(*case)


def test_consistency_with_nothing_and_with_the_past() -> None:
    one, two = bytes.fromhex(ROOTS[1]), bytes.fromhex(ROOTS[2])
    assert verify_consistency(0, 1, EMPTY_ROOT, one, [])
    assert verify_consistency(2, 2, two, two, [])
    assert not verify_consistency(2, 1, two, one, [])
    assert not verify_consistency(1, 2, one, two, [])
    assert not verify_consistency(0, 1, one, two, [])
    with pytest.raises(ValueError):
        consistency_proof(2, 1, TREE)
    with pytest.raises(ValueError):
        inclusion_proof(1, 1, TREE)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_every_inclusion_proof_holds_and_no_changed_one_does(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 300))
    position = data.draw(st.integers(0, size - 1))
    tree = _invented(size)
    root = tree.range_hash(0, size)
    proof = inclusion_proof(position, size, tree)
    assert verify_inclusion(position, size, tree.hashes[position], proof, root)
    other = data.draw(st.integers(0, size - 1).filter(lambda number: number != position)) if size > 1 else 0
    if size > 1:
        assert not verify_inclusion(position, size, tree.hashes[other], proof, root)
        assert not verify_inclusion(other, size, tree.hashes[position], proof, root)
        assert not verify_inclusion(position, size, tree.hashes[position], _bit_flipped(data, proof), root)
        assert not verify_inclusion(position, size, tree.hashes[position], proof[:-1], root)
    assert not verify_inclusion(position, size, tree.hashes[position], [*proof, root], root)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_every_consistency_proof_holds_and_no_changed_one_does(data: st.DataObject) -> None:
    new = data.draw(st.integers(2, 300))
    old = data.draw(st.integers(1, new - 1))
    tree = _invented(new)
    first, second = tree.range_hash(0, old), tree.range_hash(0, new)
    proof = consistency_proof(old, new, tree)
    assert verify_consistency(old, new, first, second, proof)
    assert not verify_consistency(old, new, second, second, proof)
    assert not verify_consistency(old, new, first, sha256(second).digest(), proof)
    assert not verify_consistency(old, new, first, second, _bit_flipped(data, proof))
    assert not verify_consistency(old, new, first, second, proof[:-1])
    assert not verify_consistency(old, new, first, second, [*proof, second])


def _bit_flipped(data: st.DataObject, proof: list[bytes]) -> list[bytes]:
    step, byte, bit = (data.draw(st.integers(0, top)) for top in (len(proof) - 1, 31, 7))
    changed = bytearray(proof[step])
    changed[byte] ^= 1 << bit
    return [*proof[:step], bytes(changed), *proof[step + 1 :]]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 70), max_size=8))
def test_a_frontier_grows_by_any_steps(steps: list[int]) -> None:
    tree = _invented(sum(steps))
    frontier, made = Frontier(), 0
    for step in steps:
        before = frontier.size
        subtrees = frontier.extend(tree.hashes[before : before + step], levels=(3,))
        first, roots = subtrees.get(3, (made, []))
        assert first == made
        for root in roots:
            assert root == tree.range_hash(made * 8, made * 8 + 8)
            made += 1
    assert made == frontier.size // 8
    assert frontier.root() == (tree.range_hash(0, frontier.size) if frontier.size else EMPTY_ROOT)
    assert tree_hash(tree.hashes) == frontier.root()
    again = Frontier.at(frontier.size, tree)
    again.append(leaf_hash(b"next"))
    frontier.append(leaf_hash(b"next"))
    assert again.root() == frontier.root()
