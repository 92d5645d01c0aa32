// What a small static C program does: formatted output, heap, sorting, reading a file named on the command line.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct word {
    char text[24];
    int count;
};

static int by_count(const void *a, const void *b) {
    const struct word *x = a, *y = b;
    return y->count != x->count ? y->count - x->count : strcmp(x->text, y->text);
}

int main(int argc, char **argv) {
    FILE *file = argc > 1 ? fopen(argv[1], "r") : NULL;
    if (!file) {
        printf("cannot open %s\n", argc > 1 ? argv[1] : "(nothing)");
        return 1;
    }
    struct word *words = NULL;
    int known = 0, total = 0;
    for (char text[24]; fscanf(file, "%23s", text) == 1; total++) {
        int i = 0;
        while (i < known && strcmp(words[i].text, text) != 0)
            i++;
        if (i == known) {
            words = realloc(words, (known + 1) * sizeof *words);
            memset(&words[known], 0, sizeof *words);
            strcpy(words[known++].text, text);
        }
        words[i].count++;
    }
    fclose(file);
    qsort(words, known, sizeof *words, by_count);
    double entropy = 0;
    for (int i = 0; i < known; i++) {
        double p = (double)words[i].count / total;
        entropy -= p * log2(p);
        printf("%-10s %3d %5.1f%% %a\n", words[i].text, words[i].count, 100 * p, p);
    }
    printf("%d words, %.12f bits, %ld\n", total, entropy, strtol("-0x7fff", NULL, 16));
    free(words);
    return 0;
}
