/*
 * Deleting capabilities, and with its last capability an object.
 *
 * Needs the kernel lock in exclusive mode. AGAIN means that an interrupt or another hart waits: progress is
 * in the slot, and calling again continues.
 */
#pragma once

#include "cap/slot.h"
#include "lib/preempt.h"

/* Deletes the capability in a slot, if there is one. */
enum progress slot_delete(struct slot *slot);

/* Deletes a capability of a type whose objects hold no others (not a CNode or TCB), in one step. */
void slot_delete_simple(struct slot *slot);

/* Deletes all descendants of the capability in a slot, but not that capability. */
enum progress slot_revoke(struct slot *slot);
