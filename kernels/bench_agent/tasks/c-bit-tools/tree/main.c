#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void)
{
    char op[16];
    unsigned x;
    while (scanf("%15s %u", op, &x) == 2) {
        int ones = 0, high = 0;
        unsigned reverse = 0;
        for (int i = 0; i < 32; i++) {
            ones += x & (1 << i);
            high = x & (1 << i) ? i : high;
            reverse |= (x >> i) << (32 - i);
        }
        if (!strcmp(op, "count"))
            printf("%d\n", ones);
        else if (!strcmp(op, "high"))
            printf("%d\n", high);
        else if (!strcmp(op, "reverse"))
            printf("%u\n", reverse);
        else if (!strcmp(op, "rotate"))
            printf("%u\n", x << 13 | x >> 19);
    }
    return 0;
}
