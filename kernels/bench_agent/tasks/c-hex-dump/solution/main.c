#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void)
{
    unsigned char line[16];
    int n, at = 0;
    while ((n = fread(line, 1, 16, stdin)) > 0) {
        printf("%08x ", at);
        for (int i = 0; i < n; i++)
            printf(" %02x", line[i]);
        printf("  |");
        for (int i = 0; i < n; i++)
            putchar(line[i] >= 32 && line[i] < 127 ? line[i] : '.');
        puts("|");
        at += n;
    }
    return 0;
}
