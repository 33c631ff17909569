/*
 * 3.5 Delivery of faults, and 3.6 replies to fault messages.
 */
#include "actor.h"

#define UNMAPPED 0x3456789000

static struct actor actor;

/* Installs another fault handler pointer. */
static void set_handler(seL4_CPtr handler)
{
    CHECK_OK(seL4_TCB_SetSpace(actor.tcb, handler, seL4_CapInitThreadCNode, 0, seL4_CapInitThreadVSpace, 0));
}

/* Makes a VM fault and tells whether the handler's endpoint gets it. */
static bool delivered(void)
{
    seL4_Word badge = 0;

    actor_fill(&actor);
    actor.set.a0 = UNMAPPED;
    actor_run(&actor, actor_load);
    seL4_MessageInfo_t message = seL4_NBRecv(actor.faults, &badge);
    return badge != 0 && seL4_MessageInfo_get_label(message) == seL4_Fault_VMFault;
}

TEST("3.5 Handler: the pointer is resolved when the fault happens, not when it is set")
{
    seL4_CPtr slot = test_slot();

    actor = actor_new();
    set_handler(slot);
    CHECK(!delivered());
    CHECK_OK(seL4_CNode_Copy(seL4_CapInitThreadCNode, slot, 64, seL4_CapInitThreadCNode, actor.fault_handler,
                             64, seL4_AllRights));
    CHECK(delivered());
    CHECK_OK(seL4_CNode_Delete(seL4_CapInitThreadCNode, slot, 64));
    CHECK(!delivered());
}

TEST("3.5 Handler: it is resolved in the faulting thread's own CSpace")
{
    seL4_CPtr cnode = test_object(seL4_CapTableObject, 4);
    seL4_CPtr root = test_mint(cnode, seL4_AllRights, seL4_CNode_CapData_new(0, 60).words[0]);

    actor = actor_new();
    CHECK_OK(seL4_CNode_Copy(cnode, 7, 4, seL4_CapInitThreadCNode, actor.fault_handler, 64, seL4_AllRights));
    CHECK_OK(seL4_TCB_SetSpace(actor.tcb, 7, root, 0, seL4_CapInitThreadVSpace, 0));
    CHECK(delivered());
    CHECK_OK(seL4_TCB_SetSpace(actor.tcb, actor.fault_handler, root, 0, seL4_CapInitThreadVSpace, 0));
    CHECK(!delivered());
}

TEST("3.5 Needed: Write and Grant, or Write and GrantReply")
{
    /* GrantReply, Grant, Read, Write */
    for (unsigned rights = 0; rights < 16; rights++) {
        actor = actor_new();
        set_handler(
            test_mint(actor.faults,
                      seL4_CapRights_new(rights >> 3 & 1, rights >> 2 & 1, rights >> 1 & 1, rights & 1), 5));
        CHECK_EQUAL(delivered(), (rights & 1) && (rights & 12));
        test_reset();
    }
}

TEST("3.5 Needed: an endpoint; nothing else is a handler")
{
    actor = actor_new();
    set_handler(seL4_CapInitThreadTCB);
    CHECK(!delivered());
    set_handler(test_object(seL4_NotificationObject, 0));
    CHECK(!delivered());
    set_handler(0xdead000000000001);
    CHECK(!delivered());
    set_handler(seL4_CapNull);
    CHECK(!delivered());
}

TEST("3.5 Sent as: a Call with the badge of the handler's capability and no capabilities")
{
    seL4_Word badge;

    actor = actor_new();
    set_handler(test_mint(actor.faults, seL4_AllRights, 0x8000000000000123));
    actor_fill(&actor);
    actor.set.a0 = UNMAPPED;
    actor.set.a1 = info(3, 3, 100);
    actor_run(&actor, actor_load);
    CHECK_EQUAL(seL4_Recv(actor.faults, &badge).words[0], info(5, 0, 4));
    CHECK_EQUAL(badge, 0x8000000000000123);
}

TEST("3.5 No handler: the thread becomes Inactive at the faulting instruction, and can be resumed there")
{
    actor = actor_new();
    set_handler(seL4_CapNull);
    CHECK(!delivered());
    actor_read(&actor);
    CHECK_EQUAL(actor.got.pc, (seL4_Word)actor_load);
    set_handler(actor.fault_handler);
    CHECK_OK(seL4_TCB_Resume(actor.tcb));
    CHECK_FAULTED(&actor);
    CHECK_EQUAL(actor.label, 5);
    CHECK_EQUAL(actor.words[1], UNMAPPED);
}

TEST("3.5 Reply right: the handler gets a reply capability, which SaveCaller can keep")
{
    seL4_CPtr slot = test_slot();

    actor = actor_new();
    CHECK(delivered());
    CHECK_OK(seL4_CNode_SaveCaller(seL4_CapInitThreadCNode, slot, 64));
    CHECK(test_slot_used(slot));
    seL4_Send(slot, seL4_MessageInfo_new(0, 0, 0, 0));
    CHECK(!test_slot_used(slot));
    CHECK_FAULTED(&actor); /* again */
}

TEST("3.5 No receiver waiting: the thread queues as a blocked sender, behind others")
{
    struct actor other;
    seL4_Word badge;

    actor = actor_new();
    other = actor_new();
    actor_start(&other, SYS_SEND, actor.faults, info(77, 0, 0));
    actor.set.a0 = UNMAPPED;
    actor_run(&actor, actor_load);
    CHECK_EQUAL(seL4_Recv(actor.faults, &badge).words[0], info(77, 0, 0));
    CHECK_EQUAL(seL4_Recv(actor.faults, &badge).words[0], info(5, 0, 4));
    CHECK_EQUAL(badge, ACTOR_BADGE);
}

TEST("3.5 A handler that waits gets the fault at once")
{
    struct actor handler = actor_new();

    actor = actor_new();
    actor_start(&handler, SYS_RECV, actor.faults, 0);
    actor.set.a0 = UNMAPPED;
    actor_run(&actor, actor_load);
    CHECK_DONE(&handler);
    CHECK_EQUAL(handler.got.a0, ACTOR_BADGE);
    CHECK_EQUAL(handler.got.a1, info(5, 0, 4));
    CHECK_EQUAL(handler.got.a2, (seL4_Word)actor_load);
    CHECK_EQUAL(handler.got.a3, UNMAPPED);
    CHECK_EQUAL(handler.got.a4, 0);
    CHECK_EQUAL(handler.got.a5, 5);
}

/* ---- Faults that are not delivered ---- */

#define MESSAGE 7 /* label */

/* How the thread stops waiting for somebody who listens to it, and gets the registers of another call. */
enum ending {
    NO_HANDLER, /* it did not wait */
    SUSPENDED,
    RESUMED,
    HANDLER_DELETED,
    SENDS_CANCELLED,
    ENDINGS
};

static const char *const ending_names[ENDINGS] = { "no handler", "suspended", "resumed", "handler deleted",
                                                   "sends cancelled" };

static void fault_and_end(enum ending ending)
{
    seL4_CPtr mute = test_mint(test_object(seL4_EndpointObject, 0), seL4_AllRights, 1);

    actor = actor_new();
    set_handler(ending == NO_HANDLER ? seL4_CapNull : mute);
    actor_fill(&actor);
    actor.set.a0 = UNMAPPED;
    actor_run(&actor, actor_load);
    if (ending == HANDLER_DELETED) {
        CHECK_OK(seL4_CNode_Revoke(seL4_CapInitThreadCNode, mute, seL4_WordBits));
        CHECK_OK(seL4_CNode_Delete(seL4_CapInitThreadCNode, mute, seL4_WordBits));
    } else if (ending == SENDS_CANCELLED) {
        /* So that it runs, and can be seen to have repeated the instruction. */
        set_handler(actor.fault_handler);
        CHECK_OK(seL4_CNode_CancelBadgedSends(seL4_CapInitThreadCNode, mute, seL4_WordBits));
        CHECK_FAULTED(&actor);
        CHECK_EQUAL(actor.label, seL4_Fault_VMFault);
    }
    if (ending != RESUMED) {
        CHECK_OK(seL4_TCB_Suspend(actor.tcb));
    }
    set_handler(actor.fault_handler);
}

TEST("3.5 Resumed before it is delivered: the fault is forgotten; what the thread sends next is its own "
     "message")
{
    for (enum ending ending = 0; ending < ENDINGS; ending++) {
        for (unsigned receiver_waits = 0; receiver_waits < 2; receiver_waits++) {
            seL4_CPtr endpoint = test_object(seL4_EndpointObject, 0);
            struct actor receiver = actor_new();
            fault_and_end(ending);
            if (receiver_waits) {
                actor_start(&receiver, SYS_RECV, endpoint, 0);
            }
            actor_start(&actor, SYS_SEND, endpoint, info(MESSAGE, 0, 2));
            if (!receiver_waits) {
                actor_start(&receiver, SYS_RECV, endpoint, 0);
            }
            CHECK_DONE(&receiver);
            if (receiver.got.a1 != info(MESSAGE, 0, 2)) {
                test_fail(__FILE__, __LINE__, "%s: got the message with info 0x%lx", ending_names[ending],
                          receiver.got.a1);
            }
            CHECK_EQUAL(actor_word(&receiver.got, 1), actor.set.a3);
            /* It does not wait for an answer. */
            CHECK_DONE(&actor);
            test_reset();
        }
    }
}

/* Replies to the fault that was looked at last. */
static void reply(seL4_Word label, unsigned length, seL4_Word first)
{
    for (unsigned i = 0; i < length; i++) {
        seL4_SetMR((int)i, first + i);
    }
    seL4_Reply(seL4_MessageInfo_new(label, 0, 0, length));
}

TEST("3.6 CapFault: no register is taken, and any label restarts the system call")
{
    for (seL4_Word label = 0; label <= 2; label++) {
        actor = actor_new();
        actor_start(&actor, SYS_CALL, 0x1000, info(1, 0, 4));
        CHECK_FAULTED(&actor);
        reply(label, 20, 0x1111);
        CHECK_FAULTED(&actor);
        CHECK_EQUAL(actor.label, 1);
        CHECK_EQUAL(actor.words[0], (seL4_Word)actor_ecall);
        CHECK_EQUAL(actor.words[1], 0x1000);
        CHECK_EQUAL(actor_changed(&actor) & ~1ul, 0);
        test_reset();
    }
}

TEST("3.6 CapFault: when the capability is there after the reply, the system call goes through")
{
    seL4_CPtr slot = test_slot(), endpoint = test_object(seL4_EndpointObject, 0);

    actor = actor_new();
    actor_start(&actor, SYS_RECV, slot, 0);
    CHECK_FAULTED(&actor);
    /* This would be another receive, so the reply is kept. */
    CHECK_OK(seL4_CNode_Copy(seL4_CapInitThreadCNode, slot, 64, seL4_CapInitThreadCNode, endpoint, 64,
                             seL4_AllRights));
    reply(0, 0, 0);
    CHECK_WAITS(&actor);
    seL4_Send(endpoint, seL4_MessageInfo_new(5, 0, 0, 0));
    CHECK_DONE(&actor);
    CHECK_EQUAL(actor.got.a1, info(5, 0, 0));
}

TEST("3.6 VMFault: no register is taken, and any label repeats the instruction")
{
    for (seL4_Word label = 0; label <= 3; label++) {
        actor = actor_new();
        actor.set.a0 = UNMAPPED;
        actor_run(&actor, actor_load);
        CHECK_FAULTED(&actor);
        reply(label, 20, 0x1111);
        CHECK_FAULTED(&actor);
        CHECK_EQUAL(actor.label, 5);
        CHECK_EQUAL(actor.words[0], (seL4_Word)actor_load);
        CHECK_EQUAL(actor_changed(&actor) & ~1ul, 0);
        test_reset();
    }
}

TEST("3.6 VMFault: after the page is mapped, the repeated instruction succeeds")
{
    seL4_CPtr page = test_object(seL4_RISCV_4K_Page, 0);

    actor = actor_new();
    actor.set.a0 = 0x2000000008;
    actor_run(&actor, actor_store);
    CHECK_FAULTED(&actor);
    CHECK_OK(simple_map_page(seL4_CapInitThreadVSpace, page, 0x2000000000, seL4_AllRights, 0));
    reply(0, 0, 0);
    CHECK_FAULTED(&actor);
    CHECK_EQUAL(actor.label, 3); /* the breakpoint behind the store */
    CHECK_EQUAL(*(volatile seL4_Word *)0x2000000008, actor.set.a1);
}

static void check_syscall_registers(unsigned taken)
{
    const seL4_Word set[] = { actor.set.pc, actor.set.sp, actor.set.ra, actor.set.a0, actor.set.a1,
                              actor.set.a2, actor.set.a3, actor.set.a4, actor.set.a5, actor.set.a6 };
    const seL4_Word got[] = { actor.got.pc, actor.got.sp, actor.got.ra, actor.got.a0, actor.got.a1,
                              actor.got.a2, actor.got.a3, actor.got.a4, actor.got.a5, actor.got.a6 };

    for (unsigned i = 0; i < 10; i++) {
        CHECK_EQUAL(got[i], i < taken ? 0x7000 + i : set[i]);
    }
}

TEST("3.6 UnknownSyscall: label not 0 stops the thread; the first min(length, 10) registers are taken all "
     "the same")
{
    static const unsigned lengths[] = { 0, 1, 2, 3, 4, 5, 9, 10, 11, 120 };

    for (unsigned i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        actor = actor_new();
        actor_start(&actor, 100, 1, 2);
        CHECK_FAULTED(&actor);
        reply(1, lengths[i], 0x7000);
        CHECK_WAITS(&actor);
        check_syscall_registers(lengths[i] < 10 ? lengths[i] : 10);
        CHECK_EQUAL(actor.got.a7, 100);
        CHECK_EQUAL(actor.got.s0, actor.set.s0);
        CHECK_EQUAL(actor.got.t0, actor.set.t0);
        CHECK_EQUAL(actor.got.tp, actor.set.tp);
        CHECK_EQUAL(actor.got.gp, actor.set.gp);
        test_reset();
    }
}

TEST("3.6 UnknownSyscall: label 0 and pc + 4 skip the system call, with new registers")
{
    actor = actor_new();
    actor_start(&actor, 100, 1, 2);
    CHECK_FAULTED(&actor);
    for (unsigned i = 1; i < 10; i++) {
        seL4_SetMR((int)i, 0x8000 + i);
    }
    seL4_SetMR(0, (seL4_Word)actor_ecall + 4);
    seL4_Reply(seL4_MessageInfo_new(0, 0, 0, 10));
    CHECK_DONE(&actor);
    CHECK_EQUAL(actor.got.sp, 0x8001);
    CHECK_EQUAL(actor.got.ra, 0x8002);
    CHECK_EQUAL(actor.got.a0, 0x8003);
    CHECK_EQUAL(actor.got.a1, 0x8004);
    CHECK_EQUAL(actor.got.a2, 0x8005);
    CHECK_EQUAL(actor.got.a3, 0x8006);
    CHECK_EQUAL(actor.got.a4, 0x8007);
    CHECK_EQUAL(actor.got.a5, 0x8008);
    CHECK_EQUAL(actor.got.a6, 0x8009);
}

TEST("3.6 UnknownSyscall: an empty reply repeats the ecall, not the instruction behind it")
{
    actor = actor_new();
    actor_start(&actor, 100, 1, 2);
    CHECK_FAULTED(&actor);
    reply(0, 0, 0);
    CHECK_FAULTED(&actor);
    CHECK_EQUAL(actor.label, 2);
    CHECK_EQUAL(actor.words[0], (seL4_Word)actor_ecall);
    CHECK_EQUAL(actor_changed(&actor) & ~1ul, 0);
}

TEST("3.6 UnknownSyscall: a handler without a buffer sets at most 4 registers")
{
    struct actor handler = actor_new();

    actor = actor_new();
    CHECK_OK(seL4_TCB_SetIPCBuffer(handler.tcb, 0, 0));
    actor_start(&handler, SYS_RECV, actor.faults, 0);
    actor_start(&actor, 100, 1, 2);
    CHECK_DONE(&handler);
    actor_start_with(&handler, SYS_REPLY, 0, info(1, 0, 10), 0x7000, 0x7001, 0x7002, 0x7003);
    CHECK_DONE(&handler);
    CHECK_WAITS(&actor);
    check_syscall_registers(4);
}

TEST("3.6 UserException: label not 0 stops the thread; pc and sp are taken all the same, no more")
{
    for (unsigned length = 0; length <= 5; length++) {
        actor = actor_new();
        actor_run(&actor, actor_illegal);
        CHECK_FAULTED(&actor);
        reply(1, length, 0x7000);
        CHECK_WAITS(&actor);
        CHECK_EQUAL(actor.got.pc, length > 0 ? 0x7000 : (seL4_Word)actor_illegal);
        CHECK_EQUAL(actor.got.sp, length > 1 ? 0x7001 : actor.set.sp);
        CHECK_EQUAL(actor.got.ra, actor.set.ra);
        CHECK_EQUAL(actor.got.a0, actor.set.a0);
        test_reset();
    }
}

TEST("3.6 UserException: label 0 restarts at the new pc with the new sp")
{
    actor = actor_new();
    actor_run(&actor, actor_illegal);
    CHECK_FAULTED(&actor);
    seL4_SetMR(0, (seL4_Word)actor_done);
    seL4_SetMR(1, 0x7777);
    seL4_Reply(seL4_MessageInfo_new(0, 0, 0, 2));
    CHECK_DONE(&actor);
    CHECK_EQUAL(actor.got.sp, 0x7777);
    actor.got.sp = actor.set.sp;
    CHECK_KEPT(&actor, 0);
}

TEST("3.6 UserException: an empty reply repeats the instruction")
{
    actor = actor_new();
    actor_run(&actor, actor_illegal);
    CHECK_FAULTED(&actor);
    reply(0, 0, 0);
    CHECK_FAULTED(&actor);
    CHECK_EQUAL(actor.words[0], (seL4_Word)actor_illegal);
}

TEST("3.6 Label not 0: the thread is Inactive; Resume restarts it")
{
    actor = actor_new();
    actor_run(&actor, actor_illegal);
    CHECK_FAULTED(&actor);
    seL4_SetMR(0, (seL4_Word)actor_done);
    seL4_Reply(seL4_MessageInfo_new(9, 0, 0, 1));
    CHECK_WAITS(&actor);
    CHECK_OK(seL4_TCB_Resume(actor.tcb));
    CHECK_DONE(&actor);
}

TEST("3.6 Caps in the reply: ignored, for every kind of fault")
{
    seL4_CPtr slot = test_slot();

    actor = actor_new();
    actor.buffer->receiveCNode = seL4_CapInitThreadCNode;
    actor.buffer->receiveIndex = slot;
    actor.buffer->receiveDepth = 64;
    const char *codes[] = { actor_load, actor_illegal };
    for (unsigned i = 0; i < 2; i++) {
        actor.set.a0 = UNMAPPED;
        actor_run(&actor, codes[i]);
        CHECK_FAULTED(&actor);
        seL4_SetCap(0, actor.faults);
        seL4_Reply(seL4_MessageInfo_new(0, 0, 1, 0));
        CHECK_FAULTED(&actor);
        CHECK(!test_slot_used(slot));
    }
}

TEST("3.6 Reply info: it is not delivered; a0 and a1 stay as they are")
{
    actor = actor_new();
    actor.set.a0 = UNMAPPED;
    actor.set.a1 = 0x4444;
    actor_run(&actor, actor_load);
    CHECK_FAULTED(&actor);
    reply(0x555, 4, 0x666);
    CHECK_FAULTED(&actor);
    CHECK_EQUAL(actor.got.a0, UNMAPPED);
    CHECK_EQUAL(actor.got.a1, 0x4444);
    CHECK_EQUAL(actor.got.a2, actor.set.a2);
}
