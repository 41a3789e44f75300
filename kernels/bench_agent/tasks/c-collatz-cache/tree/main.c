#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int steps(int n)
{
    if (n == 1)
        return 0;
    return 1 + steps(n % 2 ? 3 * n + 1 : n / 2);
}

int main(void)
{
    int n;
    while (scanf("%d", &n) == 1) {
        int best = 0;
        for (int i = 1; i < n; i++)
            if (steps(i) >= steps(best))
                best = i;
        printf("%d %d\n", best, steps(best));
    }
    return 0;
}
