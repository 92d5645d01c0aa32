# SPDX-License-Identifier: MIT OR Apache-2.0
"""A byte-pair tokenizer: learning it, using it, and its file in the format of llama2.c.

Tokens 0 to 2 are unknown, begin and end of a text; 3 to 258 the single bytes; then come the characters of the corpus and the merged
pieces, which never cross a space. The score of a piece is minus its rank, so that merging by the best score repeats what was learnt.
"""

import collections
import struct

BEGIN, END, BYTES = 1, 2, 3


class Tokenizer:
    def __init__(self, pieces, scores):
        self.pieces, self.scores = pieces, scores
        self.index = {piece: i for i, piece in enumerate(pieces) if i >= BYTES + 256}
        self.words = {}

    @classmethod
    def learn(cls, texts, size):
        """A vocabulary of `size` pieces from `texts`."""
        counts = collections.Counter(word for text in texts for word in split(text))
        words = [(list(word), n) for word, n in sorted(counts.items())]
        learnt = sorted({letter for word, _ in words for letter in word})
        first = BYTES + 256
        letters = len(learnt)
        while first + len(learnt) < size:
            pairs = collections.Counter()
            for word, n in words:
                for pair in zip(word, word[1:]):
                    pairs[pair] += n
            best = max(pairs, key=lambda pair: (pairs[pair], pair))
            learnt.append("".join(best))
            for word, _ in words:
                merge(word, best)
        pieces = ["<unk>", "\n<s>\n", "\n</s>\n"] + [f"<0x{byte:02X}>" for byte in range(256)] + learnt
        # Letters need no score: nothing merges into them.
        scores = [0.0] * (first + letters) + [-float(rank) for rank in range(len(learnt) - letters)]
        return cls(pieces, scores)

    def encode(self, text):
        """Tokens of a text, without begin and end."""
        tokens = []
        for word in split(text):
            if word not in self.words:
                self.words[word] = self.encode_word(list(word))
            tokens += self.words[word]
        return tokens

    def encode_word(self, word):
        while True:
            pairs = [pair for pair in zip(word, word[1:]) if "".join(pair) in self.index]
            if not pairs:
                return [self.index[piece] for piece in word]
            merge(word, max(pairs, key=lambda pair: self.scores[self.index["".join(pair)]]))

    def write(self, path):
        raw = [piece.encode() for piece in self.pieces]
        with open(path, "wb") as file:
            file.write(struct.pack("<i", max(map(len, raw))))
            for piece, score in zip(raw, self.scores):
                file.write(struct.pack("<fi", score, len(piece)) + piece)


def split(text):
    """Words, each with the space before it; the first gets one too."""
    return [" " + word for word in text.split(" ")]


def merge(word, pair):
    """Replaces every such pair in a list of pieces, from the left."""
    i = 0
    while i + 1 < len(word):
        if (word[i], word[i + 1]) == pair:
            word[i : i + 2] = ["".join(pair)]
        i += 1
