def parse(text):
    """Parse `a=1&b=x+y&a=2` into {"a": ["1", "2"], "b": ["x y"]}.

    One leading "?" is ignored. Pairs are separated by "&"; empty pairs are skipped. A pair without "=" has the value "".
    "+" means a blank; "%41" is a byte in hexadecimal (either case), and bytes form UTF-8. A "%" that two hexadecimal
    digits do not follow stays as it is. Bytes that are not UTF-8 raise ValueError. Keys are decoded like values.
    """
    raise NotImplementedError
