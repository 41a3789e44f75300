#define _GNU_SOURCE
#include <pthread.h>
#include "mean.h"

struct part {
    const float *x;
    float *y;
    int n;
};

static void *half(void *given)
{
    struct part *part = given;
    means(part->x, part->y, part->n, 44);
    return 0;
}

void sweep(const float *x, float *y, int n)
{
    pthread_t thread;
    struct part part = {x, y, n};
    pthread_create(&thread, 0, half, &part);
    pthread_join(thread, 0);
}
