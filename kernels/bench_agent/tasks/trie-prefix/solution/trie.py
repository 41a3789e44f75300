class Trie:
    """Words by prefix."""

    def __init__(self):
        self.words = {}

    def add(self, word, weight):
        self.words[word] = weight

    def complete(self, prefix, n):
        found = [(-weight, word) for word, weight in self.words.items() if word.startswith(prefix)]
        return [word for _, word in sorted(found)[:n]]

    def discard(self, word):
        return self.words.pop(word, None) is not None
