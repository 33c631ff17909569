/*
 * Traps from user mode other than system calls: interrupts, page faults, and instructions that the kernel
 * emulates.
 */
#include "arch/riscv64/trap.h"

#include "arch/fpu.h"
#include "arch/processor.h"
#include "arch/tlb.h"
#include "check/check.h"
#include "ipc/fault.h"
#include "object/console_turn.h"
#include "object/vspace.h"
#include "syscall/exit.h"

/*
 * Returns true if the page is mapped and only this hart has cached that it was not, and fences. Then the
 * access succeeds when it is repeated: the kernel writes no entries with reserved bits, or with A or D
 * clear, so an entry that permits an access does not fault again.
 */
static bool fault_is_stale(const struct tcb *thread, word_t address, word_t needed)
{
    struct cap cap = thread->slots[TCB_VSPACE].cap;

    if (address >= ABI_USER_TOP || !cap_is(cap, CAP_PAGE_TABLE) || !page_table_is_mapped(cap) ||
        asid_root(cap_mapped_asid(cap)) != cap_object(cap)) {
        return false;
    }
    pte_t entry = *vspace_walk(cap_object(cap), address).entry;
    if (!pte_is_valid(entry) || (entry & needed) != needed) {
        return false;
    }
    tlb_flush_local();
    return true;
}

/* The status of a VM fault is the cause of an access fault. */
_Static_assert(VM_FETCH == CAUSE_FETCH_ACCESS && VM_LOAD == CAUSE_LOAD_ACCESS &&
                   VM_STORE == CAUSE_STORE_ACCESS,
               "causes");

/* Reports a page fault like an access to an address without memory. */
static void handle_page_fault(struct tcb *thread, word_t address, word_t needed, enum vm_access access)
{
    if (!fault_is_stale(thread, address, needed)) {
        fault_raise_vm(thread, address, access);
    }
}

static void handle_exception(struct hart *hart, struct tcb *thread, word_t cause)
{
    word_t address = csr_read(stval);

    switch (cause) {
    case CAUSE_ILLEGAL:
        if (!uintr_emulate(thread, address) && !fpu_load_on_trap(hart, thread)) {
            fault_raise_exception(thread, cause);
        }
        break;
    case CAUSE_FETCH_PAGE_FAULT:
        handle_page_fault(thread, address, PTE_EXECUTE, VM_FETCH);
        break;
    case CAUSE_LOAD_PAGE_FAULT:
        handle_page_fault(thread, address, PTE_READ, VM_LOAD);
        break;
    case CAUSE_STORE_PAGE_FAULT:
        handle_page_fault(thread, address, PTE_WRITE, VM_STORE);
        break;
    case CAUSE_FETCH_ACCESS:
    case CAUSE_LOAD_ACCESS:
    case CAUSE_STORE_ACCESS:
        fault_raise_vm(thread, address, (enum vm_access)cause);
        break;
    default:
        fault_raise_exception(thread, cause);
        break;
    }
}

void handle_trap(struct tcb *thread, word_t cause)
{
    struct hart *hart = this_hart();

    if (kernel_lock_voided_entry(hart)) {
        return_to(kernel_exit_void(hart));
        return;
    }
    check_at_entry();
    console_check_trap(thread);
    if (cause & CAUSE_INTERRUPT) {
        handle_interrupts(hart);
    } else {
        /* If no fault is raised, the thread repeats the instruction. */
        handle_exception(hart, thread, cause);
    }
    return_to(kernel_exit(hart));
}
