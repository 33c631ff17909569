/*
 * Every call of the library gives the same answer through the ring as by trap: error, its words, and the
 * words of the reply.
 */
#include <string.h>

#include "answer.h"
#include "lib.h"

#define ADDRESS LIB_PAGES(0)

/* A call, and what came of it. */
struct call {
    seL4_CPtr cap;
    seL4_Word label;
    struct arguments arguments;
    int error;
    struct rel4_response reply;
    seL4_Word words[40];
    seL4_Word error_words[4];
};

static void make_call(void *arg)
{
    struct call *call = arg;

    memset(call->words, 0, sizeof(call->words));
    call->reply = (struct rel4_response){ .words = call->words, .capacity = 40 };
    call->error = rel4_call(call->cap, call->label, (unsigned)call->arguments.length, call->arguments.words,
                            (unsigned)call->arguments.extras, call->arguments.caps, &call->reply);
    for (unsigned i = 0; i < 4; i++) {
        call->error_words[i] = rel4_error_word(i);
    }
}

/* Makes it by trap and then through the ring, and compares. */
static void compare(seL4_CPtr cap, seL4_Word label, const struct arguments *arguments, int error)
{
    static struct call by_trap, by_ring;

    by_trap = (struct call){ .cap = cap, .label = label, .arguments = *arguments };
    by_ring = by_trap;
    rel4_set_mode(REL4_SYNC);
    lib_run(make_call, &by_trap);
    rel4_set_mode(REL4_ASYNC);
    lib_run(make_call, &by_ring);
    CHECK_EQUAL(by_trap.error, error);
    CHECK_EQUAL(by_ring.error, error);
    CHECK_EQUAL(by_ring.reply.word_count, by_trap.reply.word_count);
    for (unsigned i = 0; i < by_trap.reply.word_count; i++) {
        CHECK_EQUAL(by_ring.words[i], by_trap.words[i]);
        if (error && i < 4) {
            CHECK_EQUAL(by_ring.error_words[i], by_trap.words[i]);
            CHECK_EQUAL(by_trap.error_words[i], by_trap.words[i]);
        }
    }
}

#define COMPARE(cap, label, error, ...) compare(cap, label, &(struct arguments){ __VA_ARGS__ }, error)

TEST("async calls: errors come with all of their words, whichever way the call goes")
{
    const seL4_CPtr root = seL4_CapInitThreadCNode, space = seL4_CapInitThreadVSpace;

    LIB_SET_UP(.mode = REL4_ASYNC);
    seL4_CPtr frame = lib_pages(0, 1), slot = test_slot();
    COMPARE(frame, RISCVPageMap, seL4_TruncatedMessage, .length = 2);
    COMPARE(frame, RISCVPageMap, seL4_InvalidCapability, .length = 3, .extras = 1, .caps = { frame });
    COMPARE(frame, RISCVPageMap, seL4_AlignmentError, .length = 3, .words = { 0x1001 }, .extras = 1,
            .caps = { space });
    COMPARE(frame, RISCVPageMap, seL4_FailedLookup, .length = 3, .words = { 0x3000000000, 3 }, .extras = 1,
            .caps = { space });
    COMPARE(frame, RISCVPageMap, seL4_InvalidArgument, .length = 3, .words = { 1ul << 40 }, .extras = 1,
            .caps = { space });
    COMPARE(frame, TCBSuspend, seL4_IllegalOperation, .length = 0);
    COMPARE(slot, TCBSuspend, seL4_InvalidCapability, .length = 0);
    COMPARE(test_arena, UntypedRetype, seL4_RangeError, .length = 6,
            .words = { seL4_EndpointObject, 0, 0, 0, slot, 257 }, .extras = 1, .caps = { root });
    COMPARE(test_arena, UntypedRetype, seL4_FailedLookup, .length = 6,
            .words = { seL4_EndpointObject, 0, slot, 64, 0, 1 }, .extras = 1, .caps = { root });
    COMPARE(test_arena, UntypedRetype, seL4_NotEnoughMemory, .length = 6,
            .words = { seL4_UntypedObject, 30, 0, 0, slot, 1 }, .extras = 1, .caps = { root });
    COMPARE(root, CNodeDelete, seL4_RangeError, .length = 2, .words = { slot, 65 });
    COMPARE(seL4_CapInitThreadTCB, TCBSetPriority, seL4_RangeError, .length = 1, .words = { 256 },
            .extras = 1, .caps = { seL4_CapInitThreadTCB });
}

TEST("async calls: a pointer that leads nowhere is a failed lookup through the ring, and no fault")
{
    struct call call = { .cap = -1ul, .label = TCBSuspend };

    LIB_SET_UP(.mode = REL4_ASYNC);
    lib_run(make_call, &call);
    CHECK_EQUAL(call.error, seL4_FailedLookup);
    CHECK_EQUAL(call.words[0], 0);
    call = (struct call){ .cap = seL4_CapInitThreadTCB, .label = TCBBindNotification };
    call.arguments.extras = 1;
    call.arguments.caps[0] = -1ul;
    lib_run(make_call, &call);
    CHECK_EQUAL(call.error, seL4_FailedLookup);
    CHECK_EQUAL(call.words[0], 1);
}

TEST("async calls: what can never be sent is refused, and so is what blocks")
{
    static seL4_Word words[121];
    const seL4_CPtr caps[4] = { 0 };

    LIB_SET_UP(.mode = REL4_ASYNC);
    CHECK_ERROR(rel4_call(1, 1, 121, words, 0, NULL, NULL), seL4_InvalidArgument);
    CHECK_ERROR(rel4_call(1, 1, 0, NULL, 4, caps, NULL), seL4_InvalidArgument);
    CHECK_ERROR(rel4_call(1, 0x1000, 0, NULL, 0, NULL, NULL), seL4_InvalidArgument);
    struct call call = { .cap = test_object(seL4_EndpointObject, 0), .label = 1 };
    lib_run(make_call, &call);
    CHECK_EQUAL(call.error, seL4_IllegalOperation);
}

static void idle_thread(void *arg)
{
}

/* 36 words go, 34 come back: several items each way, in every position of a ring of 32. */
static void write_and_read_registers(void *arg)
{
    seL4_CPtr tcb = *(seL4_CPtr *)arg;
    seL4_Word words[ABI_REG_COUNT + 2] = { 0, ABI_REG_COUNT }, back[ABI_REG_COUNT] = { 0 };
    struct rel4_response reply = { .words = back, .capacity = ABI_REG_COUNT };

    for (seL4_Word round = 0; round < 40; round++) {
        for (seL4_Word i = 0; i < ABI_REG_COUNT; i++) {
            words[2 + i] = i < 2 ? 0x10000 : round * 100 + i;
        }
        CHECK_OK(rel4_call(tcb, TCBWriteRegisters, ABI_REG_COUNT + 2, words, 0, NULL, NULL));
        CHECK_OK(rel4_call(tcb, TCBReadRegisters, 2, words, 0, NULL, &reply));
        CHECK_EQUAL(reply.word_count, ABI_REG_COUNT);
        for (seL4_Word i = 0; i < ABI_REG_COUNT; i++) {
            CHECK_EQUAL(back[i], words[2 + i]);
        }
    }
}

TEST("async calls: requests and replies of many words are whole, wherever they lie in the ring")
{
    LIB_SET_UP(.mode = REL4_ASYNC, .ring_bits = 5);
    seL4_CPtr tcb = test_thread_create(idle_thread, NULL, TEST_PRIORITY, 0)->tcb;
    lib_run(write_and_read_registers, &tcb);
    lib_check_answered(80);
}

#define RETYPE(type, slot) rel4_untyped_retype(test_arena, type, 0, seL4_CapInitThreadCNode, 0, 0, slot, 1)

static void bind_and_unbind(seL4_CPtr tcb)
{
    seL4_CPtr notification = test_slot();

    CHECK_OK(RETYPE(seL4_NotificationObject, notification));
    CHECK_OK(rel4_tcb_bind_notification(tcb, notification));
    CHECK_ERROR(seL4_TCB_BindNotification(tcb, notification), seL4_IllegalOperation);
    CHECK_OK(rel4_tcb_unbind_notification(tcb));
    CHECK_ERROR(seL4_TCB_UnbindNotification(tcb), seL4_IllegalOperation);
}

static seL4_CPtr map_table(seL4_Word address)
{
    seL4_CPtr table = test_slot();

    CHECK_OK(RETYPE(seL4_RISCV_PageTableObject, table));
    CHECK_OK(rel4_page_table_map(table, seL4_CapInitThreadVSpace, address, seL4_RISCV_Default_VMAttributes));
    return table;
}

static int map_frame(seL4_CPtr frame, seL4_Word address)
{
    return rel4_page_map(frame, seL4_CapInitThreadVSpace, address, seL4_ReadWrite, seL4_RISCV_ExecuteNever);
}

static void map_and_unmap(seL4_Word address)
{
    volatile seL4_Word *page = (volatile seL4_Word *)address;
    seL4_CPtr frame = test_slot(), table;
    seL4_Word paddr = 0;

    map_table(address);
    table = map_table(address);
    CHECK_OK(RETYPE(seL4_RISCV_4K_Page, frame));
    CHECK_OK(map_frame(frame, address));
    CHECK_EQUAL(*page, 0);
    *page = 77;
    CHECK_EQUAL(*page, 77);
    CHECK_OK(rel4_page_get_address(frame, &paddr));
    CHECK_EQUAL(paddr, seL4_RISCV_Page_GetAddress(frame).paddr);
    CHECK_OK(rel4_page_unmap(frame));
    CHECK_OK(rel4_page_table_unmap(table));
    CHECK_ERROR(map_frame(frame, address), seL4_FailedLookup);
    CHECK_EQUAL(rel4_error_word(SEL4_MAPPING_LOOKUP_LEVEL), 21);
}

static void write_to_console(seL4_CPtr queue)
{
    for (const char *c = "# char by char\n"; *c; c++) {
        CHECK_OK(rel4_put_char(queue, *c));
    }
    CHECK_OK(rel4_put_string(queue, "# and as a string\n"));
    CHECK_OK(rel4_put_string(queue, ""));
}

/* Each of the ten calls, with its effect seen by other means. */
static void make_ten_calls(void *arg)
{
    bind_and_unbind(*(seL4_CPtr *)arg);
    map_and_unmap(LIB_RINGS(2));
    write_to_console(rel4_executor_self->queue.cap);
}

TEST("async calls: each of the ten functions does what it says, through the ring and by trap")
{
    static const enum rel4_mode modes[] = { REL4_ASYNC, REL4_SYNC, REL4_ADAPTIVE };

    for (unsigned i = 0; i < 3; i++) {
        test_reset();
        LIB_SET_UP(.mode = modes[i]);
        seL4_CPtr tcb = test_thread_create(idle_thread, NULL, TEST_PRIORITY, 0)->tcb;
        lib_run(make_ten_calls, &tcb);
        struct rel4_stats stats = lib_stats();
        /* One coroutine alone: adaptive calls are traps. */
        CHECK_EQUAL(stats.submitted, modes[i] == REL4_ASYNC ? 29 : 0);
        CHECK_EQUAL(stats.by_trap, modes[i] == REL4_ASYNC ? 0 : 29);
    }
}

TEST("async calls: outside of coroutines they are traps, and without an executor, too")
{
    seL4_Word address = 0;

    LIB_SET_UP(.mode = REL4_ASYNC);
    seL4_CPtr frame = lib_pages(0, 1);
    CHECK_OK(rel4_page_get_address(frame, &address));
    CHECK_EQUAL(address, seL4_RISCV_Page_GetAddress(frame).paddr);
    CHECK_EQUAL(lib_stats().by_trap, 1);
    rel4_executor_end();
    CHECK_OK(
        rel4_page_map(frame, seL4_CapInitThreadVSpace, ADDRESS, seL4_ReadWrite, seL4_RISCV_ExecuteNever));
    CHECK_OK(rel4_page_unmap(frame));
    CHECK_ERROR(rel4_page_map(frame, seL4_CapInitThreadVSpace, 1, seL4_ReadWrite, seL4_RISCV_ExecuteNever),
                seL4_AlignmentError);
    CHECK_ERROR(rel4_call(seL4_CapInitThreadTCB, TCBSetPriority, 1, &(seL4_Word){ 256 }, 1,
                          &(seL4_CPtr){ seL4_CapInitThreadTCB }, NULL),
                seL4_RangeError);
    CHECK_EQUAL(rel4_error_word(1), 255);
    CHECK_EQUAL(rel4_run(), 0);
    CHECK_EQUAL(rel4_coroutine_create(idle_thread, NULL, 0), 0);
}

static void put_long_string(void *arg)
{
    static char text[3000];
    size_t length = 0;

    for (unsigned i = 0; i < 40; i++) {
        length += (size_t)sprintf(text + length, "# line %u of a string that is longer than a request\n", i);
    }
    CHECK_OK(rel4_put_string(rel4_executor_self->queue.cap, text));
    memset(text, '#', 2000);
    CHECK_OK(rel4_put_bytes(rel4_executor_self->queue.cap, text, 2000));
    CHECK_OK(rel4_put_char(rel4_executor_self->queue.cap, '\n'));
}

TEST("async calls: strings of any length are written, in pieces that end with a line where they can")
{
    LIB_SET_UP(.mode = REL4_ASYNC);
    lib_run(put_long_string, NULL);
    /* 40 lines of 52 to 53 bytes, 18 of which fit into a request; then 2000 bytes without an end of a line.
     */
    lib_check_answered(3 + 3 + 1);
}
