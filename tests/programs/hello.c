// Start-up, standard output, heap, sorting and floating-point formatting of a static glibc program.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int ascending(const void *a, const void *b) {
    int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv) {
    printf("argc %d", argc);
    for (int i = 1; i < argc; i++)
        printf(" %s", argv[i]);
    const char *home = getenv("HOME");
    printf("\nHOME %s\n", home ? home : "(none)");

    enum { COUNT = 20000 };
    int *values = malloc(COUNT * sizeof *values);
    unsigned state = 1;
    for (int i = 0; i < COUNT; i++)
        values[i] = (int)((state = state * 1103515245u + 12345u) >> 8);
    qsort(values, COUNT, sizeof *values, ascending);
    int sorted = 1;
    for (int i = 1; i < COUNT; i++)
        sorted &= values[i - 1] <= values[i];
    values = realloc(values, 4000 * sizeof *values);
    free(values);

    char *large = calloc(1, 8 << 20);
    large[(8 << 20) - 1] = 7;
    char *larger = realloc(large, 16 << 20);
    printf("sorted %d kept %d pi %.6f\n", sorted, larger[(8 << 20) - 1], 22 / 7.0);
    free(larger);
    return 42;
}
