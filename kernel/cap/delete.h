/*
 * Deleting capabilities, and with the last one the object.
 *
 * Needs the kernel lock in exclusive mode. AGAIN means that something more important came up: the slot's
 * state records how far the work got, and calling again continues it.
 */
#pragma once

#include "cap/slot.h"
#include "lib/preempt.h"

/* Deletes the capability in a slot; an empty slot is done at once. */
enum progress slot_delete(struct slot *slot);

/* Deletes a capability of a type whose objects hold no others (not a CNode or TCB), so it is done at once. */
void slot_delete_simple(struct slot *slot);

/* Deletes all descendants of the capability in a slot, not the capability itself. */
enum progress slot_revoke(struct slot *slot);
