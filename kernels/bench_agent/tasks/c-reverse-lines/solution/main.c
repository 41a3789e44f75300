#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void)
{
    char **lines = NULL, *line = NULL;
    size_t n = 0, room = 0, used = 0;
    int c;
    while ((c = getchar()) != EOF || used) {
        if (used + 1 >= room)
            line = realloc(line, room = room ? 2 * room : 64);
        if (c != EOF && c != '\n') {
            line[used++] = (char)c;
            continue;
        }
        line[used] = 0;
        lines = realloc(lines, (n + 1) * sizeof *lines);
        lines[n] = malloc(used + 1);
        memcpy(lines[n++], line, used + 1);
        used = 0;
        if (c == EOF)
            break;
    }
    while (n > 0)
        puts(lines[--n]);
    return 0;
}
