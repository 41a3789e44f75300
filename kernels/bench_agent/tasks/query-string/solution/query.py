_HEX = "0123456789abcdefABCDEF"


def parse(text):
    """See the task."""
    found = {}
    for pair in text.removeprefix("?").split("&"):
        if pair:
            key, _, value = pair.partition("=")
            found.setdefault(_decode(key), []).append(_decode(value))
    return found


def _decode(text):
    data, at = bytearray(), 0
    while at < len(text):
        pair = text[at + 1 : at + 3]
        if text[at] == "%" and len(pair) == 2 and all(digit in _HEX for digit in pair):
            data.append(int(pair, 16))
            at += 3
        else:
            data += (" " if text[at] == "+" else text[at]).encode()
            at += 1
    return data.decode("utf-8")
