/*
 * Standard output and error: every character goes to the kernel's console at once, so that nothing is lost
 * when a program faults. There is no input.
 */
#include <stdio.h>

#include <sel4/sel4.h>

static int put(char c, FILE *stream)
{
    seL4_DebugPutChar(c);
    return (unsigned char)c;
}

/* This is the only copy there is. NOLINTNEXTLINE(cert-fio38-c,misc-non-copyable-objects) */
static FILE console = FDEV_SETUP_STREAM(put, NULL, NULL, _FDEV_SETUP_WRITE);

FILE *const stdin = &console;
FILE *const stdout = &console;
FILE *const stderr = &console;
