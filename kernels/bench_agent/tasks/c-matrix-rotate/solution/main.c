#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void)
{
    int rows, columns;
    if (scanf("%d %d", &rows, &columns) != 2)
        return 1;
    char *grid = malloc((size_t)rows * columns);
    for (int i = 0; i < rows * columns; i++)
        if (scanf(" %c", &grid[i]) != 1)
            return 1;
    for (int x = 0; x < columns; x++) {
        for (int y = rows; y-- > 0;)
            putchar(grid[y * columns + x]);
        putchar('\n');
    }
    return 0;
}
