#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct record {
    char name[16];
    int score;
};

static int compare(const void *a, const void *b)
{
    return ((struct record *)b)->score - ((struct record *)a)->score;
}

int main(void)
{
    static struct record all[1000];
    int n = 0;
    while (scanf("%s %d", all[n].name, &all[n].score) == 2)
        n++;
    qsort(all, n, sizeof all[0], compare);
    for (int i = 0; i < n; i++)
        printf("%s %d\n", all[i].name, all[i].score);
    return 0;
}
