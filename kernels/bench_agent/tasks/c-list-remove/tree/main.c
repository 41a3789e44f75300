#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "list.h"

int main(void)
{
    struct list list = {0, 0};
    char op;
    int n;
    while (scanf(" %c", &op) == 1) {
        if (op == 'p')
            list_print(&list);
        else if (scanf("%d", &n) != 1)
            return 1;
        else if (op == '+')
            list_add(&list, n);
        else
            list_remove(&list, n);
    }
    list_free(&list);
    return list.head || list.tail;
}
