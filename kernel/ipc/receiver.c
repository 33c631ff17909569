/*
 * Receivers: registration, the pending bits in the slots of the controller, and delivery by the kernel. A
 * receiver without a slot that returns to user mode with bits pending enters its handler, as the hardware
 * would do it.
 */
#include "ipc/receiver.h"

#include "arch/interrupts.h"
#include "cap/delete.h"
#include "lib/bits.h"
#include "lib/mutant.h"
#include "object/console_turn.h"
#include "thread/hart.h"
#include "thread/kernel.h"

unsigned uintr_backend;
unsigned receivers_polled;

struct tcb *uintc_owners[UINTC_SLOTS];
word_t uintc_used[UINTC_SLOTS / WORD_BITS] = { 1 };
unsigned receivers_on[MAX_HARTS];

void uintr_kick(struct tcb *thread)
{
    struct hart *hart = this_hart();

    if (thread->hart->current == thread) {
        if (thread->hart == hart) {
            hart->pending.uintr = true;
        } else {
            hart->pending.interrupts |= bit(thread->hart->id);
        }
    }
}

/* Saves the user-interrupt registers of a thread from its hart, which loads them again before the thread runs
 * on. */
static void withdraw(struct tcb *thread)
{
    struct hart *hart = this_hart();

    if (thread->uintr.hardware) {
        thread_stall(thread);
        if (hart->uintr_live == thread) {
            uintr_leave(hart);
            hart->pending.uintr = true;
        }
    }
}

/* Called before a thread starts or stops using user interrupts. It continues with its new state. */
static void begin_change(struct tcb *thread)
{
    withdraw(thread);
    if (uintr_backend == REL4_UINTR_HARDWARE) {
        thread_interrupt(thread);
    }
    uintr_kick(thread);
}

/* Called after the change. A thread that uses no user interrupts has the reset values of their registers. */
static void end_change(struct tcb *thread)
{
    struct uintr *uintr = &thread->uintr;

    uintr->user = uintr->receiver || uintr->table;
    uintr->hardware =
        uintr_backend == REL4_UINTR_HARDWARE && uintr->user && (uintr->slot || !uintr->receiver);
    if (!uintr->user) {
        *uintr = (struct uintr){ 0 };
    }
}

void uintr_set_table(struct tcb *thread, struct sender_table *table)
{
    begin_change(thread);
    thread->uintr.table = table;
    end_change(thread);
}

/* Returns a free slot; 0 if there is none. */
static unsigned find_slot(void)
{
    unsigned slot = lowest_clear_bit(uintc_used, ARRAY_SIZE(uintc_used));

    return uintr_backend == REL4_UINTR_HARDWARE && slot < UINTC_SLOTS ? slot : 0;
}

bool receiver_has_room(void)
{
    return uintr_backend == REL4_UINTR_EMULATED || uintc.extended || find_slot();
}

/*
 * The wake line is enabled on each hart that is home to a receiver with a slot, so that a send to a blocked
 * receiver disturbs no other hart. It does not depend on whether a receiver is blocked, so that blocking and
 * waking cost nothing. While it is enabled nowhere, a wake-up stays pending in the PLIC; its receiver has
 * gone.
 */
static void arrive(const struct hart *hart)
{
    if (receivers_on[hart->id]++ == 0 && uintc.wake_source) {
        interrupt_enable(hart, uintc.wake_source);
    }
}

static void depart(const struct hart *hart)
{
    if (--receivers_on[hart->id] == 0 && uintc.wake_source) {
        interrupt_disable(hart, uintc.wake_source);
    }
}

/* If the line is pending, the new hart takes the interrupt, and the old one may find it claimed. */
void receiver_move(const struct tcb *thread, const struct hart *to)
{
    if (thread->uintr.slot) {
        arrive(to);
        depart(thread->hart);
    }
}

static void give_slot(unsigned slot, struct tcb *thread)
{
    uintc_owners[slot] = thread;
    uintc_used[slot / WORD_BITS] |= bit(slot % WORD_BITS);
    receivers_polled += !uintc.extended;
    arrive(thread->hart);
}

static void free_slot(unsigned slot)
{
    depart(uintc_owners[slot]->hart);
    uintc_owners[slot] = NULL;
    uintc_used[slot / WORD_BITS] &= ~bit(slot % WORD_BITS);
    receivers_polled -= !uintc.extended;
}

void receiver_register(struct tcb *thread, word_t handler, word_t stack)
{
    struct uintr *uintr = &thread->uintr;
    unsigned slot = find_slot();
    word_t word = 0;

    begin_change(thread);
    bool software = slot && notification_take(thread->bound, &word);
    *uintr = (struct uintr){
        .receiver = true,
        .slot = (uint16_t)slot,
        .active = true,
        .software = software && !word,
        .status = REL4_USTATUS_UIE,
        .enabled = REL4_UI_SOFTWARE,
        .utvec = handler,
        .uscratch = stack,
        .table = uintr->table,
    };
    if (slot) {
        give_slot(slot, thread);
        /* The thread may be blocked already, which needs an armed slot. */
        uintc_take_and_arm(slot);
        uintc_post(slot, word);
    }
    end_change(thread);
}

/*
 * A send that has read an entry may still be in progress. Stalls each hart that may be sending once, so that
 * the send arrives before the slot is reused.
 */
static void await_sends(void)
{
    for (unsigned id = 0; id < harts_online; id++) {
        struct tcb *thread = harts_table[id].current;
        if (thread->uintr.table) {
            thread_stall(thread);
        }
    }
}

enum progress receiver_release(struct tcb *thread)
{
    struct uintr *uintr = &thread->uintr;
    unsigned slot = uintr->slot;
    word_t word = 0;

    if (!uintr->receiver) {
        return DONE;
    }
    for (unsigned i = 0; i < ENTRIES_PER_BATCH && uintr->entries; i++) {
        slot_delete_simple(uintr->entries);
    }
    if (uintr->entries) {
        uintr->ending = true;
        preemption_soon();
        return AGAIN;
    }
    begin_change(thread);
    bool pending = slot && uintr->software;
    if (slot) {
        await_sends();
        uintc_disarm(slot);
        word = uintc_take(slot);
        free_slot(slot);
    }
    uintr->receiver = false;
    uintr->ending = false;
    uintr->slot = 0;
    end_change(thread);
    if (word || pending) {
        notification_signal(thread->bound, word);
    }
    return DONE;
}

void receiver_post(struct tcb *thread, word_t badge)
{
    if (badge) {
        uintc_post(thread->uintr.slot, badge);
        return;
    }
    withdraw(thread);
    thread->uintr.software = true;
}

bool receiver_take(struct tcb *thread, word_t *word)
{
    withdraw(thread);
    word_t bits = uintc_take_and_arm(thread->uintr.slot);
    if (!bits && !thread->uintr.software) {
        return false; /* *word may be a register of a call that is repeated */
    }
    thread->uintr.software = false;
    *word = bits;
    return true;
}

bool receiver_arm(struct tcb *thread)
{
    struct hart *hart = this_hart();
    unsigned slot = thread->uintr.slot;

    if (hart->uintr_live == thread) {
        uintr_leave(hart);
    }
    word_t bits = uintc_take_and_arm(slot);
    if (likely(!bits && !thread->uintr.software)) {
        return true;
    }
    uintc_disarm(slot);
    uintc_post(slot, bits);
    hart->pending.uintr = true;
    return false;
}

static bool waits_for_bits(const struct tcb *thread)
{
    return thread->state == THREAD_BLOCKED_ON_RECEIVE ||
           (thread->state == THREAD_BLOCKED_ON_NOTIFICATION && thread->blocked_on == thread->bound);
}

/* Wakes the receiver of a slot, if it waits and has bits. A receiver that does not wait keeps its bits. */
static void wake(unsigned slot)
{
    struct tcb *thread = uintc_owners[slot];

    if (!thread || __atomic_load_n(&thread->hart->uintr_live, __ATOMIC_RELAXED) == thread) {
        return; /* pairs with set_live() in arch/riscv64/uintc.c */
    }
    if (!waits_for_bits(thread)) {
        uintc_disarm(slot);
        return;
    }
    word_t word = uintc_take(slot);
    if (word) {
        uintc_disarm(slot);
        notification_signal(thread->bound, word);
    }
}

void receiver_wake_interrupt(void)
{
    word_t any;

    /* This ends: a slot must be armed to wake the kernel, and is disarmed here. */
    do {
        any = 0;
        for (unsigned i = 0; i < ARRAY_SIZE(uintc_used); i++) {
            word_t woken = uintc_take_woken(i);
            any |= woken;
            for (; woken; woken &= woken - 1) {
                wake(i * WORD_BITS + lowest_bit(woken));
            }
        }
    } while (any);
}

void receiver_poll(void)
{
    for (unsigned slot = 1; slot < UINTC_SLOTS; slot++) {
        if (uintc_owners[slot] && waits_for_bits(uintc_owners[slot])) {
            wake(slot);
        }
    }
}

/* The pending bits of a receiver without a slot are the word of its notification. As in hardware,
 * uipi_deactivate holds back bits, but not a signal without bits. */
bool uintr_is_pending(const struct tcb *thread)
{
    const struct notification *notification = thread->bound;

    if (!thread->uintr.receiver) {
        return thread->uintr.software;
    }
    return wait_state(&notification->queue) == NOTIFICATION_ACTIVE &&
           (thread->uintr.active || notification->word == 0);
}

/* A software interrupt is a signal with badge 0: an active notification without bits. */
void uintr_set_pending(struct tcb *thread, bool pending)
{
    struct notification *notification = thread->bound;

    if (!thread->uintr.receiver) {
        thread->uintr.software = pending;
    } else if (pending) {
        notification_signal(notification, 0);
    } else if (notification->word == 0) {
        notification_take(notification, &notification->word);
    }
}

HOT bool uintr_prepare_return(struct hart *hart, struct tcb *thread)
{
    struct uintr *uintr = &thread->uintr;

    if (uintr->hardware) {
        if (hart->uintr_live != thread) {
            uintr_enter(hart, thread);
        }
        return true;
    }
    if (!(uintr->status & REL4_USTATUS_UIE) || !uintr->enabled || !uintr_is_pending(thread)) {
        return true;
    }
    uintr->uepc = thread->context.next_pc;
    uintr->ucause = REL4_UCAUSE;
    uintr->utval = 0;
    uintr->status = REL4_USTATUS_UPIE;
    thread->context.next_pc = uintr->utvec & ~3ul;
    /* As in hardware, a store-conditional behind the handler fails, so that it does not overwrite what that
     * stored. */
    reservation_clear(&hart->arch);
    if (likely(!thread->ready.has_console) || MUTANT(PRINT_IN_HANDLER)) {
        return true;
    }
    console_leave(&thread->ready);
    return false;
}
