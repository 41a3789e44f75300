import re


def rounded(text, places):
    """A decimal number, rounded."""
    found = re.fullmatch(r"([+-]?)([0-9]*)\.?([0-9]*)", text)
    if not found or not (found[2] or found[3]):
        raise ValueError(f"no number: {text!r}")
    part = found[3].ljust(places + 1, "0")
    number = int((found[2] or "0") + part[:places]) + (part[places] >= "5")
    digits = str(number).rjust(places + 1, "0")
    sign = "-" if found[1] == "-" and number else ""
    return sign + (digits if not places else f"{digits[:-places]}.{digits[-places:]}")
