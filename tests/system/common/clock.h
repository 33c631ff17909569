/*
 * The time counter, and the machine's real-time clock with its alarm, which tests have interrupts from.
 */
#pragma once

#include <stdint.h>

#include <sel4/sel4.h>

#define RTC_PADDR 0x101000
#define RTC_IRQ   11

/* Offsets of its registers. */
enum {
    RTC_TIME_LOW = 0x00,
    RTC_TIME_HIGH = 0x04,
    RTC_ALARM_LOW = 0x08,
    RTC_ALARM_HIGH = 0x0c,
    RTC_IRQ_ENABLED = 0x10,
    RTC_CLEAR_ALARM = 0x14,
    RTC_CLEAR_INTERRUPT = 0x1c
};

/* In counts of the time counter, at 10 MHz. */
static inline seL4_Word now(void)
{
    seL4_Word time;

    __asm__ volatile("rdtime %0" : "=r"(time)::"memory");
    return time;
}

/* The frame of the clock's registers: the same for all tests, since device memory is given away once. */
seL4_CPtr rtc_frame(void);

/* One of its registers. The first use maps them, at an address that nothing else is near. */
volatile uint32_t *rtc(seL4_Word offset);

/* What time it is there, in nanoseconds. */
seL4_Word rtc_time(void);

/* Has it interrupt at that time, or at once if that has passed. */
void rtc_set_alarm(seL4_Word time);
