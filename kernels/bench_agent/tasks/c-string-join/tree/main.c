#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *join(char **words, int n, const char *separator)
{
    size_t size = 0;
    for (int i = 0; i < n; i++)
        size += strlen(words[i]);
    char *out = malloc(size + n);
    for (int i = 0; i < n; i++) {
        strcat(out, words[i]);
        strcat(out, separator);
    }
    out[strlen(out) - strlen(separator)] = 0;
    return out;
}

int main(void)
{
    char separator[1000], line[4000], *words[2000];
    int n = 0;
    fgets(separator, sizeof separator, stdin);
    fgets(line, sizeof line, stdin);
    separator[strlen(separator) - 1] = 0;
    for (char *word = strtok(line, " \n"); word; word = strtok(NULL, " \n"))
        words[n++] = word;
    char *out = join(words, n, separator);
    printf("%s\n[%zu]\n", out, strlen(out));
    free(out);
    return 0;
}
