/*
 * Builds an address space from untyped memory, with a page at each of its addresses, and deletes it. In a run
 * that checks, a thread in that address space adds up the words in the pages and writes new ones for the next
 * time.
 */
#include <string.h>

#include <sel4/simple.h>

#include "scenario.h"

#define RANGE       0x40000000ul /* of the pages, at the start of a table of the second level */
#define TABLE_BYTES (1ul << 21)  /* covered by a table of the last level */
#define CODE        (RANGE + (1ul << 29))
#define HERE        0x2080000000 /* where the measuring thread writes the reader's code */

enum {
    MAX_TABLES = 1 + MAX_UNITS * 4096ul / TABLE_BYTES,
    PAGES_PER_RETYPE = 256
};

static seL4_CPtr frames;
static seL4_CPtr untyped, root, tables; /* the root and then the tables, in consecutive slots */
static seL4_Word untyped_bits;
static seL4_CPtr tcb, endpoint, code, code_table; /* of the reader */
static seL4_Word sum;                             /* of the words that the reader must find */
static unsigned times;                            /* that the reader has run */

static unsigned table_count(unsigned units)
{
    return 1 + (unsigned)((units * 4096ul + TABLE_BYTES - 1) / TABLE_BYTES);
}

/* Table 0 is of the second level, the others are of the last one. */
static seL4_Word address_of_table(unsigned table)
{
    return table ? RANGE + (table - 1) * TABLE_BYTES : RANGE;
}

static seL4_Word address_of_page(unsigned page)
{
    return RANGE + page * 4096ul;
}

/*
 * The reader's code. a0 is the address of the first page, a1 the end, a2 the word to write to the first page;
 * each further page gets the next number. a3 becomes the sum of the words that were there.
 */
asm(".pushsection .rodata\n"
    "reader:\n"
    "    li a3, 0\n"
    "    li a4, 4096\n"
    "1:  ld a5, 0(a0)\n"
    "    add a3, a3, a5\n"
    "    sd a2, 0(a0)\n"
    "    addi a2, a2, 1\n"
    "    add a0, a0, a4\n"
    "    bltu a0, a1, 1b\n"
    "    unimp\n"
    ".org reader + 64\n" /* an error if it is longer */
    ".popsection\n");
extern const char reader[64];

static void make_frames(unsigned units)
{
    seL4_Word bits;
    seL4_CPtr memory = untyped_of(units * 4096ul, &bits);

    frames = slots(units);
    for (seL4_Word i = 0, count; i < units; i += count) {
        count = units - i < PAGES_PER_RETYPE ? units - i : PAGES_PER_RETYPE;
        require(trap_retype(memory, seL4_RISCV_4K_Page, 0, frames + i, count), "frames");
    }
}

static void make_reader(void)
{
    seL4_CPtr page = simple_object(seL4_RISCV_4K_Page, 0);

    tcb = simple_object(seL4_TCBObject, 0);
    endpoint = simple_object(seL4_EndpointObject, 0);
    code_table = simple_object(seL4_RISCV_PageTableObject, 0);
    if (!page || !tcb || !endpoint || !code_table) {
        require(seL4_NotEnoughMemory, "a thread");
    }
    require(simple_map_page(seL4_CapInitThreadVSpace, page, HERE, seL4_ReadWrite, seL4_RISCV_ExecuteNever),
            "a page");
    memcpy((void *)HERE, reader, sizeof(reader));
    asm volatile("fence.i" ::: "memory");
    code = simple_mint(page, seL4_AllRights, 0);
    if (!code) {
        require(seL4_NotEnoughMemory, "a capability");
    }
    require(seL4_TCB_SetPriority(tcb, seL4_CapInitThreadTCB, 100), "SetPriority");
}

static void init(unsigned units)
{
    untyped = untyped_of((1 + table_count(units)) * 4096ul, &untyped_bits);
    root = slots(1 + MAX_TABLES);
    tables = root + 1;
    make_frames(units);
    make_reader();
}

JOB build(const struct job *job, struct way way)
{
    unsigned count = table_count(job->end);

    CALL(way, trap_retype(untyped, seL4_RISCV_PageTableObject, 0, root, 1),
         ring_retype(untyped, seL4_RISCV_PageTableObject, 0, root, 1));
    CALL(way, seL4_RISCV_ASIDPool_Assign(seL4_CapInitThreadASIDPool, root),
         rel4_call_short(seL4_CapInitThreadASIDPool, RISCVASIDPoolAssign, 0, 1, root, 0, 0, 0));
    CALL(way, trap_retype(untyped, seL4_RISCV_PageTableObject, 0, tables, count),
         ring_retype(untyped, seL4_RISCV_PageTableObject, 0, tables, count));
    for (unsigned i = 0; i < count; i++) {
        CALL(way,
             seL4_RISCV_PageTable_Map(tables + i, root, address_of_table(i), seL4_RISCV_Default_VMAttributes),
             rel4_page_table_map(tables + i, root, address_of_table(i), seL4_RISCV_Default_VMAttributes));
    }
}

JOB map(const struct job *job, struct way way)
{
    FOR_EACH_UNIT(job) {
        CALL(way,
             seL4_RISCV_Page_Map(frames + unit, root, address_of_page(unit), seL4_ReadWrite,
                                 seL4_RISCV_ExecuteNever),
             rel4_page_map(frames + unit, root, address_of_page(unit), seL4_ReadWrite,
                           seL4_RISCV_ExecuteNever));
    }
}

JOB unmap(const struct job *job, struct way way)
{
    FOR_EACH_UNIT(job)
        CALL(way, seL4_RISCV_Page_Unmap(frames + unit), rel4_page_unmap(frames + unit));
}

JOB take_down(const struct job *job, struct way way)
{
    for (seL4_CPtr table = tables + table_count(job->end) - 1; table >= root; table--) {
        CALL(way, trap_delete(table), ring_delete(table));
    }
}

WAYS(build)
WAYS(map)
WAYS(unmap)
WAYS(take_down)

static const struct phase building = { PHASE(build), .alone = true };
static const struct phase mapping = { PHASE(map) };
static const struct phase unmapping = { PHASE(unmap) };
static const struct phase taking_down = { PHASE(take_down), .alone = true };

/* Runs the reader, and returns whether it came to its end and found the right words. */
static bool pages_are_there(void)
{
    seL4_UserContext registers = {
        .pc = CODE, .a0 = RANGE, .a1 = address_of_page(work.units), .a2 = times * 1000003ul
    };
    seL4_Word badge, expected = sum;

    sum = work.units * registers.a2 + work.units * (work.units - 1ul) / 2;
    times++;
    if (seL4_TCB_SetSpace(tcb, endpoint, seL4_CapInitThreadCNode, 0, root, 0) ||
        seL4_TCB_WriteRegisters(tcb, true, 0, ABI_REG_COUNT, &registers)) {
        return false;
    }
    seL4_Fault_t fault = next_fault(endpoint, &badge);
    return seL4_Fault_get_seL4_FaultType(fault) == seL4_Fault_UserException &&
           seL4_TCB_ReadRegisters(tcb, true, 0, ABI_REG_COUNT, &registers) == seL4_NoError &&
           registers.a0 == registers.a1 && registers.a3 == expected;
}

static bool check(unsigned phase)
{
    if (phase != 1) {
        return true;
    }
    if (seL4_RISCV_PageTable_Map(code_table, root, CODE, seL4_RISCV_Default_VMAttributes) ||
        seL4_RISCV_Page_Map(code, root, CODE, seL4_AllRights, seL4_RISCV_Default_VMAttributes)) {
        return false;
    }
    bool good = pages_are_there();
    /* Take the address space away from the reader, as it would outlive its deletion otherwise. */
    return !seL4_TCB_SetSpace(tcb, endpoint, seL4_CapInitThreadCNode, 0, seL4_CapInitThreadVSpace, 0) &&
           !seL4_RISCV_Page_Unmap(code) && !seL4_RISCV_PageTable_Unmap(code_table) && good;
}

static bool clean(void)
{
    return are_empty(root, 1 + table_count(work.units)) && is_whole(untyped, untyped_bits, root);
}

const struct scenario address_space = {
    .name = "address-space",
    .round = "a page of a new address space mapped and unmapped, with its share of the tables",
    .units = 4096,
    .rounds = 1,
    .init = init,
    .phases = { &building, &mapping, &unmapping, &taking_down },
    .check = check,
    .clean = clean,
};
