def pack(numbers):
    """Bytes of integers."""
    out = []
    for n in numbers:
        while n > 127:
            out.append(n & 127)
            n >>= 7
        out.append(n | 128)
    return out


def unpack(data):
    """Integers of bytes."""
    found, n = [], 0
    for byte in data:
        n = n << 7 | byte & 127
        if byte & 128:
            found.append(n)
            n = 0
    return found
