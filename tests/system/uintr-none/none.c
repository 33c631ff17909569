/*
 * Without user interrupts (uintr=none): every call of theirs is illegal whatever its arguments, so is every
 * instruction and register, and notifications and the library go on without.
 */
#include "actor.h"
#include "answer.h"

#include <rel4/uintr.h>

#define TCB seL4_CapInitThreadTCB

static struct rel4_thread record;
static char stack[REL4_MIN_STACK] __attribute__((aligned(16)));

static void set_up(void)
{
    rel4_init(&(struct rel4_resources){ .backend = rel4_backend_of(test_bootinfo),
                                        .sending = REL4_SEND_INSTRUCTION,
                                        .untyped = test_object(seL4_UntypedObject, 16),
                                        .cnode = seL4_CapInitThreadCNode,
                                        .first_slot = test_slot(),
                                        .slot_count = 1 });
    record = (struct rel4_thread){ 0 };
    rel4_thread_init(&record, TCB);
}

TEST("without user interrupts BootInfo says so, and sender tables can be made and deleted")
{
    CHECK_EQUAL(rel4_backend_of(test_bootinfo), REL4_BACKEND_NONE);
    CHECK_EQUAL(rel4_features_of(test_bootinfo) & (REL4_FEATURE_USER_INTERRUPTS | REL4_FEATURE_UINTR_GATE),
                0);
    CHECK_OK(
        seL4_CNode_Delete(seL4_CapInitThreadCNode, test_object(REL4_TYPE_SENDER_TABLE, 0), seL4_WordBits));
}

TEST("without user interrupts every call of theirs is illegal, right or wrong")
{
    seL4_CPtr table = test_object(REL4_TYPE_SENDER_TABLE, 0);
    seL4_CPtr notification = test_object(seL4_NotificationObject, 0);
    seL4_CPtr sender = test_mint(notification, seL4_CanWrite, 1);
    seL4_Word index;

    CHECK_OK(seL4_TCB_BindNotification(TCB, notification));
    CHECK_ERROR(rel4_TCB_RegisterReceiver(TCB, notification, 0x10000, 0, NULL), seL4_IllegalOperation);
    CHECK_ERROR(rel4_TCB_UnregisterReceiver(TCB), seL4_IllegalOperation);
    CHECK_ERROR(rel4_SenderTable_Bind(table, TCB), seL4_IllegalOperation);
    CHECK_ERROR(rel4_SenderTable_Add(table, sender, &index), seL4_IllegalOperation);
    CHECK_ERROR(rel4_SenderTable_Remove(table, 0), seL4_IllegalOperation);
    for (seL4_Word label = REL4_LABEL_SENDER_TABLE_BIND; label <= REL4_LABEL_SENDER_TABLE_REMOVE; label++) {
        CHECK_ANSWER(INVOKE(table, label, .length = 0), seL4_IllegalOperation);
    }
    CHECK_ANSWER(INVOKE(TCB, REL4_LABEL_TCB_REGISTER_RECEIVER, .length = 0), seL4_IllegalOperation);
}

TEST("without user interrupts their instructions and registers are illegal")
{
    static const uint32_t instructions[] = {
        0x0005607b, /* uipi_send a0 */
        0x0200607b, /* uipi_read x0 */
        0x0405607b, /* uipi_write a0 */
        0x0600607b, /* uipi_activate */
        0x0800607b, /* uipi_deactivate */
        REL4_URET,
        REL4_URET_EMULATED,
        0x000025f3 | REL4_CSR_USTATUS << 20,
        0x000025f3 | REL4_CSR_UIE << 20, /* csrr a1 */
        0x000025f3 | REL4_CSR_UTVEC << 20,
        0x000025f3 | REL4_CSR_USCRATCH << 20,
        0x000025f3 | REL4_CSR_UEPC << 20,
        0x000025f3 | REL4_CSR_UCAUSE << 20,
        0x000025f3 | REL4_CSR_UTVAL << 20,
        0x000025f3 | REL4_CSR_UIP << 20,
        0x00055073 | REL4_CSR_USCRATCH << 20, /* csrw uscratch, a0 */
    };
    static uint32_t code[2];
    struct actor actor = actor_new();

    for (unsigned i = 0; i < sizeof(instructions) / sizeof(instructions[0]); i++) {
        code[0] = instructions[i];
        code[1] = 0x00100073; /* ebreak */
        __asm__ volatile("fence.i" ::: "memory");
        actor_fill(&actor);
        actor_run(&actor, (const char *)code);
        CHECK_FAULTED(&actor);
        CHECK_EQUAL(actor.label, seL4_Fault_UserException);
        CHECK_EQUAL(actor.words[0], (seL4_Word)code);
        CHECK_EQUAL(actor.words[2], 2);
        CHECK_EQUAL(actor.got.a1, actor.set.a1);
    }
}

TEST("without user interrupts the library signals and waits by system call, and refuses to register")
{
    seL4_CPtr notification = test_object(seL4_NotificationObject, 0);
    seL4_CPtr sender = test_mint(notification, seL4_AllRights, 1ul << 40);
    struct rel4_statistics statistics;

    set_up();
    CHECK_OK(seL4_TCB_BindNotification(TCB, notification));
    CHECK_ERROR(
        rel4_uintr_register_receiver(
            notification, &(struct rel4_receiver_options){ .stack = stack, .stack_bytes = sizeof(stack) }),
        seL4_IllegalOperation);
    CHECK_EQUAL(rel4_uintr_delivery(), REL4_DELIVERY_NONE);
    CHECK_EQUAL(rel4_uintr_register_sender(sender), -seL4_IllegalOperation);
    for (unsigned i = 0; i < 600; i++) {
        rel4_signal(sender);
        CHECK_EQUAL(i % 2 ? rel4_wait(notification) : rel4_poll(notification), 1ul << 40);
    }
    CHECK_EQUAL(rel4_poll(notification), 0);
    rel4_thread_statistics(&statistics);
    CHECK_EQUAL(statistics.signals_by_call, 600);
    CHECK_EQUAL(statistics.registrations, 0);
    CHECK_EQUAL(statistics.interrupts, 0);
}
