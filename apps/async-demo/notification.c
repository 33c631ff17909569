/*
 * Binding a notification to a thread. The program sees the binding by the calls that the kernel then refuses:
 * binding another notification to the thread, and binding the notification to another thread.
 */
#include "demo.h"

enum {
    PRIORITY = 255, /* of this thread */
    BADGE = 0x40
};

struct helper {
    struct simple_thread thread;
    seL4_CPtr endpoint;
    seL4_Word received;
};

/* Waits for a message on an endpoint, and receives the signal of the bound notification. */
static void receive(void *arg)
{
    struct helper *self = arg;

    seL4_Recv(self->endpoint, &self->received);
}

/* Returns whether the kernel refuses to bind the notification to the thread. Changes nothing. */
static bool refuses(seL4_CPtr tcb, seL4_CPtr notification)
{
    int error = rel4_tcb_bind_notification(tcb, notification);

    if (!error) {
        rel4_tcb_unbind_notification(tcb);
    }
    return error == seL4_IllegalOperation;
}

/* Makes a debug kernel print its objects, with BOOTARGS="-- show=1". */
static void show_kernel_objects(void)
{
    seL4_Word show = 0;

    if (sel4_argument("show", &show) && show) {
        seL4_DebugSnapshot();
    }
}

static void expect_binding(seL4_CPtr tcb, seL4_CPtr notification, bool bound)
{
    seL4_CPtr other_thread = simple_object(seL4_TCBObject, 0);
    seL4_CPtr other_notification = simple_object(seL4_NotificationObject, 0);

    expect_fact("the thread points to a notification", bound, refuses(tcb, other_notification));
    expect_fact("the notification points to a thread", bound, refuses(other_thread, notification));
}

void show_notification(void)
{
    static struct helper helper;
    seL4_CPtr untyped = simple_object(seL4_UntypedObject, 12), notification = simple_alloc_slot(), badged;

    helper.endpoint = simple_object(seL4_EndpointObject, 0);
    expect_error(
        "a helper thread is created", seL4_NoError,
        simple_thread_create(&helper.thread, &(struct simple_thread_options){
                                                 .entry = receive, .arg = &helper, .priority = PRIORITY }));
    expect_error("Untyped Retype to a notification", seL4_NoError,
                 rel4_untyped_retype(untyped, seL4_NotificationObject, 0, seL4_CapInitThreadCNode, 0, 0,
                                     notification, 1));
    badged = simple_mint(notification, seL4_AllRights, BADGE);

    say("before binding:");
    show_kernel_objects();
    expect_binding(helper.thread.tcb, notification, false);

    expect_error("TCB BindNotification", seL4_NoError,
                 rel4_tcb_bind_notification(helper.thread.tcb, notification));
    expect_binding(helper.thread.tcb, notification, true);
    expect_error("the helper is started", seL4_NoError, simple_thread_start(&helper.thread));
    seL4_Signal(badged);
    while (!__atomic_load_n(&helper.received, __ATOMIC_ACQUIRE)) {
        seL4_Yield();
    }
    show_kernel_objects();
    expect("what the helper receives at its endpoint after a signal", BADGE, helper.received);

    expect_error("TCB UnbindNotification", seL4_NoError, rel4_tcb_unbind_notification(helper.thread.tcb));
    expect_binding(helper.thread.tcb, notification, false);
    show_kernel_objects();
    expect_error("TCB UnbindNotification once more", seL4_IllegalOperation,
                 rel4_tcb_unbind_notification(helper.thread.tcb));
}
