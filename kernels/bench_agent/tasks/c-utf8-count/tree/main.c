#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void)
{
    char line[128];
    while (fgets(line, sizeof line, stdin)) {
        int count = 0;
        unsigned byte;
        for (char *at = line; sscanf(at, "%2x", &byte) == 1; at += 2)
            if ((byte & 0xc0) != 0x80)
                count++;
        printf("%d\n", count);
    }
    return 0;
}
