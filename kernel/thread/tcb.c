/*
 * Making, stopping and resuming threads.
 */
#include "thread/tcb.h"

#include "ipc/endpoint.h"
#include "lib/mutant.h"
#include "object/console_turn.h"
#include "thread/debug_threads.h"
#include "thread/kernel.h"
#include "thread/scheduler.h"
#include "worker/placement.h"

void tcb_create(struct tcb *thread, const struct tcb *caller)
{
    thread->hart = caller->hart;
    thread->domain = caller->domain;
    thread->slice = TIME_SLICE_TICKS;
    thread_debug_register(thread, "child of: '", caller);
}

void thread_deactivate(struct tcb *thread)
{
    thread->state = THREAD_INACTIVE;
    if (unlikely(thread->async_queue != NULL)) {
        placement_owner_stopped(thread);
    }
}

void thread_suspend(struct tcb *thread)
{
    thread_expel(thread);
    if (!MUTANT(KEEP_PASS)) {
        badged_pass_forget(&thread->pass);
    }
    ipc_cancel(thread);
    if (!MUTANT(PRINT_STOPPED)) {
        console_leave(&thread->ready);
    }
    if (thread->state == THREAD_RUNNING) {
        thread->context.regs[ABI_REG_PC] = thread->context.next_pc;
    }
    sched_dequeue(thread);
    thread_deactivate(thread);
}

void thread_resume(struct tcb *thread)
{
    if (thread->state == THREAD_RUNNING || thread->state == THREAD_RESTART) {
        return;
    }
    ipc_cancel(thread);
    thread->state = THREAD_RESTART;
    if (unlikely(thread->async_queue != NULL)) {
        placement_owner_started(thread);
    }
    if (thread != thread->hart->current) {
        sched_wake_at_head(thread);
    }
}
