#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void)
{
    long lines = 0, words = 0, bytes = 0;
    int inside = 0, c;
    while ((c = getchar()) != EOF) {
        bytes++;
        lines += c == '\n';
        words += c > 32 && !inside;
        inside = c > 32;
    }
    printf("%ld %ld %ld\n", lines, words, bytes);
    return 0;
}
