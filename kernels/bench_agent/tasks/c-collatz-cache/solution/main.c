#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int cache[1000001];

static int steps(long long n)
{
    int count = 0;
    long long at = n;
    while (at != 1 && (at > 1000000 || !cache[at])) {
        at = at % 2 ? 3 * at + 1 : at / 2;
        count++;
    }
    count += at == 1 ? 0 : cache[at];
    return cache[n] = count;
}

int main(void)
{
    int n;
    while (scanf("%d", &n) == 1) {
        int best = 1;
        for (int i = 2; i <= n; i++)
            if (steps(i) > steps(best))
                best = i;
        printf("%d %d\n", best, steps(best));
    }
    return 0;
}
