/*
 * An alarm clock, for threads that go round in circles above the priority of the supervisor's ticks: the
 * real-time clock of QEMU's virt machine (Goldfish RTC) interrupts once per period. Where QEMU runs
 * deterministically, its clock must be told to follow the machine's time: -rtc clock=vm.
 */
#include <sel4/simple.h>

#include "sysfuzz.h"

#define RTC_IRQ  11
#define RTC_VIEW 0x2300000000ul

enum {
    RTC_TIME_LOW = 0x00, /* reading it latches the high half */
    RTC_TIME_HIGH = 0x04,
    RTC_ALARM_LOW = 0x08, /* writing it sets the alarm */
    RTC_ALARM_HIGH = 0x0c,
    RTC_IRQ_ENABLED = 0x10,
    RTC_CLEAR_INTERRUPT = 0x1c,
};

static seL4_CPtr handler;

static volatile uint32_t *rtc(seL4_Word offset)
{
    return (volatile uint32_t *)(RTC_VIEW + offset);
}

void alarm_set(void)
{
    uint64_t now = *rtc(RTC_TIME_LOW);

    now |= (uint64_t)*rtc(RTC_TIME_HIGH) << 32;
    now += ALARM_NANOSECONDS;
    *rtc(RTC_CLEAR_INTERRUPT) = 1;
    seL4_IRQHandler_Ack(handler);
    *rtc(RTC_ALARM_HIGH) = (uint32_t)(now >> 32);
    *rtc(RTC_ALARM_LOW) = (uint32_t)now;
}

void alarm_create(seL4_CPtr notification)
{
    seL4_PAddr paddr;

    handler = simple_alloc_slot();
    check_call(sel4_find_device("google,goldfish-rtc", &paddr) ? seL4_NoError : seL4_InvalidArgument,
               "a clock");
    check_call(simple_map_page(seL4_CapInitThreadVSpace, simple_device_frame(paddr), RTC_VIEW, seL4_ReadWrite,
                               seL4_RISCV_ExecuteNever),
               "the clock's registers");
    check_call(
        seL4_IRQControl_Get(seL4_CapIRQControl, RTC_IRQ, seL4_CapInitThreadCNode, handler, seL4_WordBits),
        "the clock's interrupt");
    check_call(seL4_IRQHandler_SetNotification(handler, notification), "the clock's notification");
    *rtc(RTC_IRQ_ENABLED) = 1;
    alarm_set();
}
