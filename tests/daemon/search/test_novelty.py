"""Twins: what counts as the same program, and what must not."""

from __future__ import annotations

import tokenize
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.search.novelty import find_twin, fingerprint, similarity
from daemon.search.tokens import Language, language_of, tokens

C_SEED = """\
#include <stddef.h>
#define TILE 8  // tunable: 8 16 32
/* plain */
void product(const float *a, const float *b, float *c, size_t n) {
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            float sum = 0;
            for (size_t k = 0; k < n; k++) sum += a[i * n + k] * b[k * n + j];
            c[i * n + j] = sum;
        }
}
"""
PY_SEED = '''\
"""Pack circles."""
import math
STEP = 0.1  # tunable: 0.01..1.0 log

def radius(n):
    """Of each."""
    if n > 1:
        return 0.5 / math.sqrt(n)
    return 0.5
'''


def _same(path: str, one: str, other: str) -> bool:
    return fingerprint("a", {path: one.encode()}).exact == fingerprint("b", {path: other.encode()}).exact


@pytest.mark.parametrize(
    "edited",
    [
        C_SEED.replace("  // tunable: 8 16 32", " /* 9 */"),
        C_SEED.replace("    ", "\t").replace("i++", "i ++"),
        C_SEED.replace("\n", "\r\n"),
        C_SEED.replace("float *b, float", "float *b,\n   // more\n   float"),
        C_SEED.replace("#define TILE 8", "#  define \\\n TILE 8"),
        "\n\n" + C_SEED.rstrip(),
    ],
)
def test_c_twins(edited: str) -> None:
    assert edited != C_SEED
    assert _same("k.c", C_SEED, edited)


@pytest.mark.parametrize(
    "edited",
    [
        C_SEED.replace("TILE 8", "TILE 16"),
        C_SEED.replace("float sum", "double sum"),
        C_SEED.replace("float *c", "float *restrict c"),
        C_SEED.replace("TILE 8", "TILE\n8"),
        C_SEED.replace("i++", "i+ +"),
        C_SEED.replace("stddef.h", "stdlib.h"),
    ],
)
def test_c_changes_that_count(edited: str) -> None:
    assert edited != C_SEED
    assert not _same("k.c", C_SEED, edited)


def test_c_corners() -> None:
    assert not _same("k.c", "#define F(x)", "#define F (x)")
    assert not _same("k.c", "#define  F(x)", "#define  F (x)")
    assert not _same("k.c", 'char *s = "a // b";', 'char *s = "a";')
    assert not _same("k.c", 'char *s = "a  b";', 'char *s = "a b";')
    assert not _same("k.cpp", 'auto s = R"(/*a*/)";', 'auto s = R"()";')
    assert _same("k.c", "a = '\"'; // x", "a = '\"';")
    assert _same("k.c", "x = 1; // go \\\n on", "x = 1;")


@pytest.mark.parametrize(
    "edited",
    [
        PY_SEED.replace("  # tunable: 0.01..1.0 log", ""),
        PY_SEED.replace("    ", "  "),
        PY_SEED.replace("    ", "\t"),
        PY_SEED.replace('    """Of each."""\n', ""),
        PY_SEED.replace("0.5 / math.sqrt(n)", "0.5 / math.sqrt(\n n  # n\n  )"),
        PY_SEED.replace("\n\n", "\n\n   \n# x\n"),
        PY_SEED.replace("\n", "\r\n"),
        PY_SEED.replace("0.5 / ", "0.5 / \\\n      "),
    ],
)
def test_python_twins(edited: str) -> None:
    assert edited != PY_SEED
    assert _same("p.py", PY_SEED, edited)


@pytest.mark.parametrize(
    "edited",
    [
        PY_SEED.replace("0.1", "0.2"),
        PY_SEED.replace("    return 0.5\n", "        return 0.5\n"),
        PY_SEED.replace("n > 1", "n > 1 and n"),
        PY_SEED.replace("0.5 / math", "0.5 // math"),
    ],
)
def test_python_changes_that_count(edited: str) -> None:
    assert edited != PY_SEED
    assert not _same("p.py", PY_SEED, edited)


def test_python_corners() -> None:
    assert not _same("p.py", "s = 'a # b'", "s = 'a'")
    assert not _same("p.py", "s = '''a\n b'''", "s = '''a\nb'''")
    assert not _same("p.py", "if a:\n  b\nc", "if a:\n  b\n  c")
    assert not _same("p.py", "a = 1 # x\rb = 2", "a = 1 # x")
    assert not _same("p.py", "a\nb", "a b")


def test_other_files_are_compared_as_they_are() -> None:
    assert not _same("a.yaml", "a:\n  b: 1", "a:\n b: 1")
    assert [language_of(path) for path in ("a/k.HIP", "x.py", "Makefile", "dir.c/readme", ".c")] == [
        "c", "python", "text", "text", "text",
    ]  # fmt: skip


def test_paths_belong_to_the_tree() -> None:
    one, two = {"a.c": b"x", "b.c": b"y"}, {"a.c": b"y", "b.c": b"x"}
    assert fingerprint("a", one).exact != fingerprint("b", two).exact
    assert fingerprint("a", one).exact == fingerprint("b", dict(reversed(list(one.items())))).exact
    assert fingerprint("a", {"a.c": b"x"}).exact != fingerprint("b", {"a.c": b"x", "b.c": b""}).exact


@given(st.text(alphabet=" \nab1.+(){}[]:#'\"\\/*=", max_size=60), st.sampled_from(["c", "python", "text"]))
def test_any_text_has_tokens_and_layout_around_it_is_nothing(text: str, language: Language) -> None:
    found = tokens(text, language)
    assert found == tokens(text, language)
    if language != "text":
        assert not any(token.isspace() for token in found if not token.startswith("\n"))


@given(st.binary(max_size=200))
def test_any_bytes_have_a_fingerprint(data: bytes) -> None:
    files = {"k.c": data, "p.py": data, "t": data}
    assert fingerprint("a", files).exact == fingerprint("b", files).exact
    assert similarity(fingerprint("a", files, near=True), fingerprint("b", files, near=True)) == 1.0


@given(st.sampled_from([PY_SEED, "x = [1,\n 2]\nfor a in x:\n  if a:\n    f(a)\n  else: g('#')\n"]))
def test_python_words_agree_with_the_standard_tokenizer(source: str) -> None:
    skip = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    expected = [token.string for token in tokenize.generate_tokens(StringIO(source).readline) if token.type not in skip]
    found = [token for token in tokens(source, "python") if not token.startswith("\n")]
    assert found == [token for token in expected if not token.startswith('"""')]


@pytest.mark.parametrize("unit", ["/*", '"', "'", '"""\\', 'R"(', "((((", "\\", "#define ", "a b ", "\n "])
def test_a_long_hostile_file_is_read_in_one_pass(unit: str) -> None:
    text = unit * (300_000 // len(unit)) + "\\"
    assert tokens(text, "c") or tokens(text, "python")


def test_only_exact_twins_by_default() -> None:
    seed = fingerprint("seed", {"k.c": C_SEED.encode()})
    comment = fingerprint("new", {"k.c": C_SEED.replace("plain", "fancy").encode()})
    swapped = C_SEED.replace("size_t j = 0; j < n; j++", "size_t X = 0; X < n; X++")
    loops = fingerprint("new", {"k.c": swapped.encode()})
    found = find_twin(comment, [loops, seed])
    assert found is not None and (found.candidate, found.kind) == ("seed", "exact")
    assert find_twin(loops, [seed]) is None


def test_near_twins_when_asked_but_never_over_a_changed_constant() -> None:
    body = "\n".join(f"int f{n}(int x) {{ return x * {n} + other({n}); }}" for n in range(60))
    old = fingerprint("old", {"k.c": body.encode()}, near=True)
    renamed = fingerprint("new", {"k.c": body.replace("f7(", "renamed(").encode()}, near=True)
    constant = fingerprint("new", {"k.c": body.replace("x * 7 ", "x * 8 ").encode()}, near=True)
    found = find_twin(renamed, [old], near=0.95)
    assert found is not None and found.kind == "near" and 0.95 <= found.similarity < 1
    assert similarity(constant, old) > 0.95 and find_twin(constant, [old], near=0.95) is None
    assert find_twin(renamed, [old]) is None


def test_near_twins_need_shingles() -> None:
    one, other = fingerprint("a", {"k.c": b"x + 1"}), fingerprint("b", {"k.c": b"y + 1"})
    with pytest.raises(ValueError, match="near=True"):
        find_twin(one, [other], near=0.9)
