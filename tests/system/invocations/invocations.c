/*
 * The calls: for each type of capability and label, all lengths and numbers of extra capabilities, with words
 * that are all the same, and then with nearly right ones.
 */
#include "world.h"

#include <string.h>

#include <sel4/runtime.h>

#define LENGTHS  9
#define EXTRAS   4
#define VARIANTS 64
#define UNIFORM  3

#define W(...) .words = { __VA_ARGS__ }
#define C(...) .caps = { __VA_ARGS__ }
#define VADDR  0x3000000000

/* A right call for a label. */
static const struct {
    seL4_Word words[8];
    enum object caps[3];
} right[] = {
    [UntypedRetype] = { W(seL4_NotificationObject, 0, 0, 0, 20, 2), C(CNODE) },
    [TCBReadRegisters] = { W(0, 3) },
    [TCBWriteRegisters] = { W(0, 3, 0x1000, 0x2000, 0x3000) },
    [TCBCopyRegisters] = { W(12), C(TCB_READY) },
    [TCBConfigure] = { W(1, 0, 0, VADDR), C(CNODE, VSPACE_EMPTY, FRAME) },
    [TCBSetPriority] = { W(7), C(TCB_READY) },
    [TCBSetMCPriority] = { W(7), C(TCB_READY) },
    [TCBSetSchedParams] = { W(9, 7), C(TCB_READY) },
    [TCBSetIPCBuffer] = { W(VADDR), C(FRAME) },
    [TCBSetSpace] = { W(1, 0, 0), C(CNODE, VSPACE_EMPTY) },
    [TCBBindNotification] = { C(NOTIFICATION) },
    [TCBSetFlags] = { W(0, 1) },
    [CNodeRevoke] = { W(7, 64) },
    [CNodeDelete] = { W(7, 64) },
    [CNodeCancelBadgedSends] = { W(8, 64) },
    [CNodeCopy] = { W(20, 64, 2, 64, 15), C(CNODE) },
    [CNodeMint] = { W(20, 64, 7, 64, 15, 5), C(CNODE) },
    [CNodeMove] = { W(20, 64, 7, 64), C(CNODE) },
    [CNodeMutate] = { W(20, 64, 11, 64, 58), C(CNODE) },
    [CNodeRotate] = { W(20, 64, 58, 11, 64, 57, 12, 64), C(CNODE, CNODE) },
    [CNodeSaveCaller] = { W(20, 64) },
    [IRQIssueIRQHandler] = { W(21, 20, 64), C(CNODE) },
    [IRQSetIRQHandler] = { C(NOTIFICATION) },
    [DomainSetSet] = { W(0), C(TCB_READY) },
    [DomainScheduleConfigure] = { W(0, 0, 100) },
    [RISCVPageTableMap] = { W(VADDR, 0), C(VSPACE_EMPTY) },
    [RISCVPageMap] = { W(VADDR, 3, 0), C(VSPACE_EMPTY) },
    [RISCVASIDControlMakePool] = { W(20, 64), C(UNTYPED_PAGE, CNODE) },
    [RISCVASIDPoolAssign] = { C(TABLE) },
    [RISCVIRQIssueIRQHandlerTrigger] = { W(21, 0, 20, 64), C(CNODE) },
}, right_extension[] = {
    [REL4_LABEL_QUEUE_BIND & 63] = { W(5, 6, 0, REL4_INTERFACE_VERSION, 0, ~0ul, ~0ul), C(TCB_PLAIN, NOTIFICATION) },
    [REL4_LABEL_QUEUE_ADD_FRAMES & 63] = { W(2, 1, 9), C(CNODE) },
    [REL4_LABEL_QUEUE_PUT_STRING & 63] = { W(954) },
    [REL4_LABEL_SENDER_TABLE_BIND & 63] = { C(TCB_PLAIN) },
    [REL4_LABEL_SENDER_TABLE_ADD & 63] = { C(NOTIFICATION_SENDER) },
    [REL4_LABEL_SENDER_TABLE_REMOVE & 63] = { W(0) },
    [REL4_LABEL_TCB_REGISTER_RECEIVER & 63] = { W(0x1000, 0x2000), C(NOTIFICATION_BOUND) },
};

static const seL4_Word values[] = {
    0,
    1,
    ~0ul, /* the first UNIFORM also as all words */
    VADDR,
    2,
    3,
    4,
    5,
    7,
    8,
    9,
    12,
    15,
    20,
    63,
    64,
    65,
    200,
    255,
    256,
    257,
    0x1000,
    VADDR + 0x1000,
    VADDR + 0x400,
    0x3fffffffff,
    1ul << 38,
    1ul << 63,
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct invocation_case {
    enum object object;
    seL4_Word label;
    unsigned variant;
    struct arguments arguments;
    bool skip;
};

static struct invocation_case make_case(enum object object, seL4_Word label, unsigned number)
{
    struct invocation_case c = { .object = object, .label = label };
    uint32_t dice = digest_word(digest_word(DIGEST, label), number * 2654435761u);

    c.arguments.length = number % LENGTHS;
    c.arguments.extras = number / LENGTHS % EXTRAS;
    c.variant = number / LENGTHS / EXTRAS;
    bool extension = label >= 0x400 && label < 0x440 && (label & 63) < COUNT(right_extension);
    bool known = extension || label < COUNT(right);
    for (unsigned i = 0; i < 8; i++) {
        dice = digest_word(dice, i);
        seL4_Word word = !known      ? 0
                         : extension ? right_extension[label & 63].words[i]
                                     : right[label].words[i];
        if (c.variant < UNIFORM) {
            word = values[c.variant];
        } else if (c.variant > UNIFORM && (dice >> 8) % 4 == 0) {
            word = values[(dice >> 12) % COUNT(values)];
        }
        c.arguments.words[i] = word;
    }
    for (unsigned i = 0; i < 3; i++) {
        dice = digest_word(dice, i);
        enum object cap = !known      ? NOTHING
                          : extension ? right_extension[label & 63].caps[i]
                                      : right[label].caps[i];
        if (c.variant != UNIFORM && (dice >> 8) % 3 == 0) {
            cap = (dice >> 12) % OBJECTS;
        }
        c.arguments.caps[i] = i < c.arguments.extras ? world_cap(cap) : 0;
    }
    /* No characters on the console, which is for the test's results. */
    if (object >= QUEUE && object <= QUEUE_STOPPED) {
        c.skip = c.arguments.length != 0 &&
                 (label == REL4_LABEL_QUEUE_PUT_CHAR ||
                  (label == REL4_LABEL_QUEUE_PUT_STRING && c.arguments.words[0] % 65536 <= 952));
    }
    return c;
}

static seL4_Word word_of(const struct invocation_case *c, const struct answer *answer, unsigned i)
{
    bool is_address = c->label == RISCVPageGetAddress && answer->error == 0;

    return is_address ? world_offset(answer->words[i]) : answer->words[i];
}

static void show(const char *how, const struct invocation_case *c, const struct answer *answer,
                 uint32_t after)
{
    const seL4_Word *w = c->arguments.words;

    printf("# %s %s 0x%lx length %lu extras %lu words %lx %lx %lx %lx %lx %lx %lx %lx caps %lu %lu %lu:", how,
           object_names[c->object], c->label, c->arguments.length, c->arguments.extras, w[0], w[1], w[2],
           w[3], w[4], w[5], w[6], w[7], c->arguments.caps[0], c->arguments.caps[1], c->arguments.caps[2]);
    printf(" error %lu length %lu", answer->error, answer->length);
    for (unsigned i = 0; i < answer->length && i < 6; i++) {
        printf(" %lx", word_of(c, answer, i));
    }
    printf(" after %08x\n", after);
}

static struct rings rings;

static uint32_t answer_digest(const struct invocation_case *c, const struct answer *answer)
{
    uint32_t digest = digest_word(DIGEST, answer->error << 8 | answer->length);

    for (unsigned i = 0; i < answer->length && i < 6; i++) {
        digest = digest_word(digest, word_of(c, answer, i));
    }
    return digest;
}

struct outcome {
    struct answer answer;
    uint32_t after; /* digest of what is there; 0 if the call changed nothing */
    uint32_t digest;
};

/* Only what was signalled changes, whatever the label. */
static bool is_notification(enum object object)
{
    return object >= NOTIFICATION && object <= NOTIFICATION_MUTE;
}

static struct outcome make_call(const struct invocation_case *c, bool by_ring)
{
    seL4_CPtr cap = world_cap(c->object);
    struct outcome outcome = { 0 };

    outcome.answer =
        by_ring ? rings_invoke(&rings, cap, c->label, &c->arguments) : invoke(cap, c->label, &c->arguments);
    if (is_notification(c->object)) {
        outcome.after = world_take_badge(c->object);
    } else if (outcome.answer.error == seL4_NoError) {
        outcome.after = world_digest();
        world_make();
    }
    outcome.digest = digest_word(answer_digest(c, &outcome.answer), outcome.after);
    return outcome;
}

static seL4_Word variants = UNIFORM + 3, all, print, show_object = OBJECTS, show_label;
static uint32_t digests[LENGTHS * EXTRAS * VARIANTS];

static void try_label(enum object object, seL4_Word label)
{
    unsigned count = LENGTHS * EXTRAS * (unsigned)variants, good = 0, illegal = 0, shown = 0;
    uint32_t sum = DIGEST;
    bool each = show_object == object && show_label == label;

    for (unsigned i = 0; i < count; i++) {
        struct invocation_case c = make_case(object, label, i);
        if (c.skip) {
            continue;
        }
        struct outcome outcome = make_call(&c, false);
        digests[i] = outcome.digest;
        good += outcome.answer.error == seL4_NoError;
        illegal += outcome.answer.error == seL4_IllegalOperation;
        sum = digest_word(sum, outcome.digest);
        if (each) {
            show("call", &c, &outcome.answer, outcome.after);
        }
        if (i == LENGTHS * EXTRAS - 1 && !all && (illegal == i + 1 || good == i + 1)) {
            count = i + 1; /* the type has no such label, or that needs no arguments */
        }
    }
    if (print) {
        printf("# %s 0x%lx: %u of %u succeed, digest %08x\n", object_names[object], label, good, count, sum);
    }
    for (unsigned i = 0; i < count && print < 2; i++) {
        struct invocation_case c = make_case(object, label, i);
        if (c.skip) {
            continue;
        }
        struct outcome outcome = make_call(&c, true);
        if (outcome.digest != digests[i] && shown++ < 3) {
            struct outcome call = make_call(&c, false);
            show("call", &c, &call.answer, call.after);
            show("ring", &c, &outcome.answer, outcome.after);
            test_fail(__FILE__, __LINE__, "label 0x%lx of %s, case %u", label, object_names[object], i);
        }
    }
}

static void try_object(enum object object)
{
    world_make();
    for (seL4_Word label = 0; label < COUNT(right) + 3; label++) {
        try_label(object, label);
    }
    for (seL4_Word label = REL4_LABEL_QUEUE_BIND - 1; label < REL4_LABEL_TCB_UNREGISTER_RECEIVER + 3;
         label++) {
        try_label(object, label);
    }
}

TEST("each label of each type of capability has the same effect and answer by system call and through a ring")
{
    sel4_argument("variants", &variants);
    sel4_argument("all", &all);
    sel4_argument("print", &print);
    sel4_argument("object", &show_object);
    sel4_argument("label", &show_label);
    if (variants > VARIANTS) {
        variants = VARIANTS;
    }
    world_init();
    rings = rings_small();
    for (enum object object = NOTHING; object < OBJECTS; object++) {
        /* A call of an endpoint waits, and what is signalled to a receiver ends with it. */
        if (object != ENDPOINT_MUTE && object != NOTIFICATION_RECEIVER && object != NOTIFICATION_SENDER) {
            try_object(object);
        }
    }
}
