/*
 * The kernel console: a polled UART of the 16550 family, or the legacy output call of the firmware.
 *
 * The kernel writes a character when the UART has begun to send the previous one. So it need not know the
 * size of the FIFO, and it waits for one character at most.
 */
#include "arch/console.h"

#include "arch/riscv64/registers.h"
#include "arch/riscv64/sbi.h"
#include "arch/timer.h"
#include "lib/print.h"
#include "thread/hart.h"

/* Register 0 takes the characters. */
#define UART_LINE_STATUS    5
#define LINE_STATUS_IS_FREE 0x20

#define MAX_SHIFT 4

#define PATIENCE_PER_SECOND 100 /* 10 ms */

/* A firmware call that does not wait returns within 2 us; a character at 4 million baud takes longer. */
#define CALLS_PER_SECOND 500000

bool console_enabled = true;

static struct {
    word_t data;
    word_t status;
    unsigned width; /* of an access; 0: there is no UART */
} uart;

static word_t patience;   /* longest wait for the UART, in counts of the time CSR */
static word_t short_call; /* a call of the firmware that takes longer has waited */

static bool stuck;  /* the last byte was dropped, so there are lost characters to report */
static word_t lost; /* characters dropped and not yet reported */

static enum {
    NO_REPORT,
    REPORT,
    REPORT_CUT /* part of the report was dropped: drop the rest, and report again later */
} report;

void console_init(word_t time_frequency)
{
    patience = time_frequency / PATIENCE_PER_SECOND;
    short_call = time_frequency / CALLS_PER_SECOND;
}

bool console_knows_uart(word_t bytes, word_t shift, word_t width)
{
    if (shift > MAX_SHIFT || !(width == 1 || (width == 4 && shift >= 2))) {
        return false;
    }
    return bytes >= ((word_t)UART_LINE_STATUS << shift) + width;
}

word_t console_status_address(word_t phys, unsigned shift)
{
    return phys + ((word_t)UART_LINE_STATUS << shift);
}

void console_use_uart(word_t phys, unsigned shift, unsigned width)
{
    uart.data = phys;
    uart.status = console_status_address(phys, shift);
    uart.width = width;
}

static bool is_free(void)
{
    return register_read(uart.status, uart.width) & LINE_STATUS_IS_FREE;
}

/* Gives up after 10 ms, but checks once more at their end: the hart may have been stopped by the host
 * meanwhile. */
static COLD bool wait_until_free(void)
{
    word_t start = time_now();
    bool late = false;

    while (!late) {
        pause_hint();
        late = time_now() - start >= patience;
        if (is_free()) {
            return true;
        }
    }
    return false;
}

static void write_byte(char byte)
{
    register_write(uart.data, uart.width, (unsigned char)byte);
}

/* Returns false if it dropped the byte. Sets *waited if it had to wait, and never clears it. */
static bool send(char byte, bool *waited)
{
    if (!is_free()) {
        *waited = true;
        if (stuck || !wait_until_free()) {
            stuck = true;
            return false;
        }
    }
    stuck = false;
    write_byte(byte);
    return true;
}

static bool is_sent(char c, bool *waited)
{
    return report != REPORT_CUT && (c != '\n' || send('\r', waited)) && send(c, waited);
}

/* The UART is free. Recursion ends here: report_lost() prints, and report keeps that from coming back. */
static COLD void report_lost(void)
{
    stuck = false;
    report = REPORT;
    if (log_level >= LOG_ERROR) {
        print("\nrel4: %lu characters were lost\n", lost);
    }
    if (report == REPORT) {
        lost = 0;
    }
    report = NO_REPORT;
}

static __attribute__((noinline)) bool put_slowly(char c)
{
    bool waited = false;

    if (lost && report == NO_REPORT && is_free()) {
        report_lost();
        waited = true;
    }
    if (!is_sent(c, &waited)) {
        if (report == NO_REPORT) {
            lost++;
        } else {
            report = REPORT_CUT;
        }
    }
    return waited;
}

/* The firmware itself puts a carriage return before a newline. */
static bool put_by_firmware(char c)
{
    word_t start = time_now();

    sbi_put_char(c);
    return time_now() - start > short_call;
}

bool console_put(char c)
{
    if (unlikely(uart.width == 0)) {
        return put_by_firmware(c);
    }
    if (unlikely(lost || c == '\n' || !is_free())) {
        return put_slowly(c);
    }
    write_byte(c);
    return false;
}
