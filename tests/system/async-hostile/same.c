/*
 * Both doors lead to the same room. Two worlds are made alike; what happens to one of them through system
 * calls happens to the other through a ring, and every answer must be the same, word for word, whether the
 * request makes sense or not. In the end, both worlds have come to the same.
 */
#include "queue.h"

#define CNODE  seL4_CapInitThreadCNode
#define RADIX  5
#define ROUNDS SOAK_OR(1000, test_nodes() > 1 ? 8 : 40)
#define CALLS  250

/* Places in a world. What was made of its untyped comes behind these. */
enum place {
    UNTYPED,
    SMALL_UNTYPED,
    TCB,
    OTHER_TCB,
    ENDPOINT,
    NOTIFICATION,
    BADGED_NOTIFICATION,
    CNODE_OBJECT,
    FRAME,
    OTHER_FRAME,
    READ_ONLY_FRAME,
    TABLE,
    VSPACE,
    QUEUE,
    SENDER_TABLE,
    EMPTY,
    PLACES
};

struct world {
    seL4_CPtr first; /* slot of UNTYPED */
    seL4_Word base;  /* its physical address */
};

static struct world worlds[2];
static struct queue *queue;

static seL4_CPtr make_in(seL4_CPtr untyped, seL4_Word type, seL4_Word bits)
{
    seL4_CPtr slot = test_slot();

    CHECK_OK(seL4_Untyped_Retype(untyped, type, bits, CNODE, 0, 0, slot, 1));
    return slot;
}

static void make_world(struct world *world)
{
    seL4_CPtr first = world->first = test_object(seL4_UntypedObject, 18);

    world->base = 0;
    make_in(first, seL4_UntypedObject, 14);
    make_in(first, seL4_TCBObject, 0);
    make_in(first, seL4_TCBObject, 0);
    make_in(first, seL4_EndpointObject, 0);
    make_in(first, seL4_NotificationObject, 0);
    test_mint(first + NOTIFICATION, seL4_CanWrite, 4);
    make_in(first, seL4_CapTableObject, RADIX);
    make_in(first, seL4_RISCV_4K_Page, 0);
    make_in(first, seL4_RISCV_4K_Page, 0);
    test_mint(first + FRAME, seL4_CanRead, 0);
    make_in(first, seL4_RISCV_PageTableObject, 0);
    make_in(first, seL4_RISCV_PageTableObject, 0);
    make_in(first, REL4_TYPE_ASYNC_QUEUE, 1);
    make_in(first, REL4_TYPE_SENDER_TABLE, 0);
    test_slot();
    world->base = address_of(first + FRAME);
    CHECK_OK(seL4_RISCV_ASIDPool_Assign(seL4_CapInitThreadASIDPool, first + VSPACE));
    for (unsigned i = 0; i < PLACES; i++) {
        seL4_CNode_Copy(first + CNODE_OBJECT, i, RADIX, CNODE, first + i, seL4_WordBits, seL4_AllRights);
    }
}

static void make_worlds(void)
{
    queue = queue_new(seL4_CapInitThreadTCB, 5, 6);
    make_world(&worlds[0]);
    make_world(&worlds[1]);
    CHECK(worlds[1].first > worlds[0].first);
}

/* What is done in either world: places stand for pointers. */
struct deed {
    unsigned place;
    seL4_Word label;
    struct arguments arguments; /* caps are places */
};

static struct arguments arguments_in(const struct world *world, const struct deed *deed)
{
    struct arguments arguments = deed->arguments;

    for (unsigned i = 0; i < 3; i++) {
        arguments.caps[i] += world->first;
    }
    return arguments;
}

/* An answer with all of its words, which the next call overwrites in the IPC buffer. */
static void keep_words(const struct answer *answer, seL4_Word *words)
{
    for (unsigned i = 0; i < answer->length && i < seL4_MsgMaxLength; i++) {
        words[i] = i < 4 ? answer->words[i] : seL4_GetMR((int)i);
    }
}

static void do_both(const struct deed *deed)
{
    struct arguments first = arguments_in(&worlds[0], deed), second = arguments_in(&worlds[1], deed);
    struct answer answer = invoke(worlds[0].first + deed->place, deed->label, &first);
    seL4_Word words[seL4_MsgMaxLength];
    keep_words(&answer, words);
    struct response response = queue_call(queue, 1, worlds[1].first + deed->place, deed->label, &second);
    bool same = answer.error == response.error && answer.length == response.length;

    if (deed->label == RISCVPageGetAddress && !response.error) {
        response.words[0] += worlds[0].base - worlds[1].base;
    }
    for (unsigned i = 0; same && i < response.length; i++) {
        same = words[i] == response.words[i];
    }
    if (!same) {
        test_fail(__FILE__, __LINE__,
                  "place %u, label %lu, %lu words 0x%lx 0x%lx 0x%lx 0x%lx, %lu places %lu %lu %lu: error %lu "
                  "with %lu words 0x%lx 0x%lx, by the ring error %lu with %lu words 0x%lx 0x%lx",
                  deed->place, deed->label, first.length, first.words[0], first.words[1], first.words[2],
                  first.words[3], first.extras, deed->arguments.caps[0], deed->arguments.caps[1],
                  deed->arguments.caps[2], answer.error, answer.length, answer.words[0], answer.words[1],
                  response.error, response.length, response.words[0], response.words[1]);
    }
}

/* Messages to endpoints wait, and signals have no answer; a thread that is started has nothing to run. */
static bool is_for_both(const struct deed *deed)
{
    return deed->place != ENDPOINT && deed->place != NOTIFICATION && deed->place != BADGED_NOTIFICATION &&
           deed->label != TCBResume;
}

static void tame(struct deed *deed)
{
    if (deed->label == TCBWriteRegisters || deed->label == TCBCopyRegisters) {
        deed->arguments.words[0] &= ~3ul;
    }
    /* What is printed does not disturb the lines of the test. */
    if (deed->label == REL4_LABEL_QUEUE_PUT_CHAR) {
        deed->arguments.words[0] = '\n';
    } else if (deed->label == REL4_LABEL_QUEUE_PUT_STRING) {
        deed->arguments.words[0] |= 1ul << 62;
    }
}

#define LAST_LABEL      RISCVIRQIssueIRQHandlerTrigger
#define FIRST_EXTENSION 0x400
#define LAST_EXTENSION  0x422

static seL4_Word next_label(seL4_Word label)
{
    return label == LAST_LABEL + 1 ? FIRST_EXTENSION - 1 : label + 1;
}

TEST("async same: every label on every type of object, with every type as argument, as by a system call")
{
    static const seL4_Word words[][6] = {
        { 0, 0, 0, 0, 0, 0 },
        { 1, 1, 1, 1, 1, 1 },
        { 0x40000000, 3, 1, 64, 2, 64 },
        { -1ul, -1ul, -1ul, -1ul, -1ul, -1ul },
    };

    for (unsigned pattern = 0; pattern < sizeof(words) / sizeof(words[0]); pattern++) {
        for (seL4_Word label = 0; label <= LAST_EXTENSION; label = next_label(label)) {
            make_worlds();
            for (unsigned place = 0; place < PLACES; place++) {
                for (unsigned extra = 0; extra < PLACES; extra++) {
                    struct deed deed = { place, label, { .length = 6, .extras = 3 } };
                    for (unsigned i = 0; i < 6; i++) {
                        deed.arguments.words[i] = words[pattern][i];
                    }
                    deed.arguments.caps[0] = extra;
                    deed.arguments.caps[1] = extra == NOTIFICATION ? TCB : NOTIFICATION;
                    deed.arguments.caps[2] = FRAME;
                    tame(&deed);
                    if (is_for_both(&deed)) {
                        do_both(&deed);
                    }
                }
            }
            test_reset();
        }
    }
}

TEST("async same: every label on every type of object, with too few words and capabilities")
{
    for (seL4_Word label = 0; label <= LAST_EXTENSION; label = next_label(label)) {
        make_worlds();
        for (unsigned place = 0; place < PLACES; place++) {
            for (unsigned length = 0; length < 8; length++) {
                struct deed deed = { place, label, { .length = length, .extras = length & 3 } };
                deed.arguments.caps[0] = CNODE_OBJECT;
                deed.arguments.caps[1] = VSPACE;
                deed.arguments.caps[2] = FRAME;
                tame(&deed);
                if (is_for_both(&deed)) {
                    do_both(&deed);
                }
            }
        }
        test_reset();
    }
}

static seL4_Word any_word(seL4_Word *random)
{
    static const seL4_Word special[] = { 0,
                                         1,
                                         2,
                                         3,
                                         6,
                                         12,
                                         32,
                                         63,
                                         64,
                                         4096,
                                         0x40000000,
                                         0x40001000,
                                         0x40200000,
                                         0x3fffffffff,
                                         0x8000000000000000,
                                         -1ul };
    seL4_Word dice = hostile_random(random);

    return dice >> 40 & 1 ? dice >> 20 & 31 : special[dice >> 30 & 15];
}

/* An argument list that often makes sense to somebody. */
static struct deed any_deed(seL4_Word *random)
{
    static const uint8_t labels_of[PLACES][2] = {
        [UNTYPED] = { UntypedRetype, UntypedRetype },
        [SMALL_UNTYPED] = { UntypedRetype, UntypedRetype },
        [TCB] = { TCBReadRegisters, TCBUnbindNotification },
        [OTHER_TCB] = { TCBReadRegisters, TCBUnbindNotification },
        [CNODE_OBJECT] = { CNodeRevoke, CNodeSaveCaller },
        [FRAME] = { RISCVPageMap, RISCVPageGetAddress },
        [OTHER_FRAME] = { RISCVPageMap, RISCVPageGetAddress },
        [READ_ONLY_FRAME] = { RISCVPageMap, RISCVPageGetAddress },
        [TABLE] = { RISCVPageTableMap, RISCVPageTableUnmap },
        [VSPACE] = { RISCVPageTableMap, RISCVPageTableUnmap },
    };
    struct deed deed = { .place = (unsigned)(hostile_random(random) >> 20) % PLACES };
    const uint8_t *range = labels_of[deed.place];
    seL4_Word dice = hostile_random(random);

    deed.label = range[0] + (dice >> 20) % (range[1] - range[0] + 1u);
    if ((dice >> 40) % 16 == 0) {
        deed.label = any_word(random) % (LAST_EXTENSION + 1);
    }
    deed.arguments.length = dice >> 50 & 1 ? 8 : dice >> 30 & 7;
    deed.arguments.extras = dice >> 51 & 3;
    for (unsigned i = 0; i < 8; i++) {
        deed.arguments.words[i] = any_word(random);
    }
    for (unsigned i = 0; i < 3; i++) {
        deed.arguments.caps[i] = (hostile_random(random) >> 20) % PLACES;
    }
    if (dice >> 53 & 1) {
        deed.arguments.caps[0] = deed.place < TCB      ? CNODE_OBJECT
                                 : deed.place >= FRAME ? VSPACE
                                                       : CNODE_OBJECT;
    }
    tame(&deed);
    return deed;
}

TEST("async same: random requests, one after the other in the same worlds, as by system calls")
{
    seL4_Word random = 0x5eed;
    unsigned worked = 0;

    for (unsigned round = 0; round < ROUNDS; round++) {
        make_worlds();
        for (unsigned i = 0; i < CALLS; i++) {
            struct deed deed = any_deed(&random);
            if (is_for_both(&deed)) {
                do_both(&deed);
            }
        }
        /* What is left of them is the same. */
        for (unsigned i = 0; i < PLACES; i++) {
            CHECK_EQUAL(test_slot_used(worlds[0].first + i), test_slot_used(worlds[1].first + i));
            worked += test_slot_used(worlds[0].first + i);
        }
        test_reset();
    }
    CHECK(worked > 0);
}
