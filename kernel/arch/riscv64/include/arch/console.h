/*
 * The kernel console: output only.
 *
 * Where the device tree names a UART of the 16550 family as the console, the kernel writes to it itself, and
 * never waits for more than 10 ms. Otherwise, and until the device tree has been read, characters go through
 * the firmware, which may wait as long as it likes; nothing can be lost then.
 *
 * Callers hold the kernel lock, or run before the other harts do, or are a panic, which must not wait for the
 * lock: its characters and those of another hart may then push one another out.
 */
#pragma once

#include "lib/types.h"

/* Debug output is available to programs. */
extern bool console_enabled;

/* How fast time counts, in counts of the time CSR per second. To be called before console_use_uart(). */
void console_init(word_t time_frequency);

/* Whether the kernel can drive a UART whose registers take so many bytes, are 2^shift bytes apart and are
 * accessed by width bytes. The arguments can be anything. */
bool console_knows_uart(word_t bytes, word_t shift, word_t width);

/* Where the status register of such a UART is, of a byte; reading it does no more than clear what it says of
 * errors. */
word_t console_status_address(word_t phys, unsigned shift);

/* The console is this UART from now on, as the firmware has set it up. The kernel reads its status and writes
 * characters, and changes no setting: whoever has the device's frame may use the rest of it. */
void console_use_uart(word_t phys, unsigned shift, unsigned width);

/*
 * Prints a character; a newline is a carriage return and a newline.
 *
 * A character that the UART does not take within 10 ms is dropped and counted, and so is each that follows,
 * after one look, until the UART takes one again. The log then says in a line how many were lost, before that
 * one (log=error and above).
 *
 * True if it had to wait for the device, or dropped the character: the caller should then look whether
 * something more important has come up. Of a firmware that is no more than a guess from how long it took.
 */
bool console_put(char c);
