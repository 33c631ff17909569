/*
 * One function for each invocation of a kernel object. Each is a Call on the object's capability, service,
 * and returns its error code. After an error, seL4_GetMR(0) to seL4_GetMR(3) hold what the kernel says about
 * it
 * (<sel4/errors.h>); after a success the message words of the IPC buffer are untouched, except where a
 * function says otherwise.
 *
 * Slots are named by a CNode, an index in it and the number of bits of the index to resolve (depth, 1 to
 * 64). Errors are listed in the order of the checks, with their words; the functions send all words and
 * capabilities that the kernel asks for. seL4_IllegalOperation, or seL4_InvalidCapability(0) for an empty
 * slot: service is not of the kind that its type says.
 *
 * Those of seL4 that need more than their arguments are here; the others, made from
 * include/interface/invocations.txt, are in <sel4/stubs.h>.
 */
#pragma once

#include <sel4/functions.h>
#include <sel4/trap.h>
#include <sel4/types.h>

/*
 * Calls an object with length message words, of which mr0 to mr3 are the first, and extraCaps extra
 * capabilities. The caller has put further words and the capabilities into the IPC buffer. reply, if not
 * null, receives the registers of the answer.
 */
LIBSEL4_INLINE_FUNC seL4_Error sel4_invoke_reply(seL4_CPtr service, seL4_Word label, seL4_Word extraCaps,
                                                 seL4_Word length, seL4_Word mr0, seL4_Word mr1,
                                                 seL4_Word mr2, seL4_Word mr3, struct sel4_registers *reply)
{
    struct sel4_registers r = {
        service, seL4_MessageInfo_new(label, 0, extraCaps, length).words[0], mr0, mr1, mr2, mr3,
    };

    r = sel4_trap_call(seL4_SysCall, r);
    seL4_Word error = r.info >> ABI_INFO_LABEL_SHIFT;
    if (__builtin_expect(error != seL4_NoError, 0)) {
        seL4_SetMR(0, r.mr0);
        seL4_SetMR(1, r.mr1);
        seL4_SetMR(2, r.mr2);
        seL4_SetMR(3, r.mr3);
    }
    if (reply) {
        *reply = r;
    }
    return (seL4_Error)error;
}

/* sel4_invoke_reply() without the registers of the answer. */
LIBSEL4_INLINE_FUNC seL4_Error sel4_invoke(seL4_CPtr service, seL4_Word label, seL4_Word extraCaps,
                                           seL4_Word length, seL4_Word mr0, seL4_Word mr1, seL4_Word mr2,
                                           seL4_Word mr3)
{
    return sel4_invoke_reply(service, label, extraCaps, length, mr0, mr1, mr2, mr3, 0);
}

/*
 * Reads the first count (1 to 32) registers of another thread into regs, after suspending the thread if
 * suspend_source. arch_flags must be 0. Overwrites message words 0 to count - 1.
 *
 * seL4_RangeError(1, 32): count. seL4_IllegalOperation: the thread is the caller.
 */
static inline seL4_Error seL4_TCB_ReadRegisters(seL4_TCB service, seL4_Bool suspend_source,
                                                seL4_Uint8 arch_flags, seL4_Word count,
                                                seL4_UserContext *regs)
{
    seL4_Word flags = (suspend_source & 1) | (seL4_Word)arch_flags << 8;
    seL4_Word *words = (seL4_Word *)regs;
    struct sel4_registers reply;
    seL4_Error error = sel4_invoke_reply(service, TCBReadRegisters, 0, 2, flags, count, 0, 0, &reply);

    if (error) {
        return error;
    }
    seL4_SetMR(0, reply.mr0);
    seL4_SetMR(1, reply.mr1);
    seL4_SetMR(2, reply.mr2);
    seL4_SetMR(3, reply.mr3);
    for (int i = 0; i < (int)count; i++) {
        words[i] = seL4_GetMR(i);
    }
    return seL4_NoError;
}

/*
 * Writes the first count registers of another thread (32, if count is above that), then resumes it if
 * resume_target. The thread continues at the pc register of regs. arch_flags must be 0. Uses message words 4
 * to 33.
 *
 * seL4_IllegalOperation: the thread is the caller.
 */
static inline seL4_Error seL4_TCB_WriteRegisters(seL4_TCB service, seL4_Bool resume_target,
                                                 seL4_Uint8 arch_flags, seL4_Word count,
                                                 const seL4_UserContext *regs)
{
    seL4_Word flags = (resume_target & 1) | (seL4_Word)arch_flags << 8;
    const seL4_Word *words = (const seL4_Word *)regs;

    for (int i = 2; i < ABI_REG_COUNT; i++) {
        seL4_SetMR(i + 2, words[i]);
        __asm__ volatile(""); /* no call of memcpy, which some C libraries have for bytes only */
    }
    return sel4_invoke(service, TCBWriteRegisters, 0, ABI_REG_COUNT + 2, flags, count, words[0], words[1]);
}

/*
 * Copies registers of source into service: pc, ra, sp, gp, s0 to s11 if transfer_frame, the others if
 * transfer_integer. Suspends source and resumes the target first, if asked to. arch_flags must be 0.
 *
 * seL4_InvalidCapability(1): source is no TCB.
 */
LIBSEL4_INLINE_FUNC seL4_Error seL4_TCB_CopyRegisters(seL4_TCB service, seL4_TCB source,
                                                      seL4_Bool suspend_source, seL4_Bool resume_target,
                                                      seL4_Bool transfer_frame, seL4_Bool transfer_integer,
                                                      seL4_Uint8 arch_flags)
{
    seL4_Word flags = (suspend_source & 1) | (resume_target & 1) << 1 | (transfer_frame & 1) << 2 |
                      (transfer_integer & 1) << 3 | (seL4_Word)arch_flags << 8;

    seL4_SetCap(0, source);
    return sel4_invoke(service, TCBCopyRegisters, 1, 1, flags, 0, 0, 0);
}

#include <sel4/stubs.h>
