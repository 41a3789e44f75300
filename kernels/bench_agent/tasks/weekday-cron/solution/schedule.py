from datetime import datetime, timedelta


def next_run(rule, after):
    """See the task."""
    fields = rule.split()
    if len(fields) != 3:
        raise ValueError("a rule has three fields")
    minutes, hours, weekdays = (_field(text, size) for text, size in zip(fields, (60, 24, 7)))
    at = datetime.strptime(after, "%Y-%m-%d %H:%M")
    for _ in range(8 * 24 * 60 + 1):
        at += timedelta(minutes=1)
        if at.minute in minutes and at.hour in hours and at.weekday() in weekdays:
            return at.strftime("%Y-%m-%d %H:%M")
    raise ValueError("the rule never fits")


def _field(text, size):
    if text == "*":
        return set(range(size))
    if text.startswith("*/"):
        return set(range(0, size, _number(text[2:], 1, 10**6)))
    found = set()
    for part in text.split(","):
        low, _, high = part.partition("-")
        first = _number(low, 0, size - 1)
        last = _number(high, first, size - 1) if "-" in part else first
        found |= set(range(first, last + 1))
    return found


def _number(text, low, high):
    if not (text.isascii() and text.isdigit()) or not low <= int(text) <= high:
        raise ValueError(f"{text!r} is out of range")
    return int(text)
