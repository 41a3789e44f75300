def rows(text):
    """Rows of fields."""
    found, row, at = [], [], 0
    if not text:
        return found
    while True:
        field, at = _field(text, at)
        row.append(field)
        if at < len(text) and text[at] == ",":
            at += 1
            continue
        found.append(row)
        row = []
        at += 2 if text.startswith("\r\n", at) else 1
        if at >= len(text):
            return found


def _field(text, at):
    if text[at : at + 1] != '"':
        end = at
        while end < len(text) and text[end] not in ",\n" and not text.startswith("\r\n", end):
            end += 1
        return text[at:end], end
    parts, at = [], at + 1
    while True:
        end = text.find('"', at)
        if end < 0:
            raise ValueError("a quote is not closed")
        parts.append(text[at:end])
        if text[end + 1 : end + 2] != '"':
            break
        parts.append('"')
        at = end + 2
    end += 1
    if end < len(text) and text[end] not in ",\n" and not text.startswith("\r\n", end):
        raise ValueError("text after a closing quote")
    return "".join(parts), end
