#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void)
{
    int lines = 0, words = 0, bytes = 0, inside = 0;
    char c;
    while ((c = getchar()) != EOF && c >= 0) {
        bytes++;
        if (c == '\n')
            lines++;
        if (c == ' ' && inside)
            words++;
        inside = c != ' ';
    }
    printf("%d %d %d\n", lines, words, bytes);
    return 0;
}
