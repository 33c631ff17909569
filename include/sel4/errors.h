/*
 * Errors of invocations. The error code is the label of the reply. The message registers of the reply give
 * details; the library's functions store them in msg[0] to msg[3] of the IPC buffer after an error.
 */
#pragma once

#include <sel4/abi.h>

typedef enum {
    seL4_NoError = ERR_NONE,
    seL4_InvalidArgument = ERR_INVALID_ARGUMENT, /* MR0: number of the argument */
    seL4_InvalidCapability =
        ERR_INVALID_CAPABILITY, /* MR0: 0 the invoked capability, 1 the first extra one */
    seL4_IllegalOperation = ERR_ILLEGAL_OPERATION,
    seL4_RangeError = ERR_RANGE, /* MR0: smallest, MR1: largest value allowed */
    seL4_AlignmentError = ERR_ALIGNMENT,
    seL4_FailedLookup =
        ERR_FAILED_LOOKUP, /* MR0: 1 for a source slot; MR1: seL4_LookupFailureType, and more */
    seL4_TruncatedMessage = ERR_TRUNCATED_MESSAGE,
    seL4_DeleteFirst = ERR_DELETE_FIRST,
    seL4_RevokeFirst = ERR_REVOKE_FIRST,
    seL4_NotEnoughMemory = ERR_NOT_ENOUGH_MEMORY, /* MR0: bytes that are free */
    seL4_NumErrors,
} seL4_Error;

typedef enum {
    seL4_NoFailure = LOOKUP_NO_FAILURE,
    seL4_InvalidRoot = LOOKUP_INVALID_ROOT,
    seL4_MissingCapability = LOOKUP_MISSING_CAPABILITY, /* then: bits left */
    seL4_DepthMismatch = LOOKUP_DEPTH_MISMATCH,         /* then: bits left, bits found */
    seL4_GuardMismatch = LOOKUP_GUARD_MISMATCH,         /* then: bits left, guard found, guard size */
} seL4_LookupFailureType;
