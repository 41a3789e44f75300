struct node {
    int value;
    struct node *next;
};
struct list {
    struct node *head, *tail;
};
void list_add(struct list *list, int value);
void list_remove(struct list *list, int value);
void list_print(const struct list *list);
void list_free(struct list *list);
