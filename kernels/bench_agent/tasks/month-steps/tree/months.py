import calendar


def add_months(date, n):
    """The date n months later."""
    year, month, day = (int(part) for part in date.split("-"))
    month += n
    year += month // 12
    month %= 12
    day = min(day, calendar.monthrange(year, month)[1])
    return f"{year:04}-{month:02}-{day:02}"


def due_dates(start, n):
    """n monthly dates."""
    found = [start]
    while len(found) < n:
        found.append(add_months(found[-1], 1))
    return found
