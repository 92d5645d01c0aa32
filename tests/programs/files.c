// Files below the directory given as the first argument, granted for reading and writing; ../outside.txt is not granted.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static const char *reason(int result) { return result >= 0 ? "opened" : strerrorname_np(errno); }

int main(int argc, char **argv) {
    if (argc < 2 || chdir(argv[1]))
        return perror("chdir"), 1;
    char cwd[256];
    printf("cwd %s\n", getcwd(cwd, sizeof cwd));

    FILE *text = fopen("new.txt", "w");
    for (int i = 0; i < 1000; i++)
        fprintf(text, "line %d\n", i);
    fclose(text);
    struct stat status;
    printf("size %ld\n", stat("new.txt", &status) ? -1L : (long)status.st_size);

    text = fopen("new.txt", "r");
    char line[32];
    fseek(text, -9, SEEK_END);
    printf("last %s", fgets(line, sizeof line, text));
    fclose(text);

    int fd = open("new.txt", O_RDWR | O_APPEND);
    struct iovec parts[2] = {{"two ", 4}, {"parts\n", 6}};
    printf("writev %zd", writev(fd, parts, 2));
    printf(" pread %zd %.6s\n", pread(fd, line, 6, 7), line);
    char *map = mmap(0, 12288, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    memcpy(map, "LINE", 4);
    char again[5] = {0};
    pread(fd, again, 4, 0);
    printf("private %.4s file %s past end %d\n", map, again, map[12287] == 0);
    munmap(map, 12288);
    printf("shared %s\n", mmap(0, 4096, PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED ? strerrorname_np(errno) : "mapped");
    ftruncate(fd, 12);
    printf("end %ld\n", (long)lseek(fd, 0, SEEK_END));
    int copy = dup(fd);
    close(fd);
    printf("copy %ld closed %s\n", (long)lseek(copy, 3, SEEK_SET), reason((int)lseek(fd, 0, SEEK_SET)));

    printf("mkdir %d rename %d\n", mkdir("sub", 0755), rename("new.txt", "sub/moved.txt"));
    struct dirent **names;
    int count = scandir(".", &names, 0, alphasort);
    for (int i = 0; i < count; i++)
        printf("entry %s %d\n", names[i]->d_name, names[i]->d_type);
    printf("remove %d %d\n", unlink("sub/moved.txt"), rmdir("sub"));

    printf("upwards %s\n", reason(open("../outside.txt", O_RDONLY)));
    printf("absolute %s\n", reason(open("/etc/passwd", O_RDONLY)));
    printf("through a link %s\n", reason(open("escape/outside.txt", O_RDONLY)));
    printf("a link %s\n", reason(open("escape-file", O_RDONLY)));
    printf("a dangling link %s\n", reason(open("dangling", O_WRONLY | O_CREAT, 0644)));
    printf("an inner link %s\n", reason(open("inner", O_RDONLY)));
    printf("not followed %s\n", reason(open("inner", O_RDONLY | O_NOFOLLOW)));
    printf("exclusive %s\n", reason(open("inner", O_WRONLY | O_CREAT | O_EXCL, 0644)));
    printf("read-only %s\n", reason(open("/ro/kept.txt", O_WRONLY)));
    printf("reading it %s\n", reason(open("/ro/kept.txt", O_RDONLY)));
    printf("creating there %s\n", reason(open("/ro/more.txt", O_WRONLY | O_CREAT, 0644)));
    printf("removing there %s\n", unlink("/ro/kept.txt") ? strerrorname_np(errno) : "removed");
    return 0;
}
