#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    char key[48];
    int value;
    struct entry *next;
};

static struct entry *buckets[1024];

static struct entry **find(const char *key)
{
    unsigned hash = 5381;
    for (const char *at = key; *at; at++)
        hash = hash * 33 + (unsigned char)*at;
    struct entry **at = &buckets[hash % 1024];
    while (*at && strcmp((*at)->key, key))
        at = &(*at)->next;
    return at;
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
        if (scanf("%47s", key) != 1)
            return 1;
        struct entry **at = find(key), *entry = *at;
        if (!strcmp(op, "set")) {
            if (!entry) {
                *at = entry = calloc(1, sizeof *entry);
                strcpy(entry->key, key);
                size++;
            }
            if (scanf("%d", &entry->value) != 1)
                return 1;
        } else if (!strcmp(op, "get")) {
            if (entry)
                printf("%d\n", entry->value);
            else
                puts("-");
        } else if (entry) {
            *at = entry->next;
            free(entry);
            size--;
        }
    }
    return 0;
}
