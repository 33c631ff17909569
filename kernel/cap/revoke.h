/*
 * Revokes that are under way.
 *
 * Descendants that are copied while they are deleted would keep a Revoke from its end. So one that is
 * interrupted closes what it works on: until it is done, nothing is derived from its capability nor from the
 * descendants of that. Then there is a last one among them, whoever works against it.
 *
 * Who derives a capability need not know where in the tree it stands: each hart remembers the slot of the
 * Revoke that was interrupted on it last, and whether one capability covers another is seen from the two
 * (slot_is_descendant()). What it remembers counts as long as there are descendants and the slot has the mark
 * SLOT_REVOKED, which the end of the Revoke takes off, and which goes with the capability when that is moved
 * or deleted; else the next question drops it. Memory is given away after that question (Retype, MakePool),
 * so it is always a slot that is remembered.
 *
 * All functions need the kernel lock in exclusive mode. They are in thread/revoke.c.
 */
#pragma once

#include "cap/slot.h"

/* The harts that remember a Revoke, by logical number. */
extern word_t harts_revoking;

/* The general case of slot_is_revoked(). */
bool revoke_concerns(const struct slot *slot);

/* A Revoke is under way that deletes what is derived from the capability in a slot: nothing may be. A copy of
 * another capability for the same object, with the same badge, counts as well. */
static inline bool slot_is_revoked(const struct slot *slot)
{
    return unlikely(harts_revoking != 0) && revoke_concerns(slot);
}

/* The Revoke of a capability, which has descendants still, stops here and goes on when it is repeated. */
void revoke_interrupted(struct slot *slot);
