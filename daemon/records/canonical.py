"""Canonical JSON: one byte string per value, so that hashes and signatures mean something.

RFC 8785 (JSON Canonicalization Scheme) over this subset: objects with text keys, arrays, text without lone surrogates,
true, false, null, whole numbers with magnitude up to 2**53 - 1, and finite floating-point numbers written as ECMAScript
does (1.0 is `1`). NaN, infinities, larger whole numbers, bytes and other types are refused. Nesting: at most 64 deep.
"""

from __future__ import annotations

import math
from json.encoder import encode_basestring as _quoted
from typing import Any

_LARGEST = 2**53 - 1
_DEPTH = 64


def canonical(value: Any) -> bytes:
    """The canonical bytes of `value`. Raises ValueError for what is outside the subset, naming it."""
    parts: list[str] = []
    _write(value, parts, 0)
    try:
        return "".join(parts).encode()
    except UnicodeEncodeError as error:
        raise ValueError("canonical JSON: text with a lone surrogate") from error


def _write(value: Any, parts: list[str], depth: int) -> None:
    if isinstance(value, str):
        parts.append(_quoted(value))
    elif value is None:
        parts.append("null")
    elif value is True:
        parts.append("true")
    elif value is False:
        parts.append("false")
    elif isinstance(value, int):
        if not -_LARGEST <= value <= _LARGEST:
            raise ValueError(f"canonical JSON: {value} is beyond 2**53 - 1; send it as text")
        parts.append(int.__repr__(value))
    elif isinstance(value, float):
        parts.append(number(value))
    elif depth >= _DEPTH:
        raise ValueError(f"canonical JSON: nested deeper than {_DEPTH}")
    elif isinstance(value, dict):
        _write_object(value, parts, depth)
    elif isinstance(value, list | tuple):
        separator = "["
        for item in value:
            parts.append(separator)
            _write(item, parts, depth + 1)
            separator = ","
        parts.append("]" if value else "[]")
    else:
        raise ValueError(f"canonical JSON: {type(value).__name__} has no JSON form")


def _write_object(value: dict[Any, Any], parts: list[str], depth: int) -> None:
    for key in value:
        if not isinstance(key, str):
            raise ValueError(f"canonical JSON: key {key!r} is not text")
    separator = "{"
    for key in sorted(value, key=_utf16):
        parts.append(separator)
        parts.append(_quoted(key))
        parts.append(":")
        _write(value[key], parts, depth + 1)
        separator = ","
    parts.append("}" if value else "{}")


def _utf16(key: str) -> bytes | str:
    # RFC 8785 sorts by UTF-16 code units, which differs from code points only beyond the basic plane.
    return key.encode("utf-16-be", "surrogatepass")


def number(value: float) -> str:
    """A finite float as ECMAScript's Number::toString writes it (ECMA-262, 6.1.6.1.20), which RFC 8785 asks for."""
    if not math.isfinite(value):
        raise ValueError(f"canonical JSON: {value} is not a finite number; send it as text")
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    mantissa, _, exponent = repr(abs(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    if fraction == "0":
        fraction = ""
    digits = (whole + fraction).lstrip("0")
    # The value is 0.digits × 10**point.
    point = len(whole) + int(exponent or 0) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0")
    count = len(digits)
    if count <= point <= 21:
        return sign + digits + "0" * (point - count)
    if 0 < point <= 21:
        return sign + digits[:point] + "." + digits[point:]
    if -6 < point <= 0:
        return sign + "0." + "0" * -point + digits
    power = f"e{point - 1:+d}"
    return sign + digits[0] + ("." + digits[1:] if count > 1 else "") + power
