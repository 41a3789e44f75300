#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char ring[8];
static unsigned head, tail;

int main(void)
{
    char op, word[256];
    int n;
    while (scanf(" %c", &op) == 1) {
        if (op == 'w') {
            if (scanf("%255s", word) != 1)
                return 1;
            for (n = 0; word[n] && head - tail < 8; n++)
                ring[head++ % 8] = word[n];
            printf("%d\n", n);
        } else if (op == 'r') {
            if (scanf("%d", &n) != 1)
                return 1;
            printf("[");
            while (n-- > 0 && tail != head)
                putchar(ring[tail++ % 8]);
            printf("]\n");
        } else {
            printf("%u\n", head - tail);
        }
    }
    return 0;
}
