/*
 * The client library: who may register, what signalling falls back to, and what handlers may rely on. The
 * thread that runs the tests mostly signals itself, so that everything happens in a known order.
 */
#include <string.h>

#include "uintr.h"

static seL4_Word calls, seen;

static void count(seL4_Word bits, void *arg)
{
    calls++;
    seen |= bits;
}

static seL4_CPtr receive_here(void)
{
    calls = seen = 0;
    return uintr_receive_here(count, NULL);
}

static struct rel4_statistics statistics(void)
{
    struct rel4_statistics now;

    rel4_thread_statistics(&now);
    return now;
}

/* Nothing is registered for it, but the signal arrives. */
static void check_falls_back(seL4_CPtr sender, seL4_CPtr notification, seL4_Word badge)
{
    seL4_Word before = statistics().signals_by_call, word = 0;

    rel4_signal(sender);
    CHECK_EQUAL(statistics().signals_by_call, before + 1);
    seL4_Poll(notification, &word);
    CHECK_EQUAL(word, badge);
}

TEST("uintr library: the kernel reports a backend")
{
    enum rel4_backend backend = rel4_backend_of(test_bootinfo);

    test_note("user interrupts: %s", rel4_backend_name(backend));
    CHECK(backend != REL4_BACKEND_NONE);
}

TEST("uintr library: rel4_signal() registers the first time, and makes no system call afterwards")
{
    uintr_set_up(REL4_SEND_INSTRUCTION, 1);
    seL4_CPtr sender = test_mint(receive_here(), seL4_AllRights, 1ul << 40);

    for (seL4_Word i = 1; i <= 10; i++) {
        rel4_signal(sender);
        CHECK_EQUAL(calls, i);
    }
    CHECK_EQUAL(seen, 1ul << 40);
    CHECK_EQUAL(statistics().registrations, 1);
    CHECK_EQUAL(statistics().signals_by_call, 0);
    CHECK_EQUAL(statistics().interrupts, 10);
}

TEST("uintr library: on the emulated backend rel4_signal() is a system call unless told otherwise")
{
    uintr_set_up(REL4_SEND_BEST, 1);
    seL4_CPtr sender = test_mint(receive_here(), seL4_AllRights, 2);
    bool emulated = rel4_backend_of(test_bootinfo) == REL4_BACKEND_EMULATED;

    for (seL4_Word i = 1; i <= 10; i++) {
        rel4_signal(sender);
        CHECK_EQUAL(calls, i);
    }
    CHECK_EQUAL(seen, 2);
    CHECK_EQUAL(statistics().registrations, !emulated);
    CHECK_EQUAL(statistics().signals_by_call, emulated ? 10 : 0);
}

TEST("uintr library: each bit of a notification is a vector")
{
    uintr_set_up(REL4_SEND_INSTRUCTION, 1);
    seL4_CPtr notification = receive_here();

    for (unsigned bit = 0; bit < 64; bit++) {
        seen = 0;
        rel4_signal(test_mint(notification, seL4_AllRights, 1ul << bit));
        CHECK_EQUAL(seen, 1ul << bit);
    }
    CHECK_EQUAL(statistics().registrations, 64);
}

TEST("uintr library: a badge of no bit or of several falls back to Signal")
{
    uintr_set_up(REL4_SEND_INSTRUCTION, 1);
    seL4_CPtr notification = receive_here(), several = test_mint(notification, seL4_AllRights, 6);

    CHECK_EQUAL(rel4_uintr_register_sender(notification), -seL4_RangeError);
    CHECK_EQUAL(rel4_uintr_register_sender(several), -seL4_RangeError);
    rel4_signal(several);
    CHECK_EQUAL(seen, 6);
    CHECK_EQUAL(calls, 1);
    rel4_signal(notification);
    CHECK_EQUAL(seen, 6);
    CHECK_EQUAL(calls, 2);
    CHECK_EQUAL(statistics().signals_by_call, 2);
}

TEST("uintr library: without a receiver it falls back to Signal, and finds one that has come later")
{
    uintr_set_up(REL4_SEND_INSTRUCTION, 1);
    seL4_CPtr notification = test_object(seL4_NotificationObject, 0);
    seL4_CPtr sender = test_mint(notification, seL4_AllRights, 8);

    CHECK_EQUAL(rel4_uintr_register_sender(sender), -seL4_FailedLookup);
    for (unsigned i = 0; i < 10; i++) {
        check_falls_back(sender, notification, 8);
    }
    CHECK_EQUAL(statistics().refusals, 2);
    CHECK_OK(seL4_TCB_BindNotification(seL4_CapInitThreadTCB, notification));
    calls = 0;
    CHECK_OK(rel4_uintr_register_receiver(
        notification,
        &(struct rel4_receiver_options){ .handler = count, .stack = uintr_stack, .stack_bytes = 2048 }));
    for (seL4_Word i = 1; i <= 600; i++) {
        rel4_signal(sender);
        CHECK_EQUAL(calls, i);
    }
    CHECK_EQUAL(statistics().registrations, 1);
    CHECK(statistics().signals_by_call < 300);
}

TEST("uintr library: without slots, memory or a TCB it falls back to Signal")
{
    static const struct rel4_resources nothing[] = {
        { .cnode = seL4_CapInitThreadCNode }, /* no slots */
        { .cnode = seL4_CapInitThreadCNode, .slot_count = 1 },
    };

    for (unsigned i = 0; i < 2; i++) {
        struct rel4_resources resources = nothing[i];
        uintr_set_up(REL4_SEND_INSTRUCTION, 0);
        resources.backend = rel4_backend_of(test_bootinfo);
        resources.sending = REL4_SEND_INSTRUCTION;
        resources.first_slot = test_slot();
        resources.untyped = test_object(seL4_UntypedObject, 14); /* half a table */
        rel4_init(&resources);
        seL4_CPtr sender = test_mint(receive_here(), seL4_AllRights, 1);
        CHECK_EQUAL(rel4_uintr_register_sender(sender), -seL4_NotEnoughMemory);
        rel4_signal(sender);
        CHECK_EQUAL(calls, 1);
        CHECK_EQUAL(statistics().signals_by_call, 1);
        CHECK(!test_slot_used(resources.first_slot));
        test_reset();
    }
    uintr_set_up(REL4_SEND_INSTRUCTION, 1);
    rel4_thread_init(&uintr_record, seL4_CapInitThreadVSpace); /* that is no TCB */
    CHECK_EQUAL(
        rel4_uintr_register_sender(test_mint(test_object(seL4_NotificationObject, 0), seL4_AllRights, 1)),
        -seL4_InvalidCapability);
}

TEST("uintr library: a program that says that there is no backend makes system calls")
{
    uintr_set_up(REL4_SEND_INSTRUCTION, 1);
    seL4_CPtr sender = test_mint(receive_here(), seL4_AllRights, 1);

    rel4_init(&(struct rel4_resources){ .backend = REL4_BACKEND_NONE });
    CHECK_EQUAL(rel4_uintr_register_sender(sender), -seL4_IllegalOperation);
    rel4_signal(sender);
    CHECK_EQUAL(calls, 1);
    CHECK_EQUAL(statistics().signals_by_call, 1);
}

TEST("uintr library: with a full sender table it falls back to Signal")
{
    uintr_set_up(REL4_SEND_INSTRUCTION, 1);
    seL4_CPtr notification = receive_here();

    for (seL4_Word i = 0; i < REL4_SENDER_TABLE_ENTRIES; i++) {
        rel4_signal(test_mint(notification, seL4_AllRights, 1ul << i % 64));
    }
    CHECK_EQUAL(statistics().registrations, REL4_SENDER_TABLE_ENTRIES);
    CHECK_EQUAL(calls, REL4_SENDER_TABLE_ENTRIES);
    seL4_CPtr more = test_mint(notification, seL4_AllRights, 1);
    CHECK_EQUAL(rel4_uintr_register_sender(more), -seL4_NotEnoughMemory);
    rel4_signal(more);
    CHECK_EQUAL(calls, REL4_SENDER_TABLE_ENTRIES + 1);
    /* Those that share a place in the cache are still found, and are not registered twice. */
    for (seL4_CPtr sender = more - REL4_SENDER_TABLE_ENTRIES; sender < more; sender++) {
        rel4_signal(sender);
    }
    CHECK_EQUAL(calls, 2 * REL4_SENDER_TABLE_ENTRIES + 1);
    CHECK_EQUAL(statistics().registrations, REL4_SENDER_TABLE_ENTRIES);
    CHECK_EQUAL(statistics().signals_by_call, 1);
}

TEST("uintr library: registering and falling back leave the IPC buffer as it was")
{
    uintr_set_up(REL4_SEND_INSTRUCTION, 1);
    seL4_CPtr notification = receive_here();
    seL4_CPtr good = test_mint(notification, seL4_AllRights, 1),
              bad = test_mint(notification, seL4_AllRights, 3);
    seL4_IPCBuffer before, *buffer = seL4_GetIPCBuffer();

    for (int i = 0; i < (int)seL4_MsgMaxLength; i++) {
        seL4_SetMR(i, 0x1000 + (seL4_Word)i);
    }
    seL4_SetCap(0, 77);
    memcpy(&before, buffer, sizeof(before));
    rel4_signal(good);
    rel4_signal(bad);
    CHECK_EQUAL(memcmp(&before, buffer, sizeof(before)), 0);
    CHECK_EQUAL(calls, 2);
}

TEST("uintr library: an index is given to the next capability, and the old one is registered anew")
{
    uintr_set_up(REL4_SEND_INSTRUCTION, 1);
    seL4_CPtr notification = receive_here();
    seL4_CPtr first = test_mint(notification, seL4_AllRights, 1), second;

    rel4_signal(first);
    CHECK_OK(seL4_CNode_Delete(seL4_CapInitThreadCNode, first, seL4_WordBits));
    rel4_signal(first); /* the library cannot know */
    CHECK_EQUAL(calls, 1);
    second = test_mint(notification, seL4_AllRights, 2);
    rel4_signal(second);
    CHECK_EQUAL(seen, 3);
    /* Another capability in the same slot. */
    CHECK_OK(seL4_CNode_Mint(seL4_CapInitThreadCNode, first, seL4_WordBits, seL4_CapInitThreadCNode,
                             notification, seL4_WordBits, seL4_AllRights, 4));
    rel4_uintr_forget_sender(first);
    rel4_signal(first);
    CHECK_EQUAL(seen, 7);
    rel4_signal(second);
    CHECK_EQUAL(calls, 4);
    CHECK_EQUAL(statistics().registrations, 3);
}

TEST("uintr library: forgetting a sender gives its entry back")
{
    uintr_set_up(REL4_SEND_INSTRUCTION, 1);
    seL4_CPtr sender = test_mint(receive_here(), seL4_AllRights, 1);
    int index = rel4_uintr_register_sender(sender);

    for (unsigned i = 0; i < 2 * REL4_SENDER_TABLE_ENTRIES; i++) {
        CHECK(index >= 0);
        rel4_uintr_forget_sender(sender);
        rel4_uipi_send((seL4_Word)index);
        index = rel4_uintr_register_sender(sender);
    }
    CHECK_EQUAL(calls, 0);
    CHECK_EQUAL(statistics().refusals, 0);
    rel4_uipi_send((seL4_Word)index);
    CHECK_EQUAL(calls, 1);
}

TEST("uintr library: indexes without an entry send nothing, whatever they are")
{
    static const seL4_Word indexes[] = {
        1, 511, 512, 513, 1ul << 20, 1ul << 61, (1ul << 61) + 1, -1ul, -512ul
    };

    uintr_set_up(REL4_SEND_INSTRUCTION, 1);
    CHECK_EQUAL(rel4_uintr_register_sender(test_mint(receive_here(), seL4_AllRights, 1)), 0);
    for (unsigned i = 0; i < sizeof(indexes) / sizeof(indexes[0]); i++) {
        rel4_uipi_send(indexes[i]);
    }
    CHECK_EQUAL(calls, 0);
    rel4_uipi_send(0);
    CHECK_EQUAL(calls, 1);
}

TEST("uintr library: while user interrupts are off bits collect, and come together when they are on again")
{
    uintr_set_up(REL4_SEND_INSTRUCTION, 1);
    seL4_CPtr notification = receive_here();
    seL4_CPtr one = test_mint(notification, seL4_AllRights, 1),
              two = test_mint(notification, seL4_AllRights, 2);
    bool outer = rel4_uintr_disable(), inner = rel4_uintr_disable();

    CHECK(outer && !inner);
    rel4_signal(one);
    rel4_signal(one);
    rel4_uintr_restore(inner);
    seL4_Signal(two);
    CHECK_EQUAL(calls, 0);
    rel4_uintr_restore(outer);
    CHECK_EQUAL(calls, 1);
    CHECK_EQUAL(seen, 3);
}

TEST("uintr library: rel4_wait(), rel4_poll() and rel4_recv() return what a handler has recorded")
{
    uintr_set_up(REL4_SEND_INSTRUCTION, 1);
    seL4_CPtr notification = uintr_receive_here(NULL, NULL), endpoint = test_object(seL4_EndpointObject, 0);
    seL4_CPtr one = test_mint(notification, seL4_AllRights, 1),
              two = test_mint(notification, seL4_AllRights, 2);
    seL4_Word badge = 0;

    CHECK_EQUAL(rel4_poll(notification), 0);
    rel4_signal(one);
    rel4_signal(two);
    CHECK_EQUAL(rel4_wait(notification), 3);
    rel4_signal(two);
    CHECK_EQUAL(rel4_recv(endpoint, &badge).words[0], 0);
    CHECK_EQUAL(badge, 2);
    rel4_signal(one);
    CHECK_EQUAL(rel4_poll(notification), 1);
    CHECK_EQUAL(rel4_poll(notification), 0);
    seL4_Signal(notification); /* badge 0 */
    CHECK_EQUAL(rel4_wait(notification), 0);
    CHECK_EQUAL(statistics().waits_recorded, 3);
    CHECK_EQUAL(statistics().interrupts, 5);
}

TEST("uintr library: bits that came while user interrupts were off are found by rel4_wait() and rel4_poll()")
{
    uintr_set_up(REL4_SEND_INSTRUCTION, 1);
    seL4_CPtr notification = receive_here(), sender = test_mint(notification, seL4_AllRights, 16);
    bool on = rel4_uintr_disable();

    rel4_signal(sender);
    CHECK_EQUAL(rel4_wait(notification), 16);
    rel4_signal(sender);
    CHECK_EQUAL(rel4_poll(notification), 16);
    rel4_uintr_restore(on);
    CHECK_EQUAL(calls, 0);
    CHECK_EQUAL(statistics().waits_kernel, 1);
}

/* The library's own control block, by which the handler's entry finds the sequence. */
static void allow_restart(const char *start, const char *end)
{
    seL4_Word *control = (seL4_Word *)(uintr_stack + sizeof(uintr_stack)) - 8;

    control[0] = (seL4_Word)start;
    control[1] = (seL4_Word)end;
}

TEST("uintr library: a handler that comes between looking and blocking makes the thread look again")
{
    uintr_set_up(REL4_SEND_INSTRUCTION, 1);
    seL4_CPtr notification = uintr_receive_here(NULL, NULL),
              sender = test_mint(notification, seL4_AllRights, 32);
    seL4_Word badge = 0;

    /* The handler runs behind the look, where user interrupts are turned on. */
    rel4_uintr_disable();
    rel4_signal(sender);
    allow_restart(uintr_wide_start, uintr_wide_end);
    CHECK(!uintr_wide_sequence(notification, &uintr_record.woken, &badge, 1, SYS_NB_RECV));
    CHECK_EQUAL(statistics().restarts, 1);
    CHECK_EQUAL(rel4_poll(notification), 32);
    /* And without the help of the entry, the bits would sleep beside a thread that blocks. */
    rel4_uintr_disable();
    rel4_signal(sender);
    allow_restart(NULL, NULL);
    CHECK(uintr_wide_sequence(notification, &uintr_record.woken, &badge, 1, SYS_NB_RECV));
    CHECK_EQUAL(badge, 0);
    CHECK_EQUAL(rel4_poll(notification), 32);
}

TEST("uintr library: a handler changes no integer register")
{
    static struct uintr_registers registers;

    uintr_set_up(REL4_SEND_INSTRUCTION, 1);
    int index = rel4_uintr_register_sender(test_mint(receive_here(), seL4_AllRights, 1));

    for (unsigned i = 0; i < 32; i++) {
        registers.in[i] = 0xabc0000000000000 + i;
    }
    registers.in[10] = (seL4_Word)index;
    uintr_integer_across(&registers, (seL4_Word)index);
    CHECK_EQUAL(calls, 2);
    for (unsigned i = 1; i < 32; i++) {
        if (i < 2 || i > 4) {
            CHECK_EQUAL(registers.out[i], registers.in[i]);
        }
    }
}

static volatile double product = 1.5;
static volatile seL4_Word float_done;

static void use_float(seL4_Word bits, void *arg)
{
    product *= 1.1; /* inexact: a flag in fcsr, too */
    seen |= bits;
    float_done = 1;
}

TEST("uintr library: a handler with floating point changes no floating-point register")
{
    static struct uintr_floats floats;

    uintr_set_up(REL4_SEND_INSTRUCTION, 1);
    seL4_CPtr notification = test_object(seL4_NotificationObject, 0);
    CHECK_OK(seL4_TCB_BindNotification(seL4_CapInitThreadTCB, notification));
    CHECK_OK(rel4_uintr_register_receiver(
        notification,
        &(struct rel4_receiver_options){
            .handler = use_float, .stack = uintr_stack, .stack_bytes = 2048, .saves_float = true }));
    int index = rel4_uintr_register_sender(test_mint(notification, seL4_AllRights, 1));

    for (unsigned i = 0; i < 32; i++) {
        floats.in[i] = 0x4010000000000000 + i;
    }
    floats.fcsr_in = 0x62; /* a rounding mode and a flag that the handler does not raise */
    float_done = 0;
    uintr_float_across(&floats, (seL4_Word)index, &float_done);
    for (unsigned i = 0; i < 32; i++) {
        CHECK_EQUAL(floats.out[i], floats.in[i]);
    }
    CHECK_EQUAL(floats.fcsr_out, floats.fcsr_in);
    CHECK(product > 1.5);
}

TEST("uintr library: registration needs a bound notification, a fit stack, and comes once")
{
    struct rel4_receiver_options options = { .handler = count, .stack = uintr_stack, .stack_bytes = 2048 };

    uintr_set_up(REL4_SEND_INSTRUCTION, 1);
    CHECK_ERROR(rel4_uintr_unregister_receiver(), seL4_IllegalOperation);
    CHECK_EQUAL(rel4_uintr_delivery(), REL4_DELIVERY_NONE);
    seL4_CPtr notification = test_object(seL4_NotificationObject, 0);
    CHECK_ERROR(rel4_uintr_register_receiver(notification, &options), seL4_IllegalOperation);
    CHECK_OK(seL4_TCB_BindNotification(seL4_CapInitThreadTCB, notification));
    CHECK_ERROR(rel4_uintr_register_receiver(seL4_CapInitThreadTCB, &options), seL4_InvalidCapability);
    CHECK_ERROR(rel4_uintr_register_receiver(test_mint(notification, seL4_CanWrite, 0), &options),
                seL4_InvalidCapability);
    options.stack = uintr_stack + 8;
    CHECK_ERROR(rel4_uintr_register_receiver(notification, &options), seL4_InvalidArgument);
    options = (struct rel4_receiver_options){ .handler = count, .stack = uintr_stack, .stack_bytes = 512 };
    CHECK_ERROR(rel4_uintr_register_receiver(notification, &options), seL4_InvalidArgument);
    options.stack_bytes = 1024;
    CHECK_OK(rel4_uintr_register_receiver(notification, &options));
    CHECK(rel4_uintr_delivery() != REL4_DELIVERY_NONE);
    CHECK_ERROR(rel4_uintr_register_receiver(notification, &options), seL4_DeleteFirst);
    options.stack_bytes = 2048;
    CHECK_ERROR(rel4_uintr_register_receiver(notification, &options), seL4_DeleteFirst);
    /* The registration is as it was. */
    calls = 0;
    rel4_signal(test_mint(notification, seL4_AllRights, 1));
    CHECK_EQUAL(calls, 1);
    CHECK_OK(rel4_uintr_unregister_receiver());
    CHECK_OK(rel4_uintr_register_receiver(notification, &options));
    CHECK_OK(rel4_uintr_unregister_receiver());
}

TEST("uintr library: after unregistering, bits are where they can be had, and senders are told to Signal")
{
    uintr_set_up(REL4_SEND_INSTRUCTION, 1);
    seL4_CPtr notification = uintr_receive_here(NULL, NULL);
    seL4_CPtr one = test_mint(notification, seL4_AllRights, 1),
              two = test_mint(notification, seL4_AllRights, 2);

    rel4_signal(one); /* recorded */
    rel4_uintr_disable();
    rel4_signal(two); /* pending */
    CHECK_OK(rel4_uintr_unregister_receiver());
    CHECK_EQUAL(rel4_wait(notification), 1);
    CHECK_EQUAL(rel4_wait(notification), 2);
    rel4_uintr_forget_sender(one);
    check_falls_back(one, notification, 1);
    CHECK_EQUAL(rel4_uintr_register_sender(one), -seL4_FailedLookup);
    CHECK_EQUAL(rel4_poll(notification), 0);
}

TEST("uintr library: bits that were in the notification before registration come to the handler")
{
    uintr_set_up(REL4_SEND_INSTRUCTION, 1);
    seL4_CPtr notification = test_object(seL4_NotificationObject, 0);

    seL4_Signal(test_mint(notification, seL4_AllRights, 0x50));
    CHECK_OK(seL4_TCB_BindNotification(seL4_CapInitThreadTCB, notification));
    calls = seen = 0;
    CHECK_OK(rel4_uintr_register_receiver(
        notification,
        &(struct rel4_receiver_options){ .handler = count, .stack = uintr_stack, .stack_bytes = 2048 }));
    CHECK_EQUAL(calls, 1);
    CHECK_EQUAL(seen, 0x50);
}
