/*
 * The functions of the programs that run in the machine, by address, from a file in the form of nm -n.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define MAX_SYMBOLS 4096

/* What one line of the file says that is not a function's: its type, a letter, and its address. */
typedef void (*symbols_other)(char type, uint64_t address);

/* Reads the functions (types t and T), whose addresses ascend, and hands on the other lines, if other is not
 * null. Returns whether the file could be read. */
bool symbols_read(const char *path, symbols_other other);

/* How many there are. */
int symbols_count(void);

/* The function that an address belongs to: the last one that begins there or before. -1: there is none. */
int symbols_find(uint64_t address);

/* The first function of that name, or -1. */
int symbols_named(const char *name);

/* Of a function, or "?" and 0 of -1. */
const char *symbols_name(int symbol);
uint64_t symbols_address(int symbol);
