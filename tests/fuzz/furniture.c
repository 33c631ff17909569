/*
 * Making the world of fuzz_objects.c, by invocations wherever there are some.
 */
#include "furniture.h"
#include "fuzz.h"

#include "arch/asid.h"
#include "ipc/endpoint.h"
#include "object/irq.h"
#include "object/request.h"
#include "thread/hart.h"

#include <string.h>

#define LARGE_BITS     16
#define SMALL_BITS     13
#define DEVICE_ADDRESS 0x40000000ul
#define DEVICE_BITS    30
#define BUFFER_ADDRESS 0x400000ul

static void put_on_ground(unsigned at, struct cap cap)
{
    slot_insert_root(&world.ground[at], cap);
}

static void put_memory(unsigned at, unsigned bits)
{
    put_on_ground(at, cap_make_untyped(ptr_to_phys(host_take(bit(bits))), bits, false, 0));
}

/* An invocation that succeeds, with up to three extra capabilities. It may change the words. */
/* NOLINTNEXTLINE(readability-non-const-parameter) */
static void must(struct slot *slot, word_t label, struct slot *const extra[3], unsigned length, word_t *words)
{
    struct request request = {
        .thread = main_thread(),
        .slot = slot,
        .cap = slot->cap,
        .label = label,
        .length = length,
        .extra_count = 3,
        .extra = { extra[0], extra[1], extra[2] },
        .first = words,
        .words = { words },
    };
    enum progress progress;
    struct result result;

    require(request_serve(&request, &result, &progress) == ERR_NONE && progress == DONE);
}

#define EXTRA(a, b, c) ((struct slot *const[3]){ (a), (b), (c) })
#define WORDS(...)                                                 \
    sizeof((word_t[]){ __VA_ARGS__ }) / sizeof(word_t), (word_t[]) \
    {                                                              \
        __VA_ARGS__                                                \
    }

static void make(word_t type, word_t size_bits, unsigned at, unsigned count)
{
    struct slot *memory = &world.ground[type == ABI_TYPE_GIGA_PAGE ? MEMORY_DEVICE : MEMORY_LARGE];
    struct slot *root = &world.ground[ROOT_CNODE];

    must(memory, LABEL_UNTYPED_RETYPE, EXTRA(root, root, root), WORDS(type, size_bits, 0, 0, at, count));
}

static void make_objects(void)
{
    struct slot *root = &world.ground[ROOT_CNODE];

    make(ABI_TYPE_UNTYPED, SMALL_BITS, AT_MEMORY, 1);
    make(ABI_TYPE_TCB, 0, AT_THREAD, 2);
    make(ABI_TYPE_ENDPOINT, 0, AT_ENDPOINT, 1);
    make(ABI_TYPE_NOTIFICATION, 0, AT_NOTIFICATION, 1);
    make(ABI_TYPE_CNODE, 2, AT_CNODE_4, 1);
    make(ABI_TYPE_CNODE, 1, AT_CNODE_2, 1);
    make(ABI_TYPE_4K_PAGE, 0, AT_FRAME, 1);
    make(ABI_TYPE_PAGE_TABLE, 0, AT_VSPACE, 3);
    make(ABI_TYPE_GIGA_PAGE, 0, AT_DEVICE_FRAME, 1);
    make(ABI_TYPE_4K_PAGE, 0, AT_RING, 2);
    make(REL4_TYPE_ASYNC_QUEUE, 1, AT_QUEUE, 1);
    must(&world.ground[ASID_CONTROL], LABEL_ASID_CONTROL_MAKE_POOL,
         EXTRA(&world.ground[MEMORY_PAGE], root, root), WORDS(AT_POOL, ROOT_RADIX));
    must(&world.ground[IRQ_CONTROL], LABEL_IRQ_CONTROL_GET, EXTRA(root, root, root),
         WORDS(1, AT_IRQ, ROOT_RADIX));
    slot_insert(root_slot(AT_CNODE), root->cap, root);
}

/* An address space with one page, which is also the IPC buffer of two threads, who share all. */
static void connect_objects(void)
{
    struct slot *vspace = root_slot(AT_VSPACE);
    struct slot *main_slot = &world.ground[MAIN_THREAD];
    struct slot *threads[] = { root_slot(AT_THREAD), main_slot };

    must(root_slot(AT_POOL), LABEL_ASID_POOL_ASSIGN, EXTRA(vspace, vspace, vspace), WORDS(0));
    must(root_slot(AT_TABLE), LABEL_PAGE_TABLE_MAP, EXTRA(vspace, vspace, vspace), WORDS(BUFFER_ADDRESS, 0));
    must(root_slot(AT_TABLE_2), LABEL_PAGE_TABLE_MAP, EXTRA(vspace, vspace, vspace),
         WORDS(BUFFER_ADDRESS, 0));
    must(root_slot(AT_FRAME), LABEL_PAGE_MAP, EXTRA(vspace, vspace, vspace), WORDS(BUFFER_ADDRESS, 3, 0));
    for (unsigned i = 0; i < ARRAY_SIZE(threads); i++) {
        must(threads[i], LABEL_TCB_CONFIGURE, EXTRA(&world.ground[ROOT_CNODE], vspace, root_slot(AT_FRAME)),
             WORDS((word_t)AT_ENDPOINT << (WORD_BITS - ROOT_RADIX), 0, 0, BUFFER_ADDRESS));
    }
    must(threads[0], LABEL_TCB_SET_SCHED_PARAMS, EXTRA(main_slot, vspace, vspace), WORDS(200, 100));
    must(threads[0], LABEL_TCB_RESUME, EXTRA(vspace, vspace, vspace), WORDS(0));
}

void world_lay_ground(void)
{
    host_reset();
    memset(&world, 0, sizeof(world));
    irq_init(IRQS, IRQS + 1);
    world.irqs = IRQS;
    world.ground = host_take(sizeof(struct slot) << GROUND_RADIX);
    host_check_init(world.ground, GROUND_SLOTS);
    put_on_ground(ROOT_CNODE, cap_make_cnode(host_take(sizeof(struct slot) << ROOT_RADIX), ROOT_RADIX, 0, 0));
    put_memory(MEMORY_LARGE, LARGE_BITS);
    put_memory(MEMORY_SMALL, SMALL_BITS);
    put_memory(MEMORY_PAGE, ABI_ASID_POOL_BITS);
    put_on_ground(MEMORY_DEVICE, cap_make_untyped(DEVICE_ADDRESS, DEVICE_BITS, true, 0));
    put_on_ground(IRQ_CONTROL, cap_make(CAP_IRQ_CONTROL, 0));
    put_on_ground(ASID_CONTROL, cap_make(CAP_ASID_CONTROL, 0));
    put_on_ground(DOMAIN, cap_make(CAP_DOMAIN, 0));

    struct tcb *thread = host_take(bit(ABI_TCB_BITS));
    tcb_create(thread, &idle_thread);
    thread->priority = 100;
    thread->max_priority = NUM_PRIORITIES - 1;
    put_on_ground(MAIN_THREAD, cap_make_object(CAP_TCB, thread, 0));
    thread_resume(thread);
}

void world_furnish(void)
{
    make_objects();
    connect_objects();
}
