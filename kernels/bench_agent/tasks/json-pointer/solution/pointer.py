def resolve(document, pointer):
    """The value that the pointer names."""
    if not pointer:
        return document
    if not pointer.startswith("/"):
        raise ValueError("a pointer starts with /")
    for part in pointer[1:].split("/"):
        part = part.replace("~1", "/").replace("~0", "~")
        if isinstance(document, list):
            if not (part.isascii() and part.isdigit()) or str(int(part)) != part:
                raise LookupError(part)
            document = document[int(part)]
        elif isinstance(document, dict):
            document = document[part]
        else:
            raise LookupError(part)
    return document
