/*
 * A second address space for this program, like that of fork().
 */
#include <string.h>

#include "ping.h"

#define PAGE 4096ul

/* Set by the linker script: code and constants, then variables, then the first thread's stack. */
extern char __image_start[], __rodata_end[], __stack_guard[];

/* A page of the other address space is mapped here while it is filled. */
static char window[PAGE] __attribute__((aligned(4096)));

static bool share_page(seL4_CPtr space, seL4_Word address)
{
    seL4_CPtr frame = simple_mint(sel4_image_frame((void *)address), seL4_CanRead, 0);

    return frame && !simple_map_page(space, frame, address, seL4_CanRead, seL4_RISCV_Default_VMAttributes);
}

/* Makes a copy of the page at address and maps it at the same address in space. Returns its frame, or null.
 */
static seL4_CPtr copy_page(seL4_CPtr space, seL4_Word address)
{
    seL4_CPtr frame = simple_object(seL4_RISCV_4K_Page, 0), here;

    if (!frame || simple_map_page(space, frame, address, seL4_ReadWrite, seL4_RISCV_ExecuteNever)) {
        return seL4_CapNull;
    }
    here = simple_mint(frame, seL4_AllRights, 0);
    if (!here || seL4_RISCV_Page_Map(here, seL4_CapInitThreadVSpace, (seL4_Word)window, seL4_ReadWrite,
                                     seL4_RISCV_ExecuteNever)) {
        return seL4_CapNull;
    }
    memcpy(window, (const void *)address, PAGE);
    return seL4_RISCV_Page_Unmap(here) ? seL4_CapNull : frame;
}

seL4_CPtr space_copy(const void *address, seL4_CPtr *frame)
{
    seL4_CPtr space = simple_new_vspace();
    seL4_Word page = (seL4_Word)__image_start;

    /* Free the window's address for copy_page(). */
    if (!space || seL4_RISCV_Page_Unmap(sel4_image_frame(window))) {
        return seL4_CapNull;
    }
    for (; page < (seL4_Word)__rodata_end; page += PAGE) {
        if (!share_page(space, page)) {
            return seL4_CapNull;
        }
    }
    for (; page < (seL4_Word)__stack_guard; page += PAGE) {
        if (page == (seL4_Word)window) {
            continue;
        }
        seL4_CPtr copy = copy_page(space, page);
        if (!copy) {
            return seL4_CapNull;
        }
        if (page == (seL4_Word)address) {
            *frame = copy;
        }
    }
    return space;
}
