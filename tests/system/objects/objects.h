/*
 * Helpers of the tests of object creation and capability spaces: calls whose every register is checked, and
 * short names for what these tests do all the time.
 *
 * Names of tests begin with the section and row of docs/interface.md that they prove.
 */
#pragma once

#include "test.h"

#define ROOT  seL4_CapInitThreadCNode
#define DEPTH seL4_WordBits
#define ALL   ((seL4_Word)15) /* rights */

/* A call: everything that goes in. Message registers beyond the length get junk. */
struct message {
    seL4_Word label;
    seL4_Word length;
    seL4_Word word[8];
    unsigned caps;
    seL4_CPtr cap[3];
};

/* Everything that comes out. */
struct answer {
    seL4_Word badge;
    seL4_Word info;
    seL4_Word word[8];
    bool registers_kept; /* message registers beyond the length of the answer */
};

struct answer invoke(seL4_CPtr cap, struct message message);

/* Fails the test unless the answer has badge 0, the error code expected[0] and exactly the message words
 * expected[1..count-1]. */
void expect(const char *file, int line, const char *what, struct answer answer, unsigned count,
            const seL4_Word *expected);

/* EXPECT(invoke(...), RANGE(1, 64)): the answer is that error with these words and no others. */
#define EXPECT(call, ...)                                                                             \
    expect(__FILE__, __LINE__, #call, call, sizeof((seL4_Word[]){ __VA_ARGS__ }) / sizeof(seL4_Word), \
           (const seL4_Word[]){ __VA_ARGS__ })

#define SUCCESS                           seL4_NoError
#define INVALID_ARGUMENT(number)          seL4_InvalidArgument, (number)
#define INVALID_CAPABILITY(number)        seL4_InvalidCapability, (number)
#define ILLEGAL_OPERATION                 seL4_IllegalOperation
#define RANGE(low, high)                  seL4_RangeError, (low), (high)
#define TRUNCATED_MESSAGE                 seL4_TruncatedMessage
#define DELETE_FIRST                      seL4_DeleteFirst
#define REVOKE_FIRST                      seL4_RevokeFirst
#define NOT_ENOUGH_MEMORY(bytes)          seL4_NotEnoughMemory, (bytes)
#define INVALID_ROOT(side)                seL4_FailedLookup, (side), seL4_InvalidRoot
#define MISSING_CAPABILITY(side, left)    seL4_FailedLookup, (side), seL4_MissingCapability, (left)
#define DEPTH_MISMATCH(side, left, found) seL4_FailedLookup, (side), seL4_DepthMismatch, (left), (found)
#define GUARD_MISMATCH(side, left, guard, size) \
    seL4_FailedLookup, (side), seL4_GuardMismatch, (left), (guard), (size)

/* side: which lookup failed. */
#define DESTINATION 0
#define SOURCE      1

/* Retype of num objects into the root CNode at offset. */
struct message retype_message(seL4_Word type, seL4_Word size_bits, seL4_Word offset, seL4_Word num);

/* Retype into the CNode root itself, or into the one at (index, depth) in it. */
struct message retype_into(seL4_CPtr root, seL4_Word index, seL4_Word depth, seL4_Word offset, seL4_Word num);

/* Revoke, Delete, CancelBadgedSends, SaveCaller. */
struct message slot_message(seL4_Word label, seL4_Word index, seL4_Word depth);

/* Copy, Mint, Move, Mutate between slots of the root CNode at full depth; all rights, data 0. */
struct message transfer_message(seL4_Word label, seL4_CPtr target, seL4_CPtr source);

/* Rotate in the root CNode at full depth, data 0. */
struct message rotate_message(seL4_CPtr target, seL4_CPtr pivot, seL4_CPtr source);

/* Operations on slots of the root CNode. */
seL4_Error copy_to(seL4_CPtr target, seL4_CPtr source);
seL4_Error move_to(seL4_CPtr target, seL4_CPtr source);
seL4_Error delete_cap(seL4_CPtr slot);
seL4_Error revoke_cap(seL4_CPtr slot);

/* A copy with all rights in a new slot. */
seL4_CPtr copy_of(seL4_CPtr source);

/* A copy with a badge, a guard. */
seL4_CPtr badged(seL4_CPtr source, seL4_Word badge);
seL4_CPtr guarded(seL4_CPtr source, seL4_Word guard, seL4_Word guard_size);

/* Nothing is in the slot. */
bool is_empty(seL4_CPtr slot);
bool is_empty_in(seL4_CPtr node, seL4_Word index, seL4_Word depth);

/* A new CNode of 2^radix slots in a new slot; the one with an untyped is made of that. */
seL4_CPtr new_cnode(seL4_Word radix);
seL4_CPtr new_cnode_from(seL4_CPtr untyped, seL4_Word radix);

/* Moves a capability from the root CNode into a slot of another. */
void put(seL4_CPtr node, seL4_Word index, seL4_Word depth, seL4_CPtr cap);

/* Puts a copy there. */
void put_copy(seL4_CPtr node, seL4_Word index, seL4_Word depth, seL4_CPtr cap);

/* Bytes behind the free index of an untyped smaller than 2^38. */
seL4_Word free_bytes(seL4_CPtr untyped);

/* Nothing was made from the untyped, or nothing of it is left. */
bool is_childless(seL4_CPtr untyped);

/* One object from an untyped in a new slot. */
seL4_CPtr make(seL4_CPtr untyped, seL4_Word type, seL4_Word size_bits);

/* Where a page is. */
seL4_Word page_address(seL4_CPtr page);

/* Where these tests map pages; the page tables for the first 2 MiB stay. */
#define MAP_ADDRESS 0x2000000000ul
#define PAGE        4096ul
void *map(seL4_CPtr page, seL4_Word vaddr);

/* The first boot untyped that is device memory and has at least 2^bits bytes; seL4_CapNull if none. */
seL4_CPtr device_untyped(seL4_Word bits);

/* An untyped of device memory of 2^bits bytes, at most 2^38. */
seL4_CPtr new_device_untyped(seL4_Word bits);

/* The badge of a notification's signals; 0 if there were none. */
seL4_Word poll(seL4_CPtr notification);

/* Calls a notification, which signals it, or an object without a message. */
struct answer call(seL4_CPtr cap);

/* One system call by a thread of its own, which stops itself afterwards. */
struct probe {
    seL4_Word number;
    struct sel4_registers in;
    struct sel4_registers out;
    volatile bool returned;
};

/* Creates a thread that makes the call. It has a higher priority than the test, so once it is started, the
 * test goes on when it waits, has faulted or is done. */
struct test_thread *probe_create(struct probe *probe, seL4_CPtr fault_ep);

/* Creates it and lets it make the call. */
void probe_run(struct probe *probe, seL4_CPtr fault_ep);

/* A thread that calls an endpoint with no message. */
#define CALL_PROBE(cap)                                            \
    {                                                              \
        .number = (seL4_Word)seL4_SysCall, .in = {.badge = (cap) } \
    }
