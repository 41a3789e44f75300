#include "list.h"
#include <stdio.h>
#include <stdlib.h>

void list_add(struct list *list, int value)
{
    struct node *node = malloc(sizeof *node);
    node->value = value;
    node->next = NULL;
    if (list->tail)
        list->tail->next = node;
    else
        list->head = node;
    list->tail = node;
}

void list_remove(struct list *list, int value)
{
    struct node **at = &list->head;
    list->tail = NULL;
    while (*at) {
        struct node *node = *at;
        if (node->value == value) {
            *at = node->next;
            free(node);
        } else {
            list->tail = node;
            at = &node->next;
        }
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
    for (struct node *node = list->head, *next; node; node = next) {
        next = node->next;
        free(node);
    }
    list->head = list->tail = NULL;
}
