/*
 * 7.3 to 7.5: how the root task starts, BootInfo, and the extra information behind it.
 */
#include "tree.h"

#include <string.h>

#define PAGE 4096ul

/* Ends of the image and the page that the start code unmaps; from the linker script. */
extern char __image_start[], __image_end[], __stack_guard[];

#define INFO test_bootinfo

static seL4_Word first_registers[33];

/* Runs before anything that could compute with floating point. */
static void note_first_registers(void)
{
    __asm__ volatile(
        "fsd f0, 0(%0)\n fsd f1, 8(%0)\n fsd f2, 16(%0)\n fsd f3, 24(%0)\n fsd f4, 32(%0)\n"
        "fsd f5, 40(%0)\n fsd f6, 48(%0)\n fsd f7, 56(%0)\n fsd f8, 64(%0)\n fsd f9, 72(%0)\n"
        "fsd f10, 80(%0)\n fsd f11, 88(%0)\n fsd f12, 96(%0)\n fsd f13, 104(%0)\n fsd f14, 112(%0)\n"
        "fsd f15, 120(%0)\n fsd f16, 128(%0)\n fsd f17, 136(%0)\n fsd f18, 144(%0)\n fsd f19, 152(%0)\n"
        "fsd f20, 160(%0)\n fsd f21, 168(%0)\n fsd f22, 176(%0)\n fsd f23, 184(%0)\n fsd f24, 192(%0)\n"
        "fsd f25, 200(%0)\n fsd f26, 208(%0)\n fsd f27, 216(%0)\n fsd f28, 224(%0)\n fsd f29, 232(%0)\n"
        "fsd f30, 240(%0)\n fsd f31, 248(%0)\n frcsr t0\n sd t0, 256(%0)" ::"r"(first_registers)
        : "memory", "t0");
}
static void (*const before_all[])(void)
    __attribute__((used, section(".preinit_array"))) = { note_first_registers };

TEST("7.3 initial thread: the FPU is on, its registers and fcsr are 0")
{
    for (int i = 0; i < 33; i++) {
        CHECK_EQUAL(first_registers[i], 0);
    }
}

TEST("7.3 initial thread: its maximum controlled priority is 255")
{
    CHECK_ANSWER(INVOKE(seL4_CapInitThreadTCB, TCBSetPriority, .length = 1, .words = { 256 }, .extras = 1,
                        .caps = { seL4_CapInitThreadTCB }),
                 seL4_RangeError, 0, 255);
    CHECK_ANSWER(INVOKE(seL4_CapInitThreadTCB, TCBSetPriority, .length = 1, .words = { 255 }, .extras = 1,
                        .caps = { seL4_CapInitThreadTCB }),
                 seL4_NoError);
}

TEST("7.3 layout: the IPC buffer is the first page behind the image")
{
    CHECK_EQUAL((seL4_Word)INFO->ipcBuffer, (seL4_Word)__image_end);
    CHECK_EQUAL((seL4_Word)seL4_GetIPCBuffer(), (seL4_Word)INFO->ipcBuffer);
}

TEST("7.3 layout: BootInfo, passed in a0, is one page behind the IPC buffer, extra BootInfo another")
{
    CHECK_EQUAL((seL4_Word)INFO, (seL4_Word)__image_end + PAGE);
    CHECK_EQUAL((seL4_Word)sel4_bootinfo_chunk(INFO, SEL4_BOOTINFO_HEADER_FDT),
                (seL4_Word)__image_end + 2 * PAGE);
}

TEST("7.3 layout: page tables are there up to the extra BootInfo, rounded up to a power of two")
{
    seL4_Word span = PAGE, end;

    while (span < INFO->extraLen) {
        span *= 2;
    }
    end = (seL4_Word)__image_end + 2 * PAGE + span;
    for (seL4_Word vaddr = (seL4_Word)__image_start; vaddr < end; vaddr += PAGE) {
        CHECK_ERROR(seL4_RISCV_PageTable_Map(test_object(seL4_RISCV_PageTableObject, 0),
                                             seL4_CapInitThreadVSpace, vaddr, 0),
                    seL4_DeleteFirst);
        vaddr += 63 * PAGE;
    }
    CHECK_ERROR(seL4_RISCV_PageTable_Map(test_object(seL4_RISCV_PageTableObject, 0), seL4_CapInitThreadVSpace,
                                         end - 1, 0),
                seL4_DeleteFirst);
}

TEST("7.4 BootInfo nodeID: 0")
{
    CHECK_EQUAL(INFO->nodeID, 0);
}

TEST("7.4 BootInfo numNodes: the harts of the machine, or 1 for one node or several domains")
{
    struct answer answer =
        INVOKE(seL4_CapDomain, DomainScheduleConfigure, .length = 3, .words = { 0, ~0ul, 0 });

    CHECK_EQUAL(answer.error, seL4_RangeError);
    CHECK_EQUAL(INFO->numNodes, CONFIG_MAX_NUM_NODES == 1 || answer.words[1] > 0 ? 1 : tree_count("cpu@"));
}

TEST("7.4 BootInfo numIOPTLevels, sharedFrames, ioSpaceCaps: nothing on this platform")
{
    CHECK_EQUAL(INFO->numIOPTLevels, 0);
    CHECK_EQUAL(INFO->sharedFrames.start, 0);
    CHECK_EQUAL(INFO->sharedFrames.end, 0);
    CHECK_EQUAL(INFO->ioSpaceCaps.start, 0);
    CHECK_EQUAL(INFO->ioSpaceCaps.end, 0);
}

TEST("7.4 BootInfo initThreadCNodeSizeBits: 12, initThreadDomain: 0")
{
    CHECK_EQUAL(INFO->initThreadCNodeSizeBits, 12);
    CHECK_EQUAL(INFO->initThreadDomain, 0);
}

TEST("7.4 BootInfo userImagePaging: starts at slot 16, one table per level and region touched")
{
    seL4_Word first = (seL4_Word)__image_start, span = PAGE, last, giga, mega;

    while (span < INFO->extraLen) {
        span *= 2;
    }
    last = (seL4_Word)__image_end + 2 * PAGE + span - 1;
    giga = (last >> seL4_HugePageBits) - (first >> seL4_HugePageBits) + 1;
    mega = (last >> seL4_LargePageBits) - (first >> seL4_LargePageBits) + 1;
    CHECK_EQUAL(INFO->userImagePaging.start, 16);
    CHECK_EQUAL(INFO->userImagePaging.end, 16 + giga + mega);
}

TEST("7.4 BootInfo extraBIPages: follow the paging, as many as extraLen needs")
{
    CHECK_EQUAL(INFO->extraBIPages.start, INFO->userImagePaging.end);
    CHECK_EQUAL(INFO->extraBIPages.end - INFO->extraBIPages.start, (INFO->extraLen + PAGE - 1) / PAGE);
}

TEST("7.4 BootInfo userImageFrames: follow the extra pages, one per page of the image")
{
    CHECK_EQUAL(INFO->userImageFrames.start, INFO->extraBIPages.end);
    CHECK_EQUAL(INFO->userImageFrames.end - INFO->userImageFrames.start,
                ((seL4_Word)__image_end - (seL4_Word)__image_start) / PAGE);
}

TEST("7.4 BootInfo untyped: follow the image frames, at most 230")
{
    CHECK_EQUAL(INFO->untyped.start, INFO->userImageFrames.end);
    CHECK(INFO->untyped.end > INFO->untyped.start);
    CHECK(INFO->untyped.end - INFO->untyped.start <= 230);
}

TEST("7.4 BootInfo empty: follows the untypeds, to the end of the CNode")
{
    CHECK_EQUAL(INFO->empty.start, INFO->untyped.end);
    CHECK_EQUAL(INFO->empty.end, 4096);
}

TEST("7.4 BootInfo untyped descriptors: unused ones, padding and the rest of the frame are zero")
{
    seL4_Word count = INFO->untyped.end - INFO->untyped.start;
    const unsigned char *frame = (const unsigned char *)INFO;
    seL4_Word sum = 0;

    for (seL4_Word i = 0; i < count; i++) {
        for (int j = 0; j < 6; j++) {
            sum |= INFO->untypedList[i].padding[j];
        }
    }
    for (seL4_Word offset = 0xa8 + 16 * count; offset < PAGE; offset++) {
        sum |= frame[offset];
    }
    CHECK_EQUAL(sum, 0);
}

static uint32_t big_endian(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* A chunk may begin at an odd address. */
static seL4_Word word_at(const void *address)
{
    seL4_Word word;

    memcpy(&word, address, sizeof(word));
    return word;
}

TEST("7.5 extra BootInfo: the first chunk is the device tree, id 6, complete with its magic and size")
{
    const unsigned char *chunk = (const unsigned char *)INFO + PAGE;
    seL4_Word length = word_at(chunk + 8), size = big_endian(chunk + 20);

    CHECK_EQUAL(word_at(chunk), 6);
    CHECK_EQUAL(big_endian(chunk + 16), 0xd00dfeed);
    CHECK_EQUAL(length, (16 + size + 7) / 8 * 8);
    CHECK(tree_count("cpu@") >= 1);
}

TEST("7.5 extra BootInfo: a second chunk, id 0 with a word that tells it from padding, describes the "
     "extension")
{
    const char *first = (const char *)INFO + PAGE, *second = first + word_at(first + 8);

    CHECK_EQUAL(word_at(second), 0);
    CHECK(word_at(second + 8) >= 9 * sizeof(seL4_Word));
    CHECK_EQUAL(word_at(second + 16), 0x344C4552);
    CHECK_EQUAL(word_at(second + 24), 2); /* interface version */
    CHECK(word_at(second + 32) <= 2);     /* backend of user interrupts */
    CHECK(word_at(second + 40) & 4);      /* asynchronous queues */
    CHECK_EQUAL(word_at(second + 48), 64);
    CHECK_EQUAL(word_at(second + 56), 65);
    CHECK(word_at(second + 64) >= INFO->numNodes && word_at(second + 64) <= 8);
}

TEST("7.5 extra BootInfo: the chunks fill extraLen, are aligned and of ids that seL4 has")
{
    const char *extra = (const char *)INFO + PAGE;
    seL4_Word offset = 0, chunks = 0;

    while (offset < INFO->extraLen && word_at(extra + offset + 8) >= 16) {
        CHECK_EQUAL(offset % sizeof(seL4_Word), 0);
        CHECK(word_at(extra + offset) < SEL4_BOOTINFO_HEADER_NUM);
        offset += word_at(extra + offset + 8);
        chunks++;
    }
    CHECK_EQUAL(offset, INFO->extraLen);
    CHECK_EQUAL(chunks, 2);
    CHECK_EQUAL((seL4_Word)sel4_bootinfo_chunk(INFO, 5), 0);
}

TEST("7.5 extra BootInfo: what is behind the last chunk in its last page is zero")
{
    const char *extra = (const char *)INFO + PAGE;
    seL4_Word sum = 0;

    for (seL4_Word offset = INFO->extraLen; offset % PAGE != 0; offset++) {
        sum |= (unsigned char)extra[offset];
    }
    CHECK_EQUAL(sum, 0);
}

/* The capability maps exactly this address: it may be mapped there again, but nowhere else. */
static void check_mapped_at(seL4_CPtr frame, const void *vaddr)
{
    CHECK_OK(seL4_RISCV_Page_Map(frame, seL4_CapInitThreadVSpace, (seL4_Word)vaddr, seL4_ReadWrite, 0));
    CHECK_ERROR(
        seL4_RISCV_Page_Map(frame, seL4_CapInitThreadVSpace, (seL4_Word)__stack_guard, seL4_ReadWrite, 0),
        seL4_InvalidArgument);
    CHECK_MR(0, 0);
}

TEST("7.6 order: extra BootInfo frames are mapped in ascending order")
{
    for (seL4_CPtr slot = INFO->extraBIPages.start; slot < INFO->extraBIPages.end; slot++) {
        check_mapped_at(slot, (const char *)INFO + PAGE * (1 + slot - INFO->extraBIPages.start));
    }
}

TEST("7.6 order: image frames are mapped in ascending order")
{
    for (seL4_CPtr slot = INFO->userImageFrames.start; slot < INFO->userImageFrames.end; slot++) {
        const char *vaddr = __image_start + PAGE * (slot - INFO->userImageFrames.start);

        if (vaddr != __stack_guard) {
            check_mapped_at(slot, vaddr);
        }
    }
}

TEST("7.6 BootInfo and IPC buffer frames are mapped where BootInfo says")
{
    check_mapped_at(seL4_CapBootInfoFrame, INFO);
    check_mapped_at(seL4_CapInitThreadIPCBuffer, INFO->ipcBuffer);
}

TEST("6.6 the initial IPC buffer frame is the thread's buffer")
{
    seL4_CPtr copy = test_mint(seL4_CapInitThreadIPCBuffer, seL4_AllRights, 0);

    CHECK_OK(
        seL4_RISCV_Page_Map(copy, seL4_CapInitThreadVSpace, (seL4_Word)__stack_guard, seL4_ReadWrite, 0));
    seL4_SetUserData(0x5a5a);
    CHECK_EQUAL(((volatile seL4_IPCBuffer *)__stack_guard)->userData, 0x5a5a);
}

static unsigned code_in_data[2];

TEST("6.6 the image is mapped for reading, writing and execution, all of it")
{
    volatile seL4_Word *text = (volatile seL4_Word *)__image_start;
    seL4_Word instructions = *text;

    code_in_data[0] = 0x00008067; /* ret */
    __asm__ volatile("fence.i\n jalr %0" ::"r"(code_in_data) : "ra", "memory");
    /* The program's first instructions, which have had their turn. */
    *text = ~instructions;
    CHECK_EQUAL(*text, ~instructions);
    *text = instructions;
}
