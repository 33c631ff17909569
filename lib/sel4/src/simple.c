/*
 * The allocator of <sel4/simple.h>: slots, memory and device memory. All of them are handed out from front to
 * back, as untypeds work, so that a few indexes are its whole state.
 */
#include <sel4/simple.h>

/* The most parts of device memory: the untypeds in BootInfo, and what splitting them leaves over. */
#define MAX_DEVICE_PARTS (CONFIG_MAX_NUM_BOOTINFO_UNTYPED_CAPS + 128)

/* An untyped of device memory, of which the physical addresses below next are used. */
struct device_part {
    seL4_CPtr untyped;
    seL4_PAddr next;
    seL4_PAddr end;
};

static const seL4_BootInfo *boot_info;
static seL4_CPtr next_slot;

/* For each untyped, log2 of the smallest object that did not fit any more. */
static seL4_Uint8 full_for[CONFIG_MAX_NUM_BOOTINFO_UNTYPED_CAPS];

static struct device_part device_parts[MAX_DEVICE_PARTS];
static size_t device_part_count;

void simple_init(const seL4_BootInfo *bi)
{
    boot_info = bi;
    next_slot = bi->empty.start;
    device_part_count = 0;
    for (seL4_Word i = 0; i < bi->untyped.end - bi->untyped.start; i++) {
        const seL4_UntypedDesc *desc = &bi->untypedList[i];

        full_for[i] = desc->sizeBits + 1;
        if (desc->isDevice) {
            device_parts[device_part_count++] = (struct device_part){
                bi->untyped.start + i,
                desc->paddr,
                desc->paddr + LIBSEL4_BIT(desc->sizeBits),
            };
        }
    }
}

seL4_CPtr simple_alloc_slots(seL4_Word count)
{
    seL4_CPtr first = next_slot;

    if (next_slot + count + SEL4_RUNTIME_SLOTS > boot_info->empty.end) {
        return seL4_CapNull;
    }
    next_slot += count;
    return first;
}

seL4_CPtr simple_alloc_slot(void)
{
    return simple_alloc_slots(1);
}

/* Returns log2 of an object's bytes. */
static seL4_Word object_bits(seL4_Word type, seL4_Word size_bits)
{
    switch (type) {
    case seL4_TCBObject:
        return seL4_TCBBits;
    case seL4_EndpointObject:
        return seL4_EndpointBits;
    case seL4_NotificationObject:
        return seL4_NotificationBits;
    case seL4_CapTableObject:
        return size_bits + seL4_SlotBits;
    case seL4_RISCV_4K_Page:
    case seL4_RISCV_PageTableObject:
        return seL4_PageBits;
    case seL4_RISCV_Mega_Page:
        return seL4_LargePageBits;
    case seL4_RISCV_Giga_Page:
        return seL4_HugePageBits;
    default:
        return size_bits;
    }
}

static seL4_Error retype_from(seL4_Untyped untyped, seL4_Word type, seL4_Word size_bits, seL4_CPtr slot)
{
    return seL4_Untyped_Retype(untyped, type, size_bits, seL4_CapInitThreadCNode, 0, 0, slot, 1);
}

seL4_Error simple_retype(seL4_Word type, seL4_Word size_bits, seL4_CPtr slot)
{
    seL4_Word count = boot_info->untyped.end - boot_info->untyped.start;
    seL4_Word needed = object_bits(type, size_bits);

    for (seL4_Word bits = needed; bits <= seL4_MaxUntypedBits; bits++) {
        for (seL4_Word i = 0; i < count; i++) {
            const seL4_UntypedDesc *desc = &boot_info->untypedList[i];

            if (desc->isDevice || desc->sizeBits != bits || needed >= full_for[i]) {
                continue;
            }
            seL4_Error error = retype_from(boot_info->untyped.start + i, type, size_bits, slot);
            if (error != seL4_NotEnoughMemory) {
                return error;
            }
            full_for[i] = needed;
        }
    }
    return seL4_NotEnoughMemory;
}

seL4_CPtr simple_object(seL4_Word type, seL4_Word size_bits)
{
    seL4_CPtr slot = simple_alloc_slot();

    if (!slot || simple_retype(type, size_bits, slot)) {
        return seL4_CapNull;
    }
    return slot;
}

seL4_CPtr simple_mint(seL4_CPtr cap, seL4_CapRights_t rights, seL4_Word badge)
{
    seL4_CPtr slot = simple_alloc_slot();

    if (!slot) {
        return seL4_CapNull;
    }
    if (badge ? seL4_CNode_Mint(seL4_CapInitThreadCNode, slot, seL4_WordBits, seL4_CapInitThreadCNode, cap,
                                seL4_WordBits, rights, badge)
              : seL4_CNode_Copy(seL4_CapInitThreadCNode, slot, seL4_WordBits, seL4_CapInitThreadCNode, cap,
                                seL4_WordBits, rights)) {
        return seL4_CapNull;
    }
    return slot;
}

/*
 * Splits off the memory in front of the page, as untypeds that are as large as their alignment and the
 * distance to the page allow. They become further parts.
 */
static seL4_Error split_before(struct device_part *part, seL4_PAddr page)
{
    while (part->next < page) {
        seL4_Word bits = __builtin_ctzl(part->next | LIBSEL4_BIT(seL4_MaxUntypedBits));
        seL4_CPtr slot = simple_alloc_slot();

        while (LIBSEL4_BIT(bits) > page - part->next) {
            bits--;
        }
        if (!slot || device_part_count == MAX_DEVICE_PARTS) {
            return seL4_NotEnoughMemory;
        }
        seL4_Error error = retype_from(part->untyped, seL4_UntypedObject, bits, slot);
        if (error) {
            return error;
        }
        device_parts[device_part_count++] =
            (struct device_part){ slot, part->next, part->next + LIBSEL4_BIT(bits) };
        part->next += LIBSEL4_BIT(bits);
    }
    return seL4_NoError;
}

seL4_CPtr simple_device_frame(seL4_PAddr paddr)
{
    seL4_PAddr page = paddr & ~(LIBSEL4_BIT(seL4_PageBits) - 1);

    for (size_t i = 0; i < device_part_count; i++) {
        struct device_part *part = &device_parts[i];

        if (page < part->next || part->end - part->next < LIBSEL4_BIT(seL4_PageBits) || page >= part->end) {
            continue;
        }
        seL4_CPtr slot = simple_alloc_slot();
        if (!slot || split_before(part, page) || retype_from(part->untyped, seL4_RISCV_4K_Page, 0, slot)) {
            return seL4_CapNull;
        }
        part->next = page + LIBSEL4_BIT(seL4_PageBits);
        return slot;
    }
    return seL4_CapNull;
}
