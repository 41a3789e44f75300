#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void)
{
    char line[16];
    int n, at = 0;
    while ((n = fread(line, 1, 16, stdin)) > 0) {
        printf("%08x ", at);
        for (int i = 0; i < 16; i++)
            printf(" %x", line[i]);
        printf("  |%s|\n", line);
        at += n;
    }
    return 0;
}
