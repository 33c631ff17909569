/*
 * Debug system calls. In a kernel without them they are faults of the thread (seL4_Fault_UnknownSyscall).
 */
#pragma once

#include <sel4/functions.h>
#include <sel4/trap.h>
#include <sel4/types.h>

#ifdef CONFIG_PRINTING
/* Writes one character to the kernel's console. */
LIBSEL4_INLINE_FUNC void seL4_DebugPutChar(char c)
{
    sel4_trap_call(seL4_SysDebugPutChar, (struct sel4_registers){ .badge = (seL4_Uint8)c });
}

/* Writes a zero-terminated string to the kernel's console. */
LIBSEL4_INLINE_FUNC void seL4_DebugPutString(const char *string)
{
    while (*string) {
        seL4_DebugPutChar(*string++);
    }
}

/* Prints the threads of this hart, with their states and priorities. */
LIBSEL4_INLINE_FUNC void seL4_DebugDumpScheduler(void)
{
    sel4_trap_call(seL4_SysDebugDumpScheduler, (struct sel4_registers){ 0 });
}
#endif

#ifdef CONFIG_DEBUG_BUILD
/* Stops the machine. */
LIBSEL4_INLINE_FUNC void seL4_DebugHalt(void)
{
    sel4_trap_call(seL4_SysDebugHalt, (struct sel4_registers){ 0 });
}

/* Prints the state of the capability spaces. */
LIBSEL4_INLINE_FUNC void seL4_DebugSnapshot(void)
{
    sel4_trap_call(seL4_SysDebugSnapshot, (struct sel4_registers){ 0 });
}

/* Returns the kernel's number for the type of a capability; 0 for an empty slot or a bad pointer. */
LIBSEL4_INLINE_FUNC seL4_Uint32 seL4_DebugCapIdentify(seL4_CPtr cap)
{
    return sel4_trap_call(seL4_SysDebugCapIdentify, (struct sel4_registers){ .badge = cap }).badge;
}

/*
 * Sets the name of a thread in the kernel's messages. Uses the message words of the IPC buffer; longer names
 * are cut.
 */
static inline void seL4_DebugNameThread(seL4_TCB tcb, const char *name)
{
    char *text = (char *)__sel4_ipc_buffer->msg;
    seL4_Word i;

    for (i = 0; i < sizeof(__sel4_ipc_buffer->msg) - 1 && name[i]; i++) {
        text[i] = name[i];
    }
    text[i] = 0;
    sel4_trap_call(seL4_SysDebugNameThread, (struct sel4_registers){ .badge = tcb });
}
#endif
