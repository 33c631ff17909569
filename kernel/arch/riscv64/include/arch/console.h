/*
 * The kernel console: output only.
 *
 * If the device tree names a UART of the 16550 family as the console, the kernel writes to it, and never
 * waits longer than 10 ms. Otherwise, and until the device tree has been read, characters go through the
 * firmware, which may wait as long as it likes; then no character is lost.
 *
 * Callers hold the kernel lock, or run before other harts do. A panic does not wait for the lock, so its
 * characters may mix with those of another hart, and some may be lost.
 */
#pragma once

#include "lib/types.h"

/* Programs may print (boot option console=). */
extern bool console_enabled;

/* Sets the frequency of the time CSR in Hz. Call it before console_use_uart(). */
void console_init(word_t time_frequency);

/* Returns whether the kernel can drive a UART with so many bytes of registers, which are 2^shift bytes
 * apart and accessed by width bytes. Accepts all values. */
bool console_knows_uart(word_t bytes, word_t shift, word_t width);

/* Returns the address of the status register of such a UART, a byte. Reading it clears error bits and
 * has no other effect. */
word_t console_status_address(word_t phys, unsigned shift);

/* Makes this UART the console, as the firmware has set it up. The kernel reads its status and writes
 * characters, and changes no setting: the owner of the frame of the device may use the rest of it. */
void console_use_uart(word_t phys, unsigned shift, unsigned width);

/*
 * Prints a character; a newline becomes a carriage return and a newline.
 *
 * A character that the UART does not take within 10 ms is dropped and counted. So is each later one, after
 * one check, until the UART takes one again. Then a line of the log says how many were lost (log=error and
 * above).
 *
 * Returns true if it had to wait for the device or dropped the character: then the caller should check
 * whether something more important is ready. For the firmware this is a guess from the duration of the
 * call.
 */
bool console_put(char c);
