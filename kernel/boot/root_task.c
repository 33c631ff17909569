/*
 * Builds the root task.
 *
 * Its objects are taken from the top of free memory, away from the ramdisk and the device tree. Both are
 * copied, and their memory is then handed out like all other: the kernel keeps only what it needs.
 */
#include "boot/root_task.h"

#include "arch/asid.h"
#include "arch/uintc.h"
#include "arch/vm.h"
#include "boot/elf.h"
#include "boot/fail.h"
#include "boot/options.h"
#include "cap/slot.h"
#include "check/check.h"
#include "lib/bits.h"
#include "lib/print.h"
#include "lib/string.h"
#include "thread/debug_threads.h"
#include "thread/scheduler.h"
#include "thread/tcb.h"
#include <rel4/abi.h>
#include <sel4/bootinfo_types.h>

#define PAGE_SIZE       4096ul
#define ROOT_ASID       1
#define HIGHEST_ADDRESS bit(39) /* highest address of a device for an untyped capability */

extern char kernel_start[], kernel_end[];

static struct builder {
    const struct platform *platform;
    const struct fdt *fdt;
    struct regions memory;    /* free memory, which is handed out at the end */
    struct regions unclaimed; /* free memory without the ramdisk and the device tree */
    struct regions devices;
    struct elf_image image;
    word_t buffer_vaddr, info_vaddr, extra_vaddr; /* of the IPC buffer, BootInfo and extra BootInfo */
    struct slot *cnode;
    word_t next_slot;
    pte_t *vspace;
    seL4_BootInfo *info;
    unsigned untyped_count;
    unsigned dropped_count;
    word_t extra_size; /* bytes of extra BootInfo */
    word_t extra_span; /* address space for it: a power of two */
} builder;

static void find_memory(struct builder *b)
{
    const struct platform *platform = b->platform;
    struct region kernel = { ptr_to_phys(kernel_start), ptr_to_phys(kernel_end) };
    struct region ramdisk = platform->ramdisk;

    for (unsigned i = 0; i < platform->ram.count; i++) {
        struct region ram = platform->ram.list[i];
        ram.end = min_word(ram.end, PHYS_WINDOW_SIZE);
        regions_add(&b->memory, region_inside_pages(ram));
    }
    if (!regions_contain(&b->memory, kernel)) {
        boot_fail("the kernel is not in the memory that the device tree describes");
    }
    regions_remove(&b->memory, kernel);
    regions_remove_all(&b->memory, &platform->reserved, ABI_PAGE_BITS);
    regions_remove_all(&b->memory, &platform->kernel_devices, ABI_PAGE_BITS);
    if (ramdisk.end == 0) {
        boot_fail("there is no root task: the device tree has no initial ramdisk");
    }
    if (ramdisk.start >= ramdisk.end || !regions_contain(&b->memory, ramdisk)) {
        boot_fail("the root task's file, from %lx to %lx, is empty or not in free memory", ramdisk.start,
                  ramdisk.end);
    }
    b->unclaimed = b->memory;
    regions_remove(&b->unclaimed, region_around(ramdisk, 12));
    regions_remove(&b->unclaimed, region_around(region_at(ptr_to_phys(b->fdt->blob), b->fdt->size), 12));
}

/* Devices are all addresses that are neither memory, nor reserved, nor devices of the kernel. */
static void find_devices(struct builder *b)
{
    const struct platform *platform = b->platform;

    regions_add(&b->devices, (struct region){ 0, HIGHEST_ADDRESS });
    regions_remove_all(&b->devices, &platform->ram, ABI_PAGE_BITS);
    regions_remove_all(&b->devices, &platform->reserved, ABI_PAGE_BITS);
    regions_remove_all(&b->devices, &platform->kernel_devices, ABI_PAGE_BITS);
    if (b->memory.overflow || b->unclaimed.overflow || b->devices.overflow) {
        boot_fail("the device tree cuts memory into too many pieces");
    }
}

static void *take(struct builder *b, word_t bytes, unsigned align_bits)
{
    word_t phys;

    if (!regions_take(&b->unclaimed, bytes, align_bits, &phys)) {
        boot_fail("not enough memory for the root task: no room for %lu KiB", bytes >> 10);
    }
    regions_remove(&b->memory, region_at(phys, bytes));
    return phys_to_ptr(phys);
}

static void *take_cleared(struct builder *b, unsigned bits)
{
    void *object = take(b, bit(bits), bits);

    zero_words(object, bit(bits));
    return object;
}

static void add_cap(struct builder *b, struct cap cap)
{
    if (b->next_slot == bit(boot_options.root_cnode_bits)) {
        boot_fail("the root task's capabilities do not fit into root_cnode_bits=%u",
                  boot_options.root_cnode_bits);
    }
    slot_insert_root(&b->cnode[b->next_slot++], cap);
}

/* Returns the entry for an address in its table at a level; the tables above it exist. */
static pte_t *find_entry(const struct builder *b, word_t vaddr, unsigned level)
{
    pte_t *table = b->vspace;

    for (unsigned i = PT_LEVELS - 1; i > level; i--) {
        table = phys_to_ptr(pte_phys(table[pt_index(vaddr, i)]));
    }
    return &table[pt_index(vaddr, level)];
}

/* Adds the tables of a level that the addresses of the root task need, and their capabilities. */
static void add_tables(struct builder *b, unsigned level)
{
    unsigned covered_bits = pt_level_bits(level + 1);
    word_t end = b->extra_vaddr + b->extra_span;

    for (word_t vaddr = align_down(b->image.start, covered_bits); vaddr < end; vaddr += bit(covered_bits)) {
        pte_t *table = take_cleared(b, ABI_PAGE_TABLE_BITS);
        struct cap cap = cap_make_object(CAP_PAGE_TABLE, table, 0);
        *find_entry(b, vaddr, level + 1) = pte_make_table(ptr_to_phys(table));
        add_cap(b, page_table_set_mapped(cap, ROOT_ASID, vaddr));
    }
}

static struct cap map_frame(const struct builder *b, const void *frame, word_t vaddr)
{
    struct cap cap = cap_make_frame(ptr_to_phys(frame), FRAME_4K, FRAME_READ_WRITE, false);

    *find_entry(b, vaddr, 0) = pte_make_user(ptr_to_phys(frame), true, true, true);
    cap.w1 = cap_mapping(ROOT_ASID, vaddr);
    return cap;
}

static void add_frames(struct builder *b, const char *frames, word_t vaddr, word_t bytes)
{
    for (word_t offset = 0; offset < bytes; offset += PAGE_SIZE) {
        add_cap(b, map_frame(b, frames + offset, vaddr + offset));
    }
}

/* Without a gate, threads that do not use user interrupts can access the registers, too. */
static word_t features(void)
{
    if (uintr_backend == REL4_UINTR_NONE) {
        return REL4_FEATURE_ASYNC_QUEUES;
    }
    bool gate = uintr_backend == REL4_UINTR_EMULATED || uintc.extended;
    return REL4_FEATURE_ASYNC_QUEUES | REL4_FEATURE_USER_INTERRUPTS | (gate ? REL4_FEATURE_UINTR_GATE : 0);
}

/* Returns the size of the chunk with the device tree. Chunks follow one another without gaps, and each
 * is aligned. */
static word_t tree_chunk_size(const struct builder *b)
{
    return align_up(sizeof(seL4_BootInfoHeader) + b->fdt->size, 3);
}

static void add_extra_info(struct builder *b)
{
    const struct fdt *fdt = b->fdt;
    const seL4_BootInfoHeader tree = { ABI_BOOTINFO_ID_FDT, tree_chunk_size(b) };
    const word_t extension[REL4_BOOTINFO_WORDS] = {
        ABI_BOOTINFO_ID_PADDING,
        sizeof(extension),
        [REL4_BOOTINFO_MAGIC] = REL4_BOOTINFO_MAGIC_WORD,
        [REL4_BOOTINFO_VERSION] = REL4_INTERFACE_VERSION,
        [REL4_BOOTINFO_USER_INTERRUPTS] = uintr_backend,
        [REL4_BOOTINFO_FEATURES] = features(),
        [REL4_BOOTINFO_TYPE_SENDER_TABLE] = REL4_TYPE_SENDER_TABLE,
        [REL4_BOOTINFO_TYPE_ASYNC_QUEUE] = REL4_TYPE_ASYNC_QUEUE,
        [REL4_BOOTINFO_HARTS] = harts_online,
    };
    word_t bytes = align_up(b->extra_size, ABI_PAGE_BITS);
    char *extra = take(b, bytes, ABI_PAGE_BITS);

    memset(extra, 0, bytes);
    memcpy(extra, &tree, sizeof(tree));
    memcpy(extra + sizeof(tree), fdt->blob, fdt->size);
    memcpy(extra + tree.len, extension, sizeof(extension));

    b->info->extraBIPages.start = b->next_slot;
    add_frames(b, extra, b->extra_vaddr, bytes);
    b->info->extraBIPages.end = b->next_slot;
}

/* Checks the file and returns it. Afterwards the layout of the address space is known. */
static const void *plan_image(struct builder *b)
{
    struct region ramdisk = b->platform->ramdisk;
    const void *file = phys_to_ptr(ramdisk.start);

    b->extra_size = tree_chunk_size(b) + REL4_BOOTINFO_WORDS * sizeof(word_t);
    b->extra_span = PAGE_SIZE;
    while (b->extra_span < b->extra_size) {
        b->extra_span *= 2;
    }
    word_t top = ABI_USER_TOP - 2 * PAGE_SIZE - b->extra_span;
    const char *problem = elf_check(file, ramdisk.end - ramdisk.start, top, &b->image);
    if (problem) {
        boot_fail("the root task cannot be loaded: %s", problem);
    }
    b->buffer_vaddr = b->image.end;
    b->info_vaddr = b->buffer_vaddr + PAGE_SIZE;
    b->extra_vaddr = b->info_vaddr + PAGE_SIZE;
    log_debug("root task at %lx to %lx, entry %lx\n", b->image.start, b->image.end, b->image.entry);
    return file;
}

static void create_cspace(struct builder *b)
{
    unsigned bits = boot_options.root_cnode_bits;

    b->cnode = take_cleared(b, bits + ABI_SLOT_BITS);
    b->next_slot = ABI_INIT_FIRST_FREE;
    slot_insert_root(&b->cnode[ABI_INIT_CNODE], cap_make_cnode(b->cnode, bits, WORD_BITS - bits, 0));
    slot_insert_root(&b->cnode[ABI_INIT_IRQ_CONTROL], cap_make(CAP_IRQ_CONTROL, 0));
    slot_insert_root(&b->cnode[ABI_INIT_ASID_CONTROL], cap_make(CAP_ASID_CONTROL, 0));
    slot_insert_root(&b->cnode[ABI_INIT_DOMAIN], cap_make(CAP_DOMAIN, 0));
}

static void create_vspace(struct builder *b)
{
    struct asid_pool *pool = take_cleared(b, ABI_ASID_POOL_BITS);

    b->vspace = take_cleared(b, ABI_PAGE_TABLE_BITS);
    vm_install_kernel_half(b->vspace);
    pool->entries[ROOT_ASID] = ptr_to_phys(b->vspace);
    asid_pools[0] = pool;

    struct cap cap = page_table_set_mapped(cap_make_object(CAP_PAGE_TABLE, b->vspace, 0), ROOT_ASID, 0);
    slot_insert_root(&b->cnode[ABI_INIT_VSPACE], cap);
    slot_insert_root(&b->cnode[ABI_INIT_ASID_POOL], cap_make_object(CAP_ASID_POOL, pool, 0));

    b->info = take_cleared(b, ABI_PAGE_BITS);
    b->info->userImagePaging.start = b->next_slot;
    add_tables(b, 1);
    add_tables(b, 0);
    b->info->userImagePaging.end = b->next_slot;

    void *buffer = take_cleared(b, ABI_PAGE_BITS);
    slot_insert_root(&b->cnode[ABI_INIT_BOOTINFO], map_frame(b, b->info, b->info_vaddr));
    slot_insert_root(&b->cnode[ABI_INIT_IPC_BUFFER], map_frame(b, buffer, b->buffer_vaddr));
}

static void create_image(struct builder *b, const void *file)
{
    word_t bytes = b->image.end - b->image.start;
    void *memory = take(b, bytes, ABI_PAGE_BITS);

    /* Add capabilities first: if they do not fit into the CNode, clearing was in vain. */
    b->info->userImageFrames.start = b->next_slot;
    add_frames(b, memory, b->image.start, bytes);
    b->info->userImageFrames.end = b->next_slot;
    zero_words(memory, bytes);
    elf_load(file, &b->image, memory);
}

static struct tcb *create_thread(struct builder *b)
{
    struct tcb *thread = take_cleared(b, ABI_TCB_BITS);
    struct slot *buffer = &b->cnode[ABI_INIT_IPC_BUFFER];
    struct cap buffer_copy = buffer->cap;

    buffer_copy.w1 = 0; /* a copy of a frame capability is not mapped */
    slot_insert_root(&b->cnode[ABI_INIT_TCB], cap_make_object(CAP_TCB, thread, 0));
    slot_insert(&thread->slots[TCB_CSPACE], b->cnode[ABI_INIT_CNODE].cap, &b->cnode[ABI_INIT_CNODE]);
    slot_insert(&thread->slots[TCB_VSPACE], b->cnode[ABI_INIT_VSPACE].cap, &b->cnode[ABI_INIT_VSPACE]);
    slot_insert(&thread->slots[TCB_BUFFER], buffer_copy, buffer);

    thread->context.regs[ABI_REG_PC] = b->image.entry;
    thread->context.regs[ABI_REG_A0] = b->info_vaddr;
    thread->context.next_pc = b->image.entry;
    thread->hart = &harts_table[0];
    thread->state = THREAD_RUNNING;
    thread->priority = NUM_PRIORITIES - 1;
    thread->max_priority = NUM_PRIORITIES - 1;
    thread->slice = TIME_SLICE_TICKS;
    thread->ipc_buffer = b->buffer_vaddr;
    thread_debug_register(thread, "rootserver", NULL);
    return thread;
}

static void add_untyped(struct builder *b, word_t start, unsigned bits, bool device)
{
    if (b->untyped_count == ABI_BOOTINFO_MAX_UNTYPEDS) {
        b->dropped_count++;
        return;
    }
    b->info->untypedList[b->untyped_count++] =
        (seL4_UntypedDesc){ .paddr = start, .sizeBits = (uint8_t)bits, .isDevice = device };
    /* Mark all of it as used, without children: the first Retype then resets and clears it. */
    add_cap(b, cap_make_untyped(start, bits, device, bit(bits)));
}

/* Cuts each range into the largest naturally aligned powers of two, from its start. */
static void add_untypeds(struct builder *b, const struct regions *set, bool device)
{
    for (unsigned i = 0; i < set->count; i++) {
        word_t start = set->list[i].start;
        word_t end = set->list[i].end;
        log_debug("%s %010lx to %010lx\n", device ? "devices" : "memory ", start, end);
        while (start < end) {
            unsigned bits = highest_bit(end - start);
            if (start && bits > lowest_bit(start)) {
                bits = lowest_bit(start);
            }
            bits = bits < ABI_MAX_UNTYPED_BITS ? bits : ABI_MAX_UNTYPED_BITS;
            add_untyped(b, start, bits, device);
            start += bit(bits);
        }
    }
}

static void finish_info(struct builder *b)
{
    seL4_BootInfo *info = b->info;

    info->untyped.start = b->next_slot;
    add_untypeds(b, &b->devices, true);
    add_untypeds(b, &b->memory, false);
    info->untyped.end = b->next_slot;
    if (b->dropped_count) {
        log_info("BootInfo has no room for %u pieces of memory, which are lost\n", b->dropped_count);
    }
    info->extraLen = b->extra_size;
    info->numNodes = boot_options.abi_up ? 1 : harts_online;
    /* An address of the root task, which is not followed here. NOLINTNEXTLINE(performance-no-int-to-ptr) */
    info->ipcBuffer = (seL4_IPCBuffer *)b->buffer_vaddr;
    info->empty.start = b->next_slot;
    info->empty.end = bit(boot_options.root_cnode_bits);
    info->initThreadCNodeSizeBits = boot_options.root_cnode_bits;
}

/* Takes memory for the checker, if it is on. */
static void create_checker(struct builder *b)
{
#if REL4_DEBUG
    const struct regions *ram = &b->platform->ram;
    word_t start = ram->list[0].start;
    word_t end = min_word(ram->list[ram->count - 1].end, PHYS_WINDOW_SIZE);

    if (!check_interval) {
        return;
    }
    word_t bytes = align_up(check_bytes(start, end), ABI_PAGE_BITS);
    void *memory = take(b, bytes, ABI_PAGE_BITS);
    zero_words(memory, bytes);
    check_init(memory, start, end, b->cnode, bit(boot_options.root_cnode_bits));
#endif
}

struct tcb *root_task_create(const struct platform *platform, const struct fdt *fdt)
{
    struct builder *b = &builder;

    *b = (struct builder){ .platform = platform, .fdt = fdt };
    find_memory(b);
    find_devices(b);
    const void *file = plan_image(b);
    create_cspace(b);
    create_checker(b);
    create_vspace(b);
    add_extra_info(b);
    create_image(b, file);
    struct tcb *thread = create_thread(b);
    finish_info(b);
    if (b->memory.overflow || b->unclaimed.overflow) {
        boot_fail("memory is cut into too many pieces");
    }
    return thread;
}
