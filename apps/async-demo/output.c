/*
 * The console, and the physical address of a page.
 */
#include <stdio.h>
#include <string.h>

#include "demo.h"

#define LINES 40

/* Numbered lines, which take several calls. */
static char long_text[LINES * 64];

static size_t write_lines(void)
{
    size_t length = 0;

    for (int i = 1; i <= LINES; i++) {
        length +=
            (size_t)sprintf(long_text + length, "      | line %2d of %d, which belong together\n", i, LINES);
    }
    return length;
}

void show_output(void)
{
    static seL4_Word value; /* in a page whose content does not matter */
    seL4_CPtr frame = sel4_image_frame(&value);
    seL4_Word address = 0;

    printf("      PutChar('X'), expected [X], seen [");
    int error = rel4_put_char(demo_queue, 'X');
    printf("]\n");
    expect_error("its answer", seL4_NoError, error);

    printf("      PutString(\"11111\"), expected [11111], seen [");
    error = rel4_put_string(demo_queue, "11111");
    printf("]\n");
    expect_error("its answer", seL4_NoError, error);

    say("PutString of %zu bytes, which is several calls:", write_lines());
    expect_error("its answer", seL4_NoError, rel4_put_string(demo_queue, long_text));

    expect_error("Page GetAddress", seL4_NoError, rel4_page_get_address(frame, &address));
    expect("the address, synchronous and asynchronous", seL4_RISCV_Page_GetAddress(frame).paddr, address);
}
