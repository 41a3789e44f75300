class Trie:
    """Words by prefix."""

    def __init__(self):
        self.root = {}

    def add(self, word, weight):
        node = self.root
        for letter in word[:-1]:
            node = node.setdefault(letter, {})
        node[word[-1]] = {"": weight}

    def complete(self, prefix, n):
        node = self.root
        for letter in prefix:
            node = node[letter]
        found = []
        self._collect(node, prefix, found)
        return [word for _, word in sorted(found, reverse=True)[:n]]

    def discard(self, word):
        node = self.root
        for letter in word[:-1]:
            node = node.get(letter, {})
        return node.pop(word[-1], None) is not None

    def _collect(self, node, prefix, found):
        for letter, child in node.items():
            if letter == "":
                found.append((child, prefix))
            else:
                self._collect(child, prefix + letter, found)
