/*
 * Threads as receivers: registration, recording, and waiting. Recorded bits are shared only by a handler and
 * the thread that it interrupts, on one hart, so that single instructions need no further exclusion.
 */
#include "receiver.h"
#include "resources.h"

#include <string.h>

/* Handler of receivers without one. */
static void record(seL4_Word bits, void *arg)
{
    rel4_uintr_record(bits);
}

static bool stack_fits(const struct rel4_receiver_options *options)
{
    return options->stack && (seL4_Word)options->stack % 16 == 0 && options->stack_bytes % 16 == 0 &&
           options->stack_bytes >= REL4_MIN_STACK;
}

static seL4_Word entry(bool saves_float)
{
    if (rel4_resources.backend == REL4_BACKEND_EMULATED) {
        return (seL4_Word)(saves_float ? rel4_uintr_entry_float_emulated : rel4_uintr_entry_emulated);
    }
    return (seL4_Word)(saves_float ? rel4_uintr_entry_float : rel4_uintr_entry);
}

seL4_Error rel4_uintr_register_receiver(seL4_CPtr notification, const struct rel4_receiver_options *options)
{
    struct rel4_thread *self = rel4_self;
    struct rel4_receiver *before = self->receiver;

    if (!self->tcb) {
        return seL4_IllegalOperation;
    }
    if (!stack_fits(options)) {
        return seL4_InvalidArgument;
    }
    struct rel4_receiver *receiver =
        (struct rel4_receiver *)((char *)options->stack + options->stack_bytes) - 1;
    if (receiver == before) {
        return seL4_DeleteFirst;
    }
    *receiver = (struct rel4_receiver){ .handler = options->handler ? options->handler : record,
                                        .arg = options->arg };
    /* Set before the system call: the handler may be called, and record bits, before it returns. */
    self->receiver = receiver;
    seL4_Error error = rel4_TCB_RegisterReceiver(self->tcb, notification, entry(options->saves_float),
                                                 (seL4_Word)receiver, &receiver->delivery);
    if (error) {
        self->receiver = before;
    }
    return error;
}

/* Adds the counts of a control block, which is on a stack that may go away. */
static void keep_counts(struct rel4_statistics *to, const struct rel4_receiver *receiver)
{
    to->interrupts += receiver->interrupts;
    to->restarts += receiver->restarts;
}

seL4_Error rel4_uintr_unregister_receiver(void)
{
    struct rel4_thread *self = rel4_self;

    if (!self->receiver) {
        return seL4_IllegalOperation;
    }
    seL4_Error error = rel4_TCB_UnregisterReceiver(self->tcb);
    keep_counts(&self->statistics, self->receiver);
    self->receiver = NULL;
    return error;
}

enum rel4_delivery rel4_uintr_delivery(void)
{
    const struct rel4_receiver *receiver = rel4_self->receiver;

    return receiver ? (enum rel4_delivery)receiver->delivery : REL4_DELIVERY_NONE;
}

void rel4_thread_statistics(struct rel4_statistics *statistics)
{
    *statistics = rel4_self->statistics;
    if (rel4_self->receiver) {
        keep_counts(statistics, rel4_self->receiver);
    }
}

void rel4_uintr_record(seL4_Word bits)
{
    struct rel4_thread *self = rel4_self;

    __atomic_fetch_or(&self->recorded, bits, __ATOMIC_RELAXED);
    __atomic_store_n(&self->woken, 1, __ATOMIC_RELAXED);
}

/*
 * Takes the recorded bits. Clears woken first: a handler that interrupts in between sets it again, and at
 * worst its bits are returned now and the next wait returns 0.
 */
static seL4_Word take_recorded(struct rel4_thread *self)
{
    __atomic_store_n(&self->woken, 0, __ATOMIC_RELAXED);
    return __atomic_exchange_n(&self->recorded, 0, __ATOMIC_RELAXED);
}

/* Receives, unless bits are recorded before it blocks. Returns whether it received. */
static bool receive(struct rel4_thread *self, seL4_CPtr src, struct sel4_registers *registers)
{
    bool received = true;

    if (self->receiver) {
        received = rel4_check_and_receive(src, &self->woken, self->receiver, registers);
    } else if (self->woken) {
        received = false;
    } else {
        *registers = sel4_trap_recv(seL4_SysRecv, src);
    }

    if (received) {
        self->statistics.waits_kernel++;
    } else {
        self->statistics.waits_recorded++;
    }
    return received;
}

seL4_Word rel4_wait(seL4_CPtr notification)
{
    struct rel4_thread *self = rel4_self;
    struct sel4_registers registers;

    return receive(self, notification, &registers) ? registers.badge : take_recorded(self);
}

seL4_MessageInfo_t rel4_recv(seL4_CPtr src, seL4_Word *sender)
{
    struct rel4_thread *self = rel4_self;
    struct sel4_registers registers;

    if (receive(self, src, &registers)) {
        return sel4_message_store(registers, sender);
    }
    *sender = take_recorded(self);
    return seL4_MessageInfo_new(0, 0, 0, 0);
}

seL4_Word rel4_poll(seL4_CPtr notification)
{
    struct rel4_thread *self = rel4_self;

    if (__atomic_load_n(&self->woken, __ATOMIC_RELAXED)) {
        return take_recorded(self);
    }
    return sel4_trap_recv(seL4_SysNBRecv, notification).badge;
}
