def next_run(rule, after):
    """The first minute strictly after `after` that fits the rule, both as "YYYY-MM-DD HH:MM".

    The rule is "MINUTE HOUR WEEKDAY": each field is `*`, a number, a list `1,5`, a range `1-5`, or a step `*/15`
    (multiples of 15, from 0). Weekdays are 0 (Monday) to 6 (Sunday). Lists may hold ranges. Minutes are 0-59, hours 0-23.
    A field that is malformed or out of range (a range that runs backwards, a step of 0) raises ValueError.
    """
    raise NotImplementedError
