/*
 * Words and structures that a thread and the kernel exchange: message info, capability rights, CNode
 * capability data, the IPC buffer and the register block. Their layout is fixed and asserted below.
 */
#pragma once

#include <stddef.h>

#include <sel4/constants.h>
#include <sel4/simple_types.h>

/* Returns the field of width bits that starts at bit shift of word. */
static inline seL4_Word sel4_field_get(seL4_Word word, unsigned shift, unsigned width)
{
    return (word >> shift) & (~(seL4_Word)0 >> (seL4_WordBits - width));
}

/* Returns word with the field of width bits at bit shift replaced by the low bits of value. */
static inline seL4_Word sel4_field_set(seL4_Word word, unsigned shift, unsigned width, seL4_Word value)
{
    seL4_Word mask = ~(seL4_Word)0 >> (seL4_WordBits - width);

    return (word & ~(mask << shift)) | ((value & mask) << shift);
}

/*
 * Message info: label (52 bits), capsUnwrapped (3), extraCaps (2), length (7).
 */
typedef struct seL4_MessageInfo {
    seL4_Word words[1];
} seL4_MessageInfo_t;

/* Builds a message info. Values that are too wide for their field lose their high bits. */
static inline seL4_MessageInfo_t seL4_MessageInfo_new(seL4_Word label, seL4_Word capsUnwrapped,
                                                      seL4_Word extraCaps, seL4_Word length)
{
    return (seL4_MessageInfo_t){ { label << ABI_INFO_LABEL_SHIFT |
                                   (capsUnwrapped & 7) << ABI_INFO_UNWRAPPED_SHIFT |
                                   (extraCaps & 3) << ABI_INFO_EXTRA_CAPS_SHIFT | (length & 127) } };
}

/* Returns the label: an invocation, an error, a fault type, or a number that two threads agreed on. */
static inline seL4_Word seL4_MessageInfo_get_label(seL4_MessageInfo_t info)
{
    return info.words[0] >> ABI_INFO_LABEL_SHIFT;
}

/* Of a received message: bit i is set if extra capability i arrived as the badge in caps_or_badges[i]. */
static inline seL4_Word seL4_MessageInfo_get_capsUnwrapped(seL4_MessageInfo_t info)
{
    return sel4_field_get(info.words[0], ABI_INFO_UNWRAPPED_SHIFT, 3);
}

/* Returns the number of extra capabilities, 0 to 3. */
static inline seL4_Word seL4_MessageInfo_get_extraCaps(seL4_MessageInfo_t info)
{
    return sel4_field_get(info.words[0], ABI_INFO_EXTRA_CAPS_SHIFT, 2);
}

/* Returns the number of message words, 0 to 120. */
static inline seL4_Word seL4_MessageInfo_get_length(seL4_MessageInfo_t info)
{
    return sel4_field_get(info.words[0], 0, 7);
}

/* The _set_ functions return a copy with one field replaced. */
static inline seL4_MessageInfo_t seL4_MessageInfo_set_label(seL4_MessageInfo_t info, seL4_Word label)
{
    return (seL4_MessageInfo_t){ { sel4_field_set(info.words[0], ABI_INFO_LABEL_SHIFT, 52, label) } };
}

static inline seL4_MessageInfo_t seL4_MessageInfo_set_capsUnwrapped(seL4_MessageInfo_t info,
                                                                    seL4_Word capsUnwrapped)
{
    return (
        seL4_MessageInfo_t){ { sel4_field_set(info.words[0], ABI_INFO_UNWRAPPED_SHIFT, 3, capsUnwrapped) } };
}

static inline seL4_MessageInfo_t seL4_MessageInfo_set_extraCaps(seL4_MessageInfo_t info, seL4_Word extraCaps)
{
    return (seL4_MessageInfo_t){ { sel4_field_set(info.words[0], ABI_INFO_EXTRA_CAPS_SHIFT, 2, extraCaps) } };
}

static inline seL4_MessageInfo_t seL4_MessageInfo_set_length(seL4_MessageInfo_t info, seL4_Word length)
{
    return (seL4_MessageInfo_t){ { sel4_field_set(info.words[0], 0, 7, length) } };
}

/*
 * Capability rights. Endpoints: Write sends, Read receives, Grant passes capabilities, GrantReply lets the
 * receiver answer a call. Notifications: Write signals, Read waits. Frames: Read and Write access.
 */
typedef struct seL4_CapRights {
    seL4_Word words[1];
} seL4_CapRights_t;

/* Builds a rights word. Each argument is 1 to give the right, 0 to withhold it. */
static inline seL4_CapRights_t seL4_CapRights_new(seL4_Word grantReply, seL4_Word grant, seL4_Word read,
                                                  seL4_Word write)
{
    return (seL4_CapRights_t){ { (grantReply & 1) << 3 | (grant & 1) << 2 | (read & 1) << 1 | (write & 1) } };
}

static inline seL4_Word seL4_CapRights_get_capAllowGrantReply(seL4_CapRights_t rights)
{
    return sel4_field_get(rights.words[0], 3, 1);
}

static inline seL4_Word seL4_CapRights_get_capAllowGrant(seL4_CapRights_t rights)
{
    return sel4_field_get(rights.words[0], 2, 1);
}

static inline seL4_Word seL4_CapRights_get_capAllowRead(seL4_CapRights_t rights)
{
    return sel4_field_get(rights.words[0], 1, 1);
}

static inline seL4_Word seL4_CapRights_get_capAllowWrite(seL4_CapRights_t rights)
{
    return sel4_field_get(rights.words[0], 0, 1);
}

static inline seL4_CapRights_t seL4_CapRights_set_capAllowGrantReply(seL4_CapRights_t rights, seL4_Word allow)
{
    return (seL4_CapRights_t){ { sel4_field_set(rights.words[0], 3, 1, allow) } };
}

static inline seL4_CapRights_t seL4_CapRights_set_capAllowGrant(seL4_CapRights_t rights, seL4_Word allow)
{
    return (seL4_CapRights_t){ { sel4_field_set(rights.words[0], 2, 1, allow) } };
}

static inline seL4_CapRights_t seL4_CapRights_set_capAllowRead(seL4_CapRights_t rights, seL4_Word allow)
{
    return (seL4_CapRights_t){ { sel4_field_set(rights.words[0], 1, 1, allow) } };
}

static inline seL4_CapRights_t seL4_CapRights_set_capAllowWrite(seL4_CapRights_t rights, seL4_Word allow)
{
    return (seL4_CapRights_t){ { sel4_field_set(rights.words[0], 0, 1, allow) } };
}

#define seL4_AllRights     seL4_CapRights_new(1, 1, 1, 1)
#define seL4_ReadWrite     seL4_CapRights_new(0, 0, 1, 1)
#define seL4_CanRead       seL4_CapRights_new(0, 0, 1, 0)
#define seL4_CanWrite      seL4_CapRights_new(0, 0, 0, 1)
#define seL4_CanGrant      seL4_CapRights_new(0, 1, 0, 0)
#define seL4_CanGrantReply seL4_CapRights_new(1, 0, 0, 0)
#define seL4_NoWrite       seL4_CapRights_new(1, 1, 1, 0)
#define seL4_NoRead        seL4_CapRights_new(1, 1, 0, 1)
#define seL4_NoRights      seL4_CapRights_new(0, 0, 0, 0)

/*
 * CNode capability data: guard (58 bits) and guard size (6). Passed as the badge of Mint and Mutate and as
 * the CSpace data of a TCB.
 */
typedef struct seL4_CNode_CapData {
    seL4_Word words[1];
} seL4_CNode_CapData_t;

/* guardSize: bits of the guard, 0 to 58; guard: its value. */
static inline seL4_CNode_CapData_t seL4_CNode_CapData_new(seL4_Word guard, seL4_Word guardSize)
{
    return (seL4_CNode_CapData_t){ { guard << 6 | (guardSize & 63) } };
}

static inline seL4_Word seL4_CNode_CapData_get_guard(seL4_CNode_CapData_t data)
{
    return data.words[0] >> 6;
}

static inline seL4_Word seL4_CNode_CapData_get_guardSize(seL4_CNode_CapData_t data)
{
    return sel4_field_get(data.words[0], 0, 6);
}

static inline seL4_CNode_CapData_t seL4_CNode_CapData_set_guard(seL4_CNode_CapData_t data, seL4_Word guard)
{
    return (seL4_CNode_CapData_t){ { sel4_field_set(data.words[0], 6, 58, guard) } };
}

static inline seL4_CNode_CapData_t seL4_CNode_CapData_set_guardSize(seL4_CNode_CapData_t data,
                                                                    seL4_Word guardSize)
{
    return (seL4_CNode_CapData_t){ { sel4_field_set(data.words[0], 0, 6, guardSize) } };
}

/* Capability data that changes nothing. */
#define seL4_NilData 0

/*
 * The IPC buffer. The kernel reads and writes msg from word 4 on, caps_or_badges and the receive fields.
 * Message words 0 to 3 are in registers; the library's functions copy them from and to msg.
 */
typedef struct seL4_IPCBuffer_ {
    seL4_MessageInfo_t tag;
    seL4_Word msg[seL4_MsgMaxLength];
    seL4_Word userData;
    seL4_Word caps_or_badges[seL4_MsgMaxExtraCaps];
    seL4_CPtr receiveCNode;
    seL4_CPtr receiveIndex;
    seL4_Word receiveDepth;
} __attribute__((aligned(1 << seL4_IPCBufferSizeBits))) seL4_IPCBuffer;

_Static_assert(sizeof(seL4_IPCBuffer) == seL4_IPCBufferSize, "size of the IPC buffer");
_Static_assert(offsetof(seL4_IPCBuffer, msg) == ABI_IPC_BUFFER_MSG, "IPC buffer: message words");
_Static_assert(offsetof(seL4_IPCBuffer, userData) == 968, "IPC buffer: user data");
_Static_assert(offsetof(seL4_IPCBuffer, caps_or_badges) == ABI_IPC_BUFFER_CAPS, "IPC buffer: capabilities");
_Static_assert(offsetof(seL4_IPCBuffer, receiveCNode) == ABI_IPC_BUFFER_RECEIVE_CNODE, "receive CNode");
_Static_assert(offsetof(seL4_IPCBuffer, receiveIndex) == ABI_IPC_BUFFER_RECEIVE_INDEX, "receive index");
_Static_assert(offsetof(seL4_IPCBuffer, receiveDepth) == ABI_IPC_BUFFER_RECEIVE_DEPTH, "receive depth");

/*
 * The registers of a thread, in the order in which ReadRegisters and WriteRegisters transfer them.
 */
typedef struct seL4_UserContext_ {
    seL4_Word pc, ra, sp, gp;
    seL4_Word s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11;
    seL4_Word a0, a1, a2, a3, a4, a5, a6, a7;
    seL4_Word t0, t1, t2, t3, t4, t5, t6;
    seL4_Word tp;
} seL4_UserContext;

_Static_assert(sizeof(seL4_UserContext) == ABI_REG_COUNT * sizeof(seL4_Word), "size of the register block");
_Static_assert(offsetof(seL4_UserContext, sp) == ABI_REG_SP * sizeof(seL4_Word), "register block: sp");
_Static_assert(offsetof(seL4_UserContext, gp) == ABI_REG_GP * sizeof(seL4_Word), "register block: gp");
_Static_assert(offsetof(seL4_UserContext, s0) == ABI_REG_S0 * sizeof(seL4_Word), "register block: s0");
_Static_assert(offsetof(seL4_UserContext, a0) == ABI_REG_A0 * sizeof(seL4_Word), "register block: a0");
_Static_assert(offsetof(seL4_UserContext, a7) == ABI_REG_A7 * sizeof(seL4_Word), "register block: a7");
_Static_assert(offsetof(seL4_UserContext, t0) == ABI_REG_T0 * sizeof(seL4_Word), "register block: t0");
_Static_assert(offsetof(seL4_UserContext, tp) == ABI_REG_TP * sizeof(seL4_Word), "register block: tp");
