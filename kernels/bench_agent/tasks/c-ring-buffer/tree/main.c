#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char ring[8];
static int head, tail;

int main(void)
{
    char op, word[256];
    int n;
    while (scanf(" %c", &op) == 1) {
        if (op == 'w') {
            scanf("%s", word);
            for (n = 0; word[n]; n++)
                ring[head++ % 8] = word[n];
            printf("%d\n", n);
        } else if (op == 'r') {
            scanf("%d", &n);
            printf("[");
            while (n-- && tail != head)
                putchar(ring[tail++]);
            printf("]\n");
        } else {
            printf("%d\n", (head - tail) % 8);
        }
    }
    return 0;
}
