/*
 * One function per method of a kernel object. Each is a Call on the object's capability and returns its
 * error code. After an error, seL4_GetMR(0..3) hold what the kernel says about it (<sel4/errors.h>); after
 * a success the message words of the IPC buffer are untouched, except where a function says otherwise.
 *
 * Slots are named by a CNode, an index in it and the number of bits of the index to resolve (depth, 1 to
 * 64). Every function may return seL4_InvalidCapability or seL4_IllegalOperation for a capability that is
 * not of the kind that its name says; only further errors are listed.
 */
#pragma once

#include <sel4/functions.h>
#include <sel4/trap.h>
#include <sel4/types.h>

/*
 * Calls an object. The first four message words are mr; the caller has put others and the extra
 * capabilities into the IPC buffer. reply, if not null, gets the registers of the answer.
 */
LIBSEL4_INLINE_FUNC seL4_Error sel4_invoke_reply(seL4_CPtr service, seL4_Word label, seL4_Word extraCaps,
                                                 seL4_Word length, seL4_Word mr0, seL4_Word mr1,
                                                 seL4_Word mr2, seL4_Word mr3, struct sel4_registers *reply)
{
    struct sel4_registers r = {
        service, seL4_MessageInfo_new(label, 0, extraCaps, length).words[0], mr0, mr1, mr2, mr3,
    };
    seL4_Word error;

    r = sel4_trap_call(seL4_SysCall, r);
    error = r.info >> 12;
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

LIBSEL4_INLINE_FUNC seL4_Error sel4_invoke(seL4_CPtr service, seL4_Word label, seL4_Word extraCaps,
                                           seL4_Word length, seL4_Word mr0, seL4_Word mr1, seL4_Word mr2,
                                           seL4_Word mr3)
{
    return sel4_invoke_reply(service, label, extraCaps, length, mr0, mr1, mr2, mr3, 0);
}

/*
 * Makes num_objects (1 to 256) new objects of an seL4_ObjectType in the memory of an untyped, with their
 * capabilities in consecutive slots from node_offset on. size_bits: log2 of bytes for untypeds, of slots for
 * CNodes, ignored for others. Destination: the CNode at (root, node_index, node_depth), or root itself if
 * node_depth is 0. Uses message words 4 and 5.
 *
 * seL4_InvalidArgument: type (0) or size (1) impossible. seL4_RangeError: size, window or number.
 * seL4_FailedLookup: no CNode there. seL4_DeleteFirst: a slot is in use. seL4_NotEnoughMemory.
 */
LIBSEL4_INLINE_FUNC seL4_Error seL4_Untyped_Retype(seL4_Untyped service, seL4_Word type, seL4_Word size_bits,
                                                   seL4_CNode root, seL4_Word node_index,
                                                   seL4_Word node_depth, seL4_Word node_offset,
                                                   seL4_Word num_objects)
{
    seL4_SetCap(0, root);
    seL4_SetMR(4, node_offset);
    seL4_SetMR(5, num_objects);
    return sel4_invoke(service, UntypedRetype, 1, 6, type, size_bits, node_index, node_depth);
}

/*
 * Reads the first count (1 to 32) registers of another thread, after suspending it if suspend_source.
 * arch_flags must be 0. Overwrites message words. seL4_RangeError: count. seL4_IllegalOperation: own TCB.
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
 * Writes the first count registers of another thread, then resumes it if resume_target. The thread continues
 * at the pc register. arch_flags must be 0. Uses message words 4 to 33. seL4_IllegalOperation: own TCB.
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

/*
 * Gives a thread its spaces, in one step: fault_ep, a capability pointer in the thread's own CSpace; the
 * CSpace and VSpace roots; the IPC buffer at address buffer (0: none) in the frame bufferFrame.
 * cspace_root_data: 0 or the seL4_CNode_CapData_t to set; vspace_root_data must be 0.
 * seL4_AlignmentError: buffer is not 1024-aligned.
 */
LIBSEL4_INLINE_FUNC seL4_Error seL4_TCB_Configure(seL4_TCB service, seL4_Word fault_ep,
                                                  seL4_CNode cspace_root, seL4_Word cspace_root_data,
                                                  seL4_CPtr vspace_root, seL4_Word vspace_root_data,
                                                  seL4_Word buffer, seL4_CPtr bufferFrame)
{
    seL4_SetCap(0, cspace_root);
    seL4_SetCap(1, vspace_root);
    seL4_SetCap(2, bufferFrame);
    return sel4_invoke(service, TCBConfigure, 3, 4, fault_ep, cspace_root_data, vspace_root_data, buffer);
}

/* Sets the priority, 0 to 255. seL4_RangeError: above the maximum controlled priority of authority. */
LIBSEL4_INLINE_FUNC seL4_Error seL4_TCB_SetPriority(seL4_TCB service, seL4_TCB authority, seL4_Word priority)
{
    seL4_SetCap(0, authority);
    return sel4_invoke(service, TCBSetPriority, 1, 1, priority, 0, 0, 0);
}

/* Sets the maximum controlled priority. seL4_RangeError: above that of authority. */
LIBSEL4_INLINE_FUNC seL4_Error seL4_TCB_SetMCPriority(seL4_TCB service, seL4_TCB authority, seL4_Word mcp)
{
    seL4_SetCap(0, authority);
    return sel4_invoke(service, TCBSetMCPriority, 1, 1, mcp, 0, 0, 0);
}

/* Sets both. seL4_RangeError: one of them is above the maximum controlled priority of authority. */
LIBSEL4_INLINE_FUNC seL4_Error seL4_TCB_SetSchedParams(seL4_TCB service, seL4_TCB authority, seL4_Word mcp,
                                                       seL4_Word priority)
{
    seL4_SetCap(0, authority);
    return sel4_invoke(service, TCBSetSchedParams, 1, 2, mcp, priority, 0, 0);
}

/* Sets the IPC buffer, or removes it (buffer 0). seL4_AlignmentError: buffer is not 1024-aligned. */
LIBSEL4_INLINE_FUNC seL4_Error seL4_TCB_SetIPCBuffer(seL4_TCB service, seL4_Word buffer,
                                                     seL4_CPtr bufferFrame)
{
    seL4_SetCap(0, bufferFrame);
    return sel4_invoke(service, TCBSetIPCBuffer, 1, 1, buffer, 0, 0, 0);
}

/* seL4_TCB_Configure() without the IPC buffer. */
LIBSEL4_INLINE_FUNC seL4_Error seL4_TCB_SetSpace(seL4_TCB service, seL4_Word fault_ep, seL4_CNode cspace_root,
                                                 seL4_Word cspace_root_data, seL4_CPtr vspace_root,
                                                 seL4_Word vspace_root_data)
{
    seL4_SetCap(0, cspace_root);
    seL4_SetCap(1, vspace_root);
    return sel4_invoke(service, TCBSetSpace, 2, 3, fault_ep, cspace_root_data, vspace_root_data, 0);
}

/* Stops a thread. What it waits for in IPC is cancelled and repeated after Resume. */
LIBSEL4_INLINE_FUNC seL4_Error seL4_TCB_Suspend(seL4_TCB service)
{
    return sel4_invoke(service, TCBSuspend, 0, 0, 0, 0, 0, 0);
}

/* Starts or restarts a thread that is stopped or blocked. */
LIBSEL4_INLINE_FUNC seL4_Error seL4_TCB_Resume(seL4_TCB service)
{
    return sel4_invoke(service, TCBResume, 0, 0, 0, 0, 0, 0);
}

/* Binds a notification to a thread, which then gets its signals while it waits on any endpoint. */
LIBSEL4_INLINE_FUNC seL4_Error seL4_TCB_BindNotification(seL4_TCB service, seL4_CPtr notification)
{
    seL4_SetCap(0, notification);
    return sel4_invoke(service, TCBBindNotification, 1, 0, 0, 0, 0, 0);
}

/* Ends the binding. seL4_IllegalOperation: there is none. */
LIBSEL4_INLINE_FUNC seL4_Error seL4_TCB_UnbindNotification(seL4_TCB service)
{
    return sel4_invoke(service, TCBUnbindNotification, 0, 0, 0, 0, 0, 0);
}

#if CONFIG_MAX_NUM_NODES > 1
/* Moves a thread to a node, 0 to BootInfo numNodes - 1. seL4_IllegalOperation: no such node. */
LIBSEL4_INLINE_FUNC seL4_Error seL4_TCB_SetAffinity(seL4_TCB service, seL4_Word affinity)
{
    return sel4_invoke(service, TCBSetAffinity, 0, 1, affinity, 0, 0, 0);
}
#endif

/* Sets the thread pointer, tp. */
LIBSEL4_INLINE_FUNC seL4_Error seL4_TCB_SetTLSBase(seL4_TCB service, seL4_Word tls_base)
{
    return sel4_invoke(service, TCBSetTLSBase, 0, 1, tls_base, 0, 0, 0);
}

typedef struct seL4_TCB_SetFlags {
    seL4_Error error;
    seL4_Word flags;
} seL4_TCB_SetFlags_t;

/* Clears and sets bits of seL4_TCBFlag, in this order, and returns the flags that result. */
LIBSEL4_INLINE_FUNC seL4_TCB_SetFlags_t seL4_TCB_SetFlags(seL4_TCB service, seL4_Word clear, seL4_Word set)
{
    struct sel4_registers reply;
    seL4_Error error = sel4_invoke_reply(service, TCBSetFlags, 0, 2, clear, set, 0, 0, &reply);

    return (seL4_TCB_SetFlags_t){ error, reply.mr0 };
}

/*
 * CNode methods act on the slot (service, index, depth). All may return seL4_FailedLookup, with
 * seL4_GetMR(0) = 1 if it was about the source, and seL4_RangeError for a depth outside 1 to 64.
 */

/* Deletes every capability derived from the one in the slot. */
LIBSEL4_INLINE_FUNC seL4_Error seL4_CNode_Revoke(seL4_CNode service, seL4_Word index, seL4_Uint8 depth)
{
    return sel4_invoke(service, CNodeRevoke, 0, 2, index, depth, 0, 0);
}

/* Deletes the capability in the slot, and the object with its last capability. Empty slot: success. */
LIBSEL4_INLINE_FUNC seL4_Error seL4_CNode_Delete(seL4_CNode service, seL4_Word index, seL4_Uint8 depth)
{
    return sel4_invoke(service, CNodeDelete, 0, 2, index, depth, 0, 0);
}

/* Makes all senders that wait with the badge of this endpoint capability repeat their system call. */
LIBSEL4_INLINE_FUNC seL4_Error seL4_CNode_CancelBadgedSends(seL4_CNode service, seL4_Word index,
                                                            seL4_Uint8 depth)
{
    return sel4_invoke(service, CNodeCancelBadgedSends, 0, 2, index, depth, 0, 0);
}

/* Copies a capability with at most the given rights. seL4_DeleteFirst: the destination is in use. */
LIBSEL4_INLINE_FUNC seL4_Error seL4_CNode_Copy(seL4_CNode service, seL4_Word dest_index,
                                               seL4_Uint8 dest_depth, seL4_CNode src_root,
                                               seL4_Word src_index, seL4_Uint8 src_depth,
                                               seL4_CapRights_t rights)
{
    seL4_SetCap(0, src_root);
    seL4_SetMR(4, rights.words[0]);
    return sel4_invoke(service, CNodeCopy, 1, 5, dest_index, dest_depth, src_index, src_depth);
}

/* As Copy, and sets the badge of an endpoint or notification, or the guard of a CNode. */
LIBSEL4_INLINE_FUNC seL4_Error seL4_CNode_Mint(seL4_CNode service, seL4_Word dest_index,
                                               seL4_Uint8 dest_depth, seL4_CNode src_root,
                                               seL4_Word src_index, seL4_Uint8 src_depth,
                                               seL4_CapRights_t rights, seL4_Word badge)
{
    seL4_SetCap(0, src_root);
    seL4_SetMR(4, rights.words[0]);
    seL4_SetMR(5, badge);
    return sel4_invoke(service, CNodeMint, 1, 6, dest_index, dest_depth, src_index, src_depth);
}

/* Moves a capability. seL4_DeleteFirst: the destination is in use. */
LIBSEL4_INLINE_FUNC seL4_Error seL4_CNode_Move(seL4_CNode service, seL4_Word dest_index,
                                               seL4_Uint8 dest_depth, seL4_CNode src_root,
                                               seL4_Word src_index, seL4_Uint8 src_depth)
{
    seL4_SetCap(0, src_root);
    return sel4_invoke(service, CNodeMove, 1, 4, dest_index, dest_depth, src_index, src_depth);
}

/* Moves a CNode capability and sets its guard. Endpoint and notification capabilities cannot be mutated. */
LIBSEL4_INLINE_FUNC seL4_Error seL4_CNode_Mutate(seL4_CNode service, seL4_Word dest_index,
                                                 seL4_Uint8 dest_depth, seL4_CNode src_root,
                                                 seL4_Word src_index, seL4_Uint8 src_depth, seL4_Word badge)
{
    seL4_SetCap(0, src_root);
    seL4_SetMR(4, badge);
    return sel4_invoke(service, CNodeMutate, 1, 5, dest_index, dest_depth, src_index, src_depth);
}

/* Moves pivot to the destination and source to pivot; if source is the destination, the two change places. */
LIBSEL4_INLINE_FUNC seL4_Error seL4_CNode_Rotate(seL4_CNode service, seL4_Word dest_index,
                                                 seL4_Uint8 dest_depth, seL4_Word dest_badge,
                                                 seL4_CNode pivot_root, seL4_Word pivot_index,
                                                 seL4_Uint8 pivot_depth, seL4_Word pivot_badge,
                                                 seL4_CNode src_root, seL4_Word src_index,
                                                 seL4_Uint8 src_depth)
{
    seL4_SetCap(0, pivot_root);
    seL4_SetCap(1, src_root);
    seL4_SetMR(4, pivot_depth);
    seL4_SetMR(5, pivot_badge);
    seL4_SetMR(6, src_index);
    seL4_SetMR(7, src_depth);
    return sel4_invoke(service, CNodeRotate, 2, 8, dest_index, dest_depth, dest_badge, pivot_index);
}

/* Puts the reply capability of the last caller into the slot. seL4_DeleteFirst: the slot is in use. */
LIBSEL4_INLINE_FUNC seL4_Error seL4_CNode_SaveCaller(seL4_CNode service, seL4_Word index, seL4_Uint8 depth)
{
    return sel4_invoke(service, CNodeSaveCaller, 0, 2, index, depth, 0, 0);
}

/*
 * Makes a handler capability for a level-triggered interrupt in the slot (root, index, depth).
 * seL4_RangeError: no such interrupt. seL4_RevokeFirst: taken, or the kernel's. seL4_DeleteFirst: slot in
 * use.
 */
LIBSEL4_INLINE_FUNC seL4_Error seL4_IRQControl_Get(seL4_IRQControl service, seL4_Word irq, seL4_CNode root,
                                                   seL4_Word index, seL4_Uint8 depth)
{
    seL4_SetCap(0, root);
    return sel4_invoke(service, IRQIssueIRQHandler, 1, 3, irq, index, depth, 0);
}

/* As seL4_IRQControl_Get(); trigger: 0 level, 1 edge. */
LIBSEL4_INLINE_FUNC seL4_Error seL4_IRQControl_GetTrigger(seL4_IRQControl service, seL4_Word irq,
                                                          seL4_Word trigger, seL4_CNode root, seL4_Word index,
                                                          seL4_Uint8 depth)
{
    seL4_SetCap(0, root);
    return sel4_invoke(service, RISCVIRQIssueIRQHandlerTrigger, 1, 4, irq, trigger, index, depth);
}

/* Says that the interrupt has been dealt with, so that it can come again. */
LIBSEL4_INLINE_FUNC seL4_Error seL4_IRQHandler_Ack(seL4_IRQHandler service)
{
    return sel4_invoke(service, IRQAckIRQ, 0, 0, 0, 0, 0, 0);
}

/* From now on the interrupt signals this notification. */
LIBSEL4_INLINE_FUNC seL4_Error seL4_IRQHandler_SetNotification(seL4_IRQHandler service,
                                                               seL4_CPtr notification)
{
    seL4_SetCap(0, notification);
    return sel4_invoke(service, IRQSetIRQHandler, 1, 0, 0, 0, 0, 0);
}

/* From now on the interrupt signals nobody. */
LIBSEL4_INLINE_FUNC seL4_Error seL4_IRQHandler_Clear(seL4_IRQHandler service)
{
    return sel4_invoke(service, IRQClearIRQHandler, 0, 0, 0, 0, 0, 0);
}

/* Moves a thread to a domain. seL4_InvalidArgument: no such domain (0), not a TCB (1). */
LIBSEL4_INLINE_FUNC seL4_Error seL4_DomainSet_Set(seL4_DomainSet service, seL4_Uint8 domain, seL4_TCB thread)
{
    seL4_SetCap(0, thread);
    return sel4_invoke(service, DomainSetSet, 1, 1, domain, 0, 0, 0);
}

/*
 * Writes one entry of the domain schedule: domain runs for duration ticks (2 ms each, below 2^56). Domain 0
 * with duration 0 marks the end. seL4_RangeError: index or domain. seL4_InvalidArgument: domain (1) or
 * duration (2).
 */
LIBSEL4_INLINE_FUNC seL4_Error seL4_DomainSet_ScheduleConfigure(seL4_DomainSet service, seL4_Word index,
                                                                seL4_Uint8 domain, seL4_Word duration)
{
    return sel4_invoke(service, DomainScheduleConfigure, 0, 3, index, domain, duration, 0);
}

/* Lets the schedule start at an entry, at once. seL4_RangeError: index. seL4_InvalidArgument: an end mark. */
LIBSEL4_INLINE_FUNC seL4_Error seL4_DomainSet_ScheduleSetStart(seL4_DomainSet service, seL4_Word index)
{
    return sel4_invoke(service, DomainScheduleSetStart, 0, 1, index, 0, 0, 0);
}

/*
 * Installs a page table at the highest level that has none yet at vaddr. seL4_InvalidCapability: the table is
 * mapped already (0), vspace is no address space (1). seL4_InvalidArgument: vaddr is not the user's.
 * seL4_DeleteFirst: both tables, or a page, are there already.
 */
LIBSEL4_INLINE_FUNC seL4_Error seL4_RISCV_PageTable_Map(seL4_RISCV_PageTable service, seL4_CPtr vspace,
                                                        seL4_Word vaddr, seL4_RISCV_VMAttributes attr)
{
    seL4_SetCap(0, vspace);
    return sel4_invoke(service, RISCVPageTableMap, 1, 2, vaddr, attr, 0, 0);
}

/* Takes a page table out, and with it all mappings in it. seL4_RevokeFirst: copies exist, or it is a root. */
LIBSEL4_INLINE_FUNC seL4_Error seL4_RISCV_PageTable_Unmap(seL4_RISCV_PageTable service)
{
    return sel4_invoke(service, RISCVPageTableUnmap, 0, 0, 0, 0, 0, 0);
}

/*
 * Maps a page at vaddr, aligned to its size, with at most the rights of its capability; or changes rights
 * and attributes of a page that this capability maps there. seL4_FailedLookup: a page table is missing
 * (seL4_MappingFailedLookupLevel()). seL4_AlignmentError. seL4_InvalidArgument: vaddr is not the user's, or
 * the capability maps another address. seL4_InvalidCapability: vspace, or mapped elsewhere (1).
 * seL4_DeleteFirst: something is mapped there.
 */
LIBSEL4_INLINE_FUNC seL4_Error seL4_RISCV_Page_Map(seL4_RISCV_Page service, seL4_CPtr vspace, seL4_Word vaddr,
                                                   seL4_CapRights_t rights, seL4_RISCV_VMAttributes attr)
{
    seL4_SetCap(0, vspace);
    return sel4_invoke(service, RISCVPageMap, 1, 3, vaddr, rights.words[0], attr, 0);
}

/* Ends the mapping of a page. Not mapped: success. */
LIBSEL4_INLINE_FUNC seL4_Error seL4_RISCV_Page_Unmap(seL4_RISCV_Page service)
{
    return sel4_invoke(service, RISCVPageUnmap, 0, 0, 0, 0, 0, 0);
}

typedef struct seL4_RISCV_Page_GetAddress {
    seL4_Error error;
    seL4_Word paddr;
} seL4_RISCV_Page_GetAddress_t;

/* Returns the physical address of a page. */
LIBSEL4_INLINE_FUNC seL4_RISCV_Page_GetAddress_t seL4_RISCV_Page_GetAddress(seL4_RISCV_Page service)
{
    struct sel4_registers reply;
    seL4_Error error = sel4_invoke_reply(service, RISCVPageGetAddress, 0, 0, 0, 0, 0, 0, &reply);

    return (seL4_RISCV_Page_GetAddress_t){ error, reply.mr0 };
}

/*
 * Makes a pool of 512 address space identifiers in the slot (root, index, depth) from an untyped of 4 KiB.
 * seL4_DeleteFirst: no pool number left, or slot in use. seL4_RevokeFirst: the untyped is in use.
 */
LIBSEL4_INLINE_FUNC seL4_Error seL4_RISCV_ASIDControl_MakePool(seL4_RISCV_ASIDControl service,
                                                               seL4_Untyped untyped, seL4_CNode root,
                                                               seL4_Word index, seL4_Uint8 depth)
{
    seL4_SetCap(0, untyped);
    seL4_SetCap(1, root);
    return sel4_invoke(service, RISCVASIDControlMakePool, 2, 2, index, depth, 0, 0);
}

/* Makes an unmapped page table the root of a new address space. seL4_DeleteFirst: the pool is used up. */
LIBSEL4_INLINE_FUNC seL4_Error seL4_RISCV_ASIDPool_Assign(seL4_RISCV_ASIDPool service, seL4_CPtr vspace)
{
    seL4_SetCap(0, vspace);
    return sel4_invoke(service, RISCVASIDPoolAssign, 1, 0, 0, 0, 0, 0);
}
