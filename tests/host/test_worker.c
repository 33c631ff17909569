/*
 * The worker against hostile rings: indexes, requests and answers, what a run serves, and what ends it.
 */
#include "arch/riscv64/timer.h"
#include "cap/delete.h"
#include "ipc/endpoint.h"
#include "random.h"
#include "ring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define PAGE  (1u << ABI_PAGE_BITS)
#define RADIX 4 /* of the owner's CNode: bits of a pointer that are not 0 */

/* ---- Indexes ---- */

static void a_request_producer_more_than_a_ring_ahead_is_a_fault(void **state)
{
    static const uint32_t ahead[] = { 0, 1, 31, 32, 33, 34, 64, 4096, 0x7fffffff, 0x80000000, 0xffffffff };

    (void)state;
    open_queue(5, 6);
    for (unsigned i = 0; i < ARRAY_SIZE(ahead); i++) {
        for (unsigned n = 0; n < 32; n++) {
            put_simple(n);
        }
        produced -= 32;
        *header(REL4_HEADER_REQUEST_PRODUCER) = produced + ahead[i];
        wake_and_serve();
        if (ahead[i] > 32) {
            assert_int_equal(answers(), 0);
            check_fault(REL4_FAULT_REQUEST_INDEX);
            continue;
        }
        for (unsigned n = 0; n < ahead[i]; n++) {
            check_served(n);
        }
        produced += ahead[i];
        check_works();
    }
}

static void a_response_consumer_that_cannot_be_is_a_fault_when_room_is_needed(void **state)
{
    (void)state;
    for (int32_t wrong = -40; wrong <= 40; wrong++) {
        open_queue(5, 5);
        for (unsigned n = 0; n < 32; n++) {
            put_simple(n);
        }
        publish_and_serve();
        /* 32 answers: the consumer may be from 0 to 32. */
        *header(REL4_HEADER_RESPONSE_CONSUMER) = (uint32_t)wrong;
        put_simple(100);
        publish_and_serve();
        if (wrong < 0 || wrong > 32) {
            assert_int_equal(queue->state, QUEUE_FAULTED);
            check_fault(REL4_FAULT_RESPONSE_INDEX);
        } else {
            assert_int_equal(queue->state, wrong ? QUEUE_IDLE : QUEUE_FULL);
            assert_int_equal(answers(), wrong ? 33 : 32);
        }
    }
}

static void places_wrap_at_the_ends_of_frames_rings_and_indexes(void **state)
{
    (void)state;
    for (unsigned request_bits = 5; request_bits <= 8; request_bits++) {
        for (unsigned response_bits = 5; response_bits <= 8; response_bits++) {
            open_queue(request_bits, response_bits);
            /* As after four milliards of requests, less a few. */
            produced = consumed = 0xffffff00 - 7;
            queue->requests.end_index = queue->responses.end_index = produced;
            queue->request_producer = queue->answered = produced;
            *header(REL4_HEADER_RESPONSE_PRODUCER) = produced;
            give_room(0);
            for (unsigned n = 0; n < 1000;) {
                unsigned batch = 1 + random_below(&seed, 32);
                for (unsigned i = 0; i < batch; i++) {
                    put_simple(n + i);
                }
                publish_and_serve();
                assert_int_equal(answers(), batch);
                for (unsigned i = 0; i < batch; i++) {
                    check_served(n++);
                }
            }
        }
    }
}

static void what_the_kernel_writes_it_does_not_read_back(void **state)
{
    (void)state;
    open_queue(5, 5);
    for (unsigned n = 0; n < 1000; n++) {
        uint32_t answered;
        *header(REL4_HEADER_REQUEST_CONSUMER) = nearly(n, 32);
        *header(REL4_HEADER_RESPONSE_PRODUCER) = nearly(n, 32);
        *header(REL4_HEADER_FAULT) = random_below(&seed, 5);
        *header(REL4_HEADER_VERSION) = 0xdeadbeef;
        *header(REL4_HEADER_VERSION + 4) = 31;
        *header(REL4_HEADER_VERSION + 8) = 31;
        memset(header_page() + REL4_HEADER_STATISTICS, 0xff, PAGE - REL4_HEADER_STATISTICS);
        put_simple(n);
        publish_and_serve();
        assert_int_equal(*header(REL4_HEADER_REQUEST_CONSUMER), n + 1);
        answered = *header(REL4_HEADER_RESPONSE_PRODUCER);
        assert_int_equal(answered, n + 1);
        check_served(n);
    }
    assert_int_equal(queue->statistics.served[REL4_PLACE_CALL], 1000);
    assert_int_equal(*(uint64_t *)(void *)(header_page() + REL4_HEADER_STATISTICS + 8ul * REL4_PLACE_CALL),
                     1000);
}

static void the_state_words_are_hints(void **state)
{
    (void)state;
    open_queue(5, 5);
    for (unsigned n = 0; n < 200; n++) {
        put_simple(n);
        *header(REL4_HEADER_KERNEL_STATE) = n % 3 ? random_below(&seed, 3) : 0x80000001;
        *header(REL4_HEADER_USER_STATE) = n % 5 ? random_below(&seed, 3) : 0xffffffff;
        publish_and_serve();
        check_served(n);
    }
    /* Asleep, and woken by nobody: the worker looks once more after it has said that it sleeps. */
    assert_int_equal(*header(REL4_HEADER_KERNEL_STATE), REL4_ASLEEP);
}

/* ---- Requests ---- */

static void requests_of_every_length_are_served_or_a_fault(void **state)
{
    (void)state;
    open_queue(5, 5);
    for (unsigned length = 0; length < 128; length++) {
        for (unsigned extras = 0; extras < 4; extras++) {
            unsigned items = rel4_items_for(length + extras);
            for (unsigned given = items < 3 ? 1 : items - 1; given <= items; given++) {
                uint32_t before = produced;
                put(length, rel4_header(LABEL_PAGE_GET_ADDRESS, 0, length, extras), FRAME, words());
                for (unsigned i = 1; i < given; i++) {
                    memset(request_at(produced++), 0, REL4_ITEM_BYTES);
                }
                publish_and_serve();
                if (length > REL4_MAX_WORDS) {
                    check_fault(REL4_FAULT_TOO_LONG);
                } else if (given < items) {
                    assert_int_equal(queue->state, QUEUE_FAULTED);
                    check_fault(REL4_FAULT_INCOMPLETE);
                } else {
                    assert_int_equal(*header(REL4_HEADER_REQUEST_CONSUMER), before + items);
                    /* Extra capabilities at 0 are an empty slot. */
                    check_served(length);
                }
            }
        }
    }
}

static void pointers_have_64_bits_and_labels_twelve(void **state)
{
    (void)state;
    open_queue(5, 5);
    for (unsigned i = RADIX; i < WORD_BITS; i++) {
        put(i, rel4_header(LABEL_PAGE_GET_ADDRESS, 0, 0, 0), FRAME | bit(i), words());
        publish_and_serve();
        assert_int_equal(rel4_header_error(response_at(consumed)->header), ERR_FAILED_LOOKUP);
        give_room(rel4_items_for(rel4_header_words(response_at(consumed)->header)));
        put(i, rel4_header(LABEL_PAGE_GET_ADDRESS, 0, 0, 1), FRAME, words(FRAME | bit(i)));
        publish_and_serve();
        assert_int_equal(response_at(consumed)->words[0], 1);
        assert_int_equal(rel4_header_error(response_at(consumed)->header), ERR_FAILED_LOOKUP);
        give_room(rel4_items_for(rel4_header_words(response_at(consumed)->header)));
    }
    for (unsigned label = LABEL_COUNT; label < 4096; label++) {
        put(label, rel4_header(label, label & 15, 0, 0) | (label & 127) << 25, FRAME, words());
        publish_and_serve();
        check_answer(label, ERR_ILLEGAL_OPERATION, 0);
    }
    put(1, 0, NOBODY, words());
    put(2, 0, NOTIFICATION, words());
    publish_and_serve();
    assert_int_equal(check_answer(1, ERR_INVALID_CAPABILITY, 1)->words[0], 0);
    check_answer(2, ERR_NONE, 0);
}

static void a_request_is_begun_only_when_its_longest_answer_fits(void **state)
{
    (void)state;
    for (unsigned registers = 0; registers <= ABI_REG_COUNT + 2; registers++) {
        unsigned length = registers < ABI_REG_COUNT ? registers : ABI_REG_COUNT,
                 items = rel4_items_for(length);
        for (unsigned room = 0; room < items + 1; room++) {
            open_queue(5, 5);
            for (unsigned n = 0; n < 32 - room; n++) {
                put_simple(n);
            }
            publish_and_serve();
            put(99, rel4_header(LABEL_TCB_READ_REGISTERS, 0, 2, 0), OTHER_THREAD, words(0, registers));
            publish_and_serve();
            assert_int_equal(queue->state, room < items && (registers || !room) ? QUEUE_FULL : QUEUE_IDLE);
            for (unsigned n = 0; n < 32 - room; n++) {
                check_served(n);
            }
            wake_and_serve();
            if (registers >= 1 && registers <= ABI_REG_COUNT) {
                check_answer(99, ERR_NONE, length);
            } else {
                assert_int_equal(rel4_header_error(response_at(consumed)->header), ERR_RANGE);
            }
        }
    }
}

static void a_full_response_ring_stops_the_worker_and_loses_nothing(void **state)
{
    uint32_t put_count = 0, served = 0;

    (void)state;
    open_queue(6, 5);
    while (served < 2000) {
        while (produced - *header(REL4_HEADER_REQUEST_CONSUMER) < 64) {
            put_simple(put_count++);
        }
        publish_and_serve();
        assert_int_equal(queue->state, QUEUE_FULL);
        assert_int_equal(answers(), 32);
        for (unsigned n = 1 + random_below(&seed, 32); n; n--) {
            check_served(served++);
        }
    }
}

/* ---- Runs ---- */

static unsigned looks;

static bool refill(void)
{
    looks++;
    put_simple(looks);
    *header(REL4_HEADER_REQUEST_PRODUCER) = produced;
    return false;
}

static bool is_wanted(void)
{
    return true;
}

static void a_producer_without_end_gets_as_many_as_its_ring_is_long(void **state)
{
    (void)state;
    open_queue(5, 7);
    host_hart->locks = true;
    host_lock_wanted = refill;
    looks = 0;
    put_simple(0);
    put_simple(0); /* it looks before another one */
    publish_and_serve();
    assert_int_equal(answers(), 32);
    assert_int_equal(queue->state, QUEUE_WAITING);
    assert_true(owner->work_in);
}

/* A queue that waits for the worker with 20 requests, while another hart wants the lock. */
static void wait_with_20_requests(void)
{
    open_queue(5, 5);
    host_hart->locks = true;
    host_lock_wanted = is_wanted;
    for (unsigned n = 0; n < 20; n++) {
        put_simple(n);
    }
    *header(REL4_HEADER_REQUEST_PRODUCER) = produced;
    async_queue_wake(queue);
}

static void a_hart_that_wants_the_lock_waits_for_one_request(void **state)
{
    (void)state;
    wait_with_20_requests();
    for (unsigned n = 0; n < 20; n++) {
        assert_int_equal(answers(), 0);
        serve(REL4_PLACE_CALL);
        check_served(n);
    }
}

static void an_idle_hart_that_must_stop_keeps_the_rest(void **state)
{
    (void)state;
    wait_with_20_requests();
    harts_table[1].id = 1;
    harts_table[1].current = &idle_thread;
    idle_harts = bit(1);
    for (unsigned n = 0; n < 10; n++) {
        serve(REL4_PLACE_IDLE);
        check_served(n);
        assert_int_equal(queue->state, QUEUE_WAITING);
        assert_ptr_equal(owner->work_in, &host_hart->work[0].lists[WORK_ANY_TIME]);
        assert_int_equal(idle_harts, bit(1));
        assert_int_equal(host_hart->pending & mask(MAX_HARTS), 0);
    }
    /* Only when it has something else to do, the other one is asked. */
    work_hand_over(host_hart);
    assert_ptr_equal(owner->work_in, &harts_table[1].work[0].lists[WORK_ANY_TIME]);
    assert_int_equal(idle_harts, 0);
    assert_int_equal(host_hart->pending & mask(MAX_HARTS), bit(1));
    work_dequeue(owner);
}

/* Puts Revoke of a capability with 256 children. */
static struct slot *put_long_revoke(uint32_t cookie)
{
    struct slot *children = build_cnode(8), *victim = build_endpoint();

    slot_move(own(NOBODY), victim->cap, victim);
    for (unsigned i = 0; i < 256; i++) {
        slot_insert(slots_of(children) + i, own(NOBODY)->cap, own(NOBODY));
    }
    put(cookie, rel4_header(LABEL_CNODE_REVOKE, 0, 2, 0), ROOT, words(NOBODY, WORD_BITS));
    return children;
}

static word_t signals(void)
{
    return queue->statistics.signals;
}

static void who_sleeps_is_woken_for_all_that_an_idle_hart_serves_at_once(void **state)
{
    (void)state;
    wait_with_20_requests();
    for (unsigned n = 0; n < 20; n++) {
        assert_int_equal(signals(), 0);
        assert_int_equal(*header(REL4_HEADER_USER_STATE), REL4_ASLEEP);
        serve(REL4_PLACE_IDLE);
        check_served(n); /* who looks sees them one by one */
    }
    assert_int_equal(signals(), 1);
    assert_int_equal(*header(REL4_HEADER_USER_STATE), REL4_AWAKE);
}

static void who_sleeps_is_woken_if_the_hart_does_not_go_on(void **state)
{
    (void)state;
    /* It has something else to do. */
    wait_with_20_requests();
    serve(REL4_PLACE_IDLE);
    assert_int_equal(signals(), 0);
    work_hand_over(host_hart);
    assert_int_equal(signals(), 1);
    assert_null(host_hart->kept);
    /* There is a more important queue, or the kept one is elsewhere by now. */
    wait_with_20_requests();
    serve(REL4_PLACE_IDLE);
    work_dequeue(owner);
    assert_null(work_take_any());
    assert_int_equal(signals(), 1);
    /* The queue, or its thread, ends. */
    wait_with_20_requests();
    serve(REL4_PLACE_IDLE);
    async_queue_stop(queue);
    assert_int_equal(signals(), 1);
    assert_null(host_hart->kept);
    wait_with_20_requests();
    serve(REL4_PLACE_IDLE);
    thread_suspend(owner);
    assert_ptr_equal(work_take_any(), owner);
    worker_run(owner, REL4_PLACE_IDLE);
    assert_int_equal(queue->state, QUEUE_SUSPENDED);
    assert_int_equal(signals(), 1);
    /* It is not an idle hart. */
    wait_with_20_requests();
    serve(REL4_PLACE_CALL);
    assert_int_equal(signals(), 1);
    /* What comes next takes long. */
    open_queue(5, 5);
    put_simple(0);
    put_long_revoke(1);
    *header(REL4_HEADER_REQUEST_PRODUCER) = produced;
    async_queue_wake(queue);
    host_preempt_every(1);
    serve(REL4_PLACE_IDLE);
    check_served(0);
    assert_int_equal(signals(), 0);
    serve(REL4_PLACE_IDLE);
    assert_int_equal(answers(), 0);
    assert_int_equal(signals(), 1);
}

/* Otherwise each would stop the other after every request. */
static void nobody_else_takes_what_an_idle_hart_comes_back_for(void **state)
{
    struct ready_queue *kept;

    (void)state;
    wait_with_20_requests();
    harts_table[1].id = 1;
    harts_table[1].current = &idle_thread;
    harts_online = 2;
    kept = &host_hart->work[0].lists[WORK_ANY_TIME];
    serve(REL4_PLACE_IDLE);
    assert_ptr_equal(owner->work_in, kept);
    /* On another hart that idles, or where the owner blocks: */
    host_hart = &harts_table[1];
    assert_null(work_take_any());
    worker_blocked(owner);
    assert_ptr_equal(owner->work_in, kept);
    /* It comes back, and does so again. Then there is something else to do. */
    host_hart = &harts_table[0];
    assert_ptr_equal(work_take_any(), owner);
    worker_run(owner, REL4_PLACE_IDLE);
    assert_ptr_equal(owner->work_in, kept);
    work_hand_over(host_hart);
    assert_ptr_equal(owner->work_in, kept);
    host_hart = &harts_table[1];
    worker_blocked(owner);
    assert_ptr_equal(owner->work_in, &host_hart->work[0].lists[WORK_ANY_TIME]);
    assert_ptr_equal(work_take_any(), owner);
    assert_null(work_take_any());
}

static void put_batch(unsigned requests)
{
    for (unsigned n = 0; n < requests; n++) {
        put_simple(n);
    }
    *header(REL4_HEADER_REQUEST_PRODUCER) = produced;
}

static void take_batch(unsigned requests)
{
    for (unsigned n = 0; n < requests; n++) {
        check_served(n);
    }
    give_room(0);
}

static void what_a_hart_kept_goes_to_the_thread_s_hart_if_it_has_something_else_to_do(void **state)
{
    (void)state;
    wait_with_20_requests();
    harts_table[1].id = 1;
    harts_table[1].current = &idle_thread;
    harts_online = 2;
    owner->hart = &harts_table[1];
    owner->priority = 100;
    serve(REL4_PLACE_IDLE);
    assert_ptr_equal(host_hart->kept, owner);
    /* Its thread blocks: the other hart goes on with something of priority 1, and this one with 200. */
    host_hart = &harts_table[1];
    worker_blocked(owner);
    host_hart = &harts_table[0];
    work_hand_over(host_hart);
    assert_null(work_take(host_hart, 200));
    assert_ptr_equal(work_take(&harts_table[1], 1), owner);
}

/* Puts requests, and has the owner make the wake call, beside an idle hart or none. */
static void wake_in_a_call(unsigned requests, word_t idle)
{
    put_batch(requests);
    owner->state = THREAD_RESTART;
    host_hart->current = owner;
    harts_table[1].id = 1;
    harts_table[1].current = &idle_thread;
    idle_harts = idle;
    async_queue_wake(queue);
}

static void a_wake_call_of_the_thread_itself_serves_what_is_not_worth_waking_a_hart(void **state)
{
    (void)state;
    for (unsigned requests = 1; requests <= 32; requests++) {
        for (unsigned others = 0; others < 2; others++) {
            open_queue(5, 5);
            wake_in_a_call(requests, others ? bit(1) : 0);
            if (others && requests >= REQUESTS_WORTH_WAKING) {
                assert_int_equal(answers(), 0);
                assert_int_equal(idle_harts, 0);
                assert_int_equal(host_hart->pending & mask(MAX_HARTS), bit(1));
                assert_ptr_equal(owner->work_in, &harts_table[1].work[0].lists[WORK_ANY_TIME]);
                work_dequeue(owner);
                continue;
            }
            assert_int_equal(queue->state, QUEUE_IDLE);
            assert_int_equal(queue->statistics.served[REL4_PLACE_CALL], requests);
            assert_int_equal(host_hart->pending, 0);
            assert_null(owner->work_in);
            take_batch(requests);
        }
    }
}

static void what_the_wake_call_leaves_has_had_its_turn(void **state)
{
    (void)state;
    open_queue(5, 5);
    host_hart->locks = true;
    host_lock_wanted = is_wanted;
    wake_in_a_call(3, 0);
    assert_int_equal(answers(), 1);
    assert_int_equal(queue->state, QUEUE_WAITING);
    assert_ptr_equal(owner->work_in, &host_hart->work[0].lists[WORK_ANY_TIME]);
    assert_int_equal(host_hart->pending, PENDING_SERVED | PENDING_WORK);
}

static void a_wake_call_waits_for_what_comes_before_it(void **state)
{
    struct tcb other;

    (void)state;
    for (unsigned reason = 0; reason < 6; reason++) {
        open_queue(5, 5);
        switch (reason) {
        case 0:
            host_hart->candidate = &other;
            break;
        case 1:
            host_hart->pending = PENDING_WORK;
            break;
        case 2:
            host_hart->tlb_batch.open = true; /* another queue is served */
            break;
        case 3:
            owner->work_at_tick = true;
            break;
        case 4:
            owner->work_retry = true;
            break;
        }
        wake_in_a_call(1, 0);
        assert_int_equal(answers(), reason == 5);
        assert_int_equal(owner->work_in != NULL, reason != 5);
    }
}

static void an_interrupted_request_goes_on_from_its_copy(void **state)
{
    unsigned runs = 0;

    (void)state;
    open_queue(5, 5);
    struct slot *children = put_long_revoke(7);
    put_simple(8);
    *header(REL4_HEADER_REQUEST_PRODUCER) = produced;
    async_queue_wake(queue);
    host_preempt_every(1);
    while (answers() == 0) {
        serve(REL4_PLACE_CALL);
        assert_true(++runs < 1000);
        /* Whatever becomes of the request in the ring meanwhile, and of the indexes. */
        memset(request_at(0), 0xff, REL4_ITEM_BYTES);
        *header(REL4_HEADER_REQUEST_CONSUMER) = 0x12345678;
    }
    assert_true(runs > 2);
    check_answer(7, ERR_NONE, 0);
    host_preempt_never();
    serve(REL4_PLACE_CALL);
    check_served(8);
    assert_false(slot_has_children(own(NOBODY)));
    assert_true(slot_is_empty(slots_of(children) + 255));
}

static void reset_forgets_the_request_in_hand(void **state)
{
    (void)state;
    open_queue(5, 5);
    host_preempt_every(1);
    put(7, rel4_header(REL4_LABEL_QUEUE_PUT_STRING, 0, 6, 0), OWN_QUEUE, words(40, 0, 0, 0, 0, 0));
    put(8, rel4_header(LABEL_TCB_READ_REGISTERS, 0, 2, 0), OTHER_THREAD, words(0, 1));
    publish_and_serve();
    queue->holds_request = true;
    reset_queue();
    assert_false(queue->holds_request);
    host_preempt_never();
    check_works();
    assert_int_equal(answers(), 0);
}

static void what_ends_the_queue_ends_the_run(void **state)
{
    static const struct {
        unsigned pointer;
        enum queue_state left; /* of the queue */
    } ends[] = { { OWN_THREAD, QUEUE_STOPPED }, { OWN_QUEUE, QUEUE_NEW } };

    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(ends); i++) {
        open_queue(5, 5);
        put_simple(1);
        put(2, rel4_header(LABEL_CNODE_REVOKE, 0, 2, 0), ROOT, words(ends[i].pointer, WORD_BITS));
        put(3, rel4_header(LABEL_CNODE_DELETE, 0, 2, 0), ROOT, words(ends[i].pointer, WORD_BITS));
        put_simple(4);
        /* These are the only ones. */
        struct slot *outside = ends[i].pointer == OWN_THREAD ? thread : queue_slot;
        assert_int_equal(slot_delete(outside), DONE);
        publish_and_serve();
        /* What was answered before is handed over, and nothing more. */
        assert_int_equal(answers(), 2);
        check_served(1);
        check_answer(2, ERR_NONE, 0);
        assert_int_equal(queue->state, ends[i].left);
        assert_null(owner->async_queue);
        assert_false(owner->work_in);
    }
}

static void what_is_left_of_an_interrupted_end_can_be_deleted_again(void **state)
{
    static const unsigned ends[] = { OWN_THREAD, OWN_QUEUE };

    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(ends); i++) {
        open_queue(9, 9);
        put(1, rel4_header(LABEL_CNODE_DELETE, 0, 2, 0), ROOT, words(ends[i], WORD_BITS));
        put_simple(2);
        assert_int_equal(slot_delete(ends[i] == OWN_THREAD ? thread : queue_slot), DONE);
        host_preempt_every(1);
        publish_and_serve();
        assert_int_equal(answers(), 0);
        assert_null(owner->async_queue);
        assert_false(owner->work_in || slot_is_empty(own(ends[i])));
        for (unsigned patience = 100; slot_delete(own(ends[i])) == AGAIN; patience--) {
            assert_int_not_equal(patience, 0);
        }
        assert_true(slot_is_empty(own(ends[i])));
    }
}

static void a_thread_that_stops_itself_is_served_again_when_it_is_resumed(void **state)
{
    (void)state;
    open_queue(5, 5);
    put(1, rel4_header(LABEL_TCB_SUSPEND, 0, 0, 0), OWN_THREAD, words());
    put_simple(2);
    publish_and_serve();
    assert_int_equal(queue->state, QUEUE_SUSPENDED);
    check_answer(1, ERR_NONE, 0);
    wake_and_serve();
    assert_int_equal(answers(), 0);
    thread_resume(owner);
    assert_int_equal(queue->state, QUEUE_WAITING);
    serve(REL4_PLACE_CALL);
    check_served(2);
}

/* Two runs that an idle hart makes of a batch, with another hart that wants the lock after the first. */
static void an_idle_hart_looks_for_more_only_behind_a_batch_that_was_worth_waking_it(void **state)
{
    (void)state;
    for (unsigned requests = 1; requests <= 32; requests++) {
        for (unsigned at_tick = 0; at_tick < 2; at_tick++) {
            open_queue(5, 5);
            owner->work_at_tick = at_tick;
            for (unsigned batch = 0; batch < 2; batch++) {
                put_batch(requests);
                async_queue_wake(queue);
                host_hart->locks = true;
                host_lock_wanted = is_wanted;
                serve(REL4_PLACE_IDLE);
                host_lock_wanted = NULL;
                if (requests > 1) {
                    serve(REL4_PLACE_IDLE);
                }
                take_batch(requests);
                bool looks = requests >= REQUESTS_WORTH_WAKING || at_tick;
                assert_ptr_equal(host_hart->watched, looks ? owner : NULL);
                assert_int_equal(queue->state, looks ? QUEUE_WATCHED : QUEUE_IDLE);
                assert_int_equal(*header(REL4_HEADER_KERNEL_STATE), looks ? REL4_AWAKE : REL4_ASLEEP);
                while (host_hart->watched) {
                    worker_look(host_hart);
                }
            }
        }
    }
}

static void an_idle_hart_hands_over_answers_every_64_requests(void **state)
{
    (void)state;
    open_queue(8, 8);
    put_batch(200);
    async_queue_wake(queue);
    for (unsigned served = 64; served < 200; served += 64) {
        serve(REL4_PLACE_IDLE);
        assert_int_equal(answers(), served);
        assert_int_equal(queue->state, QUEUE_WAITING);
        assert_ptr_equal(host_hart->kept, owner);
    }
    serve(REL4_PLACE_IDLE);
    assert_int_equal(queue->state, QUEUE_WATCHED);
    take_batch(200);
    worker_end_watch(host_hart);
}

static void an_idle_hart_looks_longer_for_those_who_send_more(void **state)
{
    (void)state;
    open_queue(5, 5);
    for (unsigned n = 0, patience = 1; n < 10; n++, patience = patience < 128 ? 2 * patience : 128) {
        put_batch(REQUESTS_WORTH_WAKING);
        if (n == 0) {
            async_queue_wake(queue);
            serve(REL4_PLACE_IDLE);
        } else {
            worker_look(host_hart);
        }
        take_batch(REQUESTS_WORTH_WAKING);
        assert_ptr_equal(host_hart->watched, owner);
        assert_int_equal(queue->state, QUEUE_WATCHED);
        assert_int_equal(queue->looks, patience);
        assert_int_equal(*header(REL4_HEADER_KERNEL_STATE), REL4_AWAKE);
    }
    for (unsigned n = 128; n; n--) {
        assert_ptr_equal(host_hart->watched, owner);
        worker_look(host_hart);
    }
    assert_null(host_hart->watched);
    assert_int_equal(queue->state, QUEUE_IDLE);
    assert_int_equal(queue->patience, 64);
    assert_int_equal(*header(REL4_HEADER_KERNEL_STATE), REL4_ASLEEP);
}

/* A queue that sleeps, after looks in vain that an idle hart was asked for, and that another one is woken
 * for. */
static void fall_asleep_and_wake(bool soon)
{
    while (host_hart->watched) {
        worker_look(host_hart);
    }
    assert_int_equal(queue->state, QUEUE_IDLE);
    queue->slept -= soon ? 0 : counts_per_tick;
    put_batch(REQUESTS_WORTH_WAKING);
    idle_harts = bit(1);
    async_queue_wake(queue);
    host_hart->pending = 0; /* the other one has got its interrupt */
    assert_ptr_equal(work_take_any(), owner);
    worker_run(owner, REL4_PLACE_IDLE);
    take_batch(REQUESTS_WORTH_WAKING);
    assert_ptr_equal(host_hart->watched, owner);
}

static void an_idle_hart_looks_longer_if_it_slept_too_early(void **state)
{
    (void)state;
    open_queue(5, 5);
    harts_table[1].id = 1;
    harts_table[1].current = &idle_thread;
    harts_online = 2;
    fall_asleep_and_wake(false);
    assert_int_equal(queue->looks, 1);
    /* A sleep from patience 1 leaves it at 1. */
    fall_asleep_and_wake(true);
    assert_int_equal(queue->looks, 4);
    for (unsigned looks = 8; looks <= 128; looks *= 2) {
        fall_asleep_and_wake(true);
        assert_int_equal(queue->looks, looks);
    }
    fall_asleep_and_wake(true);
    assert_int_equal(queue->looks, 128);
    for (unsigned looks = 64; looks; looks /= 2) {
        fall_asleep_and_wake(false);
        assert_int_equal(queue->looks, looks);
    }
    fall_asleep_and_wake(false);
    assert_int_equal(queue->looks, 1);
}

int main(void)
{
#define EACH(test) cmocka_unit_test_teardown(test, close_queue)
    const struct CMUnitTest tests[] = {
        EACH(a_request_producer_more_than_a_ring_ahead_is_a_fault),
        EACH(a_response_consumer_that_cannot_be_is_a_fault_when_room_is_needed),
        EACH(places_wrap_at_the_ends_of_frames_rings_and_indexes),
        EACH(what_the_kernel_writes_it_does_not_read_back),
        EACH(the_state_words_are_hints),
        EACH(requests_of_every_length_are_served_or_a_fault),
        EACH(pointers_have_64_bits_and_labels_twelve),
        EACH(a_request_is_begun_only_when_its_longest_answer_fits),
        EACH(a_full_response_ring_stops_the_worker_and_loses_nothing),
        EACH(a_producer_without_end_gets_as_many_as_its_ring_is_long),
        EACH(a_hart_that_wants_the_lock_waits_for_one_request),
        EACH(an_idle_hart_that_must_stop_keeps_the_rest),
        EACH(what_a_hart_kept_goes_to_the_thread_s_hart_if_it_has_something_else_to_do),
        EACH(a_wake_call_of_the_thread_itself_serves_what_is_not_worth_waking_a_hart),
        EACH(what_the_wake_call_leaves_has_had_its_turn),
        EACH(a_wake_call_waits_for_what_comes_before_it),
        EACH(who_sleeps_is_woken_for_all_that_an_idle_hart_serves_at_once),
        EACH(who_sleeps_is_woken_if_the_hart_does_not_go_on),
        EACH(nobody_else_takes_what_an_idle_hart_comes_back_for),
        EACH(an_interrupted_request_goes_on_from_its_copy),
        EACH(reset_forgets_the_request_in_hand),
        EACH(what_ends_the_queue_ends_the_run),
        EACH(what_is_left_of_an_interrupted_end_can_be_deleted_again),
        EACH(a_thread_that_stops_itself_is_served_again_when_it_is_resumed),
        EACH(an_idle_hart_looks_for_more_only_behind_a_batch_that_was_worth_waking_it),
        EACH(an_idle_hart_hands_over_answers_every_64_requests),
        EACH(an_idle_hart_looks_longer_for_those_who_send_more),
        EACH(an_idle_hart_looks_longer_if_it_slept_too_early),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
