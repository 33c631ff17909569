/*
 * Revokes that are under way.
 *
 * A Revoke would not end if descendants were copied while it deletes them. So an interrupted Revoke closes
 * its subtree: until it is complete, nothing is derived from its capability or from a descendant of it. Then
 * there is a last descendant, whatever other threads do.
 *
 * Each hart remembers the slot of the Revoke that was interrupted on it last. Whether that concerns a
 * capability follows from the two capabilities alone (slot_is_descendant()), wherever they stand in the tree.
 * The memory is valid while the slot has descendants and the mark SLOT_REVOKED. The end of the Revoke clears
 * the mark, and it moves or is deleted with the capability. The next question drops an invalid memory. Memory
 * is reused only after that question (Retype, MakePool), so what is remembered always is a slot.
 *
 * All functions need the kernel lock in exclusive mode. They are in thread/revoke.c, as they use the record
 * of each hart.
 */
#pragma once

#include "cap/slot.h"

/* Set of harts that remember a Revoke, by logical number. */
extern word_t harts_revoking;

/* The general case of slot_is_revoked(). */
bool revoke_concerns(const struct slot *slot);

/* True if a Revoke is under way that deletes what is derived from the capability in a slot, so that nothing
 * may be derived. This includes a copy for the same object with the same badge. */
static inline bool slot_is_revoked(const struct slot *slot)
{
    return unlikely(harts_revoking != 0) && revoke_concerns(slot);
}

/* Records that the Revoke of a capability stops here, with descendants left, and continues when it is
 * repeated. */
void revoke_interrupted(struct slot *slot);
