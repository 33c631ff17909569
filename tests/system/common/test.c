/*
 * The runner of system tests: TAP on the console, an arena per test, power off with the verdict.
 */
#include "test.h"

#include <stdarg.h>
#include <string.h>

#include <sel4/runtime.h>

#define ARENA_BITS 23
#define STACK_SIZE 8192
#define TLS_SIZE   1024

extern const struct test __start_tests[], __stop_tests[];

const seL4_BootInfo *test_bootinfo;
seL4_CPtr test_arena;

static seL4_CPtr first_slot, next_slot, last_slot;
static seL4_Word arena_address;
static bool failed;

static struct {
    struct test_thread thread;
    char stack[STACK_SIZE] __attribute__((aligned(16)));
    char tls[TLS_SIZE] __attribute__((aligned(64)));
} threads[TEST_THREADS];
static unsigned threads_used;

static unsigned char buffer_pages[TEST_THREADS][4096] __attribute__((aligned(4096)));

seL4_Word test_nodes(void)
{
    return test_bootinfo->numNodes;
}

void test_fail(const char *file, int line, const char *format, ...)
{
    va_list args;

    failed = true;
    printf("# %s:%d: ", file, line);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n");
}

void test_note(const char *format, ...)
{
    va_list args;

    printf("# ");
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n");
}

seL4_CPtr test_slot(void)
{
    if (next_slot == last_slot) {
        test_fail(__FILE__, __LINE__, "no slots left");
        return seL4_CapNull;
    }
    return next_slot++;
}

seL4_CPtr test_object(seL4_Word type, seL4_Word size_bits)
{
    seL4_CPtr slot = test_slot();
    seL4_Error error =
        seL4_Untyped_Retype(test_arena, type, size_bits, seL4_CapInitThreadCNode, 0, 0, slot, 1);

    if (error) {
        test_fail(__FILE__, __LINE__, "retype of type %lu: error %d", type, (int)error);
        return seL4_CapNull;
    }
    return slot;
}

seL4_CPtr test_mint(seL4_CPtr cap, seL4_CapRights_t rights, seL4_Word badge)
{
    seL4_CPtr slot = test_slot();

    CHECK_OK(seL4_CNode_Mint(seL4_CapInitThreadCNode, slot, seL4_WordBits, seL4_CapInitThreadCNode, cap,
                             seL4_WordBits, rights, badge));
    return slot;
}

static void run_thread(void (*entry)(void *), void *arg, seL4_CPtr tcb)
{
    entry(arg);
    seL4_TCB_Suspend(tcb);
}

struct test_thread *test_thread_create(void (*entry)(void *), void *arg, seL4_Word priority,
                                       seL4_CPtr fault_ep)
{
    if (threads_used == TEST_THREADS || sel4_tls_size() > TLS_SIZE) {
        test_fail(__FILE__, __LINE__, "no room for another thread");
        return &threads[0].thread;
    }
    unsigned i = threads_used++;
    struct test_thread *thread = &threads[i].thread;

    thread->tcb = test_object(seL4_TCBObject, 0);
    thread->buffer = (seL4_IPCBuffer *)buffer_pages[i];
    thread->buffer_frame = sel4_image_frame(thread->buffer);
    memset(buffer_pages[i], 0, sizeof(buffer_pages[i]));
    CHECK_OK(seL4_TCB_Configure(thread->tcb, fault_ep, seL4_CapInitThreadCNode, 0, seL4_CapInitThreadVSpace,
                                0, (seL4_Word)thread->buffer, thread->buffer_frame));
    CHECK_OK(seL4_TCB_SetSchedParams(thread->tcb, seL4_CapInitThreadTCB, priority, priority));
    seL4_UserContext regs = {
        .pc = (seL4_Word)run_thread,
        .sp = (seL4_Word)(threads[i].stack + STACK_SIZE),
        .a0 = (seL4_Word)entry,
        .a1 = (seL4_Word)arg,
        .a2 = thread->tcb,
        .tp = sel4_tls_init(threads[i].tls, thread->buffer),
    };
    __asm__ volatile("mv %0, gp" : "=r"(regs.gp));
    CHECK_OK(seL4_TCB_WriteRegisters(thread->tcb, false, 0, sizeof(regs) / sizeof(seL4_Word), &regs));
    return thread;
}

void test_thread_start(struct test_thread *thread)
{
    CHECK_OK(seL4_TCB_Resume(thread->tcb));
}

void test_thread_set_node(struct test_thread *thread, seL4_Word node)
{
#if CONFIG_MAX_NUM_NODES > 1
    CHECK_OK(seL4_TCB_SetAffinity(thread->tcb, node));
#else
    CHECK_EQUAL(node, 0);
#endif
}

/* Whatever a test left behind goes: all objects by revoking their memory, copies of others by emptying the
 * slots. */
void test_reset(void)
{
    seL4_CNode_Revoke(seL4_CapInitThreadCNode, test_arena, seL4_WordBits);
    for (seL4_CPtr slot = first_slot; slot < next_slot; slot++) {
        seL4_CNode_Delete(seL4_CapInitThreadCNode, slot, seL4_WordBits);
    }
    next_slot = first_slot;
    threads_used = 0;
}

/* The physical address of the next page of the arena. */
static seL4_Word next_page(void)
{
    seL4_RISCV_Page_GetAddress_t result = seL4_RISCV_Page_GetAddress(test_object(seL4_RISCV_4K_Page, 0));

    CHECK_OK(result.error);
    return result.paddr;
}

void test_check_memory_is_whole(void)
{
    test_reset();
    /* With a child left, Retype would go on behind what was used. */
    CHECK_EQUAL(next_page(), arena_address);
    test_reset();
}

bool test_has_failed(void)
{
    return failed;
}

/* With only=NUMBER among the program's arguments, that test alone runs; with only=WORD those whose sentence
 * or path of the file has the word in it. */
static bool is_chosen(const struct test *test)
{
    const char *only = strstr(sel4_arguments(), "only=");
    seL4_Word number;
    char word[32] = "";

    if (sel4_argument("only", &number)) {
        return (seL4_Word)(__stop_tests - test) == number;
    }
    if (only) {
        only += strlen("only=");
        size_t length = strcspn(only, " ");
        strncat(word, only, length < sizeof(word) ? length : sizeof(word) - 1);
    }
    return strstr(test->name, word) || strstr(test->file, word);
}

int main(void)
{
    unsigned count = (unsigned)(((uintptr_t)__stop_tests - (uintptr_t)__start_tests) / sizeof(struct test));
    unsigned chosen = 0, failures = 0;

    test_bootinfo = seL4_GetBootInfo();
    simple_init(test_bootinfo);
    test_arena = simple_object(seL4_UntypedObject, ARENA_BITS);
    last_slot = test_bootinfo->empty.end - SEL4_RUNTIME_SLOTS;
    first_slot = last_slot - 1024;
    next_slot = first_slot;
    arena_address = next_page();
    test_reset();
    for (unsigned i = 0; i < count; i++) {
        chosen += is_chosen(&__start_tests[i]);
    }
    printf("1..%u\n", chosen);
    chosen = 0;
    for (unsigned i = 0; i < count; i++) {
        const struct test *test = &__stop_tests[-1 - (int)i]; /* the compiler emits the last one first */
        if (!is_chosen(test)) {
            continue;
        }
        chosen++;
        failed = false;
        seL4_TCB_SetPriority(seL4_CapInitThreadTCB, seL4_CapInitThreadTCB, TEST_PRIORITY);
        test->run();
        test_reset();
        printf("%sok %u - %s\n", failed ? "not " : "", chosen, test->name);
        failures += failed;
    }
    return failures != 0;
}
