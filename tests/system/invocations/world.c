/*
 * The objects that are invoked.
 */
#include "world.h"

#define BOX_BITS 18
#define VADDR    0x3000000000

const char *const object_names[OBJECTS] = {
    [NOTHING] = "nothing",
    [UNTYPED] = "Untyped",
    [UNTYPED_PAGE] = "Untyped(4 KiB)",
    [CNODE] = "CNode",
    [TCB_PLAIN] = "TCB",
    [TCB_READY] = "TCB(ready)",
    [TCB_RECEIVER] = "TCB(receiver)",
    [NOTIFICATION] = "Notification",
    [NOTIFICATION_BADGE] = "Notification(badge)",
    [NOTIFICATION_BOUND] = "Notification(bound)",
    [NOTIFICATION_RECEIVER] = "Notification(receiver)",
    [NOTIFICATION_SENDER] = "Notification(sender)",
    [NOTIFICATION_MUTE] = "Notification(no rights)",
    [ENDPOINT_MUTE] = "Endpoint(no rights)",
    [IRQ_HANDLER] = "IRQHandler",
    [TABLE] = "PageTable",
    [TABLE_MAPPED] = "PageTable(mapped)",
    [TABLE_LEAF] = "PageTable(leaf)",
    [VSPACE_EMPTY] = "PageTable(root)",
    [FRAME] = "Page",
    [FRAME_MAPPED] = "Page(mapped)",
    [FRAME_RING] = "Page(ring)",
    [FRAME_RING_2] = "Page(ring)",
    [SENDER_TABLE] = "SenderTable",
    [SENDER_TABLE_BOUND] = "SenderTable(bound)",
    [QUEUE] = "AsyncQueue",
    [QUEUE_STARTED] = "AsyncQueue(started)",
    [QUEUE_STOPPED] = "AsyncQueue(stopped)",
    [IRQ_CONTROL] = "IRQControl",
    [DOMAIN] = "DomainSet",
    [ASID_CONTROL] = "ASIDControl",
    [ASID_POOL] = "ASIDPool",
};

static seL4_CPtr box, first, scratch;
static seL4_Word box_paddr;

seL4_CPtr world_cap(enum object object)
{
    static const seL4_CPtr roots[] = {
        [IRQ_CONTROL - MADE] = seL4_CapIRQControl,
        [DOMAIN - MADE] = seL4_CapDomain,
        [ASID_CONTROL - MADE] = seL4_CapASIDControl,
        [ASID_POOL - MADE] = seL4_CapInitThreadASIDPool,
    };

    return object < MADE ? first + object : roots[object - MADE];
}

seL4_Word world_offset(seL4_Word paddr)
{
    return paddr - box_paddr;
}

static void make_at(seL4_CPtr slot, seL4_Word type, seL4_Word size_bits)
{
    CHECK_OK(seL4_Untyped_Retype(box, type, size_bits, seL4_CapInitThreadCNode, 0, 0, slot, 1));
}

static void make(enum object object, seL4_Word type, seL4_Word size_bits)
{
    make_at(first + object, type, size_bits);
}

static void copy(enum object to, seL4_CPtr from, seL4_CapRights_t rights, seL4_Word badge)
{
    CHECK_OK(seL4_CNode_Mint(seL4_CapInitThreadCNode, first + to, seL4_WordBits, seL4_CapInitThreadCNode,
                             from, seL4_WordBits, rights, badge));
}

static void change(enum object object, seL4_Word label, const struct arguments *arguments)
{
    CHECK_OK(invoke(world_cap(object), label, arguments).error);
}

/* A copy in a slot of the CNode. */
static void fill(seL4_Word slot, enum object from)
{
    CHECK_OK(seL4_CNode_Copy(first + CNODE, slot, seL4_WordBits, seL4_CapInitThreadCNode, first + from,
                             seL4_WordBits, seL4_AllRights));
}

static void empty(seL4_CPtr slot)
{
    seL4_CNode_Delete(seL4_CapInitThreadCNode, slot, seL4_WordBits);
}

void world_init(void)
{
    box = test_object(seL4_UntypedObject, BOX_BITS);
    scratch = test_slot();
    first = test_slot();
    for (int i = 1; i < MADE; i++) {
        test_slot();
    }
    make_at(scratch, seL4_RISCV_4K_Page, 0);
    box_paddr = seL4_RISCV_Page_GetAddress(scratch).paddr;
}

static void make_spaces(void)
{
    make_at(scratch, seL4_CapTableObject, RADIX);
    copy(CNODE, scratch, seL4_AllRights, seL4_CNode_CapData_new(0, seL4_WordBits - RADIX).words[0]);
    make(VSPACE_EMPTY, seL4_RISCV_PageTableObject, 0);
    CHECK_OK(seL4_RISCV_ASIDPool_Assign(seL4_CapInitThreadASIDPool, world_cap(VSPACE_EMPTY)));
    make(TABLE, seL4_RISCV_PageTableObject, 0);
    make(TABLE_MAPPED, seL4_RISCV_PageTableObject, 0);
    CHECK_OK(seL4_RISCV_PageTable_Map(world_cap(TABLE_MAPPED), world_cap(VSPACE_EMPTY), VADDR, 0));
    make(TABLE_LEAF, seL4_RISCV_PageTableObject, 0);
    CHECK_OK(seL4_RISCV_PageTable_Map(world_cap(TABLE_LEAF), world_cap(VSPACE_EMPTY), VADDR, 0));
    make(FRAME, seL4_RISCV_4K_Page, 0);
    make(FRAME_MAPPED, seL4_RISCV_4K_Page, 0);
    change(FRAME_MAPPED, RISCVPageMap,
           &(struct arguments){ .length = 3,
                                .words = { VADDR + 0x1000, 3, 0 },
                                .extras = 1,
                                .caps = { world_cap(VSPACE_EMPTY) } });
    make(FRAME_RING, seL4_RISCV_4K_Page, 0);
    make(FRAME_RING_2, seL4_RISCV_4K_Page, 0);
}

static void make_threads(void)
{
    make(NOTIFICATION, seL4_NotificationObject, 0);
    copy(NOTIFICATION_BADGE, world_cap(NOTIFICATION), seL4_AllRights, 8);
    copy(NOTIFICATION_MUTE, world_cap(NOTIFICATION), seL4_NoRights, 0);
    make_at(scratch, seL4_EndpointObject, 0);
    copy(ENDPOINT_MUTE, scratch, seL4_NoRights, 0);
    make(NOTIFICATION_BOUND, seL4_NotificationObject, 0);
    make(TCB_PLAIN, seL4_TCBObject, 0);
    make(TCB_READY, seL4_TCBObject, 0);
    CHECK_OK(seL4_TCB_Configure(world_cap(TCB_READY), 1, world_cap(CNODE), 0, world_cap(VSPACE_EMPTY), 0,
                                VADDR, world_cap(FRAME)));
    CHECK_OK(seL4_TCB_SetSchedParams(world_cap(TCB_READY), seL4_CapInitThreadTCB, 200, 10));
    CHECK_OK(seL4_TCB_BindNotification(world_cap(TCB_READY), world_cap(NOTIFICATION_BOUND)));
    make(NOTIFICATION_RECEIVER, seL4_NotificationObject, 0);
    copy(NOTIFICATION_SENDER, world_cap(NOTIFICATION_RECEIVER), seL4_AllRights, 16);
    make(TCB_RECEIVER, seL4_TCBObject, 0);
    CHECK_OK(seL4_TCB_BindNotification(world_cap(TCB_RECEIVER), world_cap(NOTIFICATION_RECEIVER)));
    change(TCB_RECEIVER, REL4_LABEL_TCB_REGISTER_RECEIVER,
           &(struct arguments){ .length = 2,
                                .words = { 0x1000, 0x2000 },
                                .extras = 1,
                                .caps = { world_cap(NOTIFICATION_RECEIVER) } });
}

static void make_queue(enum object queue, enum object tcb)
{
    make(queue, REL4_TYPE_ASYNC_QUEUE, 3);
    change(queue, REL4_LABEL_QUEUE_BIND,
           &(struct arguments){ .length = 7,
                                .words = { 5, 6, REL4_POLICY_CALL, REL4_INTERFACE_VERSION, 0, ~0ul, ~0ul },
                                .extras = 2,
                                .caps = { world_cap(tcb), world_cap(NOTIFICATION) } });
    change(queue, REL4_LABEL_QUEUE_ADD_FRAMES,
           &(struct arguments){ .length = 3,
                                .words = { 0, 2, world_cap(FRAME_RING) },
                                .extras = 1,
                                .caps = { seL4_CapInitThreadCNode } });
}

static void make_tables_and_queues(void)
{
    make(SENDER_TABLE, REL4_TYPE_SENDER_TABLE, 0);
    make(SENDER_TABLE_BOUND, REL4_TYPE_SENDER_TABLE, 0);
    change(SENDER_TABLE_BOUND, REL4_LABEL_SENDER_TABLE_BIND,
           &(struct arguments){ .extras = 1, .caps = { world_cap(TCB_READY) } });
    change(SENDER_TABLE_BOUND, REL4_LABEL_SENDER_TABLE_ADD,
           &(struct arguments){ .extras = 1, .caps = { world_cap(NOTIFICATION_SENDER) } });
    make(QUEUE, REL4_TYPE_ASYNC_QUEUE, 3);
    make_queue(QUEUE_STARTED, TCB_READY);
    change(QUEUE_STARTED, REL4_LABEL_QUEUE_START, &(struct arguments){ .length = 0 });
    make_queue(QUEUE_STOPPED, TCB_RECEIVER);
}

void world_make(void)
{
    seL4_CNode_Revoke(seL4_CapInitThreadCNode, box, seL4_WordBits);
    empty(world_cap(IRQ_HANDLER));
    make_spaces();
    empty(scratch);
    make_threads();
    make_tables_and_queues();
    empty(scratch);
    make(UNTYPED, seL4_UntypedObject, 14);
    make(UNTYPED_PAGE, seL4_UntypedObject, 12);
    CHECK_OK(seL4_IRQControl_Get(seL4_CapIRQControl, 20, seL4_CapInitThreadCNode, world_cap(IRQ_HANDLER),
                                 seL4_WordBits));
    fill(1, NOTIFICATION);
    fill(2, NOTIFICATION_BADGE);
    fill(3, TCB_READY);
    fill(5, IRQ_HANDLER);
    make_at(scratch, seL4_EndpointObject, 0);
    CHECK_OK(
        seL4_CNode_Move(first + CNODE, 7, seL4_WordBits, seL4_CapInitThreadCNode, scratch, seL4_WordBits));
    CHECK_OK(
        seL4_CNode_Mint(first + CNODE, 8, seL4_WordBits, first + CNODE, 7, seL4_WordBits, seL4_AllRights, 3));
    fill(9, FRAME);
    fill(10, FRAME_MAPPED);
    fill(11, CNODE);
    fill(12, CNODE);
}

/* The registers of a thread that does not run. */
static uint32_t digest_registers(uint32_t digest, enum object tcb)
{
    seL4_UserContext registers = { 0 };

    digest = digest_word(digest, (seL4_Word)seL4_TCB_ReadRegisters(world_cap(tcb), false, 0, 32, &registers));
    for (unsigned i = 0; i < 32; i++) {
        digest = digest_word(digest, ((seL4_Word *)&registers)[i]);
    }
    return digest;
}

static uint32_t digest_answer(uint32_t digest, struct answer answer)
{
    digest = digest_word(digest, answer.error << 8 | answer.length);
    for (unsigned i = 0; i < answer.length && i < 6; i++) {
        digest = digest_word(digest, answer.words[i]);
    }
    return digest;
}

uint32_t world_take_badge(enum object notification)
{
    bool bound = notification == NOTIFICATION_BOUND;
    seL4_Word badge = 0;

    /* Only its thread may receive from one that is bound. */
    if (bound) {
        CHECK_OK(seL4_TCB_UnbindNotification(world_cap(TCB_READY)));
    }
    seL4_NBRecv(world_cap(bound ? NOTIFICATION_BOUND : NOTIFICATION), &badge);
    if (bound) {
        CHECK_OK(seL4_TCB_BindNotification(world_cap(TCB_READY), world_cap(NOTIFICATION_BOUND)));
    }
    return (uint32_t)badge;
}

uint32_t world_digest(void)
{
    uint32_t digest = DIGEST;

    digest = digest_registers(digest, TCB_PLAIN);
    digest = digest_registers(digest, TCB_READY);
    digest = digest_registers(digest, TCB_RECEIVER);
    for (enum object o = TCB_PLAIN; o <= TCB_RECEIVER; o++) {
        digest = digest_answer(digest, INVOKE(world_cap(o), TCBSetFlags, .length = 2));
    }
    /* Whether slots hold something: moving to itself. */
    for (seL4_Word i = 0; i < SLOTS; i++) {
        digest = digest_word(digest, (seL4_Word)seL4_CNode_Move(world_cap(CNODE), i, seL4_WordBits,
                                                                world_cap(CNODE), i, seL4_WordBits));
    }
    for (enum object o = NOTHING; o < MADE; o++) {
        digest = digest_word(digest, (seL4_Word)seL4_CNode_Move(seL4_CapInitThreadCNode, world_cap(o),
                                                                seL4_WordBits, seL4_CapInitThreadCNode,
                                                                world_cap(o), seL4_WordBits));
    }
    /* Memory that is left. */
    for (enum object o = UNTYPED; o <= UNTYPED_PAGE; o++) {
        digest = digest_answer(digest, INVOKE(world_cap(o), UntypedRetype, .length = 6,
                                              .words = { seL4_UntypedObject, 20, 0, 0, 30, 1 }, .extras = 1,
                                              .caps = { world_cap(CNODE) }));
    }
    /* Entries of the sender tables. */
    for (enum object o = SENDER_TABLE; o <= SENDER_TABLE_BOUND; o++) {
        for (seL4_Word i = 0; i < 2; i++) {
            digest = digest_answer(
                digest, INVOKE(world_cap(o), REL4_LABEL_SENDER_TABLE_REMOVE, .length = 1, .words = { i }));
        }
        digest = digest_answer(digest, INVOKE(world_cap(o), REL4_LABEL_SENDER_TABLE_BIND, .extras = 1,
                                              .caps = { world_cap(TCB_PLAIN) }));
    }
    /* Which priorities its authority gives, and what is bound. */
    digest = digest_answer(digest, INVOKE(world_cap(TCB_PLAIN), TCBSetPriority, .length = 1, .words = { 300 },
                                          .extras = 1, .caps = { world_cap(TCB_READY) }));
    digest = digest_answer(digest, INVOKE(world_cap(TCB_READY), TCBSetPriority, .length = 1, .words = { 300 },
                                          .extras = 1, .caps = { world_cap(TCB_PLAIN) }));
    for (enum object o = TCB_PLAIN; o <= TCB_RECEIVER; o++) {
        digest = digest_answer(digest, INVOKE(world_cap(o), REL4_LABEL_TCB_UNREGISTER_RECEIVER, .length = 0));
        digest = digest_answer(digest, INVOKE(world_cap(o), TCBUnbindNotification, .length = 0));
    }
    for (enum object o = QUEUE; o <= QUEUE_STOPPED; o++) {
        digest = digest_answer(digest, INVOKE(world_cap(o), REL4_LABEL_QUEUE_WAKE, .length = 0));
        digest = digest_answer(digest, INVOKE(world_cap(o), REL4_LABEL_QUEUE_START, .length = 0));
        digest = digest_answer(digest, INVOKE(world_cap(o), REL4_LABEL_QUEUE_DETACH, .length = 0));
    }
    /* What was signalled, and what is mapped where. */
    for (enum object o = NOTIFICATION; o <= NOTIFICATION_RECEIVER; o++) {
        seL4_Word badge = 0;
        seL4_NBRecv(world_cap(o), &badge);
        digest = digest_word(digest, badge);
    }
    for (enum object o = FRAME; o <= FRAME_MAPPED; o++) {
        digest = digest_answer(digest, INVOKE(world_cap(o), RISCVPageMap, .length = 3,
                                              .words = { VADDR + 0x1000, 3, 0 }, .extras = 1,
                                              .caps = { world_cap(VSPACE_EMPTY) }));
    }
    return digest;
}
