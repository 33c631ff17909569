/*
 * Users of the simulation: their objects, which come and go. What they do is in programs.c.
 */
#include "simulation/users.h"

#include "arch/asid.h"
#include "host.h"
#include "ipc/endpoint.h"
#include "ipc/message.h"
#include "ipc/notification.h"
#include "object/irq.h"
#include "object/request.h"
#include "simulation/harts.h"
#include "thread/domain.h"
#include "thread/kernel.h"
#include "thread/scheduler.h"

#include <sanitizer/asan_interface.h>
#include <string.h>

#define ROOT_RADIX 6
#define PAGE       (1u << ABI_PAGE_BITS)
#define QUEUE_BITS 2   /* log2 of the frames that a queue may hold */
#define GUARDIANS  200 /* priority */

struct user users[THREADS_MAX];
unsigned user_count;
struct user_ring user_rings[QUEUES_MAX];
unsigned ring_count;

struct slot *users_root;

static struct slot *ground;

/*
 * ---- Objects ----
 */

static void put_new(unsigned at, struct cap cap)
{
    slot_insert_root(&users_root[at], cap);
}

static struct cap new_frame(char **memory)
{
    *memory = host_take(PAGE);
    return cap_make_frame(ptr_to_phys(*memory), FRAME_4K, FRAME_READ_WRITE, false);
}

unsigned users_any_priority(void)
{
    static const unsigned priorities[] = { 20, 50, 50, 50, 80 };

    return priorities[any(ARRAY_SIZE(priorities))];
}

static struct slot *buffer_of(unsigned i)
{
    return &ground[1 + i];
}

static void make_thread(unsigned i, unsigned harts)
{
    struct tcb *tcb = users[i].tcb;

    tcb_create(tcb, &idle_thread);
    put_new(AT_THREAD + i, cap_make_object(CAP_TCB, tcb, 0));
    slot_insert(&tcb->slots[TCB_CSPACE], ground->cap, ground);
    slot_insert(&tcb->slots[TCB_BUFFER], buffer_of(i)->cap, buffer_of(i));
    tcb->max_priority = 255;
    tcb->priority = (uint16_t)(i == GUARDIAN ? GUARDIANS : users_any_priority());
    tcb->hart = &harts_table[i == GUARDIAN ? 0 : any(harts)];
    tcb->context.next_pc = tcb->context.regs[ABI_REG_PC] = PC_HOME;
    users[i].exists = true;
    users[i].lives++;
}

static void make_queue(unsigned i)
{
    struct user_ring *ring = &user_rings[i];

    put_new(AT_QUEUE + i, cap_make_object(CAP_ASYNC_QUEUE, ring->queue, QUEUE_BITS));
    ring->exists = true;
    ring->at_tick = one_in(4);
}

static void build_rings(void)
{
    for (unsigned i = 0; i < ring_count; i++) {
        struct slot *frames = host_take(4 * sizeof(struct slot));
        user_rings[i] = (struct user_ring){
            .queue = host_take(bit(REL4_QUEUE_BITS(QUEUE_BITS))),
            .request_bits = REL4_REQUESTS_MIN_BITS,
            .response_bits = REL4_RESPONSES_MIN_BITS,
        };
        for (unsigned k = 0; k < ARRAY_SIZE(user_rings[i].pages); k++) {
            slot_insert_root(&frames[k], new_frame(&user_rings[i].pages[k]));
        }
        put_new(AT_RING_FRAMES + i, cap_make_cnode(frames, 2, 0, 0));
        make_queue(i);
    }
}

static void build_ipc(void)
{
    struct endpoint *endpoint = host_take(bit(ABI_ENDPOINT_BITS));
    struct slot *device = irq_notification_slot(1);
    char *page;

    put_new(AT_FRAME, new_frame(&page));
    for (unsigned i = AT_SIGNALS; i <= AT_ALARM; i++) {
        put_new(i, cap_make_ipc(CAP_NOTIFICATION, host_take(bit(ABI_NOTIFICATION_BITS)), ABI_RIGHTS_ALL, 1));
    }
    put_new(AT_ENDPOINT, cap_make_ipc(CAP_ENDPOINT, endpoint, ABI_RIGHTS_ALL, 0));
    for (unsigned badge = 1; badge <= 2; badge++) {
        slot_insert(&users_root[AT_ENDPOINT + badge],
                    cap_make_ipc(CAP_ENDPOINT, endpoint, ABI_RIGHTS_ALL, badge), &users_root[AT_ENDPOINT]);
    }
    put_new(AT_DOMAINS, cap_make(CAP_DOMAIN, 0));
    irq_init(1, 2);
    *device = (struct slot){ 0 };
    slot_insert(device, users_root[AT_ALARM].cap, &users_root[AT_ALARM]);
}

/* The schedule begins anew. */
static void build_domains(void)
{
    for (unsigned i = 0; i < 4 && i < DOMAIN_SCHEDULE_ENTRIES - 1; i++) {
        domain_schedule[i] = (struct domain_entry){ i % REL4_NUM_DOMAINS, 3 + any(12) };
    }
    domain_set_start(0);
    host_hart->pending.any = 0;
}

void users_build(unsigned harts)
{
    ASAN_UNPOISON_MEMORY_REGION(phys_to_ptr(ARENA_PHYS), ARENA_SIZE);
    host_reset();
    programs_begin();
    user_count = 2 + any(THREADS_MAX - 2);
    ring_count = 1 + any((uint32_t)min_word(user_count, QUEUES_MAX));
    ground = host_take(16 * sizeof(struct slot));
    users_root = host_take(sizeof(struct slot) << ROOT_RADIX);
    host_check_init(ground, 16);
    slot_insert_root(ground, cap_make_cnode(users_root, ROOT_RADIX, WORD_BITS - ROOT_RADIX, 0));
    slot_insert(&users_root[AT_ROOT], ground->cap, ground);
    build_ipc();
    build_rings();
    build_domains();
    memset(users, 0, sizeof(users));
    for (unsigned i = 0; i < THREADS_MAX; i++) {
        char *page;
        users[i].tcb = host_take(bit(ABI_TCB_BITS));
        slot_insert_root(buffer_of(i), new_frame(&page));
        if (i < user_count || i == GUARDIAN) {
            make_thread(i, harts);
            users[i].tcb->state = THREAD_RESTART;
            sched_enqueue_tail(users[i].tcb);
        }
    }
}

/* What is gone is poisoned, so whoever follows a pointer that was left is caught. */
void users_notice_deaths(void)
{
    for (unsigned i = 0; i < THREADS_MAX; i++) {
        if (users[i].exists && slot_is_empty(&users_root[AT_THREAD + i])) {
            users[i].exists = false;
            ASAN_POISON_MEMORY_REGION(users[i].tcb, bit(ABI_TCB_BITS));
        }
    }
    for (unsigned i = 0; i < ring_count; i++) {
        if (user_rings[i].exists && slot_is_empty(&users_root[AT_QUEUE + i])) {
            user_rings[i].exists = false;
            ASAN_POISON_MEMORY_REGION(user_rings[i].queue, bit(REL4_QUEUE_BITS(QUEUE_BITS)));
        }
    }
}

static void *live_again(void *memory, word_t bytes)
{
    ASAN_UNPOISON_MEMORY_REGION(memory, bytes);
    return memset(memory, 0, bytes);
}

/* Somebody has retyped the memory of what is gone. */
void users_revive(void)
{
    for (unsigned i = 0; i < user_count; i++) {
        if (!users[i].exists && slot_is_empty(&users_root[AT_THREAD + i])) {
            live_again(users[i].tcb, bit(ABI_TCB_BITS));
            make_thread(i, harts_online);
        }
    }
    for (unsigned i = 0; i < ring_count; i++) {
        if (!user_rings[i].exists && slot_is_empty(&users_root[AT_QUEUE + i])) {
            live_again(user_rings[i].queue, bit(REL4_QUEUE_BITS(QUEUE_BITS)));
            make_queue(i);
        }
    }
}
