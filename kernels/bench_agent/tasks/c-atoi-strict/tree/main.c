#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void)
{
    char line[300];
    while (fgets(line, sizeof line, stdin))
        printf("%d\n", atoi(line));
    return 0;
}
