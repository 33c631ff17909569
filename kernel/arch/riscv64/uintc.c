/*
 * Slots, and loading and storing the user-level registers.
 *
 * hart->uintr_live is the thread whose registers a hart holds. On hardware without a gate any thread can
 * use the registers: there idle_thread stands for the current thread, and they are cleared at every switch.
 */
#include "arch/uintc.h"

#include "arch/riscv64/probe.h"
#include "arch/tlb.h"
#include "arch/window.h"
#include "thread/hart.h"
#include "thread/tcb.h"

/* Registers without a name in the assembler. */
#define CSR_SIDELEG 0x103
#define CSR_SUIST   0x1b0
#define CSR_SUIRS   0x1b1
#define CSR_SUICFG  0x1b2

#define SIP_USER     0x1
#define SSTATUS_USER (REL4_USTATUS_UIE | REL4_USTATUS_UPIE)
#define ENABLE       bit(63)
#define SUIST_PAGES  44
#define GATE_CLOSED  1

#define SLOT_SIZE   32
#define SLOT_LOW    0x08
#define SLOT_HIGH   0x10
#define SLOT_ACTIVE 0x18
#define WAKE_WORDS  0x4000

#define MODE_ACTIVE 1
#define MODE_64     2
#define MODE_WAKE   4

struct uintc uintc;

static volatile word_t *slot_register(unsigned slot, word_t offset)
{
    return phys_to_ptr(uintc.phys + (word_t)slot * SLOT_SIZE + offset);
}

bool uintc_registers_exist(void)
{
    return instruction_runs("csrr %0, %[csr]", [csr] "i"(REL4_CSR_USCRATCH));
}

bool uintc_is_delegated(void)
{
    csr_set(sie, SIP_USER);
    bool delegated = csr_read(sie) & SIP_USER;
    csr_clear(sie, SIP_USER);
    return delegated;
}

/* The fence before the store lets whoever takes the bits see everything that was stored before. The
 * fence after it makes sure that the next owner of the lock finds the bits: if it armed the slot before
 * they arrive, they would wake nobody. */
void uintc_post(unsigned slot, word_t bits)
{
    tlb_batch_pay();
    io_fence();
    *slot_register(slot, SLOT_HIGH) = bits;
    io_fence();
}

word_t uintc_take(unsigned slot)
{
    word_t bits = *slot_register(slot, SLOT_HIGH);

    io_fence();
    return bits;
}

word_t uintc_take_and_arm(unsigned slot)
{
    *slot_register(slot, SLOT_LOW) = MODE_64 | (uintc.extended ? MODE_WAKE : 0);
    io_fence();
    return uintc_take(slot);
}

/* The fence makes the slot inactive before the next owner of the lock makes it active. */
void uintc_disarm(unsigned slot)
{
    *slot_register(slot, SLOT_LOW) = MODE_64;
    io_fence();
}

word_t uintc_take_woken(unsigned index)
{
    const volatile word_t *word = phys_to_ptr(uintc.phys + WAKE_WORDS + index * sizeof(word_t));

    return *word;
}

/* Sets whose registers the hart holds. A hart that waits for the lock does this while another one holds
 * it; pairs with wake() in ipc/receiver.c. store() has a fence, so a hart that sees that a receiver has
 * left finds its slot inactive and "active" read. */
static void set_live(struct hart *hart, struct tcb *thread)
{
    __atomic_store_n(&hart->uintr_live, thread, __ATOMIC_RELAXED);
    hart_update_slow(hart);
}

static void store(struct uintr *uintr)
{
    if (uintr->slot) {
        uintr->active = *slot_register(uintr->slot, SLOT_ACTIVE);
        uintc_disarm(uintr->slot);
    }
    /* With the slot inactive, this is the bit that software has set. */
    uintr->software = csr_read(sip) & SIP_USER;
    uintr->status = csr_read(sstatus) & SSTATUS_USER;
    uintr->enabled = csr_read(REL4_CSR_UIE);
    uintr->utvec = csr_read(REL4_CSR_UTVEC);
    uintr->uscratch = csr_read(REL4_CSR_USCRATCH);
    uintr->uepc = csr_read(REL4_CSR_UEPC);
    uintr->ucause = csr_read(REL4_CSR_UCAUSE);
    uintr->utval = csr_read(REL4_CSR_UTVAL);
}

static void clear(void)
{
    csr_write(CSR_SUIST, 0);
    csr_write(CSR_SUIRS, 0);
    csr_clear(sip, SIP_USER);
    csr_clear(sstatus, SSTATUS_USER);
    csr_write(REL4_CSR_UIE, 0);
    csr_write(REL4_CSR_UTVEC, 0);
    csr_write(REL4_CSR_USCRATCH, 0);
    csr_write(REL4_CSR_UEPC, 0);
    csr_write(REL4_CSR_UCAUSE, 0);
    csr_write(REL4_CSR_UTVAL, 0);
    if (uintc.extended) {
        csr_write(CSR_SUICFG, GATE_CLOSED);
    }
}

void uintr_leave(struct hart *hart)
{
    if (hart->uintr_live != &idle_thread) {
        store(&hart->uintr_live->uintr);
    }
    clear();
    set_live(hart, uintc.extended ? NULL : &idle_thread);
}

void uintr_enter(struct hart *hart, struct tcb *thread)
{
    const struct uintr *uintr = &thread->uintr;

    assert(!hart->uintr_live || hart->uintr_live == &idle_thread);
    set_live(hart, thread);
    if (uintr->table) {
        /* The first page of a table is the one for the controller. */
        csr_write(CSR_SUIST, ENABLE | 1ul << SUIST_PAGES | ptr_to_phys(uintr->table) >> ABI_PAGE_BITS);
    }
    csr_write(REL4_CSR_UTVEC, uintr->utvec);
    csr_write(REL4_CSR_USCRATCH, uintr->uscratch);
    csr_write(REL4_CSR_UEPC, uintr->uepc);
    csr_write(REL4_CSR_UCAUSE, uintr->ucause);
    csr_write(REL4_CSR_UTVAL, uintr->utval);
    csr_write(REL4_CSR_UIE, uintr->enabled);
    csr_set(sstatus, uintr->status);
    if (uintr->software) {
        csr_set(sip, SIP_USER);
    }
    if (uintc.extended) {
        csr_write(CSR_SUICFG, 0);
    }
    if (uintr->slot) {
        csr_write(CSR_SUIRS, ENABLE | uintr->slot);
        /* One store: if bits are pending, it raises the interrupt. */
        *slot_register(uintr->slot, SLOT_LOW) =
            hart->arch.hart_id << 16 | MODE_64 | (uintr->active ? MODE_ACTIVE : 0);
    }
}

void uintc_init_hart(struct hart *hart, bool use)
{
    csr_write(CSR_SIDELEG, use ? SIP_USER : 0);
    clear();
    if (use && !uintc.extended) {
        csr_write(CSR_SUICFG, 0);
        set_live(hart, &idle_thread);
    }
}
