"""The Merkle tree of RFC 6962 (SHA-256): hashes, a frontier that grows, proofs and their checks. Pure.

Positions count from 0, sizes are numbers of leaves, hashes are 32 bytes. A proof is a list of hashes in
the order of RFC 6962 section 2.1. Nothing here raises on a wrong proof: the checks answer True or False.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Protocol

EMPTY_ROOT = sha256(b"").digest()
"""Root of a tree without leaves."""


def leaf_hash(data: bytes) -> bytes:
    """Hash of a leaf that holds `data`."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node."""
    return sha256(b"\x01" + left + right).digest()


class HashReader(Protocol):
    """Gives the hash of any run of leaves that a proof needs."""

    def range_hash(self, lo: int, hi: int) -> bytes:
        """Merkle tree hash over the leaves lo..hi-1; lo < hi."""
        ...


class Frontier:
    """The roots of the complete subtrees a tree of this size consists of: all that is needed to grow.

    `extend` takes any number of leaf hashes at about one hash per leaf; `root` is O(log size).
    """

    __slots__ = ("_waiting", "size")

    def __init__(self) -> None:
        self.size = 0
        self._waiting: list[bytes | None] = []  # at level n: the left sibling that waits for its right one

    @classmethod
    def at(cls, size: int, reader: HashReader) -> Frontier:
        """The frontier of a tree that already has `size` leaves."""
        frontier = cls()
        frontier.size = size
        frontier._waiting = [None] * size.bit_length()
        lo = 0
        for level in range(size.bit_length() - 1, -1, -1):
            if size >> level & 1:
                frontier._waiting[level] = reader.range_hash(lo, lo + (1 << level))
                lo += 1 << level
        return frontier

    def append(self, leaf: bytes) -> None:
        """Take one more leaf hash."""
        self.extend((leaf,))

    def extend(self, leaves: Sequence[bytes], levels: Sequence[int] = ()) -> dict[int, tuple[int, list[bytes]]]:
        """Take leaf hashes in order.

        Returns for each of `levels` (1 and up) the subtrees of 2**level leaves that became complete:
        the index of the first and their roots.
        """
        made: dict[int, tuple[int, list[bytes]]] = {}
        new, first, level = list(leaves), self.size, 0
        self.size += len(new)
        while new:
            if level == len(self._waiting):
                self._waiting.append(None)
            waiting = self._waiting[level]
            if waiting is not None:
                new.insert(0, waiting)
                first -= 1
            self._waiting[level] = new.pop() if len(new) % 2 else None
            pairs = iter(new)
            new = [sha256(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs, strict=True)]
            first, level = first // 2, level + 1
            if level in levels and new:
                made[level] = (first, list(new))
        return made

    def root(self) -> bytes:
        """Root of the tree so far."""
        root: bytes | None = None
        for waiting in self._waiting:
            if waiting is not None:
                root = waiting if root is None else node_hash(waiting, root)
        return EMPTY_ROOT if root is None else root


def tree_hash(leaves: Sequence[bytes]) -> bytes:
    """Root over leaf hashes that are all at hand."""
    frontier = Frontier()
    frontier.extend(leaves)
    return frontier.root()


def inclusion_proof(position: int, size: int, reader: HashReader) -> list[bytes]:
    """Proof that the leaf at `position` is in the tree of `size`. ValueError if it can't be."""
    if not 0 <= position < size:
        raise ValueError("no such position in a tree of that size")
    path: list[bytes] = []
    lo, hi = 0, size
    while hi - lo > 1:
        middle = lo + _split(hi - lo)
        if position < middle:
            path.append(reader.range_hash(middle, hi))
            hi = middle
        else:
            path.append(reader.range_hash(lo, middle))
            lo = middle
    return path[::-1]


def consistency_proof(old: int, new: int, reader: HashReader) -> list[bytes]:
    """Proof that the tree of size `old` is the beginning of that of size `new`. ValueError if old > new."""
    if not 0 <= old <= new:
        raise ValueError("a log does not shrink")
    if old in (0, new):
        return []
    path: list[bytes] = []
    lo, hi = 0, new
    while old != hi:
        middle = lo + _split(hi - lo)
        if old <= middle:
            path.append(reader.range_hash(middle, hi))
            hi = middle
        else:
            path.append(reader.range_hash(lo, middle))
            lo = middle
    if lo:  # the old tree's last part is no subtree of its own root: the checker must be told it
        path.append(reader.range_hash(lo, hi))
    return path[::-1]


def verify_inclusion(position: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether `proof` shows the leaf hash at `position` in the tree of `size` with this `root`."""
    if not 0 <= position < size or not _all_hashes(leaf, root, *proof):
        return False
    node, last, value = position, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if node % 2 or node == last:
            value = node_hash(sibling, value)
            while not node % 2 and node:  # a right edge without siblings: up to where it has one
                node, last = node // 2, last // 2
        else:
            value = node_hash(value, sibling)
        node, last = node // 2, last // 2
    return last == 0 and value == root


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether `proof` shows that the tree (old, old_root) is the beginning of the tree (new, new_root)."""
    if not 0 <= old <= new or not _all_hashes(old_root, new_root, *proof):
        return False
    if old == new:
        return not proof and old_root == new_root
    if old == 0:
        return not proof and old_root == EMPTY_ROOT
    path = list(proof)
    if old & (old - 1) == 0:  # a complete tree is its own first node
        path.insert(0, old_root)
    if not path:
        return False
    return _replay(old, new, path) == (old_root, new_root)


def _replay(old: int, new: int, path: list[bytes]) -> tuple[bytes, bytes] | None:
    """The two roots that a consistency path leads to, or None when it has the wrong length."""
    node, last = old - 1, new - 1
    while node % 2:
        node, last = node // 2, last // 2
    old_value = new_value = path[0]
    for sibling in path[1:]:
        if last == 0:
            return None
        if node % 2 or node == last:
            old_value, new_value = node_hash(sibling, old_value), node_hash(sibling, new_value)
            while not node % 2 and node:
                node, last = node // 2, last // 2
        else:
            new_value = node_hash(new_value, sibling)
        node, last = node // 2, last // 2
    return (old_value, new_value) if last == 0 else None


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1


def _all_hashes(*values: bytes) -> bool:
    return all(len(value) == 32 for value in values)
