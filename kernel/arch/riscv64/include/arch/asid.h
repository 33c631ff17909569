/*
 * Address-space identifiers: which root each number stands for, and which harts may hold translations of it.
 *
 * A pool is one page of entries. An entry is the physical address of the root (its low 12 bits are free) and
 * a bit per hart that ran in the address space since all of its translations were last flushed.
 */
#pragma once

#include "arch/vm.h"
#include "arch/window.h"
#include "lib/types.h"
#include <sel4/abi.h>

struct hart;

struct asid_pool {
    word_t entries[ABI_ASIDS_PER_POOL];
};

extern struct asid_pool *asid_pools[ABI_ASID_POOLS];

#define ASID_HARTS_MASK 0xfffull

/* An address space that a hart was in lately: the first word of the capability that names its root, and the
 * word that vm_restore() takes. What stands here exists, as asid_release() removes it; so returning to it
 * needs no look at the pool. */
struct recent_space {
    word_t cap;
    word_t space;
};

#define RECENT_SPACES 16

/* All harts keep translations of all ASIDs apart. If not, or if a boot option says so, no space is recent,
 * and each switch flushes. */
extern bool asids_work;

/* The entry of an ASID below 2^16; NULL if there is no such pool. */
static inline word_t *asid_entry(word_t asid)
{
    struct asid_pool *pool = asid_pools[asid / ABI_ASIDS_PER_POOL];

    return pool ? &pool->entries[asid % ABI_ASIDS_PER_POOL] : NULL;
}

static inline word_t asid_root_phys(word_t entry)
{
    return entry & ~ASID_HARTS_MASK;
}

/* The root that an entry names; NULL if none. */
static inline pte_t *asid_entry_root(word_t entry)
{
    return asid_root_phys(entry) ? phys_to_ptr(asid_root_phys(entry)) : NULL;
}

/* The root of an ASID, NULL if it is not assigned. */
static inline pte_t *asid_root(word_t asid)
{
    const word_t *entry = asid_entry(asid);

    return entry ? asid_entry_root(*entry) : NULL;
}

/* The harts that may hold translations of an assigned ASID. */
static inline word_t asid_harts(word_t asid)
{
    const word_t *entry = asid_entry(asid);

    return entry ? *entry & ASID_HARTS_MASK : 0;
}

/* Whether a word for vm_restore() names a root that has its address-space number. For the checker of debug
 * kernels. */
static inline bool asid_space_is_valid(word_t space)
{
    return asid_root(space >> SATP_ASID_SHIFT & mask(16)) == phys_to_ptr((space & mask(44)) << 12);
}

/* Makes a hart that runs, or waits for the kernel lock, use the kernel's own root. */
void asid_expel_hart(struct hart *hart);

/*
 * Of a set of harts, those that are not in an address space, as a set. They forget it, so nothing is flushed
 * there again before they come back; the caller flushes all of it there once more, before anything relies on
 * that.
 */
word_t asid_dismiss(word_t harts, word_t asid);

/* Takes the root away: afterwards no hart runs in the address space or holds translations of it. */
void asid_release(word_t asid);
