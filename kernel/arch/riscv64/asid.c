/*
 * The table of address spaces, and removing one while harts are in it.
 */
#include "arch/asid.h"

#include "arch/tlb.h"
#include "arch/window.h"
#include "lib/bits.h"
#include "thread/hart.h"
#include "thread/kernel.h"

HOT_DATA struct asid_pool *asid_pools[ABI_ASID_POOLS];
HOT_DATA struct last_walk last_walk;
bool asids_work;

void asid_expel_hart(struct hart *hart)
{
    if (hart == this_hart()) {
        vm_activate_kernel();
        return;
    }
    __atomic_store_n(&hart->leave_address_space, 1, __ATOMIC_RELEASE); /* pairs with wait_for_lock() */
    hart_interrupt(hart);
    while (__atomic_load_n(&hart->leave_address_space, __ATOMIC_ACQUIRE)) {
        pause_hint();
    }
}

static void forget_recent_space(struct hart *hart, word_t space)
{
    for (unsigned i = 0; i < RECENT_SPACES; i++) {
        if (hart->recent_spaces[i].space == space) {
            hart->recent_spaces[i] = (struct recent_space){ 0 };
        }
    }
}

word_t asid_dismiss(word_t harts, word_t asid)
{
    word_t *entry = asid_entry(asid);
    word_t dismissed = 0;

    if (!entry || !asid_root_phys(*entry)) {
        return 0;
    }
    word_t space = satp_make(asid_root_phys(*entry), asid);
    for (; harts; harts &= harts - 1) {
        struct hart *hart = &harts_table[lowest_bit(harts)];
        if (hart->arch.space != space) {
            forget_recent_space(hart, space);
            dismissed |= bit(hart->id);
        }
    }
    *entry &= ~dismissed;
    return dismissed;
}

void asid_release(word_t asid)
{
    word_t *entry = asid_entry(asid);

    if (!entry) {
        return;
    }
    word_t space = satp_make(asid_root_phys(*entry), asid);
    word_t harts = *entry & ASID_HARTS_MASK;

    *entry = 0;
    last_walk_forget();
    for (unsigned id = 0; id < harts_online; id++) {
        /* Idle harts use the kernel's own root. */
        struct hart *hart = &harts_table[id];
        forget_recent_space(hart, space);
        if (hart->arch.space == space) {
            asid_expel_hart(hart);
        }
    }
    tlb_flush_asid(harts, asid);
}
