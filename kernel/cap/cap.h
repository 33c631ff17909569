/*
 * Capability words: two words that name an object and say what may be done with it.
 *
 * Bits 63..59 of word 0 hold the type. A type that names a kernel object has the object's offset in the
 * physical window in bits 37..0, so that the address is one OR away. The other fields of each type are
 * defined here, once, with their accessors. The type numbers are those that DebugCapIdentify reports, except
 * for types that stand for another object.
 *
 *   word 0   63..59 type
 *            58..55 rights (endpoint, notification, reply), as in the binary interface
 *            58 takes a whole capability pointer, 54..49 radix, 48..43 guard size (CNode)
 *            54..49 size_bits, 48 device (untyped)
 *            54..39 zero, 38..12 page number (frame); 11 device, 10..9 size, 8..7 rights
 *            58 mapped (page table)
 *            58..54 former type (closed)
 *            37..0  object
 *   word 1   badge, guard, used bytes (untyped), irq, domain, or
 *            63..48 ASID, 47..0 virtual address (frame, page table)
 *            63..58 vector, 37..0 the other end of its group (sender entry)
 *            log2 of the frame slots (async queue); the queue, for a frame in such a slot
 */
#pragma once

#include "arch/window.h"
#include "lib/assert.h"
#include "lib/types.h"
#include <sel4/abi.h>

enum cap_type {
    CAP_NULL = 0,
    CAP_FRAME = 1,
    CAP_UNTYPED = 2,
    CAP_PAGE_TABLE = 3,
    CAP_ENDPOINT = 4,
    CAP_NOTIFICATION = 6,
    CAP_REPLY = 8,
    CAP_CNODE = 10,
    CAP_ASID_CONTROL = 11,
    CAP_TCB = 12,
    CAP_ASID_POOL = 13,
    CAP_IRQ_CONTROL = 14,
    CAP_IRQ_HANDLER = 16,
    CAP_DOMAIN = 20,
    CAP_SENDER_TABLE = 22,
    CAP_ASYNC_QUEUE = 26,
    CAP_CLOSED = 28,
    CAP_ZOMBIE = 29,
    CAP_SENDER_ENTRY = 30, /* never in a slot that a user can name */
};

#define CAP_TYPES 32

/* Types from here on stand for an object of another type in the derivation tree. */
#define CAP_FIRST_UNUSUAL CAP_CLOSED

struct cap {
    word_t w0;
    word_t w1;
};

#define CAP_TYPE_SHIFT   59
#define CAP_ADDRESS_BITS 39 /* of an object, frame or untyped; with a frame's attributes */
#define CAP_ADDRESS_MASK ((1ul << CAP_ADDRESS_BITS) - 1)
#define CAP_TYPE_MASK    (31ul << CAP_TYPE_SHIFT)
#define CAP_RIGHTS_SHIFT 55
#define CAP_RADIX_SHIFT  49
#define CAP_GUARD_SHIFT  43
#define CAP_FULL_SHIFT   58
#define CAP_SIZE_SHIFT   49
#define CAP_DEVICE_SHIFT 48
#define CAP_MAPPED_SHIFT 58
#define CAP_ASID_SHIFT   48
#define CAP_VECTOR_SHIFT 58
#define CAP_BEFORE_SHIFT 54

#define FRAME_DEVICE_SHIFT 11
#define FRAME_SIZE_SHIFT   9
#define FRAME_RIGHTS_SHIFT 7
#define FRAME_RIGHTS_MASK  (3ul << FRAME_RIGHTS_SHIFT)

/* What a frame capability permits, in the kernel's own numbers. A kernel-only frame cannot be read. */
enum frame_rights {
    FRAME_KERNEL_ONLY = 1,
    FRAME_READ_ONLY = 2,
    FRAME_READ_WRITE = 3
};

/* Frame sizes: 4 KiB, 2 MiB, 1 GiB. The number is the page-table level that maps them. */
enum frame_size {
    FRAME_4K,
    FRAME_2M,
    FRAME_1G
};

static inline enum cap_type cap_type(struct cap cap)
{
    return (enum cap_type)(cap.w0 >> CAP_TYPE_SHIFT);
}

static inline bool cap_is(struct cap cap, enum cap_type type)
{
    return cap_type(cap) == type;
}

static inline struct cap cap_null(void)
{
    return (struct cap){ 0, 0 };
}

static inline bool cap_is_unusual(struct cap cap)
{
    return cap_type(cap) >= CAP_FIRST_UNUSUAL;
}

/* Served by the system-call handlers directly, not through the operations of its type. */
static inline bool cap_is_ipc_object(struct cap cap)
{
    return cap_is(cap, CAP_ENDPOINT) || cap_is(cap, CAP_NOTIFICATION) || cap_is(cap, CAP_REPLY);
}

static inline bool cap_is_null(struct cap cap)
{
    return cap.w0 == 0;
}

/* Makes a capability without an object. */
static inline struct cap cap_make(enum cap_type type, word_t w1)
{
    return (struct cap){ (word_t)type << CAP_TYPE_SHIFT, w1 };
}

static inline struct cap cap_make_object(enum cap_type type, const void *object, word_t w1)
{
    return (struct cap){ (word_t)type << CAP_TYPE_SHIFT | ptr_to_phys(object), w1 };
}

/* The object of an endpoint, notification, TCB, CNode, page table, ASID pool or reply capability. */
static inline void *cap_object(struct cap cap)
{
    assert(!cap_is(cap, CAP_FRAME) && !cap_is(cap, CAP_UNTYPED));
    return window_ptr(cap.w0);
}

/*
 * Closed capabilities. A capability is closed when its object cannot be destroyed in one step. It can no
 * longer be invoked, received through or copied, so that the remaining work does not grow. Its rights are
 * lost.
 */

static inline struct cap cap_close(struct cap cap)
{
    word_t before = (word_t)cap_type(cap) << CAP_BEFORE_SHIFT;

    cap.w0 = (word_t)CAP_CLOSED << CAP_TYPE_SHIFT | before | (cap.w0 & CAP_ADDRESS_MASK);
    return cap;
}

/* Returns what a closed capability was before; any other capability unchanged. */
static inline struct cap cap_before(struct cap cap)
{
    word_t before = cap.w0 >> CAP_BEFORE_SHIFT & (CAP_TYPES - 1);

    if (!cap_is(cap, CAP_CLOSED)) {
        return cap;
    }
    return (struct cap){ before << CAP_TYPE_SHIFT | (cap.w0 & CAP_ADDRESS_MASK), cap.w1 };
}

/* Endpoints, notifications, replies: rights and badge. */

static inline struct cap cap_make_ipc(enum cap_type type, const void *object, word_t rights, word_t badge)
{
    struct cap cap = cap_make_object(type, object, badge);

    cap.w0 |= rights << CAP_RIGHTS_SHIFT;
    return cap;
}

static inline word_t cap_rights(struct cap cap)
{
    return cap.w0 >> CAP_RIGHTS_SHIFT & ABI_RIGHTS_ALL;
}

static inline bool cap_allows(struct cap cap, word_t right)
{
    return cap.w0 >> CAP_RIGHTS_SHIFT & right;
}

static inline struct cap cap_mask_rights(struct cap cap, word_t rights)
{
    cap.w0 &= ~((~rights & ABI_RIGHTS_ALL) << CAP_RIGHTS_SHIFT);
    return cap;
}

static inline word_t cap_badge(struct cap cap)
{
    return cap.w1;
}

/* CNodes. */

static inline unsigned cnode_radix(struct cap cap)
{
    return cap.w0 >> CAP_RADIX_SHIFT & 63;
}

static inline unsigned cnode_guard_size(struct cap cap)
{
    return cap.w0 >> CAP_GUARD_SHIFT & 63;
}

static inline word_t cnode_guard(struct cap cap)
{
    return cap.w1;
}

static inline struct cap cap_make_cnode(const void *slots, unsigned radix, unsigned guard_size, word_t guard)
{
    struct cap cap = cap_make_object(CAP_CNODE, slots, guard);

    cap.w0 |= (word_t)radix << CAP_RADIX_SHIFT | (word_t)guard_size << CAP_GUARD_SHIFT |
              (word_t)(radix + guard_size == WORD_BITS) << CAP_FULL_SHIFT;
    return cap;
}

/* True if guard and radix take all bits of a capability pointer, so that a lookup is one comparison. */
static inline bool cap_is_full_cnode(struct cap cap)
{
    return cap.w0 >> CAP_FULL_SHIFT == (CAP_CNODE << 1 | 1);
}

/* Untyped memory. The address is physical; that of a device may lie above the window. */

static inline struct cap cap_make_untyped(word_t phys, unsigned size_bits, bool device, word_t used)
{
    return (struct cap){ (word_t)CAP_UNTYPED << CAP_TYPE_SHIFT | (word_t)size_bits << CAP_SIZE_SHIFT |
                             (word_t)device << CAP_DEVICE_SHIFT | phys,
                         used };
}

static inline word_t untyped_phys(struct cap cap)
{
    return cap.w0 & CAP_ADDRESS_MASK;
}

static inline unsigned untyped_size_bits(struct cap cap)
{
    return cap.w0 >> CAP_SIZE_SHIFT & 63;
}

static inline bool untyped_is_device(struct cap cap)
{
    return cap.w0 >> CAP_DEVICE_SHIFT & 1;
}

/* Bytes from the start of the region that are in use. */
static inline word_t untyped_used(struct cap cap)
{
    return cap.w1;
}

/* Frames. An ASID of 0 means not mapped. */

static inline unsigned frame_size_bits(enum frame_size size)
{
    return 12 + 9 * (unsigned)size;
}

static inline enum frame_size frame_size_of(unsigned size_bits)
{
    return (enum frame_size)((size_bits - 12) / 9);
}

static inline word_t frame_bytes(enum frame_size size)
{
    return 4096ul << 9 * (unsigned)size;
}

static inline struct cap cap_make_frame(word_t phys, enum frame_size size, enum frame_rights rights,
                                        bool device)
{
    return (struct cap){ (word_t)CAP_FRAME << CAP_TYPE_SHIFT | phys | (word_t)device << FRAME_DEVICE_SHIFT |
                             (word_t)size << FRAME_SIZE_SHIFT | (word_t)rights << FRAME_RIGHTS_SHIFT,
                         0 };
}

static inline word_t frame_phys(struct cap cap)
{
    return cap.w0 << (WORD_BITS - CAP_ADDRESS_BITS) >> (WORD_BITS - CAP_ADDRESS_BITS + ABI_PAGE_BITS)
                                                           << ABI_PAGE_BITS;
}

static inline enum frame_size frame_size(struct cap cap)
{
    return (enum frame_size)(cap.w0 >> FRAME_SIZE_SHIFT & 3);
}

static inline bool frame_is_device(struct cap cap)
{
    return cap.w0 >> FRAME_DEVICE_SHIFT & 1;
}

static inline enum frame_rights frame_rights(struct cap cap)
{
    return (enum frame_rights)(cap.w0 >> FRAME_RIGHTS_SHIFT & 3);
}

static inline struct cap frame_set_rights(struct cap cap, enum frame_rights rights)
{
    cap.w0 = (cap.w0 & ~(3ul << FRAME_RIGHTS_SHIFT)) | (word_t)rights << FRAME_RIGHTS_SHIFT;
    return cap;
}

/* Where a frame or page table is mapped. */

static inline word_t mapping_asid(word_t mapping)
{
    return mapping >> CAP_ASID_SHIFT;
}

static inline word_t mapping_vaddr(word_t mapping)
{
    return mapping & mask(CAP_ASID_SHIFT);
}

static inline word_t cap_mapped_asid(struct cap cap)
{
    return mapping_asid(cap.w1);
}

static inline word_t cap_mapped_vaddr(struct cap cap)
{
    return mapping_vaddr(cap.w1);
}

static inline word_t cap_mapping(word_t asid, word_t vaddr)
{
    return asid << CAP_ASID_SHIFT | vaddr;
}

static inline bool page_table_is_mapped(struct cap cap)
{
    return cap.w0 >> CAP_MAPPED_SHIFT & 1;
}

static inline bool cap_is_mapped_page_table(struct cap cap)
{
    return cap.w0 >> CAP_MAPPED_SHIFT == (CAP_PAGE_TABLE << 1 | 1);
}

static inline struct cap page_table_set_mapped(struct cap cap, word_t asid, word_t vaddr)
{
    cap.w0 |= bit(CAP_MAPPED_SHIFT);
    cap.w1 = cap_mapping(asid, vaddr);
    return cap;
}

static inline struct cap page_table_set_unmapped(struct cap cap)
{
    cap.w0 &= ~bit(CAP_MAPPED_SHIFT);
    cap.w1 = 0;
    return cap;
}

/* A frame that an async queue holds is not mapped. The field for the virtual address names the queue. */

struct async_queue;

static inline struct cap frame_set_queue(struct cap cap, const struct async_queue *queue)
{
    cap.w1 = cap_mapping(0, ptr_to_phys(queue));
    return cap;
}

/* NULL if no queue holds it. */
static inline struct async_queue *frame_queue(struct cap cap)
{
    return cap.w1 && !cap_mapped_asid(cap) ? window_ptr(cap.w1) : NULL;
}

/* Entries of sender tables. Word 0 names the notification; word 1: see slot_insert_entry(). */

static inline struct cap cap_make_sender_entry(const void *notification, unsigned vector)
{
    return cap_make_object(CAP_SENDER_ENTRY, notification, (word_t)vector << CAP_VECTOR_SHIFT);
}

static inline unsigned sender_entry_vector(struct cap cap)
{
    return cap.w1 >> CAP_VECTOR_SHIFT;
}

/* Interrupt handlers. */

static inline unsigned irq_handler_irq(struct cap cap)
{
    return (unsigned)cap.w1;
}
