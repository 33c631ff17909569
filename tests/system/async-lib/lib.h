/*
 * What the tests of the asynchronous library share: queues and executors for threads, and pages for
 * coroutines to map.
 */
#pragma once

#include <rel4/async.h>
#include <rel4/setup.h>
#include <rel4/uintr.h>

#include "test.h"

#define LIB_COROUTINES 512
#define LIB_STACK      2048

/* Where the rings of user i are, and where its coroutines map pages; page tables are there after lib_pages().
 */
#define LIB_RINGS(i) (0x2000000000 + (i)*0x40000000ul)
#define LIB_PAGES(i) (LIB_RINGS(i) + 0x400000)

/* A thread that makes asynchronous calls. The first one is the thread that runs the tests. */
#define LIB_USERS 3
struct lib_user {
    struct rel4_executor executor;
    struct rel4_thread record;
    char handler_stack[2048] __attribute__((aligned(16)));
    char pool[REL4_COROUTINES_BYTES(LIB_COROUTINES, LIB_STACK)];
};
extern struct lib_user lib_users[LIB_USERS];

struct lib_options {
    unsigned user;
    seL4_CPtr tcb;      /* 0: that of the thread that runs the tests */
    unsigned ring_bits; /* of both rings; 0: 8 */
    enum rel4_mode mode;
    enum rel4_waiting waiting;
    unsigned polls, batch;
    unsigned policy;
    void (*on_overflow)(rel4_coroutine_id id);
};

/* Makes queue and executor of the calling thread. Once in each test, and for one thread at a time. */
void lib_set_up(const struct lib_options *options);
#define LIB_SET_UP(...) lib_set_up(&(struct lib_options){ __VA_ARGS__ })

/* Slots in a row, emptied when the test ends. */
seL4_CPtr lib_slots(unsigned count);

/* Frames in consecutive slots, and page tables for them at the pages of a user. Returns the first frame. */
seL4_CPtr lib_pages(unsigned user, unsigned count);

/* Coroutines that map, use and unmap a page of their own, each for so many rounds; runs them, and checks
 * that each page held what it should. */
void lib_run_mappers(unsigned user, unsigned count, unsigned rounds);

/* The same, with frames from lib_pages(). */
void lib_run_mappers_on(seL4_CPtr frames, unsigned user, unsigned count, unsigned rounds);

/* Runs one coroutine to its end. */
void lib_run(void (*entry)(void *arg), void *arg);

/* Of the calling thread. */
struct rel4_stats lib_stats(void);

/* System calls that a thread has made for asynchronous calls. */
seL4_Word lib_traps(const struct rel4_stats *stats);

/* Everything that was submitted is answered, and no answer was stale. */
void lib_check_answered(seL4_Word calls);
