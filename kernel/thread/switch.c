/*
 * Entering an address space that this hart was not in lately.
 */
#include "thread/switch.h"

#include "arch/tlb.h"

void thread_load_vspace_slow(struct hart *hart, const struct tcb *thread)
{
    struct cap cap = thread->slots[TCB_VSPACE].cap;

    if (cap_is_mapped_page_table(cap)) {
        word_t asid = cap_mapped_asid(cap);
        word_t *entry = asid_entry(asid);
        word_t root = ptr_to_phys(cap_object(cap));
        if (entry && asid_root_phys(*entry) == root) {
            bool is_new = !(*entry & bit(hart->id));
            *entry |= bit(hart->id);
            vm_activate(root, asid);
            if (is_new) {
                /* The switch orders neither stores to page tables nor walks through them. */
                tlb_flush_asid(bit(hart->id), asid);
            }
            hart->arch.vspace = cap.w0;
            if (asids_work) {
                *recent_space(hart, cap.w0) = (struct recent_space){ cap.w0, hart->arch.space };
            }
            return;
        }
    }
    vm_activate_kernel();
}
