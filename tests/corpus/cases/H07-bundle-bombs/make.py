"""Each breaks one rule of the parser."""


def raw() -> list[bytes]:
    head = b'{"format":1,"status":"proposed","files":{},"usage":{"calls":'
    return [
        b"[" * 100_000,
        head + b"9" * 100_000 + b"}}",
        head + b"NaN}}",
        head + b"0}" + b',"usage":{"calls":1}' * 3 + b"}",
        b'{"format":1,"status":"proposed","hypothesis":"\\ud800","files":{}}',
        b"\xff\xfe" + head + b"0}}",
        b" " * (5 << 20) + head + b"0}}",
    ]
