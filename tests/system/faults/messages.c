/*
 * 3.3 Fault labels and 3.4 fault messages, word by word.
 */
#include "actor.h"

#define UNMAPPED 0x3456789000

static struct actor actor;

static void check_words(seL4_Word label, unsigned length, const seL4_Word *words)
{
    CHECK_EQUAL(actor.label, label);
    CHECK_EQUAL(actor.length, length);
    for (unsigned i = 0; i < length; i++) {
        CHECK_EQUAL(actor.words[i], words[i]);
    }
}

#define WORDS(...) ((const seL4_Word[11]){ __VA_ARGS__ })

/* No register of a faulting thread changes, and its program counter is the faulting instruction. */
static void check_untouched(const char *code)
{
    CHECK_EQUAL(actor.got.pc, (seL4_Word)code);
    CHECK_EQUAL(actor_changed(&actor) & ~1ul, 0);
}

static void fault(long number, seL4_Word a0)
{
    actor_start(&actor, number, a0, 0);
    CHECK_FAULTED(&actor);
}

TEST("3.3 1 CapFault, 3.2 3: DepthMismatch in an invocation is 6 words")
{
    seL4_CPtr shallow =
        test_mint(seL4_CapInitThreadCNode, seL4_AllRights, seL4_CNode_CapData_new(0, 40).words[0]);
    seL4_CPtr cnode = test_object(seL4_CapTableObject, 5);
    seL4_CPtr root = test_mint(cnode, seL4_AllRights, seL4_CNode_CapData_new(0, 20).words[0]);

    actor = actor_new();
    /* 20 + 5 bits lead to a CNode of 40 + 12, which the 39 bits left do not fill. */
    CHECK_OK(seL4_CNode_Copy(cnode, 1, 5, seL4_CapInitThreadCNode, shallow, 64, seL4_AllRights));
    CHECK_OK(
        seL4_TCB_SetSpace(actor.tcb, 1ul << 39 | actor.fault_handler, root, 0, seL4_CapInitThreadVSpace, 0));
    actor_start(&actor, SYS_SEND, 1ul << 39 | 0x123, 0);
    /* Its handler is not reachable either, so it just stops. */
    CHECK_WAITS(&actor);
    CHECK_EQUAL(actor.got.pc, (seL4_Word)actor_ecall);
}

TEST("3.4 CapFault in the send phase: pc, pointer, 0, and the lookup failure")
{
    actor = actor_new();
    fault(SYS_SEND, 0xabc0000000000005);
    check_words(1, 7, WORDS((seL4_Word)actor_ecall, 0xabc0000000000005, 0, 4, 64, 0, 52));
    check_untouched(actor_ecall);
    fault(SYS_CALL, 0x1000);
    check_words(1, 7, WORDS((seL4_Word)actor_ecall, 0x1000, 0, 4, 64, 0, 52));
}

TEST("3.4 CapFault in the receive phase: word 2 is 1")
{
    actor = actor_new();
    fault(SYS_RECV, 0x1000);
    check_words(1, 7, WORDS((seL4_Word)actor_ecall, 0x1000, 1, 4, 64, 0, 52));
    check_untouched(actor_ecall);
    fault(SYS_NB_RECV, 0x1000);
    check_words(1, 7, WORDS((seL4_Word)actor_ecall, 0x1000, 1, 4, 64, 0, 52));
    fault(SYS_REPLY_RECV, 0x1000);
    check_words(1, 7, WORDS((seL4_Word)actor_ecall, 0x1000, 1, 4, 64, 0, 52));
}

TEST("3.4 CapFault for an extra capability: word 1 is its pointer, word 2 is 0")
{
    actor = actor_new();
    actor.buffer->caps_or_badges[0] = 0x2000;
    actor_start(&actor, SYS_SEND, test_object(seL4_EndpointObject, 0), info(0, 1, 0));
    CHECK_FAULTED(&actor);
    check_words(1, 7, WORDS((seL4_Word)actor_ecall, 0x2000, 0, 4, 64, 0, 52));
    check_untouched(actor_ecall);
}

/* An actor whose CSpace is a small CNode with the fault handler in slot 0 and another CNode in slot 1, which
 * is reached with guard 0 of 20 bits and 5 bits of index. */
static void narrow_cspace(seL4_Word inner_guard, seL4_Word inner_guard_size)
{
    seL4_CPtr cnode = test_object(seL4_CapTableObject, 5), inner = test_object(seL4_CapTableObject, 4);
    seL4_CPtr root = test_mint(cnode, seL4_AllRights, seL4_CNode_CapData_new(0, 20).words[0]);

    actor = actor_new();
    CHECK_OK(seL4_CNode_Copy(cnode, 0, 5, seL4_CapInitThreadCNode, actor.fault_handler, 64, seL4_AllRights));
    CHECK_OK(seL4_CNode_Mint(cnode, 1, 5, seL4_CapInitThreadCNode, inner, 64, seL4_AllRights,
                             seL4_CNode_CapData_new(inner_guard, inner_guard_size).words[0]));
    CHECK_OK(seL4_TCB_SetSpace(actor.tcb, 0, root, 0, seL4_CapInitThreadVSpace, 0));
}

TEST("3.4 CapFault length, MissingCapability: 5 words")
{
    actor = actor_new();
    fault(SYS_RECV, seL4_CapNull);
    check_words(1, 5, WORDS((seL4_Word)actor_ecall, 0, 1, 2, 0));
    check_untouched(actor_ecall);
}

TEST("3.4 CapFault length, DepthMismatch: 6 words, bits left and bits found")
{
    narrow_cspace(0, 36);
    fault(SYS_SEND, 1ul << 39);
    check_words(1, 6, WORDS((seL4_Word)actor_ecall, 1ul << 39, 0, 3, 39, 40));
}

TEST("3.4 CapFault length, GuardMismatch: 7 words, also in the second CNode")
{
    narrow_cspace(0x2a, 8);
    fault(SYS_SEND, 1ul << 39 | 0x2bul << 31);
    check_words(1, 7, WORDS((seL4_Word)actor_ecall, 1ul << 39 | 0x2bul << 31, 0, 4, 39, 0x2a, 8));
}

TEST("3.4 CapFault: bits left over at a slot that is no CNode are no fault")
{
    narrow_cspace(0, 0);
    /* Slot 2 is empty; 39 bits are left over. Send ignores an empty slot. */
    actor_start(&actor, SYS_SEND, 2ul << 39 | 0x1234567, 0);
    CHECK_DONE(&actor);
    /* Slot 0 holds an endpoint, which is found with any bits behind it. */
    actor_start(&actor, SYS_SEND, 0x7654321, info(3, 0, 0));
    CHECK_EQUAL(actor_look(&actor), ACTOR_FAULTED);
    CHECK_EQUAL(actor.label, 3);
    CHECK_EQUAL(actor.length, 0);
}

TEST("3.4 UnknownSyscall: pc, sp, ra, a0 to a6 and the number, 11 words")
{
    static const long numbers[] = { 0, 1, -100, 0x7fffffffffffffff, -0x7fffffffffffffff };

    for (unsigned i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        actor = actor_new();
        fault(numbers[i], 0x7b);
        const seL4_UserContext *set = &actor.set;
        check_words(2, 11,
                    WORDS((seL4_Word)actor_ecall, set->sp, set->ra, 0x7b, 0, set->a2, set->a3, set->a4,
                          set->a5, set->a6, (seL4_Word)numbers[i]));
        check_untouched(actor_ecall);
        test_reset();
    }
}

TEST("3.4 UserException, illegal instruction: pc, sp, 2, 0")
{
    actor = actor_new();
    actor_run(&actor, actor_illegal);
    CHECK_FAULTED(&actor);
    check_words(3, 4, WORDS((seL4_Word)actor_illegal, actor.set.sp, 2, 0));
    check_untouched(actor_illegal);
}

TEST("3.4 UserException, breakpoint: pc, sp, 3, 0")
{
    actor = actor_new();
    actor_run(&actor, actor_done);
    CHECK_DONE(&actor);
    check_words(3, 4, WORDS((seL4_Word)actor_done, actor.set.sp, 3, 0));
    CHECK_KEPT(&actor, 0);
}

TEST("3.4 UserException, floating point while it is disabled: 2")
{
    actor = actor_new();
    CHECK_OK(seL4_TCB_SetFlags(actor.tcb, 0, seL4_TCBFlag_fpuDisabled).error);
    actor_run(&actor, actor_float);
    CHECK_FAULTED(&actor);
    check_words(3, 4, WORDS((seL4_Word)actor_float, actor.set.sp, 2, 0));
    check_untouched(actor_float);
}

static void memory_fault(const char *code, seL4_Word address)
{
    actor = actor_new();
    actor.set.a0 = address;
    actor_run(&actor, code);
    CHECK_FAULTED(&actor);
}

TEST("3.4 VMFault, load: pc, address, 0, status 5")
{
    memory_fault(actor_load, UNMAPPED + 8);
    check_words(5, 4, WORDS((seL4_Word)actor_load, UNMAPPED + 8, 0, 5));
    check_untouched(actor_load);
}

TEST("3.4 VMFault, store: pc, address, 0, status 7")
{
    memory_fault(actor_store, UNMAPPED + 16);
    check_words(5, 4, WORDS((seL4_Word)actor_store, UNMAPPED + 16, 0, 7));
    check_untouched(actor_store);
}

TEST("3.4 VMFault, instruction: pc is the address, 1, status 1")
{
    memory_fault(actor_jump, UNMAPPED + 32);
    check_words(5, 4, WORDS(UNMAPPED + 32, UNMAPPED + 32, 1, 1));
    check_untouched((const char *)UNMAPPED + 32);
}

TEST("3.4 VMFault: addresses of the kernel and beyond the user's half fault like unmapped ones")
{
    static const seL4_Word addresses[] = { 0x3ffffff000,
                                           0x4000000000,
                                           0xffffffc000000000,
                                           0xffffffff80200000,
                                           0xffffffffffffff00,
                                           0x8000000000000000,
                                           0 };

    for (unsigned i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        memory_fault(actor_load, addresses[i]);
        check_words(5, 4, WORDS((seL4_Word)actor_load, addresses[i], 0, 5));
        memory_fault(actor_store, addresses[i]);
        check_words(5, 4, WORDS((seL4_Word)actor_store, addresses[i], 0, 7));
        memory_fault(actor_jump, addresses[i]);
        check_words(5, 4, WORDS(addresses[i], addresses[i], 1, 1));
        test_reset();
    }
}

TEST("3.4 VMFault: a store to a read-only page has status 7, execution of a page that forbids it 1")
{
    seL4_CPtr page = test_object(seL4_RISCV_4K_Page, 0);

    CHECK_OK(
        simple_map_page(seL4_CapInitThreadVSpace, page, 0x2000000000, seL4_CanRead, seL4_RISCV_ExecuteNever));
    memory_fault(actor_store, 0x2000000000);
    check_words(5, 4, WORDS((seL4_Word)actor_store, 0x2000000000, 0, 7));
    memory_fault(actor_jump, 0x2000000000);
    check_words(5, 4, WORDS(0x2000000000, 0x2000000000, 1, 1));
    actor = actor_new();
    actor.set.a0 = 0x2000000000;
    actor_run(&actor, actor_load);
    CHECK_FAULTED(&actor);
    CHECK_EQUAL(actor.label, 3); /* the breakpoint behind the load */
    CHECK_EQUAL(actor.got.a1, 0);
}

TEST("3.4 Receiver without a usable IPC buffer: 4 words are delivered and the length is 4")
{
    struct actor handler = actor_new();

    actor = actor_new();
    CHECK_OK(seL4_TCB_SetIPCBuffer(handler.tcb, 0, 0));
    actor_start(&handler, SYS_RECV, actor.faults, 0);
    actor_start(&actor, 100, 0x7b, 0);
    CHECK_DONE(&handler);
    CHECK_EQUAL(handler.got.a0, ACTOR_BADGE);
    CHECK_EQUAL(handler.got.a1, info(2, 0, 4));
    CHECK_EQUAL(handler.got.a2, (seL4_Word)actor_ecall);
    CHECK_EQUAL(handler.got.a3, actor.set.sp);
    CHECK_EQUAL(handler.got.a4, actor.set.ra);
    CHECK_EQUAL(handler.got.a5, 0x7b);
    CHECK_KEPT(&handler, ACTOR_ALL);
}
