#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void)
{
    char key[1100] = "", line[1100], found[1100] = "";
    int code = 1;
    if (!fgets(key, sizeof key, stdin))
        return 1;
    key[strcspn(key, "\n")] = 0;
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = 0;
        if (!*line)
            continue;
        char *mark = strchr(line, '=');
        if (!mark)
            return 2;
        *mark = 0;
        if (!strcmp(line, key)) {
            strcpy(found, mark + 1);
            code = 0;
        }
    }
    if (code == 0)
        puts(found);
    return code;
}
