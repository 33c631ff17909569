/*
 * State survives saving and restoring a machine. tests/uintc/restore.t saves it when it reads "filled", and
 * sends a character to the machine that it restored.
 */
#include "state.h"

#define UART          0x10000000ul
#define UART_STATUS   5
#define UART_RECEIVED 0x01

int main(void)
{
    volatile uint8_t *uart = (volatile uint8_t *)UART;

    write_csr(MEDELEG, 1 << CAUSE_BREAKPOINT);
    fill_state();
    print("# filled\n");
    while (!(uart[UART_STATUS] & UART_RECEIVED)) {
        ;
    }
    test("every register, slot and wake bit is as it was before", check_filled);
    finish();
}
