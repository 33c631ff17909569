/*
 * TCB operations.
 */
#include "kernel.h"

#include <stddef.h>

#define SELF seL4_CapInitThreadTCB

void measure_threads(void)
{
    struct simple_thread thread;
    struct simple_thread_options options = { .entry = NULL, .priority = PRIORITY - 1 };
    seL4_UserContext registers;
    seL4_Word count = sizeof(registers) / sizeof(seL4_Word);

    require(simple_thread_create(&thread, &options), "thread creation");
    MEASURE("TCB SetPriority, own, unchanged", 906, , seL4_TCB_SetPriority(SELF, SELF, PRIORITY), );
    MEASURE("TCB ReadRegisters, 32 registers", 1035, ,
            seL4_TCB_ReadRegisters(thread.tcb, 0, 0, count, &registers), );
    MEASURE("TCB WriteRegisters, 32 registers", 1028, ,
            seL4_TCB_WriteRegisters(thread.tcb, 0, 0, count, &registers), );
    MEASURE(
        "TCB Resume + Suspend of a lower-priority thread", 1647, , {
            seL4_TCB_Resume(thread.tcb);
            seL4_TCB_Suspend(thread.tcb);
        }, );
}
