/*
 * Faults: a thread repeats the same fault, as its handler replies without removing the cause. A sample is a
 * whole round: reply, repeat, fault, message.
 */
#include "kernel.h"

static seL4_CPtr fault_endpoint;

static void touch_nothing(void *arg)
{
    *(volatile char *)arg = 0;
}

static void undefined_instruction(void *arg)
{
    __asm__ volatile(".4byte 0xffffffff");
}

static void unknown_system_call(void *arg)
{
    __asm__ volatile("li a7, 1000\n ecall" ::: "a0", "a7", "memory");
}

static void measure(const char *name, seL4_Word reference, void (*entry)(void *), void *arg)
{
    seL4_CPtr thread = start_thread(entry, arg, PRIORITY - 1, fault_endpoint);
    seL4_MessageInfo_t none = seL4_MessageInfo_new(0, 0, 0, 0);

    seL4_RecvWithMRs(fault_endpoint, NULL, NULL, NULL, NULL, NULL);
    MEASURE(name, reference, , seL4_ReplyRecvWithMRs(fault_endpoint, none, NULL, NULL, NULL, NULL, NULL), );
    seL4_TCB_Suspend(thread);
}

void measure_faults(void)
{
    fault_endpoint = new_object(seL4_EndpointObject, 0);
    measure("VM fault to handler and back", 1448, touch_nothing, (void *)0x3000000000);
    measure("Undefined instruction to handler and back", 1755, undefined_instruction, NULL);
    measure("Unknown system call to handler and back", 1479, unknown_system_call, NULL);
}
