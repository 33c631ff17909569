/*
 * The instruction that enters the kernel; the rest of the library is plain C on top of these functions. The
 * kernel preserves all registers that are not outputs here, so that nothing has to be saved around a system
 * call.
 */
#pragma once

#include <sel4/shared_types.h>
#include <sel4/syscall.h>

/*
 * The registers that carry a message: a0, a1 and a2 to a5. badge is the capability pointer on the way in
 * and the sender's badge on the way out.
 */
struct sel4_registers {
    seL4_Word badge;
    seL4_Word info;
    seL4_Word mr0, mr1, mr2, mr3;
};

/* Sends a message: number is a call that returns nothing (Send, NBSend, Reply). */
LIBSEL4_INLINE_FUNC void sel4_trap_send(seL4_Syscall_ID number, struct sel4_registers r)
{
    register seL4_Word a0 asm("a0");
    register seL4_Word a1 asm("a1");
    register seL4_Word a2 asm("a2");
    register seL4_Word a3 asm("a3");
    register seL4_Word a4 asm("a4");
    register seL4_Word a5 asm("a5");
    register long a7 asm("a7") = number;

    a0 = r.badge;
    a1 = r.info;
    a2 = r.mr0;
    a3 = r.mr1;
    a4 = r.mr2;
    a5 = r.mr3;
    asm volatile("ecall" : : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5), "r"(a7) : "memory");
}

/* Sends a message info without message registers (Send of an empty message, Yield). */
LIBSEL4_INLINE_FUNC void sel4_trap_send_empty(seL4_Syscall_ID number, seL4_CPtr dest)
{
    register seL4_Word a0 asm("a0") = dest;
    register seL4_Word a1 asm("a1") = 0;
    register long a7 asm("a7") = number;

    asm volatile("ecall" : : "r"(a0), "r"(a1), "r"(a7) : "memory");
}

/*
 * Receives a message (Recv, NBRecv). Message registers beyond the length of the message hold no particular
 * value. The message info is 0 if only a badge arrived, or nothing.
 */
LIBSEL4_INLINE_FUNC struct sel4_registers sel4_trap_recv(seL4_Syscall_ID number, seL4_CPtr src)
{
    register seL4_Word a0 asm("a0") = src;
    register seL4_Word a1 asm("a1") = 0;
    register seL4_Word a2 asm("a2");
    register seL4_Word a3 asm("a3");
    register seL4_Word a4 asm("a4");
    register seL4_Word a5 asm("a5");
    register long a7 asm("a7") = number;

    asm volatile("ecall" : "+r"(a0), "+r"(a1), "=r"(a2), "=r"(a3), "=r"(a4), "=r"(a5) : "r"(a7) : "memory");
    return (struct sel4_registers){ a0, a1, a2, a3, a4, a5 };
}

/* Sends a message and receives one (Call, ReplyRecv, and the debug calls). */
LIBSEL4_INLINE_FUNC struct sel4_registers sel4_trap_call(seL4_Syscall_ID number, struct sel4_registers r)
{
    register seL4_Word a0 asm("a0");
    register seL4_Word a1 asm("a1");
    register seL4_Word a2 asm("a2");
    register seL4_Word a3 asm("a3");
    register seL4_Word a4 asm("a4");
    register seL4_Word a5 asm("a5");
    register long a7 asm("a7") = number;

    a0 = r.badge;
    a1 = r.info;
    a2 = r.mr0;
    a3 = r.mr1;
    a4 = r.mr2;
    a5 = r.mr3;
    asm volatile("ecall" : "+r"(a0), "+r"(a1), "+r"(a2), "+r"(a3), "+r"(a4), "+r"(a5) : "r"(a7) : "memory");
    return (struct sel4_registers){ a0, a1, a2, a3, a4, a5 };
}
