/*
 * What the memory tests share: objects hung into the root task's address space where nothing else is, and a
 * thread that finds out what an address allows.
 */
#pragma once

#include "answer.h"

/* An empty region of 512 GiB / 512: nothing of the root task or the library is near. Aligned to 1 GiB. */
#define REGION 0x2000000000

#define VSPACE    seL4_CapInitThreadVSpace
#define PAGE_4K   LIBSEL4_BIT(seL4_PageBits)
#define PAGE_MEGA LIBSEL4_BIT(seL4_LargePageBits)
#define PAGE_GIGA LIBSEL4_BIT(seL4_HugePageBits)

enum {
    RIGHTS_NONE,
    RIGHTS_WRITE,
    RIGHTS_READ,
    RIGHTS_READ_WRITE,
};

static inline struct answer map_table(seL4_CPtr table, seL4_CPtr vspace, seL4_Word vaddr)
{
    return INVOKE(table, RISCVPageTableMap, .length = 2, .words = { vaddr, 0 }, .extras = 1,
                  .caps = { vspace });
}

static inline struct answer map_page_as(seL4_CPtr page, seL4_CPtr vspace, seL4_Word vaddr, seL4_Word rights,
                                        seL4_Word attributes)
{
    return INVOKE(page, RISCVPageMap, .length = 3, .words = { vaddr, rights, attributes }, .extras = 1,
                  .caps = { vspace });
}

static inline struct answer map_page(seL4_CPtr page, seL4_CPtr vspace, seL4_Word vaddr)
{
    return map_page_as(page, vspace, vaddr, RIGHTS_READ_WRITE, 0);
}

seL4_CPtr new_page(void);
seL4_CPtr new_table(void);

/* A page table that was given an ASID of the initial pool. */
seL4_CPtr new_vspace(void);

/* Maps new tables until a page of 2^bits bytes can be mapped at vaddr; the last one made. */
seL4_CPtr add_tables(seL4_CPtr vspace, seL4_Word vaddr, seL4_Word bits);

/*
 * Tries one access in the root task's address space and returns 0, or the status word of the VM fault: 1
 * fetch, 5 load, 7 store. The fault's other words are checked.
 */
seL4_Word try_load(seL4_Word vaddr);
seL4_Word try_store(seL4_Word vaddr, seL4_Word value);
seL4_Word try_execute(seL4_Word vaddr);

/* The value that the last successful try_load() found. */
extern seL4_Word loaded_value;

/* Writes a function that returns at once to where vaddr is mapped, for try_execute(). */
void write_return(seL4_Word vaddr);

/* Checks in one line what an address allows: a string out of "rwx". */
#define CHECK_ACCESS(vaddr, allowed) check_access(__FILE__, __LINE__, vaddr, allowed)
void check_access(const char *file, int line, seL4_Word vaddr, const char *allowed);

/*
 * The same for a load in another address space: map_probe() maps the code for it there at the address code,
 * where tables exist. If not even the code can be fetched, the result is 1.
 */
void map_probe(seL4_CPtr vspace, seL4_Word code);
seL4_Word try_load_in(seL4_CPtr vspace, seL4_Word code, seL4_Word vaddr);
