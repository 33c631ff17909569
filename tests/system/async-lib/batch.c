/*
 * Batches, and calls that are made many times by one request: the same effect and errors as the calls one by
 * one, through the ring and by trap, in coroutines and outside of them.
 */
#include <rel4/batch.h>

#include "lib.h"

#define COUNT  100
#define VSPACE seL4_CapInitThreadVSpace

static seL4_CPtr frames;

static seL4_Word address(unsigned i)
{
    return LIB_PAGES(0) + i * 4096ul;
}

/* Each mapped page can be written; afterwards all are unmapped, which a Map elsewhere shows. */
static void check_mapped(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        *(volatile seL4_Word *)address(i) = i;
    }
}

static void check_unmapped(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        CHECK_OK(seL4_RISCV_Page_Map(frames + i, VSPACE, address(COUNT - 1 - i), seL4_ReadWrite,
                                     seL4_RISCV_ExecuteNever));
        CHECK_OK(seL4_RISCV_Page_Unmap(frames + i));
    }
}

static void map_and_unmap_in_batches(void *arg)
{
    struct rel4_batch batch;
    uint8_t errors[COUNT];

    for (unsigned round = 0; round < 5; round++) {
        unsigned count = 1 + round * 20;
        rel4_batch_begin(&batch, errors, count);
        for (unsigned i = 0; i < count; i++) {
            CHECK_OK(rel4_batch_page_map(&batch, frames + i, VSPACE, address(i), seL4_ReadWrite,
                                         seL4_RISCV_ExecuteNever));
        }
        CHECK_EQUAL(rel4_batch_page_unmap(&batch, frames), seL4_NotEnoughMemory);
        CHECK_OK(rel4_batch_wait(&batch));
        CHECK_OK(rel4_batch_wait(&batch));
        check_mapped(count);
        rel4_batch_begin(&batch, NULL, count);
        for (unsigned i = 0; i < count; i++) {
            CHECK_OK(rel4_batch_page_unmap(&batch, frames + i));
        }
        CHECK_OK(rel4_batch_wait(&batch));
        check_unmapped(count);
    }
}

static const enum rel4_mode modes[] = { REL4_ASYNC, REL4_SYNC, REL4_ADAPTIVE };

TEST(
    "async batch: pages are mapped and unmapped by batches, in every mode, in a coroutine and outside of one")
{
    for (unsigned i = 0; i < 3; i++) {
        /* A ring that is shorter than a batch. */
        LIB_SET_UP(.mode = modes[i], .ring_bits = 5);
        frames = lib_pages(0, COUNT);
        lib_run(map_and_unmap_in_batches, NULL);
        map_and_unmap_in_batches(NULL);
        test_reset();
    }
}

/* Some requests fail: each has its own error, and the first one's words are there. */
static void fail_sometimes(void *arg)
{
    struct rel4_batch batch;
    uint8_t errors[40];

    rel4_batch_begin(&batch, errors, 40);
    for (unsigned i = 0; i < 40; i++) {
        seL4_CPtr frame = i % 10 == 7 ? seL4_CapInitThreadTCB : frames + i;
        CHECK_OK(rel4_batch_page_map(&batch, frame, VSPACE, i % 10 == 3 ? address(i) + 1 : address(i),
                                     seL4_ReadWrite, seL4_RISCV_ExecuteNever));
    }
    int error = rel4_batch_wait(&batch);
    CHECK_EQUAL(error, seL4_AlignmentError);
    CHECK_EQUAL(batch.failed, 8);
    CHECK_EQUAL(batch.first_failed, 3);
    for (unsigned i = 0; i < 40; i++) {
        CHECK_EQUAL(errors[i], i % 10 == 3   ? seL4_AlignmentError
                               : i % 10 == 7 ? seL4_IllegalOperation
                                             : seL4_NoError);
    }
    rel4_batch_begin(&batch, errors, 2);
    CHECK_OK(rel4_batch_page_map(&batch, frames + 50, VSPACE, 1ul << 45, seL4_ReadWrite, 0));
    CHECK_OK(rel4_batch_add(
        &batch, &(struct rel4_request){ .cap = frames, .label = RISCVPageUnmap, .flags = REL4_LINK }));
    CHECK_EQUAL(rel4_batch_wait(&batch), seL4_InvalidArgument);
    CHECK_EQUAL(batch.error_words[0], 0);
    CHECK_EQUAL(errors[1], REL4_ERROR_SKIPPED);
    CHECK_OK(rel4_page_unmap_range(frames, 40, NULL));
}

TEST("async batch: each request has its own error, and what is linked to a failure is skipped")
{
    for (unsigned i = 0; i < 3; i++) {
        LIB_SET_UP(.mode = modes[i]);
        frames = lib_pages(0, COUNT);
        lib_run(fail_sometimes, NULL);
        fail_sometimes(NULL);
        test_reset();
    }
}

static void use_ranges(void *arg)
{
    seL4_Word done = 1234;

    CHECK_OK(rel4_page_map_range(frames, VSPACE, address(0), 4096, COUNT, seL4_ReadWrite,
                                 seL4_RISCV_ExecuteNever, &done));
    CHECK_EQUAL(done, COUNT);
    check_mapped(COUNT);
    /* It ends where a page is mapped elsewhere. */
    CHECK_OK(rel4_page_unmap_range(frames, 60, &done));
    CHECK_EQUAL(done, 60);
    CHECK_EQUAL(rel4_page_map_range(frames, VSPACE, address(40), 4096, 60, seL4_ReadWrite,
                                    seL4_RISCV_ExecuteNever, &done),
                seL4_DeleteFirst);
    CHECK_EQUAL(done, 20);
    CHECK_EQUAL(rel4_page_map_range(frames + 30, VSPACE, 1ul << 45, 4096, 60, seL4_ReadWrite, 0, &done),
                seL4_InvalidArgument);
    CHECK_EQUAL(done, 0);
    CHECK_EQUAL(rel4_error_word(0), 0);
    CHECK_OK(rel4_page_unmap_range(frames, COUNT, NULL));
    CHECK_OK(rel4_page_unmap_range(frames, 0, &done));
    CHECK_EQUAL(done, 0);
    check_unmapped(COUNT);
}

TEST("async batch: ranges are mapped and unmapped by one request, up to the first error")
{
    for (unsigned i = 0; i < 3; i++) {
        LIB_SET_UP(.mode = modes[i]);
        frames = lib_pages(0, COUNT);
        lib_run(use_ranges, NULL);
        use_ranges(NULL);
        test_reset();
    }
}

static void delete_many(void *arg)
{
    seL4_Word done, words[] = { *(seL4_CPtr *)arg, seL4_WordBits };

    CHECK_OK(rel4_call_repeated(seL4_CapInitThreadCNode, CNodeDelete, 2, words, 0, NULL,
                                &(struct rel4_repetition){ .count = 200000 }, &done));
    CHECK_EQUAL(done, 200000);
}

TEST("async batch: more calls than fit into one request are several requests")
{
    LIB_SET_UP(.mode = REL4_ASYNC);
    seL4_CPtr slot = test_slot();

    lib_run(delete_many, &slot);
}

static unsigned finished;

static void batches_beside_others(void *arg)
{
    unsigned first = (unsigned)(seL4_Word)arg * 10;

    for (unsigned round = 0; round < 20; round++) {
        struct rel4_batch batch;
        rel4_batch_begin(&batch, NULL, 20);
        for (unsigned i = first; i < first + 10; i++) {
            CHECK_OK(rel4_batch_page_map(&batch, frames + i, VSPACE, address(i), seL4_ReadWrite,
                                         seL4_RISCV_ExecuteNever));
            if (i % 3 == 0) {
                seL4_Word paddr;
                CHECK_OK(rel4_page_get_address(frames + i, &paddr));
                rel4_coroutine_yield();
            }
            CHECK_OK(rel4_batch_page_unmap(&batch, frames + i));
        }
        CHECK_OK(rel4_batch_wait(&batch));
    }
    finished++;
}

TEST("async batch: batches of many coroutines, with calls in between, end each with their own requests")
{
    LIB_SET_UP(.mode = REL4_ASYNC, .ring_bits = 5);
    frames = lib_pages(0, COUNT);
    finished = 0;
    for (seL4_Word i = 0; i < 10; i++) {
        CHECK(rel4_coroutine_create(batches_beside_others, (void *)i, i % 8));
    }
    CHECK_EQUAL(rel4_run(), 0);
    CHECK_EQUAL(finished, 10);
    check_unmapped(COUNT);
}

static void wait_in_vain(void *arg)
{
    struct rel4_batch batch;

    rel4_batch_begin(&batch, NULL, 40);
    for (unsigned i = 0; i < 40; i++) {
        CHECK_OK(rel4_batch_page_unmap(&batch, i % 2 ? frames : seL4_CapInitThreadTCB));
    }
    rel4_batch_wait(&batch);
    CHECK(false);
}

static void cancel(void *arg)
{
    CHECK(rel4_coroutine_cancel(*(rel4_coroutine_id *)arg));
}

TEST("async batch: the errors of a batch whose coroutine is cancelled go nowhere")
{
    LIB_SET_UP(.mode = REL4_ASYNC);
    frames = lib_pages(0, COUNT);
    for (unsigned round = 0; round < 10; round++) {
        rel4_coroutine_id id = rel4_coroutine_create(wait_in_vain, NULL, 3);
        CHECK(rel4_coroutine_create(cancel, &id, 3));
        CHECK_EQUAL(rel4_run(), 0);
        lib_run(fail_sometimes, NULL);
    }
}

static void see_the_fault(void *arg)
{
    struct rel4_batch batch;

    rel4_batch_begin(&batch, NULL, 10);
    for (unsigned i = 0; i < 10; i++) {
        CHECK_OK(rel4_batch_page_unmap(&batch, frames + i));
    }
    /* Bits that must be zero. */
    rel4_executor_self->queue.requests[(batch.end - 5) & rel4_executor_self->queue.request_mask].header |=
        1u << 31;
    CHECK_EQUAL(rel4_batch_wait(&batch), REL4_FAULTED);
    CHECK_OK(rel4_queue_reset());
    fail_sometimes(NULL);
}

TEST("async batch: a queue that is faulted ends batches with that error, and goes on after Reset")
{
    LIB_SET_UP(.mode = REL4_ASYNC);
    frames = lib_pages(0, COUNT);
    lib_run(see_the_fault, NULL);
}
