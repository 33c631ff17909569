/*
 * The sandboxes: three cells, each with a CNode, an address space and untyped memory of its own, and three
 * workers. The cells know each other's TCBs, CNodes and address spaces, and share endpoints, notifications
 * and pages. Nothing in them leads to what the supervisor needs: it keeps the first capability of each
 * object, and all memory comes from one arena that it can revoke.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rel4/invocations.h>
#include <sel4/simple.h>

#include "sysfuzz.h"

#define CNODE seL4_CapInitThreadCNode

#define CELL_UNTYPED_BITS 18
#define ENDPOINTS         4
#define NOTIFICATIONS     4
#define SHARED_PAGES      4
#define FIRST_IRQ         1 /* of devices that nobody uses */

/* Where the supervisor sees the workers' pages. */
#define VIEW 0x2000000000ul

struct cell {
    seL4_CPtr untyped;
    seL4_CPtr cnode; /* without guard: depth CELL_RADIX */
    seL4_CPtr root;  /* of the CSpace of its threads */
    seL4_CPtr full;  /* the CNode with a guard that makes pointers 64 bits */
    seL4_CPtr vspace;
};

struct worker workers[WORKERS];

static struct cell cells[CELLS];
static seL4_CPtr arena, faults;
static seL4_CPtr endpoints[ENDPOINTS];
static seL4_CPtr notifications[NOTIFICATIONS];
static seL4_CPtr signals[NOTIFICATIONS];  /* the same with a badge */
static seL4_CPtr pages[SHARED_PAGES + 1]; /* the last is a large one */
static seL4_CPtr sender_tables[WORKERS];
static seL4_CPtr irqs[2];

extern char __image_start[], __rodata_end[];

void check_call(seL4_Error error, const char *what)
{
    if (error) {
        printf("Bail out! %s: error %d\n", what, error);
        exit(1);
    }
}

static seL4_CPtr slot(void)
{
    seL4_CPtr slot = simple_alloc_slot();

    check_call(slot ? seL4_NoError : seL4_NotEnoughMemory, "slots");
    return slot;
}

static seL4_CPtr make_from(seL4_CPtr untyped, seL4_Word type, seL4_Word bits)
{
    seL4_CPtr to = slot();

    check_call(seL4_Untyped_Retype(untyped, type, bits, CNODE, 0, 0, to, 1), "an object");
    return to;
}

static seL4_CPtr guarded(seL4_CPtr cnode, seL4_Word guard, seL4_Word bits)
{
    seL4_CPtr to = slot();

    check_call(seL4_CNode_Mint(CNODE, to, seL4_WordBits, CNODE, cnode, seL4_WordBits, seL4_AllRights,
                               seL4_CNode_CapData_new(guard, bits).words[0]),
               "a guard");
    return to;
}

/* A page of the supervisor's, seen by it at vaddr. */
static seL4_CPtr own_page(seL4_Word vaddr)
{
    seL4_CPtr frame = simple_object(seL4_RISCV_4K_Page, 0);

    check_call(
        simple_map_page(seL4_CapInitThreadVSpace, frame, vaddr, seL4_ReadWrite, seL4_RISCV_ExecuteNever),
        "a page");
    return frame;
}

static void show_page(const struct cell *cell, seL4_CPtr frame, seL4_Word vaddr, seL4_CapRights_t rights,
                      seL4_RISCV_VMAttributes attributes)
{
    check_call(
        simple_map_page(cell->vspace, simple_mint(frame, seL4_AllRights, 0), vaddr, rights, attributes),
        "a worker's page");
}

static void create_vspace(struct cell *cell, const seL4_CPtr *plan_frames)
{
    cell->vspace = make_from(arena, seL4_RISCV_PageTableObject, 0);
    check_call(seL4_RISCV_ASIDPool_Assign(seL4_CapInitThreadASIDPool, cell->vspace), "an address space");
    seL4_Word image_bytes = (seL4_Word)__rodata_end - (seL4_Word)__image_start;
    for (seL4_Word at = 0; at < image_bytes; at += 4096) {
        const char *page = __image_start + at;
        show_page(cell, sel4_image_frame(page), (seL4_Word)page, seL4_CanRead,
                  seL4_RISCV_Default_VMAttributes);
    }
    for (unsigned i = 0; i < PLAN_PAGES; i++) {
        show_page(cell, plan_frames[i], PLAN_ADDRESS + i * 4096ul, seL4_CanRead, seL4_RISCV_ExecuteNever);
    }
}

static void create_cell(unsigned number, const seL4_CPtr *plan_frames)
{
    struct cell *cell = &cells[number];

    cell->untyped = make_from(arena, seL4_UntypedObject, CELL_UNTYPED_BITS);
    cell->cnode = make_from(arena, seL4_CapTableObject, CELL_RADIX);
    cell->full = guarded(cell->cnode, cell_pointer(number, 0) >> CELL_RADIX, seL4_WordBits - CELL_RADIX);
    cell->root = cell->full;
    if (number == 2) {
        /* Two levels: one bit is resolved before the cell's CNode. */
        seL4_CPtr top = make_from(arena, seL4_CapTableObject, 1);
        cell->root = guarded(top, 0, seL4_WordBits - CELL_RADIX - 1);
        check_call(seL4_CNode_Copy(top, 0, 1, CNODE, cell->cnode, seL4_WordBits, seL4_AllRights), "a CNode");
    }
    create_vspace(cell, plan_frames);
}

static void create_worker(unsigned number)
{
    struct worker *worker = &workers[number];
    const struct cell *cell = &cells[cell_of(number)];
    seL4_Word block = WORKER_BLOCKS + number * WORKER_BLOCK;
    seL4_Word view = VIEW + number * WORKER_BLOCK;

    worker->untyped = make_from(arena, seL4_UntypedObject, seL4_TCBBits);
    worker->tcb = make_from(worker->untyped, seL4_TCBObject, 0);
    worker->buffer_frame = own_page(view + WORKER_BUFFER);
    worker->state = (struct worker_state *)(view + WORKER_STATE);
    show_page(cell, own_page(view + WORKER_STATE), block + WORKER_STATE, seL4_ReadWrite,
              seL4_RISCV_ExecuteNever);
    show_page(cell, own_page(view + WORKER_STACK), block + WORKER_STACK, seL4_ReadWrite,
              seL4_RISCV_ExecuteNever);
    show_page(cell, worker->buffer_frame, block + WORKER_BUFFER, seL4_ReadWrite, seL4_RISCV_ExecuteNever);
    for (unsigned i = 0; i < RING_PAGES; i++) {
        worker->ring_frames[i] = own_page(view + WORKER_RING + i * 4096ul);
        show_page(cell, worker->ring_frames[i], block + WORKER_RING + i * 4096ul, seL4_ReadWrite,
                  seL4_RISCV_ExecuteNever);
    }
    worker->queue = make_from(arena, REL4_TYPE_ASYNC_QUEUE, 1);
}

void cells_create(seL4_CPtr all_memory, seL4_CPtr fault_endpoint, const seL4_CPtr plan_frames[PLAN_PAGES])
{
    arena = all_memory;
    faults = fault_endpoint;
    pages[SHARED_PAGES] = make_from(arena, seL4_RISCV_Mega_Page, 0);
    for (unsigned i = 0; i < CELLS; i++) {
        create_cell(i, plan_frames);
    }
    for (unsigned i = 0; i < SHARED_PAGES; i++) {
        pages[i] = make_from(arena, seL4_RISCV_4K_Page, 0);
    }
    for (unsigned i = 0; i < WORKERS; i++) {
        create_worker(i);
    }
    for (unsigned i = 0; i < ENDPOINTS; i++) {
        endpoints[i] = make_from(arena, seL4_EndpointObject, 0);
    }
    for (unsigned i = 0; i < NOTIFICATIONS; i++) {
        notifications[i] = make_from(arena, seL4_NotificationObject, 0);
        signals[i] = slot();
        check_call(seL4_CNode_Mint(CNODE, signals[i], seL4_WordBits, CNODE, notifications[i], seL4_WordBits,
                                   seL4_CanWrite, 1ul << i),
                   "a badge");
    }
    for (unsigned i = 0; i < WORKERS; i++) {
        sender_tables[i] = make_from(arena, REL4_TYPE_SENDER_TABLE, 0);
    }
    for (unsigned i = 0; i < 2; i++) {
        irqs[i] = slot();
        check_call(seL4_IRQControl_Get(seL4_CapIRQControl, FIRST_IRQ + i, CNODE, irqs[i], seL4_WordBits),
                   "an interrupt");
    }
    for (unsigned i = 0; i < CELLS; i++) {
        cell_restock(i);
    }
}

/* Puts a capability into a cell's CNode. What is already there, as a thread was quicker, stays. */
static void give(const struct cell *cell, seL4_Word to, seL4_CPtr cap, seL4_CapRights_t rights,
                 seL4_Word badge)
{
    if (badge) {
        seL4_CNode_Mint(cell->cnode, to, CELL_RADIX, CNODE, cap, seL4_WordBits, rights, badge);
    } else {
        seL4_CNode_Copy(cell->cnode, to, CELL_RADIX, CNODE, cap, seL4_WordBits, rights);
    }
}

static void give_all(const struct cell *cell, enum kind kind, const seL4_CPtr *caps, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        give(cell, kinds[kind].first + i, caps[i], seL4_AllRights, 0);
    }
}

static void give_messages(const struct cell *cell, unsigned number)
{
    seL4_Word first = kinds[KIND_ENDPOINT].first;

    give_all(cell, KIND_ENDPOINT, endpoints, 3);
    give(cell, first + 3, endpoints[0], seL4_AllRights, number + 1);
    give(cell, first + 4, endpoints[1], seL4_CapRights_new(true, false, false, true), number + 1);
    give(cell, first + 5, endpoints[3], seL4_ReadWrite, 0);
    give_all(cell, KIND_NOTIFICATION, notifications, NOTIFICATIONS);
    for (unsigned i = 0; i < 2; i++) {
        give(cell, kinds[KIND_NOTIFICATION].first + NOTIFICATIONS + i, notifications[i], seL4_AllRights,
             1ul << (number + CELLS * i));
    }
}

static void give_queues(const struct cell *cell, unsigned number)
{
    for (unsigned i = number; i < WORKERS; i += CELLS) {
        give(cell, kinds[KIND_QUEUE].first + place_of(i), workers[i].queue, seL4_AllRights, 0);
        for (unsigned n = 0; n < RING_PAGES; n++) {
            give(cell, kinds[KIND_RING].first + RING_PAGES * place_of(i) + n, workers[i].ring_frames[n],
                 seL4_AllRights, 0);
        }
    }
}

void cell_restock(unsigned number)
{
    const struct cell *cell = &cells[number];
    const seL4_CPtr pool = seL4_CapInitThreadASIDPool, control = seL4_CapASIDControl, domain = seL4_CapDomain;

    seL4_CNode_Revoke(CNODE, cell->untyped, seL4_WordBits);
    for (seL4_Word i = 0; i < 1 << CELL_RADIX; i++) {
        seL4_CNode_Delete(cell->cnode, i, CELL_RADIX);
    }
    for (unsigned i = 0; i < WORKERS; i++) {
        give(cell, kinds[KIND_TCB].first + i, workers[i].tcb, seL4_AllRights, 0);
        if (cell_of(i) == number) {
            give(cell, SLOT_HANDLER + i, faults, seL4_CapRights_new(true, false, false, true), i + 1);
        }
    }
    for (unsigned i = 0; i < CELLS; i++) {
        give(cell, kinds[KIND_CNODE].first + i, cells[i].full, seL4_AllRights, 0);
        give(cell, kinds[KIND_VSPACE].first + i, cells[i].vspace, seL4_AllRights, 0);
    }
    give_messages(cell, number);
    give_queues(cell, number);
    give_all(cell, KIND_UNTYPED, &cell->untyped, 1);
    give_all(cell, KIND_FRAME, pages, SHARED_PAGES + 1);
    give_all(cell, KIND_POOL, &pool, 1);
    give_all(cell, KIND_ASID_CONTROL, &control, 1);
    give_all(cell, KIND_IRQ, irqs, 2);
    give_all(cell, KIND_SENDER_TABLE, sender_tables, WORKERS);
    give_all(cell, KIND_DOMAIN, &domain, 1);
}

bool worker_restart(unsigned number)
{
    seL4_Word block = WORKER_BLOCKS + number * WORKER_BLOCK;
    seL4_UserContext registers = { 0 };

    registers.pc = (seL4_Word)worker_main;
    registers.sp = block + WORKER_STACK + 4096;
    asm("mv %0, gp" : "=r"(registers.gp));
    registers.a0 = block + WORKER_STATE;
    registers.a1 = PLAN_ADDRESS;
    registers.a2 = number;
    return !seL4_TCB_WriteRegisters(workers[number].tcb, true, 0, ABI_REG_COUNT, &registers);
}

static seL4_Error configure(unsigned number)
{
    const struct cell *cell = &cells[cell_of(number)];

    return seL4_TCB_Configure(
        workers[number].tcb, cell_pointer(cell_of(number), SLOT_HANDLER + number), cell->root, 0,
        cell->vspace, 0, WORKER_BLOCKS + number * WORKER_BLOCK + WORKER_BUFFER, workers[number].buffer_frame);
}

/* The thread holds the last capability of a CNode, which Configure does not delete: it needs another TCB. */
static void replace_tcb(unsigned number)
{
    struct worker *worker = &workers[number];

    check_call(seL4_CNode_Revoke(CNODE, worker->untyped, seL4_WordBits), "revoking a TCB");
    check_call(seL4_Untyped_Retype(worker->untyped, seL4_TCBObject, 0, CNODE, 0, 0, worker->tcb, 1), "a TCB");
    for (unsigned i = 0; i < CELLS; i++) {
        give(&cells[i], kinds[KIND_TCB].first + number, worker->tcb, seL4_AllRights, 0);
    }
    check_call(configure(number), "configuring a TCB");
}

/* Whatever is bound to it interrupts it, and it may send. */
static void give_user_interrupts(unsigned number)
{
    rel4_SenderTable_Bind(sender_tables[number], workers[number].tcb);
    for (unsigned i = 0; i < NOTIFICATIONS; i++) {
        seL4_Word index;
        rel4_TCB_RegisterReceiver(workers[number].tcb, notifications[i], (seL4_Word)uintr_handler, 0, NULL);
        rel4_SenderTable_Add(sender_tables[number], signals[i], &index);
    }
}

/* Registers the worker's queue, if it has stopped or is nobody's. Somebody may be quicker and do something
 * else with it. */
static void restore_queue(unsigned number, seL4_Word policy)
{
    struct worker *worker = &workers[number];

    if (!sel4_invoke(worker->queue, REL4_LABEL_QUEUE_WAKE, 0, 0, 0, 0, 0, 0)) {
        return; /* it is served */
    }
    sel4_invoke(worker->queue, REL4_LABEL_QUEUE_DETACH, 0, 0, 0, 0, 0, 0);
    seL4_SetCap(0, worker->tcb);
    seL4_SetCap(1, notifications[number % NOTIFICATIONS]);
    seL4_SetMR(4, 0);
    seL4_SetMR(5, ~0ul);
    seL4_SetMR(6, ~0ul);
    sel4_invoke(worker->queue, REL4_LABEL_QUEUE_BIND, 2, 7, RING_BITS, RING_BITS + 1, policy,
                REL4_INTERFACE_VERSION);
    seL4_SetCap(0, CNODE);
    for (unsigned i = 0; i < RING_PAGES; i++) {
        sel4_invoke(worker->queue, REL4_LABEL_QUEUE_ADD_FRAMES, 1, 3, i, 1, worker->ring_frames[i], 0);
    }
    sel4_invoke(worker->queue, REL4_LABEL_QUEUE_START, 0, 0, 0, 0, 0, 0);
}

bool worker_restore(unsigned number, unsigned priority, unsigned hart)
{
    seL4_CPtr tcb = workers[number].tcb;
    bool replaced = false;

    check_call(seL4_TCB_Suspend(tcb), "suspending a worker");
    if (configure(number)) {
        replace_tcb(number);
        replaced = true;
    }
    give_user_interrupts(number);
    seL4_TCB_SetFlags(tcb, ~0ul, 0);
    seL4_DomainSet_Set(seL4_CapDomain, 0, tcb);
    check_call(seL4_TCB_SetSchedParams(tcb, seL4_CapInitThreadTCB, WORKER_PRIORITY, priority), "a priority");
    check_call(seL4_TCB_SetAffinity(tcb, hart), "a hart");
    restore_queue(number, priority % 4 == 0 ? REL4_POLICY_TICK : REL4_POLICY_CALL);
    worker_restart(number);
    return replaced;
}
