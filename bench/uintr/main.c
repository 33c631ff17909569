/*
 * Cost of a signal as a user interrupt and by notification, in instructions on one hart. To measure handlers,
 * the measuring thread is its own receiver, so that a sample contains only sending, entering the handler and
 * returning.
 */
#include <stdio.h>

#include <rel4/uintr.h>

#include "bench.h"

/* Sender tables, of this thread and its partner. */
#define TABLES 2

static struct rel4_thread own_record, partner_record;
static char own_stack[4096] __attribute__((aligned(16))), partner_stack[4096] __attribute__((aligned(16)));
static seL4_CPtr ping, pong, ping_sender, pong_sender, partner;
static volatile seL4_Word arrived;

static void note_arrival(seL4_Word bits, void *arg)
{
    arrived = now();
}

static void do_nothing(seL4_Word bits, void *arg)
{
}

/* Registers the calling thread as receiver of a notification. */
static void receive(seL4_CPtr tcb, seL4_CPtr notification, const struct rel4_receiver_options *options)
{
    require(seL4_TCB_BindNotification(tcb, notification), "BindNotification");
    require(rel4_uintr_register_receiver(notification, options), "RegisterReceiver");
}

static void receive_here(rel4_handler *handler, bool saves_float)
{
    receive(seL4_CapInitThreadTCB, pong,
            &(struct rel4_receiver_options){ .handler = handler,
                                             .stack = own_stack,
                                             .stack_bytes = sizeof(own_stack),
                                             .saves_float = saves_float });
    /* The end of the previous registration has cleared the entries of its senders. */
    rel4_uintr_forget_sender(pong_sender);
    require(rel4_uintr_register_sender(pong_sender) < 0, "register_sender");
}

static void stop_receiving(void)
{
    require(rel4_uintr_unregister_receiver(), "UnregisterReceiver");
    require(seL4_TCB_UnbindNotification(seL4_CapInitThreadTCB), "UnbindNotification");
}

static void wait_and_note(void *arg)
{
    for (;;) {
        seL4_Wait(ping, NULL);
        arrived = now();
    }
}

static void answer_by_notification(void *arg)
{
    for (;;) {
        seL4_Wait(ping, NULL);
        seL4_Signal(pong_sender);
    }
}

static void answer(void *arg)
{
    rel4_thread_init(&partner_record, partner);
    receive(partner, ping,
            &(struct rel4_receiver_options){ .stack = partner_stack, .stack_bytes = sizeof(partner_stack) });
    for (;;) {
        rel4_wait(ping);
        rel4_signal(pong_sender);
    }
}

static void start_partner(void (*entry)(void *arg), seL4_Word priority)
{
    partner = start_thread(entry, NULL, PRIORITY - 1, 0);
    require(seL4_TCB_SetPriority(partner, seL4_CapInitThreadTCB, priority), "SetPriority");
    seL4_Yield(); /* until the partner waits */
}

static void stop_partner(void)
{
    require(seL4_CNode_Delete(seL4_CapInitThreadCNode, partner, seL4_WordBits), "Delete");
}

/* Measures from the sender to the receiver's first instruction of C. */
static unsigned measure_arrival(const char *name, void (*send)(seL4_CPtr sender), seL4_CPtr sender,
                                seL4_Word reference)
{
    for (unsigned i = 0; i < WARM_UP + SAMPLES; i++) {
        seL4_Word start = now();

        send(sender);
        record(start, arrived);
    }
    return report_in("instructions", name, reference);
}

static unsigned measure_signal(const char *name, seL4_Word reference)
{
    for (unsigned i = 0; i < WARM_UP + SAMPLES; i++) {
        seL4_Word start = now();

        rel4_signal(pong_sender);
        record(start, now());
    }
    return report_in("instructions", name, reference);
}

static unsigned measure_ping_pong(const char *name, void (*signal)(seL4_CPtr sender), bool recorded,
                                  seL4_Word reference)
{
    for (unsigned i = 0; i < WARM_UP + SAMPLES; i++) {
        seL4_Word start = now();

        signal(ping_sender);
        if (recorded) {
            rel4_wait(pong);
        } else {
            seL4_Wait(pong, NULL);
        }
        record(start, now());
    }
    return report_in("instructions", name, reference);
}

static void signal_by_notification(seL4_CPtr sender)
{
    seL4_Signal(sender);
}

static void measure_handlers(seL4_Word by_notification)
{
    receive_here(note_arrival, false);
    measure_arrival("user interrupt, to the handler in C", rel4_signal, pong_sender, by_notification);
    stop_receiving();

    receive_here(do_nothing, false);
    bool on = rel4_uintr_disable();
    measure_signal("sending, for the sender", 0);
    rel4_uintr_restore(on);
    measure_signal("sending, and an empty handler", 0);
    stop_receiving();

    receive_here(do_nothing, true);
    measure_signal("sending, and an empty handler with floating point", 0);
    stop_receiving();
}

int main(void)
{
    simple_init(seL4_GetBootInfo());
    require(seL4_TCB_SetPriority(seL4_CapInitThreadTCB, seL4_CapInitThreadTCB, PRIORITY), "SetPriority");
    rel4_init(&(struct rel4_resources){
        .backend = rel4_backend_of(seL4_GetBootInfo()),
        .sending = REL4_SEND_INSTRUCTION,
        .untyped = new_object(seL4_UntypedObject, REL4_SENDER_TABLE_BITS + 1),
        .cnode = seL4_CapInitThreadCNode,
        .first_slot = simple_alloc_slot(),
        .slot_count = TABLES,
    });
    require(simple_alloc_slot() == seL4_CapNull, "a slot");
    rel4_thread_init(&own_record, seL4_CapInitThreadTCB);
    ping = new_object(seL4_NotificationObject, 0);
    pong = new_object(seL4_NotificationObject, 0);
    ping_sender = simple_mint(ping, seL4_AllRights, 1);
    pong_sender = simple_mint(pong, seL4_AllRights, 1);

    start_partner(wait_and_note, PRIORITY + 1);
    unsigned arrival =
        measure_arrival("notification, to the waiting thread", signal_by_notification, ping_sender, 0);
    stop_partner();
    measure_handlers(arrival);

    start_partner(answer_by_notification, PRIORITY);
    unsigned round_trip =
        measure_ping_pong("notifications there and back, both block", signal_by_notification, false, 0);
    stop_partner();
    receive_here(NULL, false);
    start_partner(answer, PRIORITY);
    require(rel4_uintr_register_sender(ping_sender) < 0, "register_sender");
    measure_ping_pong("user interrupts there and back, both block", rel4_signal, true, round_trip);
    printf("bench: done\n");
    return 0;
}
