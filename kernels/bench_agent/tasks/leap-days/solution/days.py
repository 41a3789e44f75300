LENGTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]


def days(a, b):
    """Days from a to b."""
    return _number(b) - _number(a)


def _number(date):
    year, month, day = (int(part) for part in date.split("-"))
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    lengths = [*LENGTHS]
    lengths[1] += leap
    if not (1 <= month <= 12 and 1 <= day <= lengths[month - 1] and 1 <= year <= 9999):
        raise ValueError(f"{date} is no date")
    past = year - 1
    return past * 365 + past // 4 - past // 100 + past // 400 + sum(lengths[: month - 1]) + day
