/*
 * What the tests of coroutines share.
 */
#include "coroutines.h"

#include <stdio.h>

#define STACK 65536 /* the sanitizers need it */

struct machine kernel;
struct rel4_executor executor;
char *memory;
char trace[1024];
rel4_coroutine_id ids[MACHINE_COROUTINES];

/* The error of an answer is its request's capability; its word is twice the request's. */
static unsigned twice(const struct rel4_item *request, seL4_Word *words, unsigned *word_count)
{
    *word_count = rel4_header_words(request->header);
    if (*word_count) {
        words[0] = 2 * request->words[0];
    }
    return (unsigned)request->cap;
}

void make_executor(unsigned coroutines)
{
    struct rel4_executor_options options = {
        .memory = memory,
        .memory_bytes = REL4_COROUTINES_BYTES(coroutines, STACK),
        .stack_bytes = STACK,
    };

    assert_int_equal(rel4_executor_init(&executor, &options), 0);
}

void start(unsigned coroutines, unsigned ring_bits, bool threaded)
{
    trace[0] = 0;
    memory = malloc(REL4_COROUTINES_BYTES(coroutines, STACK));
    machine_start(&kernel, &executor.queue, ring_bits, ring_bits + 2, threaded, twice);
    make_executor(coroutines);
}

void stop(void)
{
    rel4_executor_end();
    machine_stop();
    free(memory);
}

int set_up(void **state)
{
    start(64, 5, false);
    return 0;
}

int tear_down(void **state)
{
    stop();
    return 0;
}

void note(const char *text)
{
    size_t length = strlen(trace);

    (void)snprintf(trace + length, sizeof(trace) - length, "%s", text);
}

/* Null: the call would be a trap, or fail. */
static struct rel4_item *begin(uint32_t header, seL4_CPtr cap)
{
    if (!rel4_has_room(&executor) && !rel4_make_room(&executor, 1)) {
        return NULL;
    }
    return rel4_begin(&executor, header, cap);
}

int call(seL4_CPtr cap)
{
    struct rel4_item *item = begin(rel4_header(1, 0, 0, 0), cap);

    if (!item) {
        return executor.faulted ? REL4_FAULTED : -1;
    }
    return rel4_submit(&executor);
}

seL4_Word call_for_word(seL4_Word word)
{
    struct rel4_item *item = begin(rel4_header(1, 0, 1, 0), 0);
    seL4_Word answer = -1ul;
    struct rel4_response reply = { .words = &answer, .capacity = 1 };

    assert_non_null(item);
    item->words[0] = word;
    executor.current->reply = &reply;
    assert_int_equal(rel4_submit(&executor), 0);
    executor.current->reply = NULL;
    return answer;
}

void say(void *arg)
{
    note(arg);
}

void wait_and_say(void *arg)
{
    rel4_coroutine_wait();
    note(arg);
    rel4_coroutine_wait();
    note("!");
}

void join_and_say(void *arg)
{
    static const char *const results[] = { [0] = "0", [REL4_CANCELLED] = "c", [seL4_InvalidArgument] = "i" };

    note(results[rel4_coroutine_join(*(rel4_coroutine_id *)arg)]);
}

void call_once(void *arg)
{
    int error = call((seL4_CPtr)arg);

    assert_true(error == 0 || error == 2 || error == REL4_FAULTED);
    note(error == 0 ? "0" : error == 2 ? "2" : "F");
}
