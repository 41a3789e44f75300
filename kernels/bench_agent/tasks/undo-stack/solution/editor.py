class Editor:
    """A text with a history."""

    def __init__(self):
        self._text = ""
        self._done = []
        self._undone = []

    def insert(self, at, text):
        at = max(0, min(at, len(self._text)))
        self._change(self._text[:at] + text + self._text[at:])

    def delete(self, at, count):
        at = max(0, min(at, len(self._text)))
        self._change(self._text[:at] + self._text[at + max(0, count) :])

    def undo(self):
        if not self._done:
            return False
        self._undone.append(self._text)
        self._text = self._done.pop()
        return True

    def redo(self):
        if not self._undone:
            return False
        self._done.append(self._text)
        self._text = self._undone.pop()
        return True

    def text(self):
        return self._text

    def reopen(self):
        return len(self._done)

    def _change(self, new):
        if new != self._text:
            self._done.append(self._text)
            self._undone.clear()
            self._text = new
