/*
 * What the tests of the asynchronous library share: a queue and an executor for the thread that runs the
 * tests, and pages for coroutines to map.
 */
#pragma once

#include <rel4/async.h>
#include <rel4/setup.h>
#include <rel4/uintr.h>

#include "test.h"

#define LIB_COROUTINES 512
#define LIB_STACK      2048

/* Where the rings are, and where coroutines map pages; a page table is there after lib_pages(). */
#define LIB_RINGS 0x2000000000
#define LIB_PAGES 0x2000400000

struct lib_options {
    unsigned ring_bits; /* of both rings; 0: 8 */
    enum rel4_mode mode;
    enum rel4_waiting waiting;
    unsigned looks;
    unsigned policy;
};

extern struct rel4_executor lib_executor;
extern struct rel4_thread lib_record;

/* Makes queue and executor of the thread that runs the tests. Once in each test. */
void lib_set_up(const struct lib_options *options);
#define LIB_SET_UP(...) lib_set_up(&(struct lib_options){ __VA_ARGS__ })

/* The notification that answers are signalled by, with the badge of bit 0, for the calling thread: bound to
 * it, which is registered as its receiver if there are user interrupts. */
seL4_CPtr lib_notification(seL4_CPtr tcb, struct rel4_thread *record, void *stack, size_t stack_bytes);

/* Slots in a row, emptied when the test ends. */
seL4_CPtr lib_slots(unsigned count);

/* Frames in consecutive slots, and a page table at LIB_PAGES. Returns the first frame. */
seL4_CPtr lib_pages(unsigned count);

struct rel4_stats lib_stats(void);

/* System calls that the thread has made for asynchronous calls. */
seL4_Word lib_traps(const struct rel4_stats *stats);
