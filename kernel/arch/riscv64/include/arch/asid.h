/*
 * Address-space identifiers: the root for each number, and the harts that may hold translations of it.
 *
 * A pool is one page of entries. An entry is the physical address of the root, whose low 12 bits are free,
 * and there a bit for each hart that was in the address space since all of its translations were last
 * flushed.
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

/* An address space that a hart was in recently: the first word of the capability of its root, and the
 * word for vm_restore(). asid_release() removes it, so it exists, and returning to it needs no lookup in
 * the pool. */
struct recent_space {
    word_t cap;
    word_t space;
};

#define RECENT_SPACES 16

/* All harts keep translations of all ASIDs apart. If false, or with the boot option asids=off, no space
 * is recent, and each switch flushes the TLB. */
extern bool asids_work;

/*
 * The last walk through page tables that ended at a table of pages of 4 KiB, for calls that map or unmap
 * pages beside one another. It is true as long as no root leaves its ASID and no table its place:
 * asid_release() and whoever removes an entry that names a table forget it, with the kernel lock. New entries
 * change nothing, because it says only what exists.
 */
struct last_walk {
    word_t asid; /* 0: nothing is remembered */
    pte_t *root;
    word_t *entry; /* of the ASID */
    pte_t *table;
    word_t region;  /* the address without the bits that the table resolves */
    word_t mapping; /* the same of cap_mapping() */
};

extern struct last_walk last_walk;

static inline void last_walk_forget(void)
{
    last_walk = (struct last_walk){ 0 };
}

/* Returns the entry of an ASID below 2^16; NULL if there is no such pool. */
static inline word_t *asid_entry(word_t asid)
{
    struct asid_pool *pool = asid_pools[asid / ABI_ASIDS_PER_POOL];

    return pool ? &pool->entries[asid % ABI_ASIDS_PER_POOL] : NULL;
}

static inline word_t asid_root_phys(word_t entry)
{
    return entry & ~ASID_HARTS_MASK;
}

/* Returns the root of an entry; NULL if it has none. */
static inline pte_t *asid_entry_root(word_t entry)
{
    return asid_root_phys(entry) ? phys_to_ptr(asid_root_phys(entry)) : NULL;
}

/* Returns the root of an ASID; NULL if it is not assigned. */
static inline pte_t *asid_root(word_t asid)
{
    const word_t *entry = asid_entry(asid);

    return entry ? asid_entry_root(*entry) : NULL;
}

/* Returns the set of harts that may hold translations of an assigned ASID. */
static inline word_t asid_harts(word_t asid)
{
    const word_t *entry = asid_entry(asid);

    return entry ? *entry & ASID_HARTS_MASK : 0;
}

/* Returns whether a word for vm_restore() names a root and its ASID. For the checker of debug kernels. */
static inline bool asid_space_is_valid(word_t space)
{
    return asid_root(space >> SATP_ASID_SHIFT & mask(16)) == phys_to_ptr((space & mask(44)) << 12);
}

/* Makes another hart use the kernel's own root. It runs, or waits for the kernel lock. */
void asid_expel_hart(struct hart *hart);

/*
 * Returns those of a set of harts that are not in an address space, and makes them forget it: nothing is
 * flushed there again until they come back. The caller flushes the whole address space on them before
 * anything relies on that.
 */
word_t asid_dismiss(word_t harts, word_t asid);

/* Removes the root. Afterwards no hart is in the address space or holds translations of it. */
void asid_release(word_t asid);
