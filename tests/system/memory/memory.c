/*
 * The helpers of memory.h. The probing thread makes one access and then calls; the test receives the call or
 * the fault, whichever comes.
 */
#include "memory.h"

#include <string.h>

#define RETURN_INSTRUCTION 0x00008067

enum access {
    LOAD,
    STORE,
    EXECUTE,
};

seL4_Word loaded_value;

seL4_CPtr new_page(void)
{
    return test_object(seL4_RISCV_4K_Page, 0);
}

seL4_CPtr new_table(void)
{
    return test_object(seL4_RISCV_PageTableObject, 0);
}

seL4_CPtr new_vspace(void)
{
    seL4_CPtr root = new_table();

    CHECK_OK(seL4_RISCV_ASIDPool_Assign(seL4_CapInitThreadASIDPool, root));
    return root;
}

seL4_CPtr add_tables(seL4_CPtr vspace, seL4_Word vaddr, seL4_Word bits)
{
    seL4_CPtr table = seL4_CapNull;

    for (seL4_Word covered = seL4_HugePageBits; covered > bits; covered -= 9) {
        table = new_table();
        CHECK_ANSWER(map_table(table, vspace, vaddr), seL4_NoError);
    }
    return table;
}

/* a0 the address, a1 what to do, a2 a value, s0 the endpoint. Needs no stack and can run anywhere. */
__attribute__((naked, aligned(4))) static void access_and_call(void)
{
    __asm__("beqz a1, 1f\n"
            "li   t0, 1\n"
            "beq  a1, t0, 2f\n"
            "jalr a0\n"
            "j    3f\n"
            "1: ld a2, 0(a0)\n"
            "j    3f\n"
            "2: sd a2, 0(a0)\n"
            "3: mv a0, s0\n"
            "li   a1, 1\n"
            "li   a7, -1\n"
            "4: ecall\n"
            "j    4b");
}
#define CODE_SIZE 64

static unsigned char code_page[4096] __attribute__((aligned(4096)));
static seL4_CPtr endpoint;
static struct simple_thread prober;

static void nothing(void *arg)
{
}

/* The probing thread outlives the tests. */
static void make_prober(void)
{
    struct simple_thread_options options = { .entry = nothing, .priority = TEST_PRIORITY + 1 };

    if (!endpoint) {
        endpoint = simple_object(seL4_EndpointObject, 0);
        options.fault_endpoint = endpoint;
        CHECK_OK(simple_thread_create(&prober, &options));
    }
}

/* Lets the prober run in an address space; returns the label of what comes from it. */
static seL4_Word run(seL4_CPtr vspace, const seL4_UserContext *regs)
{
    seL4_Word label;

    CHECK_OK(seL4_TCB_SetSpace(prober.tcb, endpoint, seL4_CapInitThreadCNode, 0, vspace, 0));
    CHECK_OK(seL4_TCB_WriteRegisters(prober.tcb, true, 0, ABI_REG_COUNT, regs));
    label = seL4_MessageInfo_get_label(seL4_Recv(endpoint, NULL));
    loaded_value = seL4_GetMR(0);
    return label;
}

static void stop(void)
{
    CHECK_OK(seL4_TCB_Suspend(prober.tcb));
    CHECK_OK(seL4_TCB_SetSpace(prober.tcb, endpoint, seL4_CapInitThreadCNode, 0, VSPACE, 0));
}

static seL4_Word try_access(enum access what, seL4_Word vaddr, seL4_Word value)
{
    static const seL4_Word status[] = { [LOAD] = 5, [STORE] = 7, [EXECUTE] = 1 };
    seL4_UserContext regs = { .pc = (seL4_Word)access_and_call, .a0 = vaddr, .a1 = what, .a2 = value };
    seL4_Word result = 0;

    make_prober();
    regs.s0 = endpoint;
    seL4_Word label = run(VSPACE, &regs);
    if (label != 0) {
        result = seL4_GetMR(seL4_VMFault_FSR);
        CHECK_EQUAL(label, seL4_Fault_VMFault);
        CHECK_EQUAL(seL4_GetMR(seL4_VMFault_Addr), vaddr);
        CHECK_EQUAL(seL4_GetMR(seL4_VMFault_PrefetchFault), what == EXECUTE);
        CHECK_EQUAL(result, status[what]);
    }
    stop();
    return result;
}

void map_probe(seL4_CPtr vspace, seL4_Word code)
{
    seL4_CPtr frame = test_mint(sel4_image_frame(code_page), seL4_AllRights, 0);

    memcpy(code_page, (const void *)access_and_call, CODE_SIZE);
    __asm__ volatile("fence.i" ::: "memory");
    CHECK_ANSWER(map_page(frame, vspace, code), seL4_NoError);
}

seL4_Word try_load_in(seL4_CPtr vspace, seL4_Word code, seL4_Word vaddr)
{
    seL4_UserContext regs = { .pc = code, .a0 = vaddr, .a1 = LOAD };
    seL4_Word result = 0;

    make_prober();
    regs.s0 = endpoint;
    if (run(vspace, &regs) == seL4_Fault_VMFault) {
        result = seL4_GetMR(seL4_VMFault_FSR);
        CHECK_EQUAL(seL4_GetMR(seL4_VMFault_Addr), result == 1 ? code : vaddr);
    }
    stop();
    return result;
}

seL4_Word try_load(seL4_Word vaddr)
{
    return try_access(LOAD, vaddr, 0);
}

seL4_Word try_store(seL4_Word vaddr, seL4_Word value)
{
    return try_access(STORE, vaddr, value);
}

seL4_Word try_execute(seL4_Word vaddr)
{
    return try_access(EXECUTE, vaddr, 0);
}

void write_return(seL4_Word vaddr)
{
    *(volatile unsigned *)vaddr = RETURN_INSTRUCTION;
    __asm__ volatile("fence.i" ::: "memory");
}

void check_access(const char *file, int line, seL4_Word vaddr, const char *allowed)
{
    char found[4] = "";
    char *next = found;

    if (try_load(vaddr) == 0) {
        *next++ = 'r';
    }
    if (try_store(vaddr + 8, 0) == 0) {
        *next++ = 'w';
    }
    if (try_execute(vaddr) == 0) {
        *next++ = 'x';
    }
    *next = 0;
    if (strcmp(found, allowed) != 0) {
        test_fail(file, line, "address 0x%lx allows \"%s\", expected \"%s\"", vaddr, found, allowed);
    }
}
