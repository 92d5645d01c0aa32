// picolibc with semihosting (--oslib=semihost --crt0=semihost, 1 MiB of RAM): command line, standard output, a file in
// /data, vector unit on, exit status.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv) {
    printf("argc %d %s\n", argc, argc > 1 ? argv[1] : "-");
    char *memory = malloc(100000);
    memset(memory, 3, 100000);
    printf("heap %d\n", memory[99999]);
    FILE *file = fopen("/data/note.txt", "w");
    if (!file)
        return puts("no file"), 3;
    fprintf(file, "%d bytes\n", 12);
    fclose(file);
    char line[32] = "";
    file = fopen("/data/note.txt", "r");
    fgets(line, sizeof line, file);
    fseek(file, 0, SEEK_END);
    printf("read %s" "length %ld\n", line, ftell(file));
    fclose(file);
    printf("removed %d\n", remove("/data/note.txt"));
    printf("missing %d\n", fopen("/etc/passwd", "r") == NULL);
    unsigned long vl;
    __asm__ volatile(".option push\n.option arch, +v\nvsetvli %0, zero, e8, m1, ta, ma\n.option pop" : "=r"(vl));
    printf("vector %d\n", vl >= 16);
    fflush(stdout);
    exit(5);
}
