def pack(numbers):
    """Bytes of integers."""
    out = []
    for n in numbers:
        n = 2 * n if n >= 0 else -2 * n - 1
        while n > 127:
            out.append(n & 127 | 128)
            n >>= 7
        out.append(n)
    return out


def unpack(data):
    """Integers of bytes."""
    found, n, shift = [], 0, 0
    for byte in data:
        n |= (byte & 127) << shift
        shift += 7
        if byte & 128:
            continue
        if byte == 0 and shift > 7:
            raise ValueError("a needless byte")
        found.append(n // 2 if n % 2 == 0 else -(n + 1) // 2)
        n = shift = 0
    if shift:
        raise ValueError("a number is cut off")
    return found
