/*
 * The registers of the machine's real-time clock.
 */
#include "clock.h"

#include "test.h"

#define REGISTERS 0x3100000000

seL4_CPtr rtc_frame(void)
{
    static seL4_CPtr frame;

    frame = frame ? frame : simple_device_frame(RTC_PADDR);
    return frame;
}

volatile uint32_t *rtc(seL4_Word offset)
{
    static bool mapped;

    if (!mapped) {
        CHECK_OK(simple_map_page(seL4_CapInitThreadVSpace, rtc_frame(), REGISTERS, seL4_ReadWrite,
                                 seL4_RISCV_ExecuteNever));
        CHECK_EQUAL(seL4_RISCV_Page_GetAddress(rtc_frame()).paddr, RTC_PADDR);
        mapped = true;
    }
    return (volatile uint32_t *)(REGISTERS + offset);
}

seL4_Word rtc_time(void)
{
    seL4_Word low = *rtc(RTC_TIME_LOW); /* holds the other half */

    return low | (seL4_Word)*rtc(RTC_TIME_HIGH) << 32;
}

void rtc_set_alarm(seL4_Word time)
{
    *rtc(RTC_ALARM_HIGH) = (uint32_t)(time >> 32);
    *rtc(RTC_ALARM_LOW) = (uint32_t)time;
}
