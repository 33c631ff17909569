/*
 * Making another thread the current one of this hart.
 *
 * Address space and floating-point registers are switched only if the thread needs others than the hart has.
 */
#pragma once

#include "arch/asid.h"
#include "arch/fpu.h"
#include "arch/processor.h"
#include "arch/uintc.h"
#include "thread/hart.h"
#include "thread/tcb.h"

/* The place where a hart remembers an address space, by the first word of its capability. */
static inline struct recent_space *recent_space(struct hart *hart, word_t cap)
{
    return &hart->recent_spaces[cap >> ABI_PAGE_TABLE_BITS & (RECENT_SPACES - 1)];
}

/* Loads the thread's address space if the hart is in it or remembers it. False if it does neither. */
static inline bool thread_load_recent_vspace(struct hart *hart, const struct tcb *thread)
{
    word_t cap = thread->slots[TCB_VSPACE].cap.w0;
    const struct recent_space *space = recent_space(hart, cap);

    if (cap == hart->arch.vspace) {
        return true;
    }
    if (unlikely(space->cap != cap || !cap)) {
        return false;
    }
    hart->arch.vspace = cap;
    vm_restore(&hart->arch, space->space);
    return true;
}

/* The general case of thread_load_vspace(). */
void thread_load_vspace_slow(struct hart *hart, const struct tcb *thread);

/* Loads the address space of the thread that runs or is about to run on this hart; the kernel's own if the
 * thread has none that is valid. */
static inline void thread_load_vspace(struct hart *hart, const struct tcb *thread)
{
    if (unlikely(!thread_load_recent_vspace(hart, thread))) {
        thread_load_vspace_slow(hart, thread);
    }
}

/* Makes a thread current. The one that was current before is queued already, or waits for something. */
static inline void thread_switch(struct hart *hart, struct tcb *next)
{
    hart->current = next;
    if (unlikely(hart->uintr_live != NULL)) {
        uintr_leave(hart);
    }
    fpu_switch(hart, next);
    thread_load_vspace(hart, next);
    reservation_clear(&hart->arch);
}

/* Makes no thread current. All registers of the last one are in memory then, so any hart may take it; its
 * address space stays loaded. */
static inline void thread_leave(struct hart *hart)
{
    hart->current = &idle_thread;
    if (unlikely(hart->uintr_live != NULL)) {
        uintr_leave(hart);
    }
    fpu_switch(hart, &idle_thread);
}

/* The general case of thread_switch_exit(). It leaves the kernel itself, so it is in syscall/exit.c; it is
 * declared here, because the fast path in ipc/ ends in it. */
_Noreturn void thread_switch_exit_slow(struct hart *hart, struct tcb *next);

/* Switches to a thread that is running, not to be restarted, and leaves the kernel with it: kernel_exit() for
 * a caller that knows what runs next. slow: hart->switch_slowly, as it was at the entry. */
static inline struct tcb *thread_switch_exit(struct hart *hart, bool slow, struct tcb *next)
{
    if (likely(!fpu_is_on() && hart->fpu_owner != next && !slow && !next->uintr.user &&
               thread_load_recent_vspace(hart, next))) {
        hart->current = next;
        reservation_clear(&hart->arch);
        return next;
    }
    jump_to_slow_switch(hart, next);
}
