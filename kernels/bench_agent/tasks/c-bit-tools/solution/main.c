#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void)
{
    char op[16];
    unsigned long long x;
    while (scanf("%15s %llu", op, &x) == 2) {
        int ones = 0, high = -1;
        unsigned long long reverse = 0, swap = 0;
        for (int i = 0; i < 64; i++) {
            unsigned long long bit = x >> i & 1;
            ones += (int)bit;
            high = bit ? i : high;
            reverse |= bit << (63 - i);
        }
        for (int i = 0; i < 64; i += 8)
            swap |= (x >> i & 255) << (56 - i);
        if (!strcmp(op, "count"))
            printf("%d\n", ones);
        else if (!strcmp(op, "high"))
            printf("%d\n", high);
        else if (!strcmp(op, "parity"))
            printf("%d\n", ones & 1);
        else
            printf("%llu\n", *op == 's' ? swap : op[1] == 'e' ? reverse : x << 13 | x >> 51);
    }
    return 0;
}
