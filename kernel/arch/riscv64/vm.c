/*
 * The kernel's own mappings, and the switch of address spaces.
 *
 * The physical window uses pages of 1 GiB, except where the kernel image lies: there a table of 2 MiB pages
 * and one of 4 KiB pages give text, constants and data their own rights. The kernel stacks have a window of
 * their own.
 */
#include "arch/vm.h"

#include "arch/asid.h"
#include "arch/riscv64/stack.h"
#include "arch/window.h"
#include "lib/string.h"
#include "thread/hart.h"

#define PTE_KERNEL_DATA   (PTE_VALID | PTE_READ | PTE_WRITE | PTE_GLOBAL | PTE_ACCESSED | PTE_DIRTY)
#define PTE_KERNEL_TEXT   (PTE_VALID | PTE_READ | PTE_EXECUTE | PTE_GLOBAL | PTE_ACCESSED)
#define PTE_KERNEL_RODATA (PTE_VALID | PTE_READ | PTE_GLOBAL | PTE_ACCESSED)

#define KERNEL_HALF (PT_ENTRIES / 2)

extern char kernel_start[], text_end[], rodata_end[], kernel_end[];

pte_t kernel_root[PT_ENTRIES] __attribute__((aligned(4096)));
static pte_t kernel_mega_pages[PT_ENTRIES] __attribute__((aligned(4096)));
static pte_t kernel_pages[PT_ENTRIES] __attribute__((aligned(4096)));
static pte_t stack_mega_pages[PT_ENTRIES] __attribute__((aligned(4096)));
static pte_t stack_pages[PT_ENTRIES] __attribute__((aligned(4096)));

unsigned char kernel_stacks[MAX_HARTS][KERNEL_STACK_SIZE] __attribute__((aligned(4096)));

_Static_assert(KERNEL_STACK_BITS == 12, "a stack is one page");
_Static_assert(KERNEL_STACKS >= PHYS_WINDOW_BASE + PHYS_WINDOW_SIZE, "the windows lie apart");
_Static_assert(2 * MAX_HARTS < PT_ENTRIES,
               "one table has all stacks, and an empty entry behind the last one");

static word_t page_flags(const char *page)
{
    if (page >= kernel_start && page < text_end) {
        return PTE_KERNEL_TEXT;
    }
    if (page >= text_end && page < rodata_end) {
        return PTE_KERNEL_RODATA;
    }
    return PTE_KERNEL_DATA;
}

void vm_map_stacks(void)
{
    for (unsigned i = 0; i < MAX_HARTS; i++) {
        stack_pages[pt_index(stack_bottom(i), 0)] = pte_make(ptr_to_phys(kernel_stacks[i]), PTE_KERNEL_DATA);
    }
    stack_mega_pages[pt_index(KERNEL_STACKS, 1)] = pte_make(ptr_to_phys(stack_pages), PTE_VALID);
    kernel_root[pt_index(KERNEL_STACKS, 2)] = pte_make(ptr_to_phys(stack_mega_pages), PTE_VALID);
    __asm__ volatile("sfence.vma" ::: "memory");
}

void vm_init_kernel(void)
{
    word_t image = align_down(ptr_to_phys(kernel_start), 21);
    word_t giga_page = align_down(image, 30);

    for (unsigned i = 0; i < PT_ENTRIES; i++) {
        word_t page = image + ((word_t)i << 12);
        kernel_pages[i] = pte_make(page, page_flags(phys_to_ptr(page)));
        kernel_mega_pages[i] = pte_make(giga_page + ((word_t)i << 21), PTE_KERNEL_DATA);
    }
    kernel_mega_pages[pt_index(image, 1)] = pte_make(ptr_to_phys(kernel_pages), PTE_VALID);
    for (word_t phys = 0; phys < PHYS_WINDOW_SIZE; phys += bit(30)) {
        kernel_root[pt_index(PHYS_WINDOW_BASE + phys, 2)] =
            phys == giga_page ? pte_make(ptr_to_phys(kernel_mega_pages), PTE_VALID)
                              : pte_make(phys, PTE_KERNEL_DATA);
    }
    __asm__ volatile("sfence.vma" ::: "memory");
}

void vm_init_hart(struct hart *hart)
{
    word_t kernel_satp = satp_make(ptr_to_phys(kernel_root), 0);

    /* Write ones to learn how many bits of an ASID the hart keeps. */
    csr_write(satp, kernel_satp | (word_t)0xffff << SATP_ASID_SHIFT);
    asids_work = asids_work && (csr_read(satp) >> SATP_ASID_SHIFT & 0xffff) == 0xffff;
    csr_write(satp, kernel_satp);
    __asm__ volatile("sfence.vma" ::: "memory");
    hart->arch.space = kernel_satp;
}

void vm_install_kernel_half(pte_t *root)
{
    memcpy(root + KERNEL_HALF, kernel_root + KERNEL_HALF, KERNEL_HALF * sizeof(pte_t));
}

bool vm_has_kernel_half(const pte_t *root)
{
    return memcmp(root + KERNEL_HALF, kernel_root + KERNEL_HALF, KERNEL_HALF * sizeof(pte_t)) == 0;
}

bool vm_is_kernel_space(word_t space)
{
    return space == satp_make(ptr_to_phys(kernel_root), 0);
}

void vm_activate(word_t root_phys, word_t asid)
{
    struct hart *hart = this_hart();
    word_t space = satp_make(root_phys, asid);

    if (hart->arch.space == space) {
        return;
    }
    hart->arch.vspace = 0;
    vm_restore(&hart->arch, space);
    if (unlikely(!asids_work)) {
        __asm__ volatile("sfence.vma" ::: "memory");
    }
}

void vm_activate_kernel(void)
{
    vm_activate(ptr_to_phys(kernel_root), 0);
}
