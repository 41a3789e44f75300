import ast


def flatten(text):
    """All integers of a nested list."""
    return list(_walk(ast.literal_eval(text)))


def depth(text):
    """Deepest nesting."""
    found = ast.literal_eval(text)
    return 1 + max((depth(str(item)) for item in found if isinstance(item, list)), default=0)


def _walk(value):
    for item in value:
        if isinstance(item, list):
            yield from _walk(item)
        else:
            yield item
