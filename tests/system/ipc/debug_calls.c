/*
 * 1.12 Debug system calls, in debug and in release kernels. Those that stop the machine are not tried.
 */
#include <string.h>

#include "actor.h"

static struct actor actor;

static bool returns(long number, seL4_Word a0)
{
    actor_start(&actor, number, a0, 0x22);
    return actor_look(&actor) == ACTOR_DONE;
}

/* The call does not exist: a fault that carries the whole number, with no register changed. */
static void check_unknown(long number)
{
    CHECK(!returns(number, 0x11));
    CHECK_EQUAL(actor.label, seL4_Fault_UnknownSyscall);
    CHECK_EQUAL(actor.length, 11);
    CHECK_EQUAL(actor.words[10], number);
    actor.got.pc += 4;
    CHECK_KEPT(&actor, 0);
}

static seL4_Word identify(seL4_CPtr cap)
{
    CHECK(returns(SYS_DEBUG_CAP_IDENTIFY, cap));
    CHECK_KEPT(&actor, ACTOR_A0);
    return actor.got.a0;
}

TEST("1.12 -9 DebugPutChar: the low 8 bits of a0 are printed, no register changes, in every build")
{
    actor = actor_new();
    CHECK(returns(SYS_DEBUG_PUT_CHAR, '#'));
    CHECK_KEPT(&actor, 0);
    CHECK(returns(SYS_DEBUG_PUT_CHAR, 0xffffffffffffff00 | ' '));
    CHECK_KEPT(&actor, 0);
    CHECK(returns(SYS_DEBUG_PUT_CHAR, '\n'));
    CHECK_KEPT(&actor, 0);
}

TEST("1.12 -10 DebugDumpScheduler: returns in every build, no register changes")
{
    actor = actor_new();
    CHECK(returns(SYS_DEBUG_DUMP_SCHEDULER, 0x11));
    CHECK_KEPT(&actor, 0);
}

TEST("1.12 -11 DebugHalt: unknown in release builds")
{
    if (test_debug_kernel()) {
        return;
    }
    actor = actor_new();
    check_unknown(SYS_DEBUG_HALT);
}

TEST("1.12 -12 DebugCapIdentify: a0 is the type number, for every type; 0 for an empty slot")
{
    if (!test_debug_kernel()) {
        return;
    }
    actor = actor_new();
    CHECK_EQUAL(identify(seL4_CapNull), 0);
    CHECK_EQUAL(identify(test_object(seL4_RISCV_4K_Page, 0)), 1);
    CHECK_EQUAL(identify(test_object(seL4_RISCV_Mega_Page, 0)), 1);
    CHECK_EQUAL(identify(test_arena), 2);
    CHECK_EQUAL(identify(test_object(seL4_RISCV_PageTableObject, 0)), 3);
    CHECK_EQUAL(identify(test_object(seL4_EndpointObject, 0)), 4);
    CHECK_EQUAL(identify(test_object(seL4_NotificationObject, 0)), 6);
    CHECK_EQUAL(identify(seL4_CapInitThreadCNode), 10);
    CHECK_EQUAL(identify(seL4_CapASIDControl), 11);
    CHECK_EQUAL(identify(seL4_CapInitThreadTCB), 12);
    CHECK_EQUAL(identify(seL4_CapInitThreadASIDPool), 13);
    CHECK_EQUAL(identify(seL4_CapIRQControl), 14);
    CHECK_EQUAL(identify(seL4_CapDomain), 20);
}

TEST("1.12 -12 DebugCapIdentify: 16 for an interrupt handler, 8 for a reply")
{
    seL4_CPtr handler = test_slot(), reply = test_slot(), endpoint = test_object(seL4_EndpointObject, 0);
    struct actor caller = actor_new();

    if (!test_debug_kernel()) {
        return;
    }
    actor = actor_new();
    CHECK_OK(seL4_IRQControl_Get(seL4_CapIRQControl, 5, seL4_CapInitThreadCNode, handler, 64));
    CHECK_EQUAL(identify(handler), 16);
    actor_start(&caller, SYS_CALL, endpoint, 0);
    seL4_Recv(endpoint, NULL);
    CHECK_OK(seL4_CNode_SaveCaller(seL4_CapInitThreadCNode, reply, 64));
    CHECK_EQUAL(identify(reply), 8);
}

TEST("1.12 -12 DebugCapIdentify: 0 for a pointer that does not resolve, not a fault")
{
    if (!test_debug_kernel()) {
        return;
    }
    actor = actor_new();
    CHECK_EQUAL(identify(0xdead000000000001), 0);
}

TEST("1.12 -12 DebugCapIdentify: unknown in release builds")
{
    if (test_debug_kernel()) {
        return;
    }
    actor = actor_new();
    check_unknown(SYS_DEBUG_CAP_IDENTIFY);
}

TEST("1.12 -13 DebugSnapshot: unknown in release builds")
{
    if (test_debug_kernel()) {
        return;
    }
    actor = actor_new();
    check_unknown(SYS_DEBUG_SNAPSHOT);
}

TEST("1.12 -14 DebugNameThread: takes a name from msg[0] on, also a long one, and changes no register")
{
    static const char name[] = "named by its test";

    if (!test_debug_kernel()) {
        return;
    }
    actor = actor_new();
    actor_fill(&actor);
    actor.set.a0 = actor.tcb;
    actor.set.a7 = (seL4_Word)SYS_DEBUG_NAME_THREAD;
    memcpy(actor.buffer->msg, name, sizeof(name));
    actor_run(&actor, actor_ecall);
    CHECK_DONE(&actor);
    CHECK_KEPT(&actor, 0);
    memset(actor.buffer->msg, 'x', 959);
    ((char *)actor.buffer->msg)[959] = 0;
    actor_run(&actor, actor_ecall);
    CHECK_DONE(&actor);
    CHECK_KEPT(&actor, 0);
}

TEST("1.12 -14 DebugNameThread: unknown in release builds")
{
    if (test_debug_kernel()) {
        return;
    }
    actor = actor_new();
    check_unknown(SYS_DEBUG_NAME_THREAD);
}

TEST("1.12 -15 DebugSendIPI: unknown")
{
    actor = actor_new();
    check_unknown(-15);
}

TEST("1.12 -16 DebugRun: unknown")
{
    actor = actor_new();
    check_unknown(-16);
}

TEST("1.12 Switched off: benchmark numbers and everything below are unknown, with the full number")
{
    actor = actor_new();
    for (long number = -17; number >= -300; number--) {
        check_unknown(number);
    }
}
