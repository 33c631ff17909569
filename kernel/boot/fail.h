/*
 * Ending the boot with an error message.
 */
#pragma once

/* Prints "rel4: error: ..." whatever the log level, and powers off with a failure. */
_Noreturn void boot_fail(const char *format, ...) __attribute__((format(printf, 1, 2), cold));
