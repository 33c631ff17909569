/*
 * Creating and taking back everything, many times: afterwards an untyped is whole again, to the byte. It is
 * tested on one untyped, the pool, that all objects of a round come from.
 */
#include <string.h>

#include "actor.h"

#define ROUNDS    SOAK_OR(10000, 1000)
#define FEWER     SOAK_OR(2000, 100)
#define POOL_BITS 17
#define POOL_SIZE (1ul << POOL_BITS)

static seL4_CPtr pool, root = seL4_CapInitThreadCNode;

static void set_up(void)
{
    pool = test_object(seL4_UntypedObject, POOL_BITS);
}

/* An object from the pool; slot by slot from a fixed range, so that a leaked capability shows as DeleteFirst.
 */
static seL4_CPtr slots, used;

static void begin(void)
{
    used = 0;
}

static void reserve(unsigned count)
{
    slots = test_slot();
    for (unsigned i = 1; i < count; i++) {
        test_slot();
    }
}

static seL4_CPtr make(seL4_Word type, seL4_Word bits)
{
    seL4_CPtr slot = slots + used++;

    CHECK_OK(seL4_Untyped_Retype(pool, type, bits, root, 0, 0, slot, 1));
    return slot;
}

static seL4_CPtr copy(seL4_CPtr cap, seL4_Word badge)
{
    seL4_CPtr slot = slots + used++;

    CHECK_OK(seL4_CNode_Mint(root, slot, 64, root, cap, 64, seL4_AllRights, badge));
    return slot;
}

/* Everything that came from the pool is gone, and one object fills all of it. */
static void check_whole(void)
{
    for (seL4_CPtr i = 0; i < used; i++) {
        CHECK(!test_slot_used(slots + i));
    }
    CHECK_OK(seL4_Untyped_Retype(pool, seL4_UntypedObject, POOL_BITS, root, 0, 0, slots, 1));
    /* With that one in it, not a byte is left. */
    CHECK_ERROR(seL4_Untyped_Retype(pool, seL4_UntypedObject, 4, root, 0, 0, slots + 1, 1),
                seL4_NotEnoughMemory);
    CHECK_MR(0, 0);
    CHECK_OK(seL4_CNode_Delete(root, slots, 64));
}

static void take_back(void)
{
    CHECK_OK(seL4_CNode_Revoke(root, pool, 64));
    check_whole();
}

/* With one object of this size, NotEnoughMemory reports exactly the rest. */
static void check_rest(seL4_Word type, seL4_Word bits, seL4_Word size)
{
    begin();
    make(type, bits);
    CHECK_ERROR(seL4_Untyped_Retype(pool, seL4_UntypedObject, POOL_BITS, root, 0, 0, slots + 1, 1),
                seL4_NotEnoughMemory);
    CHECK_MR(0, POOL_SIZE - size);
    take_back();
}

TEST("leak: each type of object takes its size and gives it back")
{
    set_up();
    reserve(2);
    for (unsigned round = 0; round < ROUNDS / 10; round++) {
        check_rest(seL4_TCBObject, 0, 2048);
        check_rest(seL4_EndpointObject, 0, 16);
        check_rest(seL4_NotificationObject, 0, 32);
        check_rest(seL4_CapTableObject, 1, 64);
        check_rest(seL4_CapTableObject, 10, 32768);
        check_rest(seL4_RISCV_4K_Page, 0, 4096);
        check_rest(seL4_RISCV_PageTableObject, 0, 4096);
        check_rest(seL4_UntypedObject, 4, 16);
        check_rest(seL4_UntypedObject, 16, 65536);
    }
}

TEST("leak: all types of objects together, revoked through the untyped")
{
    set_up();
    reserve(16);
    for (unsigned round = 0; round < ROUNDS; round++) {
        begin();
        make(seL4_TCBObject, 0);
        copy(make(seL4_EndpointObject, 0), round + 1);
        copy(make(seL4_NotificationObject, 0), round + 1);
        make(seL4_CapTableObject, 4);
        copy(make(seL4_RISCV_4K_Page, 0), 0);
        make(seL4_RISCV_PageTableObject, 0);
        make(seL4_UntypedObject, 10);
        take_back();
    }
}

TEST("leak: the same, each object deleted by itself")
{
    set_up();
    reserve(16);
    for (unsigned round = 0; round < ROUNDS; round++) {
        begin();
        make(seL4_TCBObject, 0);
        copy(make(seL4_EndpointObject, 0), round + 1);
        make(seL4_CapTableObject, 4);
        make(seL4_RISCV_4K_Page, 0);
        make(seL4_UntypedObject, 10);
        for (seL4_CPtr i = 0; i < used; i++) {
            CHECK_OK(seL4_CNode_Delete(root, slots + (i + round) % used, 64));
        }
        check_whole();
    }
}

/* A TCB from the pool that can run: the roots and registers of a thread of the harness. */
static seL4_CPtr make_thread(const struct actor *pattern, const char *code)
{
    seL4_CPtr tcb = make(seL4_TCBObject, 0);
    seL4_UserContext registers = pattern->set;

    CHECK_OK(seL4_TCB_Configure(tcb, pattern->fault_handler, root, 0, seL4_CapInitThreadVSpace, 0,
                                (seL4_Word)pattern->buffer, pattern->thread->buffer_frame));
    CHECK_OK(seL4_TCB_SetSchedParams(tcb, seL4_CapInitThreadTCB, ACTOR_PRIORITY, ACTOR_PRIORITY));
    registers.pc = (seL4_Word)code;
    CHECK_OK(seL4_TCB_WriteRegisters(tcb, true, 0, ABI_REG_COUNT, &registers));
    return tcb;
}

TEST("leak: threads that ran, used floating point, and wait with a fault")
{
    struct actor pattern = actor_new();

    set_up();
    reserve(8);
    for (unsigned round = 0; round < ROUNDS; round++) {
        begin();
        make_thread(&pattern, actor_done);
        make_thread(&pattern, actor_float);
        make_thread(&pattern, actor_illegal);
        if (round % 2) {
            seL4_Recv(pattern.faults, NULL);
        }
        take_back();
    }
}

TEST("leak: endpoints and notifications with waiting threads")
{
    struct actor pattern = actor_new();

    set_up();
    reserve(16);
    pattern.set.a1 = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        static const long numbers[] = { SYS_SEND, SYS_CALL, SYS_RECV, SYS_RECV };
        begin();
        seL4_CPtr endpoint = make(seL4_EndpointObject, 0), notification = make(seL4_NotificationObject, 0);
        for (unsigned i = 0; i < 4; i++) {
            pattern.set.a0 = i == 3 ? notification : endpoint;
            pattern.set.a7 = (seL4_Word)numbers[(i + round) % 2 + i / 2 * 2];
            seL4_CPtr tcb = make_thread(&pattern, actor_ecall);
            if (i == 0) {
                CHECK_OK(seL4_TCB_BindNotification(tcb, copy(make(seL4_NotificationObject, 0), 5)));
            }
        }
        if (round % 3 == 0) {
            CHECK_OK(seL4_CNode_Delete(root, endpoint, 64));
        }
        take_back();
    }
}

TEST("leak: reply capabilities, in the caller slot and saved")
{
    struct actor pattern = actor_new();

    set_up();
    reserve(16);
    for (unsigned round = 0; round < ROUNDS; round++) {
        begin();
        seL4_CPtr endpoint = make(seL4_EndpointObject, 0), reply = slots + used++;
        pattern.set.a0 = endpoint;
        pattern.set.a1 = 0;
        pattern.set.a7 = (seL4_Word)SYS_CALL;
        for (unsigned i = 0; i < 2; i++) {
            make_thread(&pattern, actor_ecall);
            seL4_Recv(endpoint, NULL);
            if (i == round % 2) {
                CHECK_OK(seL4_CNode_SaveCaller(root, reply, 64));
            }
        }
        CHECK(test_slot_used(reply));
        take_back();
    }
}

TEST("leak: pages that are mapped and written, with their page tables")
{
    set_up();
    reserve(16);
    for (unsigned round = 0; round < ROUNDS; round++) {
        volatile seL4_Word *memory = (volatile seL4_Word *)0x3000000000;
        begin();
        for (unsigned i = 0; i < 2; i++) {
            CHECK_OK(seL4_RISCV_PageTable_Map(make(seL4_RISCV_PageTableObject, 0), seL4_CapInitThreadVSpace,
                                              0x3000000000, 0));
        }
        for (unsigned i = 0; i < 4; i++) {
            seL4_CPtr page = make(seL4_RISCV_4K_Page, 0);
            CHECK_OK(seL4_RISCV_Page_Map(page, seL4_CapInitThreadVSpace, 0x3000000000 + i * 0x1000ul,
                                         seL4_AllRights, 0));
            /* Memory that is used again is zero. */
            CHECK_EQUAL(memory[i * 512 + 7], 0);
            memory[i * 512 + 7] = round + 1;
        }
        take_back();
    }
}

TEST("leak: whole address spaces, which give back their ASID")
{
    set_up();
    reserve(16);
    for (unsigned round = 0; round < ROUNDS; round++) {
        begin();
        seL4_CPtr vspace = make(seL4_RISCV_PageTableObject, 0);
        CHECK_OK(seL4_RISCV_ASIDPool_Assign(seL4_CapInitThreadASIDPool, vspace));
        for (unsigned i = 0; i < 2; i++) {
            CHECK_OK(seL4_RISCV_PageTable_Map(make(seL4_RISCV_PageTableObject, 0), vspace, 0x10000000, 0));
        }
        CHECK_OK(seL4_RISCV_Page_Map(make(seL4_RISCV_4K_Page, 0), vspace, 0x10000000, seL4_AllRights, 0));
        if (round % 2) {
            CHECK_OK(seL4_CNode_Delete(root, vspace, 64));
        }
        take_back();
    }
}

TEST("leak: ASID pools, which give back their number and their memory")
{
    set_up();
    reserve(16);
    for (unsigned round = 0; round < ROUNDS; round++) {
        begin();
        seL4_CPtr untyped = make(seL4_UntypedObject, 12), asid_pool = slots + used++;
        CHECK_OK(seL4_RISCV_ASIDControl_MakePool(seL4_CapASIDControl, untyped, root, asid_pool, 64));
        seL4_CPtr vspace = make(seL4_RISCV_PageTableObject, 0);
        CHECK_OK(seL4_RISCV_ASIDPool_Assign(asid_pool, vspace));
        if (round % 2) {
            CHECK_OK(seL4_CNode_Delete(root, asid_pool, 64));
        }
        take_back();
    }
}

TEST("leak: interrupt handlers, with a notification from the pool")
{
    set_up();
    reserve(8);
    for (unsigned round = 0; round < ROUNDS; round++) {
        begin();
        seL4_CPtr handler = slots + used++, notification = make(seL4_NotificationObject, 0);
        CHECK_OK(seL4_IRQControl_Get(seL4_CapIRQControl, 7, root, handler, 64));
        CHECK_OK(seL4_IRQHandler_SetNotification(handler, copy(notification, 3)));
        CHECK_OK(seL4_IRQHandler_Ack(handler));
        if (round % 2) {
            CHECK_OK(seL4_CNode_Delete(root, handler, 64));
        } else {
            CHECK_OK(seL4_CNode_Revoke(root, seL4_CapIRQControl, 64));
        }
        take_back();
    }
}

TEST("leak: CNodes inside CNodes, full of capabilities, also to each other and to themselves")
{
    set_up();
    reserve(16);
    for (unsigned round = 0; round < FEWER; round++) {
        begin();
        seL4_CPtr endpoint = make(seL4_EndpointObject, 0);
        seL4_CPtr nodes[4];
        for (unsigned i = 0; i < 4; i++) {
            nodes[i] = make(seL4_CapTableObject, 8);
            for (seL4_Word n = 0; n < 200; n++) {
                CHECK_OK(seL4_CNode_Mint(nodes[i], n, 8, root, endpoint, 64, seL4_AllRights, n));
            }
        }
        for (unsigned i = 0; i < 4; i++) {
            CHECK_OK(seL4_CNode_Copy(nodes[i], 250, 8, root, nodes[(i + 1) % 4], 64, seL4_AllRights));
            CHECK_OK(seL4_CNode_Copy(nodes[i], 251, 8, root, nodes[i], 64, seL4_AllRights));
        }
        if (round % 3 == 1) {
            /* One holds itself, and another one is only in a third. */
            CHECK_OK(seL4_CNode_Move(nodes[1], 252, 8, root, nodes[1], 64));
            CHECK_OK(seL4_CNode_Move(nodes[3], 252, 8, root, nodes[2], 64));
        } else if (round % 3 == 2) {
            CHECK_OK(seL4_CNode_Delete(root, nodes[0], 64));
        }
        take_back();
    }
}

TEST("leak: untypeds inside untypeds, down to 16 bytes")
{
    set_up();
    reserve(32);
    for (unsigned round = 0; round < FEWER; round++) {
        begin();
        seL4_CPtr parent = pool;
        for (seL4_Word bits = POOL_BITS - 1; bits >= 4; bits--) {
            seL4_CPtr slot = slots + used++;
            CHECK_OK(seL4_Untyped_Retype(parent, seL4_UntypedObject, bits, root, 0, 0, slot, 1));
            parent = slot;
        }
        CHECK_OK(seL4_Untyped_Retype(parent, seL4_EndpointObject, 0, root, 0, 0, slots + used++, 1));
        take_back();
    }
}

TEST("leak: 256 objects at once")
{
    seL4_CPtr cnode = test_object(seL4_CapTableObject, 8);

    set_up();
    reserve(2);
    for (unsigned round = 0; round < FEWER; round++) {
        begin();
        for (seL4_Word n = 0; n < 3; n++) {
            static const seL4_Word types[] = { seL4_EndpointObject, seL4_NotificationObject,
                                               seL4_CapTableObject };
            CHECK_OK(seL4_Untyped_Retype(pool, types[n], 1, cnode, 0, 0, 0, 256));
            CHECK_OK(seL4_CNode_Revoke(root, pool, 64));
        }
        check_whole();
    }
}

TEST("leak: the memory of the pool is zero when it is used again, whatever lay there")
{
    volatile seL4_Word *memory = (volatile seL4_Word *)0x2000000000;

    set_up();
    reserve(40);
    for (unsigned round = 0; round < FEWER; round++) {
        begin();
        make(seL4_TCBObject, 0);
        make(seL4_CapTableObject, 8);
        for (unsigned i = 0; i < 16; i++) {
            copy(make(seL4_EndpointObject, 0), i);
        }
        CHECK_OK(seL4_CNode_Revoke(root, pool, 64));
        begin();
        for (unsigned i = 0; i < 8; i++) {
            CHECK_OK(simple_map_page(seL4_CapInitThreadVSpace, make(seL4_RISCV_4K_Page, 0),
                                     0x2000000000 + i * 0x1000ul, seL4_AllRights, 0));
        }
        seL4_Word sum = 0;
        for (unsigned i = 0; i < 8 * 512; i++) {
            sum |= memory[i];
            memory[i] = ~0ul;
        }
        CHECK_EQUAL(sum, 0);
        take_back();
    }
}
