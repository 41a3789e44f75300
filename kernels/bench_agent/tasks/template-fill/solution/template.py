import re

_PART = re.compile(r"\{\{|\}\}|\{([A-Za-z0-9_]+)(?:\|([^{}]*))?\}|[{}]")


def fill(template, values):
    """The template with its values."""
    for found in _PART.finditer(template):
        if found[0] in ("{", "}"):
            raise ValueError(f"a stray brace at {found.start()}")
    return _PART.sub(lambda found: _value(found, values), template)


def _value(found, values):
    if found[0] in ("{{", "}}"):
        return found[0][0]
    name, default = found[1], found[2]
    if name not in values and default is not None:
        return default
    return values[name]
