"""The judge adds up and counts."""


def reaches(ask, value):
    n = ask["args"][0]
    if not isinstance(value, list) or len(value) > 2 * (n.bit_length() - 1):
        return "too many additions"
    powers = [1]
    for i, j in value:
        if type(i) is not int or type(j) is not int or not (0 <= i < len(powers) and 0 <= j < len(powers)):
            return "a pair names a power that is not there"
        powers.append(powers[i] + powers[j])
    return None if powers[-1] == n else f"the last power is {powers[-1]}"
