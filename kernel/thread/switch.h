/*
 * Making another thread the current one of this hart.
 *
 * Address space and floating point are looked at here and changed only if they have to be.
 */
#pragma once

#include "arch/riscv64/asid.h"
#include "arch/riscv64/fpu.h"
#include "arch/riscv64/hart.h"
#include "arch/riscv64/uintc.h"
#include "thread/hart.h"
#include "thread/tcb.h"

/* Loads the address space of the thread that runs or is about to run on this hart; the kernel's own if the
 * thread has none that is valid. */
static inline void thread_load_vspace(struct hart *hart, const struct tcb *thread)
{
    struct cap cap = thread->slots[TCB_VSPACE].cap;

    if (cap.w0 == hart->arch.vspace) {
        return;
    }
    if (likely(cap_is_mapped_page_table(cap))) {
        word_t asid = cap_mapped_asid(cap);
        word_t *entry = asid_entry(asid);
        word_t root = ptr_to_phys(cap_object(cap));
        if (likely(entry && asid_root_phys(*entry) == root)) {
            *entry |= bit(hart->id);
            vm_activate(root, asid);
            hart->arch.vspace = cap.w0;
            return;
        }
    }
    vm_activate_kernel();
}

/* The thread that ran before is already queued, or waits for something. */
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

/* The general case of thread_switch_exit(). */
struct tcb *thread_switch_exit_slow(struct hart *hart, struct tcb *next) __attribute__((returns_nonnull));

/* Switches to a thread that is running, not to be restarted, and leaves the kernel with it: kernel_exit() for
 * those who know the outcome. */
static inline struct tcb *thread_switch_exit(struct hart *hart, struct tcb *next)
{
    if (likely(next->slots[TCB_VSPACE].cap.w0 == hart->arch.vspace && !(csr_read(sstatus) & SSTATUS_FS) &&
               hart->fpu_owner != next && !hart->switch_slowly && !next->uintr.user)) {
        hart->current = next;
        reservation_clear(&hart->arch);
        return next;
    }
    return thread_switch_exit_slow(hart, next);
}
