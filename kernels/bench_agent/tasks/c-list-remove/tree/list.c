#include "list.h"
#include <stdio.h>
#include <stdlib.h>

void list_add(struct list *list, int value)
{
    struct node *node = malloc(sizeof node);
    node->value = value;
    list->tail->next = node;
    list->tail = node;
}

void list_remove(struct list *list, int value)
{
    for (struct node *node = list->head; node->next; node = node->next)
        if (node->next->value == value) {
            free(node->next);
            node->next = node->next->next;
        }
}

void list_print(const struct list *list)
{
    for (struct node *node = list->head; node; node = node->next)
        printf("%d ", node->value);
    printf("\n");
}

void list_free(struct list *list)
{
    for (struct node *node = list->head; node; node = node->next)
        free(node);
}
