/*
 * A program that prints more than its console takes: tests/boot/console.t boots it, and knows when to read.
 * It owns the UART and the test finisher, as every root task does.
 */
#include <string.h>

#include "clock.h"
#include "test.h"

#define LINES 5000

#define UART_PADDR            0x10000000
#define UART_LINE_STATUS      5
#define LINE_TRANSMITTER_IDLE 0x20
#define FINISHER_PADDR        0x100000

#define REGISTERS     0x3000000000
#define COUNTS_PER_MS 10000ul

static volatile void *map_device(seL4_Word paddr, seL4_Word vaddr)
{
    CHECK_OK(simple_map_page(seL4_CapInitThreadVSpace, simple_device_frame(paddr), vaddr, seL4_ReadWrite,
                             seL4_RISCV_ExecuteNever));
    return (volatile void *)vaddr;
}

TEST("a console that takes no characters delays a program once, and the machine goes on")
{
    volatile uint8_t *uart = map_device(UART_PADDR, REGISTERS);
    volatile uint32_t *finisher = map_device(FINISHER_PADDR, REGISTERS + 0x1000);
    seL4_Word longest = 0, slow = 0;
    char line[16];

    for (unsigned i = 0; i < LINES; i++) {
        int length = snprintf(line, sizeof(line), "# %08u\n", i);
        for (int at = 0; at < length; at++) {
            seL4_Word start = now();
            seL4_DebugPutChar(line[at]);
            seL4_Word time = now() - start;
            longest = time > longest ? time : longest;
            slow += time > 5 * COUNTS_PER_MS;
        }
    }
    *finisher = 1; /* no command: QEMU writes that into its log, for the reader to see */
    if (strcmp(sel4_arguments(), "wait") == 0) {
        while (!(uart[UART_LINE_STATUS] & LINE_TRANSMITTER_IDLE)) {
        }
    }
    printf("# %lu calls of more than 5 ms, the longest took %lu us\n", slow, longest * 1000 / COUNTS_PER_MS);
}
