#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *join(char **words, int n, const char *separator)
{
    size_t size = 1, gap = strlen(separator);
    for (int i = 0; i < n; i++)
        size += strlen(words[i]) + gap;
    char *out = malloc(size), *at = out;
    for (int i = 0; i < n; i++) {
        size_t length = strlen(words[i]);
        if (i) {
            memcpy(at, separator, gap);
            at += gap;
        }
        memcpy(at, words[i], length);
        at += length;
    }
    *at = 0;
    return out;
}

int main(void)
{
    char separator[1000] = "", line[4000] = "", *words[2000];
    int n = 0;
    if (fgets(separator, sizeof separator, stdin) && !fgets(line, sizeof line, stdin))
        line[0] = 0;
    separator[strcspn(separator, "\n")] = 0;
    for (char *word = strtok(line, " \n"); word; word = strtok(NULL, " \n"))
        words[n++] = word;
    char *out = join(words, n, separator);
    printf("%s\n[%zu]\n", out, strlen(out));
    free(out);
    return 0;
}
