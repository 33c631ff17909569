/*
 * The executor's system calls. Tests on the host replace this file (tests/host/rel4_machine.c).
 */
#include "executor.h"

#include <rel4/uintr.h>

int door_wake(const struct rel4_queue *queue)
{
    return rel4_AsyncQueue_Wake(queue->cap);
}

int door_reset(const struct rel4_queue *queue)
{
    return rel4_AsyncQueue_Reset(queue->cap);
}

void door_yield(void)
{
    seL4_Yield();
}

seL4_Word door_time(void)
{
    seL4_Word time;

    asm volatile("rdtime %0" : "=r"(time));
    return time;
}

seL4_Word door_wait(const struct rel4_queue *queue)
{
    return rel4_wait(queue->notification);
}

seL4_Word door_user_interrupts(void)
{
    struct rel4_statistics statistics;

    rel4_thread_statistics(&statistics);
    return statistics.interrupts;
}
