/*
 * Retype. An untyped hands out its memory from the start. The memory can be reused only when nothing that was
 * made from it is left; the next Retype clears it then.
 */
#include "arch/tlb.h"
#include "arch/vm.h"
#include "lib/mutant.h"
#include "lib/string.h"
#include "object/objects.h"
#include "object/request.h"
#include <rel4/abi.h>

#define CLEAR_CHUNK_BITS 10

/* Object types, by their numbers in the interface. */
static const struct object_type {
    uint8_t cap_type;
    uint8_t bits;  /* log2 of the bytes of an object */
    bool has_size; /* the size argument is added to bits */
} types[] = {
    [ABI_TYPE_UNTYPED] = { CAP_UNTYPED, 0, true },
    [ABI_TYPE_TCB] = { CAP_TCB, ABI_TCB_BITS, false },
    [ABI_TYPE_ENDPOINT] = { CAP_ENDPOINT, ABI_ENDPOINT_BITS, false },
    [ABI_TYPE_NOTIFICATION] = { CAP_NOTIFICATION, ABI_NOTIFICATION_BITS, false },
    [ABI_TYPE_CNODE] = { CAP_CNODE, ABI_SLOT_BITS, true },
    [ABI_TYPE_GIGA_PAGE] = { CAP_FRAME, ABI_GIGA_PAGE_BITS, false },
    [ABI_TYPE_4K_PAGE] = { CAP_FRAME, ABI_PAGE_BITS, false },
    [ABI_TYPE_MEGA_PAGE] = { CAP_FRAME, ABI_MEGA_PAGE_BITS, false },
    [ABI_TYPE_PAGE_TABLE] = { CAP_PAGE_TABLE, ABI_PAGE_TABLE_BITS, false },
    [REL4_TYPE_SENDER_TABLE] = { CAP_SENDER_TABLE, REL4_SENDER_TABLE_BITS, false },
    [REL4_TYPE_ASYNC_QUEUE] = { CAP_ASYNC_QUEUE, 0, true },
};

static word_t object_bits(word_t type, word_t size)
{
    if (type == REL4_TYPE_ASYNC_QUEUE) {
        return REL4_QUEUE_BITS(size);
    }
    return types[type].bits + (types[type].has_size ? size : 0);
}

/* Returns the capability of a new object. size: the argument of Retype. */
static struct cap cap_of_new(word_t type, word_t size, unsigned size_bits, word_t phys, bool device)
{
    enum cap_type cap_type = types[type].cap_type;
    void *object = phys_to_ptr(phys);

    switch (cap_type) {
    case CAP_UNTYPED:
        return cap_make_untyped(phys, size_bits, device, 0);
    case CAP_FRAME:
        return cap_make_frame(phys, frame_size_of(size_bits), FRAME_READ_WRITE, device);
    case CAP_CNODE:
        return cap_make_cnode(object, (unsigned)size, 0, 0);
    case CAP_ENDPOINT:
        return cap_make_ipc(cap_type, object, ABI_RIGHTS_ALL, 0);
    case CAP_NOTIFICATION:
        return cap_make_ipc(cap_type, object, ABI_RIGHT_READ | ABI_RIGHT_WRITE, 0);
    default:
        return cap_make_object(cap_type, object, types[type].has_size ? size : 0);
    }
}

/* Clears memory that was in use, from the end, so that the used bytes record the progress. */
static enum progress reset(struct slot *untyped)
{
    word_t phys = untyped_phys(untyped->cap);
    word_t used = untyped_used(untyped->cap);

    assert(!slot_has_children(untyped));
    if (untyped_is_device(untyped->cap)) {
        used = 0;
    }
    while (used) {
        word_t from = align_down(used - 1, CLEAR_CHUNK_BITS);
        zero_words(phys_to_ptr(phys + from), used - from);
        used = from;
        untyped->cap.w1 = used;
        if (used && preemption_point()) {
            return AGAIN;
        }
    }
    untyped->cap.w1 = 0;
    return DONE;
}

static enum progress perform_retype(const struct request *request, const struct operation *operation)
{
    struct slot *untyped = request->slot;
    struct cap memory = untyped->cap;
    unsigned size_bits = operation->size_bits;
    word_t type = request_word(request, 0);
    word_t phys = operation->address;
    bool device = untyped_is_device(memory);

    /* No hart may write the memory through a stale TLB entry after it is cleared. */
    if (!MUTANT(REUSE_UNPAID)) {
        tlb_batch_pay();
    }
    /* Starting at the beginning again means that no object is left. */
    if (phys == untyped_phys(memory) && untyped_used(memory) && reset(untyped) == AGAIN) {
        return AGAIN;
    }
    untyped->cap.w1 = phys + (operation->count << size_bits) - untyped_phys(memory);
    struct cap first = cap_of_new(type, request_word(request, 1), size_bits, phys, device);
    for (word_t i = 0; type == ABI_TYPE_TCB && i < operation->count; i++) {
        tcb_create((void *)((char *)cap_object(first) + (i << size_bits)), request->thread);
    }
    slot_insert_created(operation->target, operation->count, first, bit(size_bits), untyped);
    return DONE;
}

/* Checks the destination of Retype: a range of empty slots in a CNode. */
static word_t decode_destination(const struct request *request, struct operation *operation,
                                 struct result *result)
{
    struct cap node = request->extra[0]->cap;
    word_t index = request_word(request, 2);
    word_t depth = request_word(request, 3);
    word_t offset = request_word(request, 4);
    word_t count = request_word(request, 5);
    struct slot *slot;

    if (depth != 0) {
        word_t error = request_lookup_slot(node, index, depth, 0, &slot, result);
        if (error) {
            return error;
        }
        node = slot->cap;
    }
    if (!cap_is(node, CAP_CNODE)) {
        return error_missing_capability(result, 0, depth);
    }
    word_t slots = bit(cnode_radix(node));
    if (offset >= slots) {
        return error_range(result, 0, slots - 1);
    }
    if (count < 1 || count > ABI_MAX_RETYPE_OBJECTS) {
        return error_range(result, 1, ABI_MAX_RETYPE_OBJECTS);
    }
    if (count > slots - offset) {
        return error_range(result, 1, slots - offset);
    }
    operation->target = (struct slot *)cap_object(node) + offset;
    operation->count = count;
    for (word_t i = 0; i < count; i++) {
        if (!slot_is_empty(operation->target + i)) {
            return ERR_DELETE_FIRST;
        }
    }
    return ERR_NONE;
}

static word_t decode_retype(const struct request *request, struct operation *operation, struct result *result)
{
    word_t type = request_word(request, 0);
    word_t size = request_word(request, 1);

    if (type >= ARRAY_SIZE(types) || !types[type].cap_type) {
        return error_invalid_argument(result, 0);
    }
    if (size >= WORD_BITS || object_bits(type, size) > ABI_MAX_UNTYPED_BITS) {
        return error_range(result, 0, ABI_MAX_UNTYPED_BITS);
    }
    if (type == REL4_TYPE_ASYNC_QUEUE && size > REL4_QUEUE_MAX_SIZE_BITS) {
        return error_range(result, 0, REL4_QUEUE_MAX_SIZE_BITS);
    }
    if ((type == ABI_TYPE_CNODE && size == 0) || (type == ABI_TYPE_UNTYPED && size < ABI_MIN_UNTYPED_BITS)) {
        return error_invalid_argument(result, 1);
    }
    word_t error = decode_destination(request, operation, result);
    if (error) {
        return error;
    }
    unsigned bits = (unsigned)object_bits(type, size);
    word_t used = slot_has_children(request->slot) ? untyped_used(request->cap) : 0;
    word_t free = bit(untyped_size_bits(request->cap)) - used;
    if (free >> bits < operation->count) {
        return error_not_enough_memory(result, free);
    }
    if (untyped_is_device(request->cap) && types[type].cap_type != CAP_FRAME && type != ABI_TYPE_UNTYPED) {
        return error_invalid_argument(result, 1);
    }
    if (slot_is_revoked(request->slot)) {
        return ERR_REVOKE_FIRST;
    }
    operation->address = align_up(untyped_phys(request->cap) + used, bits);
    operation->size_bits = bits;
    return ERR_NONE;
}

/* An untyped with children cannot be copied: the copy could hand out their memory again. */
static word_t derive_untyped(const struct slot *slot, struct cap cap, struct cap *derived)
{
    *derived = cap;
    return slot_has_children(slot) ? ERR_REVOKE_FIRST : ERR_NONE;
}

static const struct invocation invocations[] = {
    { LABEL_UNTYPED_RETYPE, 6, 1, decode_retype, perform_retype },
};

const struct cap_ops untyped_ops = {
    .name = "untyped",
    INVOCATIONS(invocations),
    .derive = derive_untyped,
    .size_bits = ABI_MIN_UNTYPED_BITS,
    .exact_size_bits = untyped_size_bits,
};
