/*
 * Start of a root task in C, BootInfo, and thread-local storage. The order in sel4_start() matters:
 * thread-local variables must not be used before _init_tls(), and the kernel must not be called before the
 * IPC buffer is set.
 */
/* <picotls.h> is empty unless <picolibc.h> comes first. */
#include <picolibc.h>
#include <picotls.h>
#include <stdint.h>
#include <stdlib.h>

#include <sel4/runtime.h>
#include <sel4/sel4.h>

__thread seL4_IPCBuffer *__sel4_ipc_buffer;

static seL4_BootInfo *boot_info;

/* Symbols of the linker script: only their addresses mean something. */
extern char __image_start[], __stack_guard[], __first_tls[];

extern int main(int argc, char **argv);
void __libc_init_array(void);
_Noreturn void sel4_start(seL4_BootInfo *bi);

seL4_BootInfo *seL4_GetBootInfo(void)
{
    return boot_info;
}

const seL4_BootInfoHeader *sel4_bootinfo_next(const seL4_BootInfo *bi, const seL4_BootInfoHeader *header)
{
    const char *extra = (const char *)bi + seL4_BootInfoFrameSize;
    seL4_Word offset = header ? (seL4_Word)((const char *)header - extra) + header->len : 0;

    /* Stop at a header that does not fit or is not aligned. */
    if (offset > bi->extraLen || bi->extraLen - offset < sizeof(*header) || offset % sizeof(seL4_Word) != 0) {
        return NULL;
    }
    const seL4_BootInfoHeader *next = (const seL4_BootInfoHeader *)(extra + offset);
    return next->len < sizeof(*next) ? NULL : next;
}

const seL4_BootInfoHeader *sel4_bootinfo_chunk(const seL4_BootInfo *bi, seL4_Word id)
{
    const seL4_BootInfoHeader *header = NULL;

    while ((header = sel4_bootinfo_next(bi, header)) && header->id != id) {
    }
    return header;
}

size_t sel4_tls_size(void)
{
    return _tls_size() + _tls_align() - 1;
}

seL4_Word sel4_tls_init(void *area, seL4_IPCBuffer *ipc_buffer)
{
    uintptr_t base = ((uintptr_t)area + _tls_align() - 1) & -(uintptr_t)_tls_align();
    uintptr_t offset = (uintptr_t)&__sel4_ipc_buffer - (uintptr_t)__builtin_thread_pointer();

    _init_tls((void *)base);
    *(seL4_IPCBuffer **)(base + offset) = ipc_buffer;
    return base;
}

seL4_CPtr sel4_image_frame(const void *address)
{
    return boot_info->userImageFrames.start +
           (((seL4_Word)address - (seL4_Word)__image_start) >> seL4_PageBits);
}

/* Unmaps the page below the stack, so that an overflow faults. If that fails, an overflow is not noticed. */
static void unmap_stack_guard(void)
{
    seL4_RISCV_Page_Unmap(sel4_image_frame(__stack_guard));
}

/* First C function, called by start.S. */
_Noreturn void sel4_start(seL4_BootInfo *bi)
{
    static char *argv[] = { "root", NULL };

    _init_tls(__first_tls);
    seL4_SetIPCBuffer(bi->ipcBuffer);
    boot_info = bi;
    unmap_stack_guard();
    __libc_init_array();
    exit(main(1, argv));
}
