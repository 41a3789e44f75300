#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void)
{
    char a[400], b[400];
    while (scanf("%399s %399s", a, b) == 2) {
        const char *x = a + (*a == '-'), *y = b + (*b == '-');
        int n = (int)strlen(x), m = (int)strlen(y), digits[800] = {0}, top = n + m - 1;
        for (int i = 0; i < n; i++)
            for (int j = 0; j < m; j++)
                digits[i + j] += (x[n - 1 - i] - '0') * (y[m - 1 - j] - '0');
        for (int i = 0; i < top; i++) {
            digits[i + 1] += digits[i] / 10;
            digits[i] %= 10;
        }
        while (top > 0 && !digits[top])
            top--;
        if ((*a == '-') != (*b == '-') && (top || digits[0]))
            putchar('-');
        for (; top >= 0; top--)
            putchar('0' + digits[top]);
        putchar('\n');
    }
    return 0;
}
