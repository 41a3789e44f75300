#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void)
{
    int rows, columns;
    char grid[16][16];
    if (scanf("%d %d", &rows, &columns) != 2)
        return 1;
    for (int y = 0; y < rows; y++)
        scanf("%s", grid[y]);
    for (int x = 0; x < rows; x++) {
        for (int y = 0; y < columns; y++)
            putchar(grid[y][x]);
        putchar('\n');
    }
    return 0;
}
