"""Merkle trees as RFC 6962 (section 2.1) defines them: roots, inclusion and consistency proofs. Pure, no I/O.

Leaf: SHA-256(0x00 || data). Node: SHA-256(0x01 || left || right). The tree over nothing is SHA-256 of nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256

EMPTY_ROOT = sha256(b"").digest()


class BadProof(Exception):
    """A proof that does not prove what it should; the message says why."""


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """The right edge of a growing tree: the roots of its perfect subtrees, largest first. Grows in O(1) amortised."""

    def __init__(self, size: int = 0, roots: Iterable[bytes] = ()) -> None:
        self.size = size
        self._roots = list(roots)
        if size < 0 or len(self._roots) != size.bit_count() or any(len(root) != 32 for root in self._roots):
            raise ValueError(f"merkle: a tree of {size} leaves has another frontier")

    @property
    def roots(self) -> tuple[bytes, ...]:
        """The subtree roots, enough to go on from here."""
        return tuple(self._roots)

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash."""
        size, roots = self.size, self._roots
        while size & 1:
            leaf = sha256(b"\x01" + roots.pop() + leaf).digest()
            size >>= 1
        roots.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """The root hash of the tree so far."""
        if not self._roots:
            return EMPTY_ROOT
        root = self._roots[-1]
        for left in reversed(self._roots[:-1]):
            root = node_hash(left, root)
        return root

    def copy(self) -> Frontier:
        """A frontier that grows on its own."""
        return Frontier(self.size, self._roots)


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Root over leaf hashes."""
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    return frontier.root()


def _split(size: int) -> int:
    """The largest power of two smaller than `size` (RFC 6962's k)."""
    return 1 << (size - 1).bit_length() - 1


def inclusion_proof(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH(index, D[size]) of RFC 6962, section 2.1.1. Raises ValueError when there is no such leaf."""
    if not 0 <= index < len(leaves):
        raise ValueError(f"merkle: no leaf {index} in a tree of {len(leaves)}")
    proof: list[bytes] = []
    while len(leaves) > 1:
        half = _split(len(leaves))
        if index < half:
            proof.append(root_of(leaves[half:]))
            leaves = leaves[:half]
        else:
            proof.append(root_of(leaves[:half]))
            leaves, index = leaves[half:], index - half
    return proof[::-1]


def consistency_proof(first: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PROOF(first, D[size]) of RFC 6962, section 2.1.2. Raises ValueError unless 0 <= first <= size."""
    if not 0 <= first <= len(leaves):
        raise ValueError(f"merkle: {first} is not a smaller tree than {len(leaves)}")
    proof: list[bytes] = []
    whole = True
    if first == 0:
        return proof
    while first != len(leaves):
        half = _split(len(leaves))
        if first <= half:
            proof.append(root_of(leaves[half:]))
            leaves = leaves[:half]
        else:
            proof.append(root_of(leaves[:half]))
            leaves, first, whole = leaves[half:], first - half, False
    if not whole:
        proof.append(root_of(leaves))
    return proof[::-1]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Check that `leaf` is at `index` of the tree with `size` leaves and this root (RFC 9162, section 2.1.3.2).

    Raises BadProof.
    """
    if not 0 <= index < size:
        raise BadProof(f"no leaf {index} in a tree of {size}")
    _check_hashes(leaf, root, *proof)
    node, last, found = index, size - 1, leaf
    for part in proof:
        if last == 0:
            raise BadProof("the proof is too long")
        if node & 1 or node == last:
            found = node_hash(part, found)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            found = node_hash(found, part)
        node, last = node >> 1, last >> 1
    if last != 0:
        raise BadProof("the proof is too short")
    if found != root:
        raise BadProof("the proof leads to another root")


def verify_consistency(first: int, second: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]) -> None:
    """Check that the tree of `second` leaves begins with the tree of `first` (RFC 9162, section 2.1.4.2).

    Raises BadProof; every tree begins with the empty one, so a proof from that would say nothing and is refused.
    """
    if not 0 < first <= second:
        raise BadProof(f"nothing to prove for a tree of {second} that begins with one of {first}")
    if first == second:
        if proof:
            raise BadProof("the proof should be empty")
        if first_root != second_root:
            raise BadProof("two roots for one size")
        return
    _check_hashes(first_root, second_root, *proof)
    parts = list(proof)
    if not first & (first - 1):
        parts.insert(0, first_root)
    if not parts:
        raise BadProof("the proof is empty")
    node, last = first - 1, second - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old = new = parts[0]
    for part in parts[1:]:
        if last == 0:
            raise BadProof("the proof is too long")
        if node & 1 or node == last:
            old, new = node_hash(part, old), node_hash(part, new)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new = node_hash(new, part)
        node, last = node >> 1, last >> 1
    if last != 0:
        raise BadProof("the proof is too short")
    if old != first_root:
        raise BadProof("the proof leads to another first root")
    if new != second_root:
        raise BadProof("the proof leads to another second root")


def _check_hashes(*hashes: bytes) -> None:
    if any(len(one) != 32 for one in hashes):
        raise BadProof("a hash has 32 bytes")
