#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void)
{
    int n, q;
    if (scanf("%d", &n) != 1)
        return 1;
    int *a = malloc(n * sizeof *a);
    for (int i = 0; i < n; i++)
        scanf("%d", &a[i]);
    while (scanf("%d", &q) == 1) {
        int low = 0, high = n, found = -1;
        while (low <= high) {
            int mid = (low + high) / 2;
            if (a[mid] == q) {
                found = mid;
                break;
            }
            if (a[mid] < q)
                low = mid + 1;
            else
                high = mid - 1;
        }
        printf("%d\n", found);
    }
    return 0;
}
