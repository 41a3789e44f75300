#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int count(const unsigned char *bytes, int n)
{
    int found = 0;
    for (int i = 0; i < n; found++) {
        unsigned first = bytes[i++];
        int more = first < 0x80 ? 0 : first >= 0xc2 && first < 0xe0 ? 1 : first >= 0xe0 && first < 0xf0 ? 2 : first >= 0xf0 && first < 0xf5 ? 3 : -1;
        if (more < 0 || i + more > n)
            return -1;
        unsigned value = more ? first & (0x3fu >> more) : first;
        for (int k = 0; k < more; k++, i++) {
            if ((bytes[i] & 0xc0) != 0x80)
                return -1;
            value = value << 6 | (bytes[i] & 0x3f);
        }
        if ((more == 2 && value < 0x800) || (more == 3 && value < 0x10000) || value > 0x10ffff)
            return -1;
        if (value >= 0xd800 && value < 0xe000)
            return -1;
    }
    return found;
}

int main(void)
{
    char line[512];
    unsigned char bytes[256];
    while (fgets(line, sizeof line, stdin)) {
        int n = 0;
        unsigned byte;
        for (char *at = line; n < 256 && sscanf(at, "%2x", &byte) == 1; at += 2)
            bytes[n++] = (unsigned char)byte;
        int found = count(bytes, n);
        if (found < 0)
            puts("bad");
        else
            printf("%d\n", found);
    }
    return 0;
}
