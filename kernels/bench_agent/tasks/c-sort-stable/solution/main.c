#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct record {
    char name[31];
    int score, place;
};

static int compare(const void *a, const void *b)
{
    const struct record *x = a, *y = b;
    if (x->score != y->score)
        return x->score < y->score ? 1 : -1;
    return x->place - y->place;
}

int main(void)
{
    static struct record all[2001];
    int n = 0;
    while (n < 2001 && scanf("%30s %d", all[n].name, &all[n].score) == 2) {
        all[n].place = n;
        n++;
    }
    qsort(all, n, sizeof all[0], compare);
    for (int i = 0; i < n; i++)
        printf("%s %d\n", all[i].name, all[i].score);
    return 0;
}
