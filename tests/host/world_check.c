/*
 * What must be true of every world, also in the middle of unfinished deletions: all that the kernel's own
 * checker asks for (kernel/check/), and, because a world remembers the objects that are gone, that nothing is
 * left in them: no capability, no waiting thread, no thread that could run.
 */
#include "cap/zombie.h"
#include "check/check.h"
#include "thread/hart.h"
#include "thread/scheduler.h"
#include "world.h"

static void check_dead_thread(const struct tcb *thread)
{
    check(thread->state == THREAD_INACTIVE && !thread->ready.queued && !thread->bound);
    check(!thread->reply_slot);
}

static void check_object(const struct object *object)
{
    bool is_queue = object->type == ABI_TYPE_ENDPOINT || object->type == ABI_TYPE_NOTIFICATION;

    if (check_is_live(object->memory)) {
        return;
    }
    if (object->type == ABI_TYPE_TCB) {
        check_dead_thread(object->memory);
    }
    if (object->slots && check_is_live(object->slots)) {
        return; /* still a zombie */
    }
    for (unsigned n = 0; object->slots && n < object->slot_count; n++) {
        check(slot_is_empty(&object->slots[n]));
    }
    check(!is_queue || !wait_head(object->memory));
}

/* As when its hart leaves the kernel. */
static void queue_candidate(struct hart *hart)
{
    struct tcb *candidate = hart->candidate;

    if (candidate) {
        hart->candidate = NULL;
        hart->pending.candidate = false;
        sched_enqueue_head(candidate);
    }
}

void world_check(void)
{
    queue_candidate(this_hart());
    check_everything();
    for (unsigned i = 0; i < world.count; i++) {
        check_object(&world.objects[i]);
    }
}

static unsigned zombies;

static void count_zombie(struct slot *slot)
{
    zombies += slot_is_zombie(slot);
}

unsigned world_zombies(void)
{
    world_check();
    zombies = 0;
    world_each_slot(count_zombie);
    return zombies;
}

void world_check_empty(void)
{
    check(world_zombies() == 0);
    for (unsigned i = 0; i < GROUND_SLOTS; i++) {
        check(slot_is_empty(&world.ground[i]) == (i >= WORLD_UNTYPEDS));
    }
    for (unsigned i = 0; i < WORLD_UNTYPEDS; i++) {
        check(!slot_has_children(&world.ground[i]));
    }
    for (unsigned i = 0; i < world.count; i++) {
        for (unsigned n = 0; n < world.objects[i].slot_count; n++) {
            check(slot_is_empty(&world.objects[i].slots[n]));
        }
    }
}
