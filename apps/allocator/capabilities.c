/*
 * Operations on capabilities: for each unit a copy, a mint with a badge of its own, and a move of the copy;
 * then all are deleted. All capabilities are to one notification, so that the badge of a signal identifies
 * each of them.
 */
#include <sel4/simple.h>

#include "scenario.h"

#define COPIED_BADGE (1ul << 63)

/* The slots of a unit. */
enum {
    COPIED,
    MINTED,
    MOVED,
    SLOTS
};

static seL4_CPtr first_slot, notification, badged;

static seL4_CPtr slot_of(unsigned unit, unsigned which)
{
    return first_slot + (seL4_CPtr)unit * SLOTS + which;
}

static void init(unsigned units)
{
    first_slot = slots((seL4_Word)units * SLOTS);
    notification = simple_object(seL4_NotificationObject, 0);
    badged = simple_mint(notification, seL4_AllRights, COPIED_BADGE);
    if (!badged) {
        require(seL4_NotEnoughMemory, "a notification");
    }
}

JOB make(const struct job *job, struct way way)
{
    FOR_EACH_UNIT(job) {
        seL4_CPtr copied = slot_of(unit, COPIED), minted = slot_of(unit, MINTED);
        seL4_CPtr moved = slot_of(unit, MOVED);

        CALL(way, trap_copy(copied, badged), ring_copy(copied, badged));
        CALL(way, trap_mint(minted, notification, unit + 1), ring_mint(minted, notification, unit + 1));
        CALL(way, trap_move(moved, copied), ring_move(moved, copied));
    }
}

JOB remove_all(const struct job *job, struct way way)
{
    FOR_EACH_UNIT(job) {
        seL4_CPtr minted = slot_of(unit, MINTED), moved = slot_of(unit, MOVED);

        CALL(way, trap_delete(minted), ring_delete(minted));
        CALL(way, trap_delete(moved), ring_delete(moved));
    }
}

WAYS(make)
WAYS(remove_all)

static const struct phase making = { PHASE(make) }, removing = { PHASE(remove_all) };

static bool leads_there(seL4_CPtr cap, seL4_Word expected)
{
    seL4_Word badge = 0;

    seL4_Signal(cap);
    seL4_Poll(notification, &badge);
    return badge == expected;
}

static bool check(unsigned phase)
{
    for (unsigned i = 0; phase == 0 && i < work.units; i++) {
        if (!leads_there(slot_of(i, MINTED), i + 1) || !leads_there(slot_of(i, MOVED), COPIED_BADGE) ||
            !are_empty(slot_of(i, COPIED), 1)) {
            return false;
        }
    }
    return true;
}

static bool clean(void)
{
    return are_empty(first_slot, work.units * SLOTS);
}

const struct scenario capabilities = {
    .name = "capabilities",
    .round = "Copy, Mint, Move, and two Deletes",
    .units = 1000,
    .rounds = 1,
    .init = init,
    .phases = { &making, &removing },
    .check = check,
    .clean = clean,
};
