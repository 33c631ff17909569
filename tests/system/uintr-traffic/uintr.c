/*
 * Threads that send and receive user interrupts.
 */
#include "uintr.h"

#include <string.h>

struct uintr_thread uintr_threads[UINTR_THREADS];
struct rel4_thread uintr_record;
char uintr_stack[2048] __attribute__((aligned(16)));

bool uintr_is_complete(void)
{
    return rel4_features_of(test_bootinfo) & REL4_FEATURE_UINTR_GATE;
}

void uintr_set_up(enum rel4_sending sending, unsigned tables)
{
    seL4_Word memory_bits = REL4_SENDER_TABLE_BITS;

    while (1ul << (memory_bits - REL4_SENDER_TABLE_BITS) < tables) {
        memory_bits++;
    }
    struct rel4_resources resources = {
        .backend = rel4_backend_of(test_bootinfo),
        .sending = sending,
        .untyped = test_object(seL4_UntypedObject, memory_bits),
        .cnode = seL4_CapInitThreadCNode,
        .slot_count = tables,
    };

    for (unsigned i = 0; i < tables; i++) {
        seL4_CPtr slot = test_slot();
        if (i == 0) {
            resources.first_slot = slot;
        }
    }
    rel4_init(&resources);
    /* The last test's sender tables are gone with its memory. */
    memset(uintr_threads, 0, sizeof(uintr_threads));
    memset(&uintr_record, 0, sizeof(uintr_record));
    rel4_thread_init(&uintr_record, seL4_CapInitThreadTCB);
}

seL4_CPtr uintr_receive_here(rel4_handler *handler, void *arg)
{
    seL4_CPtr notification = test_object(seL4_NotificationObject, 0);

    CHECK_OK(seL4_TCB_BindNotification(seL4_CapInitThreadTCB, notification));
    CHECK_OK(rel4_uintr_register_receiver(notification, &(struct rel4_receiver_options){
                                                            .handler = handler,
                                                            .arg = arg,
                                                            .stack = uintr_stack,
                                                            .stack_bytes = sizeof(uintr_stack),
                                                        }));
    return notification;
}

struct uintr_thread *uintr_thread_new(unsigned i, void (*entry)(void *), seL4_Word priority)
{
    struct uintr_thread *thread = &uintr_threads[i];

    thread->thread = test_thread_create(entry, thread, priority, 0);
    thread->notification = test_object(seL4_NotificationObject, 0);
    CHECK_OK(seL4_TCB_BindNotification(thread->thread->tcb, thread->notification));
    return thread;
}

void uintr_register(struct uintr_thread *self, rel4_handler *handler, void *arg)
{
    rel4_thread_init(&self->record, self->thread->tcb);
    CHECK_OK(rel4_uintr_register_receiver(self->notification, &(struct rel4_receiver_options){
                                                                  .handler = handler,
                                                                  .arg = arg,
                                                                  .stack = self->stack,
                                                                  .stack_bytes = sizeof(self->stack),
                                                              }));
}

seL4_Word uintr_random(seL4_Word *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

void uintr_pause(void)
{
    seL4_Yield();
    for (volatile unsigned i = 0; test_nodes() > 1 && i < 2000; i++) {
    }
}
