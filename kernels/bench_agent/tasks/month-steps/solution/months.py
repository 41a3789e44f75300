import calendar


def add_months(date, n):
    """The date n months later."""
    year, month, day = (int(part) for part in date.split("-"))
    months = year * 12 + month - 1 + n
    year, month = months // 12, months % 12 + 1
    day = min(day, calendar.monthrange(year, month)[1])
    return f"{year:04}-{month:02}-{day:02}"


def due_dates(start, n):
    """n monthly dates."""
    return [add_months(start, i) for i in range(n)]
