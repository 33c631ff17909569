/*
 * Sv39 page tables and address-space switching (RISC-V privileged specification 1.12, chapter 4.4).
 *
 * Tables hold physical addresses. The upper half of every root is the kernel's, the same in all, and never
 * changes after boot.
 */
#pragma once

#include "arch/processor.h"
#include "arch/riscv64/csr.h"
#include "lib/types.h"

#define PTE_VALID    0x1ul
#define PTE_READ     0x2ul
#define PTE_WRITE    0x4ul
#define PTE_EXECUTE  0x8ul
#define PTE_USER     0x10ul
#define PTE_GLOBAL   0x20ul
#define PTE_ACCESSED 0x40ul
#define PTE_DIRTY    0x80ul
#define PTE_LEAF     (PTE_READ | PTE_WRITE | PTE_EXECUTE)

/* A bit of an entry that hardware ignores, for the checker of debug kernels. */
#define CHECKER_BIT 0x100ul

#define PT_LEVELS     3
#define PT_INDEX_BITS 9
#define PT_ENTRIES    512

struct hart;

typedef word_t pte_t;

static inline pte_t pte_make(word_t phys, word_t flags)
{
    return phys >> 12 << 10 | flags;
}

/* The bits above the address are reserved; pte_make() sets them to 0. */
static inline word_t pte_phys(pte_t pte)
{
    return pte >> 10 << 12;
}

/* Returns whether an entry names the page at an address that is a multiple of 4096. */
static inline bool pte_names(pte_t pte, word_t phys)
{
    return pte >> 10 == phys >> 12;
}

/* Makes the entry for a table of the next lower level. */
static inline pte_t pte_make_table(word_t phys)
{
    return pte_make(phys, PTE_VALID);
}

/* Makes the entry for a page of user mode; 0 if it has none of the rights. */
static inline pte_t pte_make_user(word_t phys, bool read, bool write, bool execute)
{
    word_t rights = (read ? PTE_READ : 0) | (write ? PTE_WRITE : 0) | (execute ? PTE_EXECUTE : 0);

    return rights ? pte_make(phys, rights | PTE_VALID | PTE_USER | PTE_ACCESSED | PTE_DIRTY) : 0;
}

static inline bool pte_is_valid(pte_t pte)
{
    return pte & PTE_VALID;
}

static inline bool pte_is_leaf(pte_t pte)
{
    return pte & PTE_LEAF;
}

static inline bool pte_is_table(pte_t pte)
{
    return (pte & (PTE_VALID | PTE_LEAF)) == PTE_VALID;
}

/* The rights of a leaf. */
static inline bool pte_can_read(pte_t pte)
{
    return pte & PTE_READ;
}

static inline bool pte_can_write(pte_t pte)
{
    return pte & PTE_WRITE;
}

static inline bool pte_is_user(pte_t pte)
{
    return (pte & PTE_USER) && !(pte & PTE_GLOBAL);
}

/* Returns log2 of the bytes that an entry of a table at this level covers; the root is level 2. */
static inline unsigned pt_level_bits(unsigned level)
{
    return 12 + PT_INDEX_BITS * level;
}

static inline unsigned pt_index(word_t vaddr, unsigned level)
{
    return vaddr >> pt_level_bits(level) & (PT_ENTRIES - 1);
}

/* Makes the word for satp, which selects an address space. */
static inline word_t satp_make(word_t root_phys, word_t asid)
{
    return SATP_SV39 | asid << SATP_ASID_SHIFT | root_phys >> 12;
}

/* Maps the kernel stacks (stack.h). Runs on the stack of the boot hart, at its address in the physical
 * window. */
void vm_map_stacks(void);

/* Replaces the boot mapping by the final one: kernel text read-only, nothing both writable and executable. */
void vm_init_kernel(void);

/* Switches this hart to the kernel's own root, and clears asids_work if its TLB does not keep all ASIDs
 * apart. */
void vm_init_hart(struct hart *hart);

/* Copies the kernel half into a new root. */
void vm_install_kernel_half(pte_t *root);

/* Return whether a root has the kernel half, and whether a word for vm_restore() names the kernel's own
 * root. For the checker of debug kernels. */
bool vm_has_kernel_half(const pte_t *root);
bool vm_is_kernel_space(word_t space);

/* Switches this hart to an address space, if it is not there already. */
void vm_activate(word_t root_phys, word_t asid);

/* Switches this hart back to an address space; space is the value of arch->space there. Only while
 * asids_work. */
static inline void vm_restore(struct hart_arch *arch, word_t space)
{
    arch->space = space;
    csr_write(satp, space);
}

/* Switches this hart to the kernel's own root: no user mappings. */
void vm_activate_kernel(void);
