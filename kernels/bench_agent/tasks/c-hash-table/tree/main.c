#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *keys[16];
static int values[16];

static int place(const char *key)
{
    int i = key[0] % 16;
    while (keys[i] && keys[i] != key)
        i = (i + 1) % 16;
    return i;
}

int main(void)
{
    char op[8], key[48];
    int size = 0;
    while (scanf("%7s", op) == 1) {
        if (!strcmp(op, "size")) {
            printf("%d\n", size);
            continue;
        }
        scanf("%47s", key);
        int i = place(key);
        if (!strcmp(op, "set")) {
            keys[i] = key;
            size++;
            scanf("%d", &values[i]);
        } else if (!strcmp(op, "get")) {
            printf("%d\n", values[i]);
        } else {
            keys[i] = NULL;
            size--;
        }
    }
    return 0;
}
