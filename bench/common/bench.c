/*
 * Series of samples, and set-up that all experiments share.
 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>

static unsigned samples[SAMPLES];
static unsigned recorded;

void record(seL4_Word start, seL4_Word stop)
{
    if (recorded >= WARM_UP && recorded < WARM_UP + SAMPLES) {
        samples[recorded - WARM_UP] = (unsigned)(stop - start - 1);
    }
    recorded++;
}

static int compare(const void *a, const void *b)
{
    unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;

    return (x > y) - (x < y);
}

unsigned report_in(const char *unit, const char *name, seL4_Word reference)
{
    unsigned count = recorded > WARM_UP ? recorded - WARM_UP : 0;

    count = count < SAMPLES ? count : SAMPLES;
    if (count == 0) {
        printf("bench: no samples of %s\n", name);
        exit(1);
    }
    qsort(samples, count, sizeof(samples[0]), compare);
    printf("bench|%s|%s|%u|%u|%lu\n", name, unit, samples[count / 2], samples[count * 95 / 100], reference);
    recorded = 0;
    return samples[count / 2];
}

void report(const char *name, seL4_Word reference)
{
    report_in("instructions", name, reference);
}

void require(int error, const char *what)
{
    if (error) {
        printf("bench: %s failed: error %d\n", what, error);
        exit(1);
    }
}

seL4_CPtr new_object(seL4_Word type, seL4_Word size_bits)
{
    seL4_CPtr cap = simple_object(type, size_bits);

    require(cap == seL4_CapNull, "retype");
    return cap;
}

seL4_CPtr start_thread_on(seL4_Word node, void (*entry)(void *), void *arg, seL4_Word priority,
                          seL4_CPtr fault_endpoint)
{
    struct simple_thread thread;
    struct simple_thread_options options = {
        .entry = entry, .arg = arg, .priority = priority, .node = node, .fault_endpoint = fault_endpoint
    };

    require(simple_thread_create(&thread, &options), "thread creation");
    require(simple_thread_start(&thread), "thread start");
    return thread.tcb;
}

seL4_CPtr start_thread(void (*entry)(void *), void *arg, seL4_Word priority, seL4_CPtr fault_endpoint)
{
    return start_thread_on(0, entry, arg, priority, fault_endpoint);
}

/* Makes an address space in which this program's image is mapped, from the same frames. */
static seL4_CPtr clone_image(void)
{
    extern char __image_start[];
    static seL4_CPtr vspace;
    const seL4_SlotRegion *frames = &seL4_GetBootInfo()->userImageFrames;

    if (!vspace) {
        vspace = simple_new_vspace();
        require(vspace == seL4_CapNull, "address space");
        for (seL4_CPtr slot = frames->start; slot < frames->end; slot++) {
            seL4_Word vaddr = (seL4_Word)__image_start + ((slot - frames->start) << seL4_PageBits);
            seL4_CPtr copy = simple_mint(slot, seL4_AllRights, 0);
            require(simple_map_page(vspace, copy, vaddr, seL4_AllRights, seL4_RISCV_Default_VMAttributes),
                    "mapping the image");
        }
    }
    return vspace;
}

seL4_CPtr start_stranger(void (*entry)(void *), void *arg, seL4_Word priority)
{
    static char stacks[8][4096] __attribute__((aligned(16)));
    static unsigned used;
    seL4_CPtr tcb = new_object(seL4_TCBObject, 0);
    seL4_UserContext registers = { .pc = (seL4_Word)entry, .a0 = (seL4_Word)arg };

    require(used == sizeof(stacks) / sizeof(stacks[0]), "a stack");
    asm("mv %0, gp" : "=r"(registers.gp));
    registers.sp = (seL4_Word)stacks[++used - 1] + sizeof(stacks[0]);
    require(seL4_TCB_SetSpace(tcb, 0, seL4_CapInitThreadCNode, 0, clone_image(), 0), "SetSpace");
    require(seL4_TCB_SetPriority(tcb, seL4_CapInitThreadTCB, priority), "SetPriority");
    require(seL4_TCB_WriteRegisters(tcb, 1, 0, sizeof(registers) / sizeof(seL4_Word), &registers),
            "WriteRegisters");
    return tcb;
}
