/*
 * Memory as capabilities: untypeds are ranges of physical memory; frames are made from them and can be
 * mapped.
 */
#include "demo.h"

/* Addresses in an otherwise unused gigabyte. */
#define FIRST_ADDRESS  0x3000000000
#define SECOND_ADDRESS 0x3000200000

/* Prints number and size of the untypeds of one kind. */
static void summarise(const seL4_BootInfo *bi, bool device, const char *kind)
{
    seL4_Word number = 0, largest_bits = 0, total = 0;

    for (seL4_Word i = 0; i < bi->untyped.end - bi->untyped.start; i++) {
        const seL4_UntypedDesc *untyped = &bi->untypedList[i];

        if (untyped->isDevice != device) {
            continue;
        }
        number++;
        total += LIBSEL4_BIT(untyped->sizeBits);
        if (untyped->sizeBits > largest_bits) {
            largest_bits = untyped->sizeBits;
        }
    }
    say("%-7s %3lu untypeds, %lu KiB in all, the largest has %lu KiB", kind, number, total / 1024,
        LIBSEL4_BIT(largest_bits) / 1024);
}

bool show_memory(void)
{
    const seL4_BootInfo *bi = seL4_GetBootInfo();

    summarise(bi, false, "RAM");
    summarise(bi, true, "devices");
    say("%lu slots are empty, for the capabilities we will make", bi->empty.end - bi->empty.start);
    return exists(bi->empty.end > bi->empty.start, "no empty slots");
}

bool map_memory(void)
{
    volatile seL4_Word *first = (volatile seL4_Word *)FIRST_ADDRESS;
    const volatile seL4_Word *second = (const volatile seL4_Word *)SECOND_ADDRESS;
    seL4_CPtr frame = simple_object(seL4_RISCV_4K_Page, 0);
    seL4_CPtr read_only = simple_mint(frame, seL4_CanRead, 0);

    if (!exists(frame && read_only, "no frame for the page, or no copy of its capability")) {
        return false;
    }
    if (!worked(simple_map_page(seL4_CapInitThreadVSpace, frame, FIRST_ADDRESS, seL4_ReadWrite,
                                seL4_RISCV_ExecuteNever),
                "map the page, readable and writable") ||
        !worked(simple_map_page(seL4_CapInitThreadVSpace, read_only, SECOND_ADDRESS, seL4_CanRead,
                                seL4_RISCV_ExecuteNever),
                "map it again, read-only")) {
        return false;
    }

    seL4_RISCV_Page_GetAddress_t physical = seL4_RISCV_Page_GetAddress(frame);
    if (!worked(physical.error, "ask for the physical address")) {
        return false;
    }
    say("physical page 0x%lx is mapped at %p and, read-only, at %p", physical.paddr, (void *)first,
        (void *)second);

    *first = 42;
    say("wrote 42 through the first address, read %lu through the second", *second);
    return exists(*second == 42, "the two addresses show different memory");
}
