/*
 * Ending the boot with an error message.
 */
#include "boot/fail.h"

#include "arch/power.h"
#include "lib/print.h"

_Noreturn void boot_fail(const char *format, ...)
{
    va_list args;

    print("rel4: error: ");
    va_start(args, format);
    print_args(format, args);
    va_end(args);
    print("\n");
    power_off(1);
}
