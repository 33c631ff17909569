/*
 * Objects at the end of memory, and requests in memory of exactly their size, so that a decoder which reads
 * a word too many is caught.
 */
#include "build.h"

#include "cap/derive.h"
#include "ipc/endpoint.h"
#include "ipc/notification.h"
#include "thread/hart.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct tcb *caller;
struct result result;
enum progress progress;

void build_reset(void)
{
    host_reset();
    caller = thread_of(build_thread());
    host_hart->current = caller;
    caller->state = THREAD_RUNNING;
    caller->max_priority = 255;
}

struct slot *build_slot(void)
{
    return host_take(sizeof(struct slot));
}

struct slot *build_root(struct cap cap)
{
    struct slot *slot = build_slot();

    slot_insert_root(slot, cap);
    return slot;
}

struct slot *build_thread(void)
{
    struct tcb *thread = host_take(bit(ABI_TCB_BITS));

    tcb_create(thread, &idle_thread);
    return build_root(cap_make_object(CAP_TCB, thread, 0));
}

struct slot *build_endpoint(void)
{
    return build_root(cap_make_ipc(CAP_ENDPOINT, host_take(bit(ABI_ENDPOINT_BITS)), ABI_RIGHTS_ALL, 0));
}

struct slot *build_notification(void)
{
    return build_root(cap_make_ipc(CAP_NOTIFICATION, host_take(bit(ABI_NOTIFICATION_BITS)),
                                   ABI_RIGHT_READ | ABI_RIGHT_WRITE, 0));
}

struct slot *build_cnode(unsigned radix)
{
    return build_root(cap_make_cnode(host_take(bit(radix + ABI_SLOT_BITS)), radix, 0, 0));
}

struct slot *build_untyped(unsigned size_bits)
{
    return build_root(cap_make_untyped(ptr_to_phys(host_take(bit(size_bits))), size_bits, false, 0));
}

struct slot *build_page_table(void)
{
    return build_root(cap_make_object(CAP_PAGE_TABLE, host_take(bit(ABI_PAGE_TABLE_BITS)), 0));
}

struct slot *build_frame(void)
{
    word_t phys = ptr_to_phys(host_take(bit(ABI_PAGE_BITS)));

    return build_root(cap_make_frame(phys, FRAME_4K, FRAME_READ_WRITE, false));
}

struct slot *build_object(enum cap_type type, unsigned size_bits, word_t w1)
{
    return build_root(cap_make_object(type, host_take(bit(size_bits)), w1));
}

struct slot *build_receiver(struct slot *thread, struct slot *notification)
{
    struct slot *vector = build_slot();

    slot_insert(vector, cap_apply_data(notification->cap, 1, false), notification);
    notification_bind(cap_object(notification->cap), thread_of(thread));
    assert_int_equal(invoke(thread, REL4_LABEL_TCB_REGISTER_RECEIVER, words(0x1000, 0), extras(notification)),
                     ERR_NONE);
    return vector;
}

struct slot *build_copy(struct slot *source)
{
    struct slot *slot = build_slot();

    slot_insert(slot, source->cap, source);
    return slot;
}

word_t invoke(struct slot *slot, word_t label, struct words words, struct extras extras)
{
    word_t *copy = malloc(words.count * sizeof(word_t) + 1);
    struct request request = {
        .thread = caller,
        .slot = slot,
        .cap = slot->cap,
        .label = label,
        .length = words.count,
        .extra_count = extras.count,
        .first = copy,
        .words = { copy },
    };

    check(copy && extras.count <= ABI_MSG_MAX_EXTRA_CAPS);
    if (words.count) {
        memcpy(copy, words.list, words.count * sizeof(word_t));
    }
    for (unsigned i = 0; i < extras.count; i++) {
        request.extra[i] = extras.list[i];
    }
    word_t error = request_serve(&request, &result, &progress);
    free(copy);
    return error;
}

unsigned invoke_until_done(struct slot *slot, word_t label, struct words words, struct extras extras)
{
    unsigned interruptions = 0;

    for (;;) {
        assert_int_equal(invoke(slot, label, words, extras), ERR_NONE);
        if (progress == DONE) {
            return interruptions;
        }
        interruptions++;
    }
}

word_t invoke_any(struct slot *slot, word_t label, struct words words, struct extras extras)
{
    return cap_is_kernel_object(slot->cap) ? invoke(slot, label, words, extras) : ERR_INVALID_CAPABILITY;
}

unsigned to_the_end_against(enum progress (*work)(struct slot *slot), struct slot *slot,
                            bool (*attack)(struct slot *slot), struct slot *victim, unsigned most)
{
    unsigned interruptions = 0;

    while (work(slot) == AGAIN) {
        assert_false(attack(victim));
        assert_in_range(++interruptions, 1, most);
    }
    return interruptions;
}

void refuse(const char *file, int line, word_t error, struct words expected, struct slot *slot, word_t label,
            struct words words, struct extras extras)
{
    struct host_snapshot *before = host_snapshot_take();
    word_t got = invoke(slot, label, words, extras);
    bool unchanged = host_snapshot_matches(before);

    _assert_int_equal(got, error, file, line);
    _assert_int_equal(result.length, expected.count, file, line);
    for (unsigned i = 0; i < expected.count; i++) {
        _assert_int_equal(result.words[i], expected.list[i], file, line);
    }
    _assert_true(unchanged, "a refused invocation changes nothing", file, line);
}
