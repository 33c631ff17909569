/*
 * The way out of the kernel: choosing the thread that runs next, preparing the hart for it, and letting go of
 * the lock. A hart without a thread to run serves workers, or waits, until there is one.
 */
#include "syscall/exit.h"

#include "ipc/receiver.h"
#include "lib/mutant.h"
#include "object/console_turn.h"
#include "thread/scheduler.h"
#include "thread/switch.h"
#include "worker/placement.h"

_Noreturn void return_to_user(struct tcb *thread);

/* Makes the thread that is to run current, and returns it; idle_thread if none is to run. */
static inline struct tcb *switch_to_best(struct hart *hart)
{
    struct tcb *next = sched_choose(hart);

    if (next != hart->current && !(MUTANT(STAY_CURRENT) && next == &idle_thread)) {
        if (unlikely(next == &idle_thread)) {
            thread_leave(hart);
        } else {
            thread_switch(hart, next);
        }
    }
    return next;
}

/* Lets other harts have the lock that wait for it, or are to be interrupted. No thread is current here. Does
 * nothing if there is a candidate: then the hart leaves the kernel soon anyway. */
static void let_others_in(struct hart *hart)
{
    bool others_wait = hart->pending.interrupts || kernel_lock_contended(hart);

    if (unlikely(others_wait) && !hart->candidate) {
        kernel_leave(hart);
        kernel_lock(hart);
    }
}

/* Runs workers, or waits for something to do, until there is a thread to run. Returns that thread. */
static APART struct tcb *run_without_thread(struct hart *hart)
{
    struct tcb *next;

    do {
        if (!hart->serving) {
            placement_idle(hart);
        }
        if (hart->serving) {
            placement_serve(hart);
        }
        let_others_in(hart);
        next = switch_to_best(hart);
        if (unlikely(hart->idle.watched != NULL) && (next != &idle_thread || hart->serving)) {
            placement_end_watch(hart);
            if (!hart->serving) {
                next = switch_to_best(hart);
            }
        }
    } while (next == &idle_thread);
    return next;
}

/* Returns the thread that runs in user mode next. */
static ALWAYS_INLINE struct tcb *choose_user(struct hart *hart)
{
    struct tcb *next = switch_to_best(hart);

    if (unlikely(next == &idle_thread)) {
        next = run_without_thread(hart);
    }
    if (next->state == THREAD_RESTART) {
        next->context.next_pc = next->context.regs[ABI_REG_PC];
        next->state = THREAD_RUNNING;
        if (unlikely(next->ready.has_console)) {
            console_watch_call(hart);
        }
    }
    return next;
}

/* A thread that goes to its handler has let go of the console, so a more important one may be ready now. */
static COLD struct tcb *choose_again(struct hart *hart)
{
    struct tcb *next;

    do {
        next = choose_user(hart);
    } while (next->uintr.user && !uintr_prepare_return(hart, next));
    return next;
}

HOT struct tcb *kernel_exit_slow(struct hart *hart)
{
    struct tcb *current = hart->current;

    if (unlikely(current->async_queue != NULL) && !thread_is_runnable(current)) {
        placement_blocked(current);
    }
    struct tcb *next = choose_user(hart);
    if (unlikely(next->uintr.user) && unlikely(!uintr_prepare_return(hart, next))) {
        next = choose_again(hart);
    }
    kernel_leave(hart);
    return next;
}

_Noreturn void thread_switch_exit_slow(struct hart *hart, struct tcb *next)
{
    assert(!next->ready.has_console); /* it waited for the message */
    thread_switch(hart, next);
    if (next->uintr.user) {
        uintr_prepare_return(hart, next);
    }
    kernel_unlock(hart);
    return_to_user(next);
}

struct tcb *kernel_exit_void(struct hart *hart)
{
    hart->entry_void = false;
    hart->pending.reschedule = true;
    /* The thread may have new registers and a new address space, or be gone. */
    thread_switch(hart, hart->current);
    return kernel_exit(hart);
}

_Noreturn void kernel_enter(void)
{
    struct hart *hart = this_hart();

    hart->locks = harts_online > 1;
    hart_update_slow(hart);
    kernel_lock(hart);
    hart->pending.reschedule = true;
    return_to_user(kernel_exit(hart));
}
