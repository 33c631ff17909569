/*
 * The queue of threads that wait, against an array.
 */
#include "ipc/wait_queue.h"
#include "random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define THREADS 20

static struct tcb threads[THREADS];
static struct wait_queue queue;
static struct tcb *model[THREADS];
static unsigned length;

static void check_queue(unsigned wait_state_expected)
{
    struct tcb *thread = wait_head(&queue);

    for (unsigned i = 0; i < length; i++) {
        assert_ptr_equal(thread, model[i]);
        assert_ptr_equal(thread->queue_prev, i ? model[i - 1] : NULL);
        thread = thread->queue_next;
    }
    assert_null(thread);
    assert_ptr_equal(queue.tail, length ? model[length - 1] : NULL);
    assert_int_equal(wait_state(&queue), length ? wait_state_expected : 0);
}

static unsigned place_of(const struct tcb *thread)
{
    unsigned i = 0;

    while (i < length && model[i] != thread) {
        i++;
    }
    return i;
}

static void threads_come_out_in_the_order_they_went_in(void **state)
{
    uint64_t seed = 7;

    for (unsigned step = 0; step < 200000; step++) {
        struct tcb *thread = &threads[random_below(&seed, THREADS)];
        unsigned i = place_of(thread);
        if (i == length) {
            wait_append(&queue, thread);
            wait_set_state(&queue, 1 + step / 1000 % 2);
            model[length++] = thread;
        } else {
            wait_remove(&queue, thread);
            length--;
            memmove(&model[i], &model[i + 1], (length - i) * sizeof(struct tcb *));
            if (length) {
                wait_set_state(&queue, 1 + step / 1000 % 2);
            }
        }
        check_queue(1 + step / 1000 % 2);
    }
}

static void the_state_shares_its_word_with_the_head(void **state)
{
    struct wait_queue empty = { 0 };

    for (unsigned value = 0; value < 3; value++) {
        wait_set_state(&empty, value);
        assert_null(wait_head(&empty));
        assert_int_equal(wait_state(&empty), value);
    }
    wait_set_head(&empty, &threads[3]);
    assert_ptr_equal(wait_head(&empty), &threads[3]);
    assert_int_equal(wait_state(&empty), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_come_out_in_the_order_they_went_in),
        cmocka_unit_test(the_state_shares_its_word_with_the_head),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
