/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Text to tokens and back. The file: int32 length of the longest piece, then for each token fp32 score, int32 length, bytes. Tokens from
 * BYTES on are the single bytes as <0x00> to <0xFF>, then come pieces. Text becomes its characters (bytes, where a character is no
 * piece) behind one space; then the neighbours that together are the piece of the best score are merged until there are none. */
#include "llama.h"

enum { MOST_BYTES = 4096, BYTE_TEXT = 6 };

void tokenizer_load(struct tokenizer *t, const struct file *file, size_t vocabulary) {
    int32_t longest;
    read_exact(file, &longest, sizeof longest);
    if (longest < 1 || longest > MOST_BYTES)
        fail(file->name, "no tokenizer: the longest piece is not from 1 to 4096 bytes");
    t->size = vocabulary;
    t->pieces = allocate(vocabulary * sizeof *t->pieces);
    char *text = allocate(vocabulary * (size_t)longest);
    for (size_t i = 0; i < vocabulary; i++, text += longest) {
        struct piece *piece = &t->pieces[i];
        read_exact(file, &piece->score, sizeof piece->score);
        read_exact(file, &piece->bytes, sizeof piece->bytes);
        if (piece->bytes > (uint32_t)longest)
            fail(file->name, "a piece is longer than the longest");
        read_exact(file, text, piece->bytes);
        piece->text = text;
    }
}

static int same(const char *a, const char *b, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (a[i] != b[i])
            return 0;
    return 1;
}

/* The first piece with these n + m bytes; the size of the vocabulary if there is none. */
static size_t find(const struct tokenizer *t, const char *a, size_t n, const char *b, size_t m) {
    size_t i = BYTES;
    while (i < t->size && !(t->pieces[i].bytes == n + m && same(t->pieces[i].text, a, n) && same(t->pieces[i].text + n, b, m)))
        i++;
    return i;
}

static size_t joined(const struct tokenizer *t, size_t left, size_t right) {
    const struct piece *a = &t->pieces[left], *b = &t->pieces[right];
    return find(t, a->text, a->bytes, b->text, b->bytes);
}

static size_t characters(const struct tokenizer *t, const char *text, size_t *tokens) {
    size_t n = 0;
    while (*text) {
        size_t length = 1;
        while ((text[length] & 0xc0) == 0x80 && length < 4)
            length++;
        size_t token = find(t, text, length, NULL, 0);
        if (token < t->size)
            tokens[n++] = token;
        else
            for (size_t i = 0; i < length; i++)
                tokens[n++] = BYTES + (unsigned char)text[i];
        text += length;
    }
    return n;
}

size_t tokenizer_encode(const struct tokenizer *t, const char *text, size_t *tokens) {
    size_t n = 0;
    tokens[n++] = BEGIN;
    if (!*text)
        return n;
    n += characters(t, " ", tokens + n);
    n += characters(t, text, tokens + n);
    /* What each token makes with the next one. */
    size_t *pair = allocate(n * sizeof *pair);
    for (size_t i = 1; i + 1 < n; i++)
        pair[i] = joined(t, tokens[i], tokens[i + 1]);
    for (;;) {
        size_t best = 0;
        for (size_t i = 1; i + 1 < n; i++)
            if (pair[i] < t->size && (!best || t->pieces[pair[i]].score > t->pieces[pair[best]].score))
                best = i;
        if (!best)
            return n;
        tokens[best] = pair[best];
        n--;
        for (size_t i = best + 1; i < n; i++)
            tokens[i] = tokens[i + 1], pair[i] = pair[i + 1];
        if (best > 1)
            pair[best - 1] = joined(t, tokens[best - 1], tokens[best]);
        if (best + 1 < n)
            pair[best] = joined(t, tokens[best], tokens[best + 1]);
    }
}

static int hexadecimal(char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1; }

struct piece tokenizer_decode(const struct tokenizer *t, size_t previous, size_t token) {
    static char byte;
    struct piece piece = t->pieces[token];
    if (previous == BEGIN && piece.bytes && piece.text[0] == ' ') {
        piece.text++;
        piece.bytes--;
    }
    const char *s = piece.text;
    if (piece.bytes == BYTE_TEXT && same(s, "<0x", 3) && hexadecimal(s[3]) >= 0 && hexadecimal(s[4]) >= 0 && s[5] == '>') {
        byte = (char)(hexadecimal(s[3]) << 4 | hexadecimal(s[4]));
        piece.text = &byte;
        piece.bytes = 1;
    }
    return piece;
}
