class Editor:
    """A text with a history."""

    def __init__(self):
        self._text = ""
        self._done = []

    def insert(self, at, text):
        self._text = self._text[:at] + text + self._text[at:]
        self._done.append(("insert", at, text))

    def delete(self, at, count):
        self._done.append(("delete", at, count))
        self._text = self._text[:at] + self._text[at + count :]

    def undo(self):
        kind, at, what = self._done.pop()
        if kind == "insert":
            self._text = self._text[:at] + self._text[at + len(what) :]
        return True

    def redo(self):
        raise NotImplementedError

    def text(self):
        return self._text

    def reopen(self):
        return len(self._done)
