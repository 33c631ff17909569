/*
 * Translations agree with capabilities: each address-space number stands for a root that exists; each valid
 * entry of a page table has a capability for what it names, and permits no more than that.
 *
 * First the entry of each mapped capability is marked, in a bit that hardware leaves to software. Then each
 * valid entry must have the mark, which is taken away again.
 */
#include "arch/asid.h"
#include "check/internal.h"
#include "object/vspace.h"
#include "thread/hart.h"

#define USER_ENTRIES (PT_ENTRIES / 2)

/* The entry that maps an address at a level; NULL if there is no root, or the tables do not go that far. */
static pte_t *entry_at(pte_t *root, word_t vaddr, unsigned level)
{
    if (!root) {
        return NULL;
    }
    pte_t *entry = &root[pt_index(vaddr, PT_LEVELS - 1)];

    for (unsigned at = PT_LEVELS - 1; at > level; at--) {
        if (!pte_is_valid(*entry) || pte_is_leaf(*entry)) {
            return NULL;
        }
        const pte_t *table = phys_to_ptr(pte_phys(*entry));
        require(is_found(&found.objects, table), "an entry names a table that exists", entry);
        entry = (pte_t *)table + pt_index(vaddr, at - 1);
    }
    return entry;
}

/* Marks an entry if it is the one of a capability. */
static void account_entry(pte_t *entry, bool is_leaf, word_t phys)
{
    if (entry && pte_is_valid(*entry) && pte_is_leaf(*entry) == is_leaf && pte_phys(*entry) == phys) {
        *entry |= CHECKER_BIT;
    }
}

static bool permits(enum frame_rights rights, pte_t entry)
{
    return !(pte_can_write(entry) && rights != FRAME_READ_WRITE) &&
           !(pte_can_read(entry) && rights == FRAME_KERNEL_ONLY);
}

/* Marks the entry of what a capability says is mapped, and checks what it says of a table or pool. */
static void account(const struct slot *slot)
{
    struct cap cap = check_cap(slot);
    bool is_mapped = cap_is(cap, CAP_FRAME) ? cap_mapped_asid(cap) : cap_is_mapped_page_table(cap);
    pte_t *root = is_mapped ? asid_root(cap_mapped_asid(cap)) : NULL;

    if (cap_is(cap, CAP_FRAME)) {
        pte_t *entry = entry_at(root, cap_mapped_vaddr(cap), (unsigned)frame_size(cap));
        if (entry && permits(frame_rights(cap), *entry)) {
            account_entry(entry, true, frame_phys(cap));
        }
    } else if (cap_is(cap, CAP_PAGE_TABLE)) {
        require(check_is_first(slot) || page_table_is_mapped(slot->prev->cap) == page_table_is_mapped(cap),
                "all capabilities of a page table agree on where it is", slot);
        for (unsigned level = PT_LEVELS - 1; level > 0; level--) {
            account_entry(entry_at(root, cap_mapped_vaddr(cap), level), false, ptr_to_phys(cap_object(cap)));
        }
    } else if (cap_is(cap, CAP_ASID_POOL)) {
        require(cap.w1 < ABI_ASID_POOLS && asid_pools[cap.w1] == cap_object(cap),
                "a pool's capability knows its number", slot);
    }
}

static bool is_table(word_t phys)
{
    return set_covers(phys, bit(ABI_PAGE_TABLE_BITS)) && set_has(&found.objects, phys);
}

/* Takes the mark from an entry that is valid, and returns the table that it names. */
static pte_t *check_entry(pte_t *entry, unsigned level)
{
    if (!pte_is_valid(*entry)) {
        return NULL;
    }
    require(*entry & CHECKER_BIT, "a page-table entry is there because of a capability", entry);
    *entry &= ~CHECKER_BIT;
    if (pte_is_leaf(*entry)) {
        require(pte_is_user(*entry), "a page is the user's", entry);
        return NULL;
    }
    require(level > 0 && is_table(pte_phys(*entry)), "an entry names a table that exists", entry);
    return phys_to_ptr(pte_phys(*entry));
}

static void check_tables(pte_t *root)
{
    for (unsigned i = 0; i < USER_ENTRIES; i++) {
        pte_t *middle = check_entry(&root[i], 2);
        for (unsigned k = 0; middle && k < PT_ENTRIES; k++) {
            pte_t *last = check_entry(&middle[k], 1);
            for (unsigned n = 0; last && n < PT_ENTRIES; n++) {
                check_entry(&last[n], 0);
            }
        }
    }
}

static void check_pool(word_t number)
{
    struct asid_pool *pool = asid_pools[number];

    require(is_found(&found.objects, pool), "a pool of address-space numbers exists", &asid_pools[number]);
    for (unsigned i = 0; i < ABI_ASIDS_PER_POOL; i++) {
        word_t root = asid_root_phys(pool->entries[i]);
        if (root) {
            require(is_table(root), "an address-space number stands for a root that exists",
                    &pool->entries[i]);
            require(vm_has_kernel_half(phys_to_ptr(root)), "a root has the kernel's half", phys_to_ptr(root));
        }
    }
}

static void check_hart(const struct hart *hart)
{
    word_t current = hart->arch.space;

    require(vm_is_kernel_space(current) || asid_space_is_valid(current),
            "a hart translates with a root that has its address-space number", hart);
    for (unsigned i = 0; i < RECENT_SPACES; i++) {
        const struct recent_space *space = &hart->recent_spaces[i];
        require(!space->cap || asid_space_is_valid(space->space),
                "an address space that a hart remembers exists", space);
    }
}

static void check_last_walk(void)
{
    if (last_walk.asid) {
        require(last_walk.entry == asid_entry(last_walk.asid) && last_walk.root == asid_root(last_walk.asid),
                "the last walk began at the root of its address-space number", &last_walk);
        require(entry_at(last_walk.root, last_walk.region << LAST_WALK_SHIFT, 0) == last_walk.table,
                "the last walk still ends at its table", &last_walk);
    }
}

void check_translation(void)
{
    for (unsigned number = 0; number < ABI_ASID_POOLS; number++) {
        if (asid_pools[number]) {
            check_pool(number);
        }
    }
    for_each_cap(slot) {
        account(slot);
    }
    for (word_t asid = 0; asid < (word_t)ABI_ASID_POOLS * ABI_ASIDS_PER_POOL; asid++) {
        if (!asid_pools[asid / ABI_ASIDS_PER_POOL]) {
            asid |= ABI_ASIDS_PER_POOL - 1;
        } else if (asid_root(asid)) {
            check_tables(asid_root(asid));
        }
    }
    for_each_hart(hart) {
        check_hart(hart);
    }
    check_last_walk();
}
