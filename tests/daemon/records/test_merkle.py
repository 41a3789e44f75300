"""Merkle trees against the published Certificate Transparency vectors, and proofs against each other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.records.merkle import (
    EMPTY_ROOT,
    BadProof,
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)

INPUTS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
LEAVES = [leaf_hash(bytes.fromhex(data)) for data in INPUTS]
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
INCLUSION = {
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
    (1, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
}
CONSISTENCY = {
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
}


@pytest.mark.parametrize("size", range(9))
def test_published_roots(size: int) -> None:
    assert root_of(LEAVES[:size]).hex() == ROOTS[size]


@pytest.mark.parametrize(("place", "proof"), INCLUSION.items())
def test_published_inclusion_proofs(place: tuple[int, int], proof: list[str]) -> None:
    index, size = place
    assert [part.hex() for part in inclusion_proof(index, LEAVES[:size])] == proof
    verify_inclusion(LEAVES[index], index, size, [bytes.fromhex(part) for part in proof], bytes.fromhex(ROOTS[size]))


@pytest.mark.parametrize(("sizes", "proof"), CONSISTENCY.items())
def test_published_consistency_proofs(sizes: tuple[int, int], proof: list[str]) -> None:
    first, second = sizes
    assert [part.hex() for part in consistency_proof(first, LEAVES[:second])] == proof
    roots = bytes.fromhex(ROOTS[first]), bytes.fromhex(ROOTS[second])
    verify_consistency(first, second, *roots, [bytes.fromhex(part) for part in proof])


def test_the_worked_example_of_rfc_6962() -> None:
    """Section 2.1.3: seven leaves, nodes a to l by name, and the proofs that the text states."""
    leaves = LEAVES[:7]
    a, b, c, d, e, f, j = leaves
    g, h, i = node_hash(a, b), node_hash(c, d), node_hash(e, f)
    k, m = node_hash(g, h), node_hash(i, j)  # the text's k and l
    assert root_of(leaves) == node_hash(k, m)
    assert inclusion_proof(0, leaves) == [b, h, m]
    assert inclusion_proof(3, leaves) == [c, g, m]
    assert inclusion_proof(4, leaves) == [f, j, k]
    assert inclusion_proof(6, leaves) == [i, k]
    assert consistency_proof(3, leaves) == [c, d, g, m]
    assert consistency_proof(4, leaves) == [m]
    assert consistency_proof(6, leaves) == [i, j, k]


def test_hashing_is_separated_by_domain() -> None:
    """A leaf that looks like an inner node does not hash like one (RFC 6962, section 2.1)."""
    assert EMPTY_ROOT.hex() == ROOTS[0]
    assert leaf_hash(b"").hex() == ROOTS[1]
    assert leaf_hash(b"L123456").hex() == "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56"
    assert node_hash(b"N123", b"N456").hex() == "aa217fe888e47007fa15edab33c2b492a722cb106c64667fc2b044444de66bbb"
    assert leaf_hash(LEAVES[0] + LEAVES[1]) != node_hash(LEAVES[0], LEAVES[1])


def _spoilt(proof: list[bytes], root: bytes) -> dict[str, list[bytes]]:
    """The ways in which the public test data spoil a proof."""
    return {
        "junk at the end": [*proof, bytes(32)],
        "root at the end": [*proof, root],
        "empty part at the end": [*proof, b""],
        "root at the front": [root, *proof],
        "empty part at the front": [b"", *proof],
        "cut short": proof[:-1],
        "begun late": proof[1:],
        "a bit flipped": [bytes([proof[0][0] ^ 8]) + proof[0][1:], *proof[1:]],
        "empty part in the middle": [*proof[:-1], b"", proof[-1]],
    }


@pytest.mark.parametrize(("index", "size"), [(0, 8), (5, 8), (2, 3), (1, 5)])
def test_spoilt_inclusion_is_refused(index: int, size: int) -> None:
    leaf, root, proof = LEAVES[index], root_of(LEAVES[:size]), inclusion_proof(index, LEAVES[:size])
    verify_inclusion(leaf, index, size, proof, root)
    wrong: dict[str, tuple[bytes, int, int, list[bytes], bytes]] = {
        name: (leaf, index, size, spoilt, root) for name, spoilt in _spoilt(proof, root).items()
    }
    for at in (-1, index + 1, index ^ 2, size, size + 1):
        wrong[f"index {at}"] = (leaf, at, size, proof, root)
    for total in (0, -1, index, size * 2, size // 2):
        wrong[f"size {total}"] = (leaf, index, total, proof, root)
    wrong |= {"leaf": (bytes(32), index, size, proof, root), "root": (leaf, index, size, proof, EMPTY_ROOT)}
    wrong |= {"no leaf": (b"", index, size, proof, root), "nothing at all": (b"", 0, 1, [], b"")}
    for name, question in wrong.items():
        with pytest.raises(BadProof):
            verify_inclusion(*question)
            pytest.fail(name)


@pytest.mark.parametrize(("first", "second"), [(1, 8), (6, 8), (2, 5), (3, 7)])
def test_spoilt_consistency_is_refused(first: int, second: int) -> None:
    one, two = root_of(LEAVES[:first]), root_of(LEAVES[:second])
    proof = consistency_proof(first, LEAVES[:second])
    verify_consistency(first, second, one, two, proof)
    wrong: dict[str, tuple[int, int, bytes, bytes, list[bytes]]] = {
        name: (first, second, one, two, spoilt) for name, spoilt in _spoilt(proof, two).items()
    }
    for low, high in ((first - 1, second), (first + 1, second), (first ^ 2, second), (first, second * 2)):
        wrong[f"sizes {low}, {high}"] = (low, high, one, two, proof)
    wrong |= {
        "swapped sizes": (second, first, one, two, proof),
        "swapped roots": (first, second, two, one, proof),
        "from nothing": (0, second, EMPTY_ROOT, two, []),
        "two roots": (second, second, one, two, []),
        "no root": (first, second, b"", two, proof),
        "equal, with a proof": (second, second, two, two, proof),
    }
    for name, question in wrong.items():
        with pytest.raises(BadProof):
            verify_consistency(*question)
            pytest.fail(name)


def _leaves(size: int) -> list[bytes]:
    return [leaf_hash(str(number).encode()) for number in range(size)]


@pytest.mark.parametrize("size", range(1, 34))
def test_every_proof_of_small_trees_holds_and_no_other_does(size: int) -> None:
    leaves = _leaves(size)
    root = root_of(leaves)
    for index in range(size):
        proof = inclusion_proof(index, leaves)
        verify_inclusion(leaves[index], index, size, proof, root)
        for other in range(size):
            if other != index:
                with pytest.raises(BadProof):
                    verify_inclusion(leaves[index], other, size, proof, root)
    for first in range(1, size + 1):
        proof = consistency_proof(first, leaves)
        verify_consistency(first, size, root_of(leaves[:first]), root, proof)
        if first < size:
            with pytest.raises(BadProof):
                verify_consistency(first, size, root_of(leaves[: first - 1]), root, proof)


@given(st.integers(2, 40), st.data())
def test_a_changed_proof_is_refused(size: int, data: st.DataObject) -> None:
    leaves = _leaves(size)
    first = data.draw(st.integers(1, size - 1))
    for proof, check in (
        (inclusion_proof(first, leaves), lambda p: verify_inclusion(leaves[first], first, size, p, root_of(leaves))),
        (
            consistency_proof(first, leaves),
            lambda p: verify_consistency(first, size, root_of(leaves[:first]), root_of(leaves), p),
        ),
    ):
        at = data.draw(st.integers(0, len(proof) - 1))
        wrong = [*proof[:at], bytes(32), *proof[at + 1 :]]
        for changed in (wrong, proof[:at] + proof[at + 1 :], [*proof, bytes(32)]):
            with pytest.raises(BadProof):
                check(changed)


def test_questions_without_an_answer_are_refused() -> None:
    leaves = _leaves(4)
    with pytest.raises(ValueError, match="no leaf 4"):
        inclusion_proof(4, leaves)
    with pytest.raises(ValueError, match="smaller"):
        consistency_proof(5, leaves)
    with pytest.raises(BadProof):
        verify_inclusion(leaves[0], 4, 4, [], root_of(leaves))
    with pytest.raises(BadProof):
        verify_consistency(5, 4, b"", b"", [])
    with pytest.raises(BadProof):
        verify_consistency(4, 4, root_of(leaves), bytes(32), [])


@given(st.integers(0, 300))
def test_a_frontier_grows_to_the_root_of_the_whole(size: int) -> None:
    leaves = _leaves(size)
    frontier = Frontier()
    for leaf in leaves[: size // 2]:
        frontier.append(leaf)
    resumed = Frontier(frontier.size, frontier.roots)
    for leaf in leaves[size // 2 :]:
        resumed.append(leaf)
    assert resumed.root() == root_of(leaves) == _by_definition(leaves)
    assert frontier.size == size // 2, "a copy grows on its own"


def _by_definition(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962, section 2.1, written as the text has it."""
    from hashlib import sha256

    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return sha256(b"\x01" + _by_definition(leaves[:half]) + _by_definition(leaves[half:])).digest()


def test_a_frontier_of_the_wrong_shape_is_refused() -> None:
    for size, roots in ((1, []), (3, [bytes(32)]), (1, [b"short"]), (-1, [])):
        with pytest.raises(ValueError, match="another frontier"):
            Frontier(size, roots)
