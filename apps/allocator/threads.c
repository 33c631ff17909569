/*
 * Makes threads, each with a badged fault endpoint, spaces, a priority and registers, and destroys them. In a
 * run that checks, each thread first runs: it writes a word given by its registers, and faults.
 */
#include <sel4/simple.h>

#include "scenario.h"

#define PRIORITY 100

/* The message of TCB WriteRegisters. */
struct registers {
    seL4_Word flags, count;
    seL4_UserContext values;
};

static struct registers registers[MAX_UNITS];
static volatile seL4_Word marks[MAX_UNITS];
static seL4_CPtr untyped, endpoint, tcbs, fault_endpoints;
static seL4_Word untyped_bits;

/* The code of the threads. */
static __attribute__((naked)) void write_and_fault(void)
{
    asm volatile("sd a1, 0(a0)\n\t"
                 "unimp");
}

static seL4_Word mark_of(unsigned unit)
{
    return 0x5eed0000ul ^ unit;
}

static void init(unsigned units)
{
    untyped = untyped_of((seL4_Word)units << seL4_TCBBits, &untyped_bits);
    endpoint = simple_object(seL4_EndpointObject, 0);
    if (!endpoint) {
        require(seL4_NotEnoughMemory, "an endpoint");
    }
    tcbs = slots(units);
    fault_endpoints = slots(units);
    for (unsigned i = 0; i < units; i++) {
        registers[i] = (struct registers){
            .count = ABI_REG_COUNT,
            .values = { .pc = (seL4_Word)write_and_fault, .a0 = (seL4_Word)&marks[i], .a1 = mark_of(i) }
        };
    }
}

static inline int ring_configure(seL4_CPtr tcb, seL4_CPtr fault_endpoint)
{
    const seL4_Word words[] = { fault_endpoint, 0, 0, 0 };
    const seL4_CPtr extras[] = { seL4_CapInitThreadCNode, seL4_CapInitThreadVSpace, seL4_CapNull };

    return rel4_call(tcb, TCBConfigure, 4, words, 3, extras, NULL);
}

JOB make(const struct job *job, struct way way)
{
    FOR_EACH_UNIT(job) {
        seL4_CPtr tcb = tcbs + unit, faults = fault_endpoints + unit;
        const struct registers *start = &registers[unit];

        CALL(way, trap_retype(untyped, seL4_TCBObject, 0, tcb, 1),
             ring_retype(untyped, seL4_TCBObject, 0, tcb, 1));
        CALL(way, trap_mint(faults, endpoint, unit + 1), ring_mint(faults, endpoint, unit + 1));
        CALL(way,
             seL4_TCB_Configure(tcb, faults, seL4_CapInitThreadCNode, 0, seL4_CapInitThreadVSpace, 0, 0,
                                seL4_CapNull),
             ring_configure(tcb, faults));
        CALL(way, seL4_TCB_SetPriority(tcb, seL4_CapInitThreadTCB, PRIORITY),
             rel4_call_short(tcb, TCBSetPriority, 1, 1, PRIORITY, seL4_CapInitThreadTCB, 0, 0));
        CALL(way, seL4_TCB_WriteRegisters(tcb, false, 0, ABI_REG_COUNT, &start->values),
             rel4_call(tcb, TCBWriteRegisters, 2 + ABI_REG_COUNT, &start->flags, 0, NULL, NULL));
    }
}

JOB destroy(const struct job *job, struct way way)
{
    FOR_EACH_UNIT(job) {
        seL4_CPtr tcb = tcbs + unit, faults = fault_endpoints + unit;

        CALL(way, trap_delete(tcb), ring_delete(tcb));
        CALL(way, trap_delete(faults), ring_delete(faults));
    }
}

WAYS(make)
WAYS(destroy)

static const struct phase making = { PHASE(make) }, destroying = { PHASE(destroy) };

/* Lets all threads run, and waits for the fault of each. They fault in any order, but each once. */
static bool check(unsigned phase)
{
    if (phase != 0) {
        return true;
    }
    for (unsigned i = 0; i < work.units; i++) {
        marks[i] = 0;
        if (seL4_TCB_Resume(tcbs + i)) {
            return false;
        }
    }
    for (unsigned i = 0; i < work.units; i++) {
        seL4_Word badge, type = seL4_Fault_get_seL4_FaultType(next_fault(endpoint, &badge));

        if (type != seL4_Fault_UserException || badge - 1 >= work.units ||
            marks[badge - 1] != mark_of((unsigned)badge - 1)) {
            return false;
        }
        marks[badge - 1] = 0;
    }
    return true;
}

static bool clean(void)
{
    return are_empty(tcbs, work.units) && are_empty(fault_endpoints, work.units) &&
           is_whole(untyped, untyped_bits, tcbs);
}

const struct scenario threads = {
    .name = "threads",
    .round = "a thread: Retype, Mint, Configure, SetPriority, WriteRegisters, and two Deletes",
    .units = 1000,
    .rounds = 1,
    .init = init,
    .phases = { &making, &destroying },
    .check = check,
    .clean = clean,
};
