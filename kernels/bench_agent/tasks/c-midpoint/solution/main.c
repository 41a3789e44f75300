#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void)
{
    long n;
    long long q;
    if (scanf("%ld", &n) != 1)
        return 1;
    long long *a = malloc((n + 1) * sizeof *a);
    for (long i = 0; i < n; i++)
        if (scanf("%lld", &a[i]) != 1)
            return 1;
    while (scanf("%lld", &q) == 1) {
        long low = 0, high = n;
        while (low < high) {
            long mid = low + (high - low) / 2;
            if (a[mid] < q)
                low = mid + 1;
            else
                high = mid;
        }
        printf("%ld\n", low < n && a[low] == q ? low : -1L);
    }
    return 0;
}
