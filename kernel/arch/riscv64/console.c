/*
 * The kernel console, by the firmware's legacy output call.
 */
#include "arch/riscv64/console.h"

#include "arch/riscv64/sbi.h"

void console_put(char c)
{
    if (c == '\n') {
        sbi_put_char('\r');
    }
    sbi_put_char(c);
}
