/*
 * A world in which every kind of structure is in use.
 */
#include "damage.h"

#include "ipc/receiver.h"
#include "object/async_queue.h"
#include "object/console_turn.h"
#include "object/sender_table.h"
#include "thread/scheduler.h"
#include "worker/placement.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void wait_on(unsigned place, unsigned queue, enum thread_state state, unsigned queue_state)
{
    struct tcb *waits = thread(place);

    waits->state = state;
    waits->blocked_on = endpoint(queue);
    wait_append(&endpoint(queue)->queue, waits);
    wait_set_state(&endpoint(queue)->queue, queue_state);
}

static void make_ready(unsigned place)
{
    thread(place)->state = THREAD_RUNNING;
    sched_enqueue_tail(thread(place));
}

static void make_threads(void)
{
    for (unsigned i = RUNS; i <= CALLER; i++) {
        assert_non_null(world_create(at(i < RUNS + 4 ? 1 : 2), ABI_TYPE_TCB, 0, at(i)));
    }
    assert_non_null(world_create(at(2), ABI_TYPE_TCB, 0, at(PRINTS)));
    thread(RUNS)->state = THREAD_RUNNING;
    host_hart->current = thread(RUNS);
    make_ready(READY);
    make_ready(READY_2);
    wait_on(WAITS, ENDPOINT, THREAD_BLOCKED_ON_SEND, ENDPOINT_SENDING);
    wait_on(WAITS_2, ENDPOINT, THREAD_BLOCKED_ON_SEND, ENDPOINT_SENDING);
    wait_on(BOUND, ENDPOINT_2, THREAD_BLOCKED_ON_RECEIVE, ENDPOINT_RECEIVING);
    notification_bind(notification(), thread(BOUND));
    endpoint_wait_for_reply(thread(CALLER), thread(RUNS), true);
}

/* As at boot: not from untyped memory. */
static void make_page(unsigned place, enum cap_type type)
{
    void *memory = host_take(1 << ABI_PAGE_BITS);

    slot_insert_root(at(place), type == CAP_FRAME
                                    ? cap_make_frame(ptr_to_phys(memory), FRAME_4K, FRAME_READ_WRITE, false)
                                    : cap_make_object(type, memory, 0));
}

static void make_address_space(void)
{
    make_page(ROOT, CAP_PAGE_TABLE);
    make_page(MIDDLE, CAP_PAGE_TABLE);
    make_page(LAST, CAP_PAGE_TABLE);
    make_page(PAGE, CAP_FRAME);
    make_page(POOL, CAP_ASID_POOL);
    asid_pools[0] = cap_object(at(POOL)->cap);
    asid_pools[0]->entries[1] = ptr_to_phys(table(ROOT));
    vm_install_kernel_half(table(ROOT));
    for (unsigned i = ROOT; i <= LAST; i++) {
        at(i)->cap = page_table_set_mapped(at(i)->cap, 1, 0);
    }
    at(PAGE)->cap.w1 = cap_mapping(1, 0x1000);
    table(ROOT)[0] = pte_make(ptr_to_phys(table(MIDDLE)), PTE_VALID);
    table(MIDDLE)[0] = pte_make(ptr_to_phys(table(LAST)), PTE_VALID);
    table(LAST)[1] = pte_make(frame_phys(at(PAGE)->cap), PTE_VALID | PTE_USER | PTE_READ | PTE_WRITE);
}

static void add_entry(unsigned index, unsigned place)
{
    struct sender_table *table = sender_table();
    struct tcb *receiver = thread(BOUND);
    unsigned vector = place == VECTOR_0 ? 0 : 9;

    table->used[0] |= bit(index);
    table->page[index] = entry_page_word(receiver->uintr.slot, vector);
    slot_insert_entry(&table->slots[index], cap_make_sender_entry(notification(), vector), at(place));
    if (receiver->uintr.entries) {
        entry_links(receiver->uintr.entries)->prev = &table->slots[index];
    }
    *entry_links(&table->slots[index]) = (struct entry_links){ .next = receiver->uintr.entries };
    receiver->uintr.entries = &table->slots[index];
}

/* The bound thread is a receiver with a slot; the one that runs may send to it, by three entries. */
static void make_user_interrupts(void)
{
    uintr_backend = REL4_UINTR_HARDWARE;
    receiver_register(thread(BOUND), 0x1000, 0x2000);
    slot_insert(at(VECTOR_0), cap_make_ipc(CAP_NOTIFICATION, notification(), ABI_RIGHTS_ALL, 1),
                at(NOTIFICATION));
    slot_insert(at(VECTOR_9), cap_make_ipc(CAP_NOTIFICATION, notification(), ABI_RIGHTS_ALL, bit(9)),
                at(NOTIFICATION));
    slot_insert_root(at(ENTRIES),
                     cap_make_object(CAP_SENDER_TABLE, host_take(bit(REL4_SENDER_TABLE_BITS)), 0));
    sender_table()->thread = thread(RUNS);
    uintr_set_table(thread(RUNS), sender_table());
    add_entry(0, VECTOR_0);
    add_entry(1, VECTOR_9);
    add_entry(2, VECTOR_9);
}

/* A queue of rings of 32 items and 128 units, in two pages, which waits: its worker is ready, too. */
static void make_queue(void)
{
    make_page(QUEUE_PAGE, CAP_FRAME);
    make_page(QUEUE_PAGE_2, CAP_FRAME);
    slot_insert_root(at(QUEUE), cap_make_object(CAP_ASYNC_QUEUE, host_take(bit(REL4_QUEUE_BITS(1))), 1));
    slot_insert(&queue()->notification, at(NOTIFICATION)->cap, at(NOTIFICATION));
    for (unsigned i = 0; i < 2; i++) {
        struct slot *page = at(QUEUE_PAGE + i);
        slot_insert(&queue()->frames[i], frame_set_queue(page->cap, queue()), page);
    }
    queue()->frame_bits = ABI_PAGE_BITS;
    queue()->request_bits = REL4_REQUESTS_MIN_BITS;
    queue()->response_bits = REL4_RESPONSES_MIN_BITS + 1;
    queue()->thread = thread(READY);
    thread(READY)->async_queue = queue();
    thread(READY)->worker.is_worker = true;
    queue()->header = async_queue_line(queue(), 0);
    queue()->state = QUEUE_IDLE;
    placement_start(queue());
    placement_wake(queue());
}

/* One thread has the console, before one that had it and is less important, and another one waits for it. */
static void make_console(void)
{
    assert_true(console_take(&thread(READY_2)->ready));
    thread(RUNS)->priority++;
    assert_true(console_take(&thread(RUNS)->ready));
    assert_false(console_take(&thread(PRINTS)->ready));
}

void make_world(void)
{
    world_reset();
    world_create(at(UNTYPED), ABI_TYPE_UNTYPED, 9, at(PIECE));
    world_create(at(PIECE), ABI_TYPE_CNODE, 2, at(CNODE));
    world_create(at(UNTYPED), ABI_TYPE_ENDPOINT, 0, at(ENDPOINT));
    world_create(at(UNTYPED), ABI_TYPE_ENDPOINT, 0, at(ENDPOINT_2));
    world_create(at(UNTYPED), ABI_TYPE_NOTIFICATION, 0, at(NOTIFICATION));
    slot_insert(at(ENDPOINT_COPY), at(ENDPOINT)->cap, at(ENDPOINT));
    make_threads();
    make_address_space();
    make_user_interrupts();
    make_queue();
    make_console();
    /* What the hart is to do before it goes on is no damage. */
    host_hart->pending.any = 0;
}

void check_damages(const struct damage *damages, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        make_world();
        check_everything();
        damages[i].damage();
        host_expect_panic(check_everything, damages[i].found);
    }
}
