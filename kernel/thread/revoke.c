/*
 * The Revokes that harts remember; see cap/revoke.h. They are in the harts' records, which cap/ does not
 * know.
 */
#include "cap/revoke.h"

#include "lib/bits.h"
#include "thread/hart.h"

word_t harts_revoking;

void revoke_interrupted(struct slot *slot)
{
    struct hart *hart = this_hart();

    slot->next |= SLOT_REVOKED;
    hart->revoking = slot;
    harts_revoking |= bit(hart->id);
}

bool revoke_concerns(const struct slot *slot)
{
    for (word_t harts = harts_revoking; harts; harts &= harts - 1) {
        unsigned id = lowest_bit(harts);
        const struct slot *revoked = harts_table[id].revoking;
        if (!(revoked->next & SLOT_REVOKED) || !slot_has_children(revoked)) {
            harts_revoking &= ~bit(id);
        } else if (slot == revoked || slot_is_descendant(revoked, slot)) {
            return true;
        }
    }
    return false;
}
