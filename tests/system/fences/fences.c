/*
 * Unmaps pages while all harts run in the address space. tests/boot/firmware.t counts the fences that the
 * firmware was asked for.
 */
#include <sel4/simple.h>

#include "test.h"

#define ROUNDS 200
#define PAGE   0x2000000000

static volatile seL4_Word counters[TEST_THREADS];

static void count(void *arg)
{
    volatile seL4_Word *counter = arg;

    for (;;) {
        ++*counter;
    }
}

TEST("pages are unmapped while every other hart runs in the address space")
{
    seL4_CPtr page = test_object(seL4_RISCV_4K_Page, 0);

    for (seL4_Word node = 1; node < test_nodes(); node++) {
        struct test_thread *thread = test_thread_create(count, (void *)&counters[node], TEST_PRIORITY, 0);
        test_thread_set_node(thread, node);
        test_thread_start(thread);
    }
    for (seL4_Word node = 1; node < test_nodes(); node++) {
        while (!counters[node]) {
        }
    }
    for (unsigned i = 0; i < ROUNDS; i++) {
        CHECK_OK(simple_map_page(seL4_CapInitThreadVSpace, page, PAGE, seL4_AllRights, 0));
        CHECK_OK(seL4_RISCV_Page_Unmap(page));
    }
}
