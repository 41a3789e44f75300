def resolve(document, pointer):
    """The value that the pointer names."""
    for part in pointer.split("/"):
        if not part:
            continue
        part = part.replace("~0", "~").replace("~1", "/")
        if isinstance(document, list):
            document = document[int(part)]
        else:
            document = document[part]
    return document
