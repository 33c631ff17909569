/*
 * 5.4 and 7.8: the UART, which the kernel uses for nothing but to print, driven by interrupts. Its
 * transmitter-empty interrupt comes as soon as it is enabled and after each character.
 */
#include "device.h"

#define UART_PADDR 0x10000000
#define UART_IRQ   10

enum {
    UART_DATA = 0,
    UART_INTERRUPT_ENABLE = 1,
    UART_INTERRUPT_ID = 2,
    UART_LINE_CONTROL = 3,
    UART_MODEM_CONTROL = 4,
    UART_LINE_STATUS = 5,
    UART_SCRATCH = 7,
};
#define TRANSMITTER_EMPTY     2 /* as an interrupt to enable, and as its identification */
#define NO_INTERRUPT          1
#define LINE_TRANSMITTER_IDLE 0x20

static volatile uint8_t *uart(seL4_Word offset)
{
    return (volatile uint8_t *)device_registers(UART_PADDR) + offset;
}

/* Prints with one interrupt per character, as a driver that waits for the device. */
static void print_by_interrupts(const char *text, bool edge)
{
    seL4_CPtr notification = test_object(seL4_NotificationObject, 0), handler = test_slot();
    unsigned interrupts = 0, length = 0;

    CHECK_OK(seL4_IRQControl_GetTrigger(seL4_CapIRQControl, UART_IRQ, edge, seL4_CapInitThreadCNode, handler,
                                        seL4_WordBits));
    CHECK_OK(seL4_IRQHandler_SetNotification(handler, test_mint(notification, seL4_AllRights, 1)));
    *uart(UART_INTERRUPT_ENABLE) = TRANSMITTER_EMPTY;
    for (const char *next = text; *next;) {
        seL4_Wait(notification, NULL);
        interrupts++;
        if ((*uart(UART_INTERRUPT_ID) & 0xf) == TRANSMITTER_EMPTY) {
            *uart(UART_DATA) = (uint8_t)*next++;
            length++;
        }
        if (!edge) {
            CHECK_OK(seL4_IRQHandler_Ack(handler));
        }
    }
    seL4_Wait(notification, NULL); /* the last character has gone out */
    *uart(UART_INTERRUPT_ENABLE) = 0;
    CHECK(interrupts >= length);
}

TEST("5.4 level: a driver prints a line, one interrupt and one Ack per character")
{
    print_by_interrupts("# printed by a user-level driver, level-triggered\n", false);
}

TEST("5.4 edge: a driver prints a line, one interrupt per character and no Ack")
{
    print_by_interrupts("# printed by a user-level driver, edge-triggered\n", true);
}

TEST("7.8 the kernel changes no setting of the UART: what a program sets up there stays, also when the "
     "kernel prints")
{
    *uart(UART_SCRATCH) = 0xa5;
    *uart(UART_INTERRUPT_ENABLE) = TRANSMITTER_EMPTY;
    seL4_Word settings = *uart(UART_LINE_CONTROL), modem = *uart(UART_MODEM_CONTROL);
    seL4_DebugPutString("# printed by the kernel\n");
    CHECK_EQUAL(*uart(UART_INTERRUPT_ENABLE), TRANSMITTER_EMPTY);
    CHECK_EQUAL(*uart(UART_LINE_CONTROL), settings);
    CHECK_EQUAL(*uart(UART_MODEM_CONTROL), modem);
    CHECK_EQUAL(*uart(UART_SCRATCH), 0xa5);
    *uart(UART_INTERRUPT_ENABLE) = 0;
    CHECK_EQUAL(*uart(UART_INTERRUPT_ID) & 0xf, NO_INTERRUPT);
    CHECK(*uart(UART_LINE_STATUS) & LINE_TRANSMITTER_IDLE);
}
