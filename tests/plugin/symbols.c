#include "symbols.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct symbol {
    uint64_t address;
    char name[56];
} symbols[MAX_SYMBOLS];
static int count;

bool symbols_read(const char *path, symbols_other other)
{
    FILE *file = fopen(path, "r");
    char line[256];

    if (!file) {
        return false;
    }
    while (count < MAX_SYMBOLS && fgets(line, sizeof(line), file)) {
        char *rest;
        uint64_t address = strtoull(line, &rest, 16);
        if (rest == line || rest[0] != ' ' || !rest[1] || rest[2] != ' ') {
            continue;
        }
        char type = rest[1];
        rest[strcspn(rest, "\n")] = 0;
        if (type == 't' || type == 'T') {
            symbols[count].address = address;
            (void)snprintf(symbols[count].name, sizeof(symbols[count].name), "%s", rest + 3);
            count++;
        } else if (other) {
            other(type, address);
        }
    }
    (void)fclose(file);
    return true;
}

int symbols_count(void)
{
    return count;
}

int symbols_find(uint64_t address)
{
    int low = 0, high = count;

    while (low < high) {
        int middle = (low + high) / 2;
        if (symbols[middle].address <= address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low - 1;
}

int symbols_named(const char *name)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(symbols[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

const char *symbols_name(int symbol)
{
    return symbol < 0 ? "?" : symbols[symbol].name;
}

uint64_t symbols_address(int symbol)
{
    return symbol < 0 ? 0 : symbols[symbol].address;
}
