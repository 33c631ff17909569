/*
 * 3.1 Error codes and 3.2 lookup failures: the words of the kernel's answers, straight from the registers.
 */
#include "actor.h"

static struct actor actor;

/* Calls an object with these words and extra capability, and checks the registers of the answer: info word
 * and as many words as listed; all others must be unchanged. */
static void check_answer(seL4_CPtr service, seL4_Word sent, const seL4_Word *mr, seL4_CPtr extra,
                         seL4_Word error, unsigned length, const seL4_Word *expected)
{
    actor.buffer->caps_or_badges[0] = extra;
    actor_start_with(&actor, SYS_CALL, service, sent, mr[0], mr[1], mr[2], mr[3]);
    CHECK_DONE(&actor);
    CHECK_EQUAL(actor.got.a0, 0);
    CHECK_EQUAL(actor.got.a1, info(error, 0, length));
    for (unsigned i = 0; i < length && i < 4; i++) {
        CHECK_EQUAL(actor_word(&actor.got, i), expected[i]);
    }
    CHECK_KEPT(&actor, ACTOR_INFO | (ACTOR_ALL & ((1ul << (ABI_REG_A0 + 2 + length)) - 1)));
}

#define WORDS(...) ((const seL4_Word[8]){ __VA_ARGS__ })

TEST("3.1 0 NoError: an empty answer has label 0, length 0 and changes no message register")
{
    actor = actor_new();
    check_answer(test_object(seL4_RISCV_4K_Page, 0), info(RISCVPageUnmap, 0, 0), WORDS(1, 2, 3, 4), 0, 0, 0,
                 NULL);
}

TEST("3.1 1 InvalidArgument: word 0 is the argument number, length 1")
{
    actor = actor_new();
    actor.buffer->msg[4] = test_slot();
    /* Retype of type 9: argument 0. A CNode of no slots: argument 1. */
    check_answer(test_arena, info(UntypedRetype, 1, 6), WORDS(9, 12, 0, 0), seL4_CapInitThreadCNode, 1, 1,
                 WORDS(0));
    check_answer(test_arena, info(UntypedRetype, 1, 6), WORDS(4, 0, 0, 0), seL4_CapInitThreadCNode, 1, 1,
                 WORDS(1));
}

TEST("3.1 2 InvalidCapability: word 0 is 0 for the invoked capability, length 1")
{
    actor = actor_new();
    check_answer(seL4_CapNull, info(1, 0, 0), WORDS(5, 5, 5, 5), 0, 2, 1, WORDS(0));
}

TEST("3.1 2 InvalidCapability: word 0 is 1 for the first extra capability")
{
    actor = actor_new();
    check_answer(actor.tcb, info(TCBSetPriority, 1, 1), WORDS(5, 5, 5, 5), test_arena, 2, 1, WORDS(1));
}

TEST("3.1 3 IllegalOperation: no words, whatever the object")
{
    actor = actor_new();
    const seL4_CPtr objects[] = { test_arena,
                                  actor.tcb,
                                  seL4_CapInitThreadCNode,
                                  seL4_CapIRQControl,
                                  actor.thread->buffer_frame,
                                  seL4_CapInitThreadVSpace,
                                  seL4_CapASIDControl,
                                  seL4_CapInitThreadASIDPool,
                                  seL4_CapDomain };

    for (unsigned i = 0; i < sizeof(objects) / sizeof(objects[0]); i++) {
        check_answer(objects[i], info(0, 0, 4), WORDS(1, 2, 3, 4), 0, 3, 0, NULL);
        check_answer(objects[i], info(60, 0, 4), WORDS(1, 2, 3, 4), 0, 3, 0, NULL);
        check_answer(objects[i], info(0xfffffffffffff, 0, 4), WORDS(1, 2, 3, 4), 0, 3, 0, NULL);
    }
}

TEST("3.1 4 RangeError: word 0 minimum, word 1 maximum, length 2")
{
    actor = actor_new();
    check_answer(test_arena, info(UntypedRetype, 1, 6), WORDS(0, 64, 0, 0), seL4_CapInitThreadCNode, 4, 2,
                 WORDS(0, 38));
    check_answer(seL4_CapInitThreadCNode, info(CNodeDelete, 0, 2), WORDS(0, 65), 0, 4, 2, WORDS(1, 64));
    check_answer(actor_new().tcb, info(TCBReadRegisters, 0, 2), WORDS(0, 33), 0, 4, 2, WORDS(1, 32));
}

TEST("3.1 5 AlignmentError: no words")
{
    actor = actor_new();
    check_answer(test_object(seL4_RISCV_4K_Page, 0), info(RISCVPageMap, 1, 3), WORDS(0x2000000001, 3, 0),
                 seL4_CapInitThreadVSpace, 5, 0, NULL);
}

TEST("3.1 6 FailedLookup: word 0 is 1 for a source, the lookup failure follows")
{
    actor = actor_new();
    /* Copy from an empty slot: missing capability, depth bits left. */
    actor.buffer->msg[4] = 15;
    check_answer(seL4_CapInitThreadCNode, info(CNodeCopy, 1, 5), WORDS(test_slot(), 64, 0, 64),
                 seL4_CapInitThreadCNode, 6, 3, WORDS(1, 2, 64));
}

TEST("3.1 6 FailedLookup: word 0 is 0 for a destination")
{
    actor = actor_new();
    check_answer(seL4_CapInitThreadCNode, info(CNodeDelete, 0, 2), WORDS(0, 63), 0, 6, 4,
                 WORDS(0, 3, 63, 64));
}

TEST("3.1 7 TruncatedMessage: no words")
{
    actor = actor_new();
    check_answer(test_arena, info(UntypedRetype, 1, 5), WORDS(1, 2, 3, 4), seL4_CapInitThreadCNode, 7, 0,
                 NULL);
    check_answer(test_arena, info(UntypedRetype, 0, 6), WORDS(1, 2, 3, 4), 0, 7, 0, NULL);
}

TEST("3.1 8 DeleteFirst: no words")
{
    actor = actor_new();
    actor.buffer->msg[4] = 15;
    check_answer(seL4_CapInitThreadCNode, info(CNodeCopy, 1, 5), WORDS(actor.tcb, 64, actor.tcb, 64),
                 seL4_CapInitThreadCNode, 8, 0, NULL);
}

TEST("3.1 9 RevokeFirst: no words")
{
    actor = actor_new();
    actor.buffer->msg[4] = 15;
    check_answer(seL4_CapInitThreadCNode, info(CNodeCopy, 1, 5), WORDS(test_slot(), 64, test_arena, 64),
                 seL4_CapInitThreadCNode, 9, 0, NULL);
}

TEST("3.1 10 NotEnoughMemory: word 0 is the number of bytes that are left, length 1")
{
    actor = actor_new();
    seL4_CPtr untyped = test_object(seL4_UntypedObject, 12), slot = test_slot();
    seL4_CPtr half = test_slot();

    CHECK_OK(seL4_Untyped_Retype(untyped, seL4_UntypedObject, 11, seL4_CapInitThreadCNode, 0, 0, half, 1));
    actor_fill(&actor);
    actor_start(&actor, SYS_YIELD, 0, 0); /* fills the buffer, which Retype needs after it */
    CHECK_DONE(&actor);
    actor.set.a0 = untyped;
    actor.set.a1 = info(UntypedRetype, 1, 6);
    actor.set.a2 = 0;
    actor.set.a3 = 12;
    actor.set.a4 = 0;
    actor.set.a5 = 0;
    actor.set.a7 = (seL4_Word)SYS_CALL;
    actor.buffer->msg[4] = slot;
    actor.buffer->msg[5] = 1;
    actor.buffer->caps_or_badges[0] = seL4_CapInitThreadCNode;
    actor_run(&actor, actor_ecall);
    CHECK_DONE(&actor);
    CHECK_EQUAL(actor.got.a1, info(seL4_NotEnoughMemory, 0, 1));
    CHECK_EQUAL(actor.got.a2, 2048);
    CHECK_KEPT(&actor, ACTOR_INFO | ACTOR_A2);
}

/* Mints the root CNode into a slot of itself with another guard. */
static seL4_CPtr guarded(seL4_Word guard, seL4_Word size)
{
    return test_mint(seL4_CapInitThreadCNode, seL4_AllRights, seL4_CNode_CapData_new(guard, size).words[0]);
}

/* Deletes an empty slot (depth, index) seen from a CNode capability and checks the lookup failure. */
static void check_lookup(seL4_CPtr cnode, seL4_Word index, seL4_Word depth, unsigned length,
                         const seL4_Word *words)
{
    check_answer(cnode, info(CNodeDelete, 0, 2), WORDS(index, depth), 0, 6, length, words);
}

TEST("3.2 1 InvalidRoot: 1 word; a Copy whose source root is no CNode")
{
    actor = actor_new();
    actor.buffer->msg[4] = 15;
    check_answer(seL4_CapInitThreadCNode, info(CNodeCopy, 1, 5), WORDS(test_slot(), 64, 0, 64), test_arena, 6,
                 2, WORDS(1, 1));
}

TEST("3.2 2 MissingCapability: 2 words; bits left is the depth of the empty source")
{
    actor = actor_new();
    seL4_CPtr empty = test_slot(), cnode = guarded(0, 20);

    check_answer(seL4_CapInitThreadCNode, info(CNodeMove, 1, 4), WORDS(test_slot(), 64, empty, 32), cnode, 6,
                 3, WORDS(1, 2, 32));
}

TEST("3.2 2 MissingCapability: Retype into something that is no CNode, bits left is node_depth")
{
    actor = actor_new();
    seL4_CPtr cnode = guarded(0, 20);
    actor_fill(&actor);
    actor_start(&actor, SYS_YIELD, 0, 0);
    CHECK_DONE(&actor);
    for (unsigned depth = 32; depth <= 64; depth += 32) {
        actor.set.a0 = test_arena;
        actor.set.a1 = info(UntypedRetype, 1, 6);
        actor.set.a2 = seL4_EndpointObject;
        actor.set.a3 = 0;
        actor.set.a4 = test_arena;
        actor.set.a5 = depth;
        actor.set.a7 = (seL4_Word)SYS_CALL;
        actor.buffer->msg[4] = 0;
        actor.buffer->msg[5] = 1;
        actor.buffer->caps_or_badges[0] = depth == 32 ? cnode : seL4_CapInitThreadCNode;
        actor_run(&actor, actor_ecall);
        CHECK_DONE(&actor);
        CHECK_EQUAL(actor.got.a1, info(seL4_FailedLookup, 0, 3));
        CHECK_EQUAL(actor.got.a2, 0);
        CHECK_EQUAL(actor.got.a3, 2);
        CHECK_EQUAL(actor.got.a4, depth);
    }
}

TEST("3.2 2 MissingCapability: Page Map where a table is missing, bits left is 30 or 21")
{
    actor = actor_new();
    seL4_CPtr page = test_object(seL4_RISCV_4K_Page, 0), table = test_object(seL4_RISCV_PageTableObject, 0);

    check_answer(page, info(RISCVPageMap, 1, 3), WORDS(0x3000000000, 3, 0), seL4_CapInitThreadVSpace, 6, 3,
                 WORDS(0, 2, 30));
    CHECK_OK(seL4_RISCV_PageTable_Map(table, seL4_CapInitThreadVSpace, 0x3000000000, 0));
    check_answer(page, info(RISCVPageMap, 1, 3), WORDS(0x3000000000, 3, 0), seL4_CapInitThreadVSpace, 6, 3,
                 WORDS(0, 2, 21));
}

TEST("3.2 2 MissingCapability: Page Map of a large page where small ones are, bits left is 12")
{
    actor = actor_new();
    seL4_CPtr page = test_object(seL4_RISCV_Mega_Page, 0), table = test_object(seL4_RISCV_PageTableObject, 0);
    seL4_CPtr leaf = test_object(seL4_RISCV_PageTableObject, 0);

    CHECK_OK(seL4_RISCV_PageTable_Map(table, seL4_CapInitThreadVSpace, 0x3000000000, 0));
    CHECK_OK(seL4_RISCV_PageTable_Map(leaf, seL4_CapInitThreadVSpace, 0x3000000000, 0));
    check_answer(page, info(RISCVPageMap, 1, 3), WORDS(0x3000000000, 3, 0), seL4_CapInitThreadVSpace, 6, 3,
                 WORDS(0, 2, 12));
}

TEST("3.2 3 DepthMismatch: 3 words; guard and radix do not fit: bits left and guard size + radix")
{
    actor = actor_new();
    check_lookup(seL4_CapInitThreadCNode, 0, 63, 4, WORDS(0, 3, 63, 64));
    check_lookup(guarded(0, 0), 0, 11, 4, WORDS(0, 3, 11, 12));
    check_lookup(guarded(5, 10), 5 << 5, 15, 4, WORDS(0, 3, 15, 22));
}

TEST("3.2 3 DepthMismatch: bits over at something that is no CNode: bits left over, bits found 0")
{
    actor = actor_new();
    /* 12 bits lead to slot 0xfff and below; 5 more are over at an empty slot and at a TCB. */
    check_lookup(guarded(0, 0), 0, 17, 4, WORDS(0, 3, 5, 0));
    check_lookup(guarded(0, 0), seL4_CapInitThreadTCB << 7, 19, 4, WORDS(0, 3, 7, 0));
}

TEST("3.2 4 GuardMismatch: 4 words; bits left, the CNode's guard, its guard size")
{
    actor = actor_new();
    check_lookup(seL4_CapInitThreadCNode, 1ul << 63, 64, 5, WORDS(0, 4, 64, 0));
    CHECK_EQUAL(actor.buffer->msg[4], 52);
    check_lookup(guarded(0x2a, 8), 0x2b << 12, 20, 5, WORDS(0, 4, 20, 0x2a));
    CHECK_EQUAL(actor.buffer->msg[4], 8);
}

TEST("3.2 4 GuardMismatch: a guard longer than the bits that are left")
{
    actor = actor_new();
    check_lookup(guarded(0x2a, 30), 0, 29, 5, WORDS(0, 4, 29, 0x2a));
    CHECK_EQUAL(actor.buffer->msg[4], 30);
}

TEST("3.2 4 GuardMismatch: in the second CNode of the walk, bits left counts from there")
{
    actor = actor_new();
    seL4_CPtr inner = guarded(3, 4), outer = guarded(0, 0);

    check_lookup(outer, (inner << 16 | 5 << 12) << 2 | 0, 30, 5, WORDS(0, 4, 18, 3));
    CHECK_EQUAL(actor.buffer->msg[4], 4);
}

TEST("3.2 Guard check precedes depth check")
{
    actor = actor_new();
    /* Both are wrong: the guard differs, and guard + radix exceed the depth. */
    check_lookup(guarded(0x2a, 8), 0, 19, 5, WORDS(0, 4, 19, 0x2a));
}

TEST("3.1 Words past 3 go to the caller's buffer; without one the length is cut to 4")
{
    actor = actor_new();
    actor_start_with(&actor, SYS_CALL, seL4_CapInitThreadCNode, info(CNodeDelete, 0, 2), 1ul << 63, 64, 0, 0);
    CHECK_DONE(&actor);
    CHECK_EQUAL(actor.got.a1, info(seL4_FailedLookup, 0, 5));
    CHECK_EQUAL(actor.buffer->msg[4], 52);
    CHECK_EQUAL(actor.buffer->msg[5], 0x3300000000000000 | actor.tcb << 32 | 5);
    CHECK_OK(seL4_TCB_SetIPCBuffer(actor.tcb, 0, 0));
    actor_start_with(&actor, SYS_CALL, seL4_CapInitThreadCNode, info(CNodeDelete, 0, 2), 1ul << 63, 64, 0, 0);
    CHECK_DONE(&actor);
    CHECK_EQUAL(actor.got.a1, info(seL4_FailedLookup, 0, 4));
    CHECK_EQUAL(actor.got.a5, 0);
    CHECK_EQUAL(actor.buffer->msg[4], 0x3300000000000000 | actor.tcb << 32 | 4);
}
