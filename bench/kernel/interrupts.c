/*
 * Interrupts, from the device to its driver. Setting an alarm in the past makes the real-time clock raise its
 * interrupt at once, while the driver, which has a higher priority, waits.
 */
#include "kernel.h"

#define RTC_PADDR 0x101000
#define RTC_IRQ   11
#define RTC_VADDR 0x2400000

enum {
    RTC_ALARM_LOW = 2,
    RTC_ALARM_HIGH = 3,
    RTC_IRQ_ENABLED = 4,
    RTC_CLEAR_ALARM = 5,
    RTC_CLEAR_INTERRUPT = 7,
};

static volatile seL4_Uint32 *const rtc = (volatile seL4_Uint32 *)RTC_VADDR;
static seL4_CPtr handler, notification;
static volatile seL4_Word arrived;

static void driver(void *arg)
{
    for (;;) {
        seL4_Wait(notification, NULL);
        arrived = now();
        rtc[RTC_CLEAR_INTERRUPT] = 1;
        seL4_IRQHandler_Ack(handler);
    }
}

void measure_interrupts(void)
{
    require(simple_map_page(seL4_CapInitThreadVSpace, simple_device_frame(RTC_PADDR), RTC_VADDR,
                            seL4_AllRights, seL4_RISCV_Default_VMAttributes),
            "mapping the clock");
    rtc[RTC_CLEAR_ALARM] = 1;
    rtc[RTC_CLEAR_INTERRUPT] = 1;
    rtc[RTC_IRQ_ENABLED] = 1;
    rtc[RTC_ALARM_HIGH] = 0;
    handler = simple_alloc_slot();
    notification = new_object(seL4_NotificationObject, 0);
    require(seL4_IRQControl_Get(seL4_CapIRQControl, RTC_IRQ, seL4_CapInitThreadCNode, handler, seL4_WordBits),
            "IRQControl");
    require(seL4_IRQHandler_SetNotification(handler, notification), "SetNotification");

    seL4_CPtr thread = start_thread(driver, NULL, PRIORITY + 1, 0);
    for (unsigned i = 0; i < WARM_UP + SAMPLES; i++) {
        seL4_Word start = now();
        rtc[RTC_ALARM_LOW] = 1;
        record(start, arrived);
    }
    report("Interrupt to its waiting handler thread", 0);
    seL4_TCB_Suspend(thread);
}
