/*
 * The kernel console, by the firmware's legacy output call, which puts a carriage return before each line
 * feed.
 */
#include "arch/riscv64/console.h"

#include "arch/riscv64/sbi.h"

bool console_enabled = true;

void console_put(char c)
{
    sbi_put_char(c);
}
