/*
 * One call from (seed, thread, number), and nothing else: whatever is left out, the others stay the same.
 *
 * Most of a call is right: an object of the kind, an invocation that it has, arguments in range. Each part of
 * it may be nearly right, or garbage, with a chance of its own, so that errors of every kind come up without
 * drowning what works.
 */
#include <rel4/abi.h>
#include <rel4/ring.h>

#include "sysfuzz.h"

/* Odds, one in so many. */
#define GARBAGE_POINTER 48
#define NEAR_POINTER    16
#define WRONG_KIND      24
#define BENT_WORD       24
#define BENT_INFO       24
#define OTHER_LABEL     64
#define BENT_RING       64

seL4_Word cell_pointer(unsigned cell, seL4_Word slot)
{
    /* Cell 1 has a guard that is not zero. */
    return cell == 1 ? 5ul << CELL_RADIX | slot : slot;
}

static seL4_Word slot_of(struct dice *dice, enum kind kind)
{
    const struct kind_info *info = &kinds[kind];

    if (info->stock && dice_one_in(dice, 2)) {
        return info->first + dice_below(dice, info->stock);
    }
    return info->first + dice_below(dice, info->slots);
}

static seL4_Word pointer_to(struct dice *dice, unsigned cell, enum kind kind)
{
    if (dice_one_in(dice, GARBAGE_POINTER)) {
        return dice_any_word(dice);
    }
    if (dice_one_in(dice, WRONG_KIND)) {
        kind = dice_below(dice, KINDS);
    }
    seL4_Word pointer = cell_pointer(cell, slot_of(dice, kind));
    return dice_one_in(dice, NEAR_POINTER) ? dice_bend(dice, pointer) : pointer;
}

/* Which CNode the slots of a call are in: a cell's, or one that was made. */
struct place {
    unsigned cell;
    bool made;
};

static seL4_Word place_pointer(struct dice *dice, unsigned cell, struct place place)
{
    const struct kind_info *info = &kinds[KIND_CNODE];

    if (place.made) {
        return cell_pointer(cell, info->first + info->stock + dice_below(dice, info->slots - info->stock));
    }
    return cell_pointer(cell, info->first + place.cell);
}

static struct place any_place(struct dice *dice, unsigned cell)
{
    return (struct place){ dice_one_in(dice, 4) ? dice_below(dice, CELLS) : cell, dice_one_in(dice, 5) };
}

static seL4_Word index_in(struct dice *dice, struct place place)
{
    if (place.made) {
        return dice_below(dice, 16);
    }
    /* Not often where the faults go, or nothing would be heard of this cell. */
    seL4_Word slot =
        dice_one_in(dice, 200) ? dice_below(dice, 1 << CELL_RADIX) : slot_of(dice, dice_below(dice, KINDS));
    return cell_pointer(place.cell, slot);
}

static const uint8_t kind_of_type[] = {
    [seL4_UntypedObject] = KIND_UNTYPED,       [seL4_TCBObject] = KIND_TCB,
    [seL4_EndpointObject] = KIND_ENDPOINT,     [seL4_NotificationObject] = KIND_NOTIFICATION,
    [seL4_CapTableObject] = KIND_CNODE,        [seL4_RISCV_Giga_Page] = KIND_FRAME,
    [seL4_RISCV_4K_Page] = KIND_FRAME,         [seL4_RISCV_Mega_Page] = KIND_FRAME,
    [seL4_RISCV_PageTableObject] = KIND_TABLE, [REL4_TYPE_SENDER_TABLE] = KIND_SENDER_TABLE,
};

static seL4_Word any_type(struct dice *dice)
{
    static const uint8_t types[] = {
        seL4_UntypedObject,         seL4_TCBObject,         seL4_EndpointObject,  seL4_NotificationObject,
        seL4_CapTableObject,        seL4_RISCV_Giga_Page,   seL4_RISCV_4K_Page,   seL4_RISCV_Mega_Page,
        seL4_RISCV_PageTableObject, REL4_TYPE_SENDER_TABLE, REL4_TYPE_ASYNC_QUEUE
    };

    return types[dice_below(dice, COUNT(types))];
}

static seL4_Word address(struct dice *dice)
{
    static const seL4_Word bases[] = {
        SANDBOX, SANDBOX, SANDBOX, SANDBOX, SANDBOX + (1ul << 30), 0x3fffe00000
    };
    seL4_Word base = bases[dice_below(dice, COUNT(bases))];

    switch (dice_below(dice, 8)) {
    case 0:
        return dice_any_word(dice);
    case 1:
        return base + ((seL4_Word)dice_below(dice, 8) << 21);
    default:
        return base + ((seL4_Word)dice_below(dice, 2) << 21) + ((seL4_Word)dice_below(dice, 8) << 12);
    }
}

/* What the words of one call share. */
struct context {
    struct dice *dice;
    unsigned cell;
    struct place place;
    seL4_Word type;
    unsigned worker;
};

static seL4_Word size_for(struct dice *dice, seL4_Word type)
{
    switch (type) {
    case REL4_TYPE_ASYNC_QUEUE:
        return dice_below(dice, 4);
    case seL4_UntypedObject:
        return 4 + dice_below(dice, 11);
    case seL4_CapTableObject:
        return 1 + dice_below(dice, 4);
    default:
        return 0;
    }
}

static enum kind kind_of(seL4_Word type)
{
    if (type == REL4_TYPE_ASYNC_QUEUE) {
        return KIND_QUEUE;
    }
    return type < COUNT(kind_of_type) ? kind_of_type[type] : KIND_REPLY;
}

static seL4_Word new_object_slot(struct context *c)
{
    const struct kind_info *info = &kinds[kind_of(c->type)];

    return c->place.made ? dice_below(c->dice, 16)
                         : info->first + info->stock + dice_below(c->dice, info->slots - info->stock);
}

/* What makes the arguments of invocations about slots. */
static seL4_Word slot_word(struct context *c, enum argument argument)
{
    struct dice *dice = c->dice;

    switch (argument) {
    case ARG_INDEX:
        return index_in(dice, c->place);
    case ARG_DEPTH:
        return c->place.made ? 1 + dice_below(dice, 4) : 64;
    case ARG_TYPE:
        c->type = any_type(dice);
        return c->type;
    case ARG_SIZE:
        return size_for(dice, c->type);
    case ARG_OFFSET:
        return new_object_slot(c);
    case ARG_COUNT:
        return dice_one_in(dice, 16) ? dice_below(dice, 300) : 1 + dice_below(dice, 2);
    case ARG_NODE_INDEX:
    case ARG_NODE_DEPTH:
        return dice_one_in(dice, 16) ? dice_below(dice, 65) : 0;
    case ARG_RIGHTS:
        return dice_one_in(dice, 2) ? 15 : dice_below(dice, 16);
    default:
        return dice_below(dice, 3) ? dice_below(dice, 4) : dice_any_word(dice); /* ARG_BADGE */
    }
}

/* What makes the arguments of invocations of queues. */
static seL4_Word queue_word(struct context *c, enum argument argument)
{
    struct dice *dice = c->dice;

    switch (argument) {
    case ARG_RING_BITS:
        return dice_one_in(dice, 4) ? dice_below(dice, 16) : RING_BITS + dice_below(dice, 2);
    case ARG_VERSION:
        return REL4_INTERFACE_VERSION;
    case ARG_HEADER_OFFSET:
        return dice_one_in(dice, 4) ? 64 * dice_below(dice, 58) : 0;
    case ARG_LABELS:
        return dice_one_in(dice, 4) ? dice_any_word(dice) : ~0ul;
    case ARG_POLICY:
        return dice_below(dice, 2);
    case ARG_POSITION:
        return dice_one_in(dice, 2) ? 0 : dice_below(dice, 4);
    case ARG_FRAMES:
        return dice_one_in(dice, 2) ? RING_PAGES : 1 + dice_below(dice, 4);
    case ARG_LENGTH:
        return dice_below(dice, STRING_WORDS * sizeof(seL4_Word) + 1);
    default:
        return dice_one_in(dice, 2) ? kinds[KIND_RING].first + RING_PAGES * place_of(c->worker)
                                    : slot_of(dice, dice_one_in(dice, 2) ? KIND_RING : KIND_FRAME);
    }
}

/* What makes the arguments of all others. */
static seL4_Word right_word(struct context *c, enum argument argument)
{
    struct dice *dice = c->dice;

    switch (argument) {
    case ARG_FLAGS:
        return dice_below(dice, 16);
    case ARG_FAULT_HANDLER:
        return dice_one_in(dice, 8) ? pointer_to(dice, c->cell, KIND_ENDPOINT)
                                    : cell_pointer(c->cell, SLOT_HANDLER + c->worker);
    case ARG_CSPACE_DATA:
        return dice_one_in(dice, 2) ? 0 : 64 - CELL_RADIX;
    case ARG_ZERO:
        return 0;
    case ARG_BUFFER:
        return dice_one_in(dice, 4) ? 0 : address(dice) & ~1023ul;
    case ARG_PRIORITY:
        return WORKER_PRIORITY - dice_below(dice, 4);
    case ARG_HART:
        return dice_below(dice, 4);
    case ARG_REGISTERS:
        return dice_below(dice, 34);
    case ARG_REGISTER:
        /* Not into the workers' code, where wrong registers could go round in circles. */
        return address(dice) | (dice_one_in(dice, 2) ? SANDBOX : 0);
    case ARG_ADDRESS:
        return address(dice);
    case ARG_ATTRIBUTES:
        return dice_below(dice, 2);
    case ARG_DOMAIN:
    case ARG_SCHEDULE_INDEX:
        return dice_below(dice, 4);
    case ARG_ENTRY:
        return dice_below(dice, 8);
    case ARG_HANDLER:
        return dice_one_in(dice, 4) ? address(dice) & ~3ul : (seL4_Word)uintr_handler;
    case ARG_ANY:
    case ARG_DURATION:
    case ARG_STACK:
        return dice_any_word(dice);
    case ARG_RING_BITS:
    case ARG_VERSION:
    case ARG_HEADER_OFFSET:
    case ARG_LABELS:
    case ARG_POLICY:
    case ARG_POSITION:
    case ARG_FRAMES:
    case ARG_LENGTH:
    case ARG_RING_SLOT:
        return queue_word(c, argument);
    default:
        return slot_word(c, argument);
    }
}

/* The info word: what is announced, which may be too much or too little. */
static seL4_Word make_info(struct dice *dice, seL4_Word right_label, unsigned extras, unsigned length)
{
    seL4_Word label = dice_one_in(dice, OTHER_LABEL) ? dice_bend(dice, right_label) : right_label;

    /* What prints prints zeroes, which nobody sees. */
    if (label != right_label &&
        (label == REL4_LABEL_QUEUE_PUT_CHAR || label == REL4_LABEL_QUEUE_PUT_STRING)) {
        label = REL4_LABEL_QUEUE_WAKE;
    }
    if (dice_one_in(dice, BENT_INFO)) {
        length = dice_below(dice, 128);
    }
    if (dice_one_in(dice, BENT_INFO)) {
        extras = dice_below(dice, 4);
    }
    return label << 12 | (seL4_Word)(extras & 3) << 7 | (length & 127);
}

static const struct method *any_method(struct dice *dice, const struct kind_info *info)
{
    unsigned total = 0;

    for (unsigned i = 0; i < info->method_count; i++) {
        total += info->methods[i].weight;
    }
    uint32_t choice = dice_below(dice, total);
    const struct method *method = info->methods;
    while (choice >= method->weight) {
        choice -= method->weight;
        method++;
    }
    return method;
}

static enum kind any_kind(struct dice *dice)
{
    unsigned total = 0;
    unsigned kind = 0;

    for (unsigned i = 0; i < KINDS; i++) {
        total += kinds[i].weight;
    }
    uint32_t choice = dice_below(dice, total);
    while (choice >= kinds[kind].weight) {
        choice -= kinds[kind].weight;
        kind++;
    }
    return kind;
}

static void generate_invocation(struct call *call, struct context *c)
{
    struct dice *dice = c->dice;
    enum kind kind = any_kind(dice);
    const struct method *method = any_method(dice, &kinds[kind]);
    static const long numbers[] = { seL4_SysCall, seL4_SysCall, seL4_SysCall,
                                    seL4_SysCall, seL4_SysSend, seL4_SysNBSend };

    call->action = ACTION_INVOKE;
    call->kind = kinds[kind].name;
    call->method = method->name;
    call->number = numbers[dice_below(dice, COUNT(numbers))];
    call->a0 = pointer_to(dice, c->cell, kind);
    if (kind == KIND_CNODE && !dice_one_in(dice, 16)) {
        call->a0 = place_pointer(dice, c->cell, c->place);
    }
    for (unsigned i = 0; i < method->word_count; i++) {
        call->words[i] = right_word(c, method->words[i]);
        if (dice_one_in(dice, BENT_WORD)) {
            call->words[i] = dice_bend(dice, call->words[i]);
        }
    }
    call->length = method->word_count;
    if (method->label == TCBWriteRegisters) {
        for (; call->length < ABI_REG_COUNT + 2; call->length++) {
            call->words[call->length] = right_word(c, ARG_REGISTER);
        }
    }
    if (method->label == REL4_LABEL_QUEUE_PUT_STRING) {
        for (; call->length < 1 + STRING_WORDS; call->length++) {
            call->words[call->length] = 0;
        }
    }
    for (unsigned i = 0; i < method->extra_count; i++) {
        enum kind extra = method->extras[i];
        call->extras[i] = extra == KIND_CNODE && !dice_one_in(dice, 8)
                              ? place_pointer(dice, c->cell, c->place)
                              : pointer_to(dice, c->cell, extra);
    }
    call->info = make_info(dice, method->label, method->extra_count, call->length);
}

/* An index, a state or any other word of the header, or a word of an item. */
static void generate_scribble(struct call *call, struct dice *dice)
{
    static const uint8_t offsets[] = { REL4_HEADER_REQUEST_PRODUCER,  REL4_HEADER_REQUEST_PRODUCER,
                                       REL4_HEADER_REQUEST_CONSUMER,  REL4_HEADER_RESPONSE_PRODUCER,
                                       REL4_HEADER_RESPONSE_CONSUMER, REL4_HEADER_SERVER_STATE,
                                       REL4_HEADER_REQUESTER_STATE,   REL4_HEADER_FAULT };

    call->a0 = offsets[dice_below(dice, COUNT(offsets))];
    call->words[0] = dice_one_in(dice, 4) ? dice_any_word(dice) : dice_below(dice, 70);
    if (dice_one_in(dice, 3)) {
        call->a0 = dice_below(dice, RING_PAGES << 10) * 4ul;
    }
}

/* Something with the thread's own ring, mostly another invocation than by a system call. */
static void generate_ring(struct call *call, struct context *c)
{
    struct dice *dice = c->dice;

    generate_invocation(call, c);
    call->action = ACTION_RING;
    call->kind = call->kind ? call->kind : "ring";
    call->number = RING_PUT;
    call->receive[0] =
        rel4_header((unsigned)(call->info >> 12) & 0xfff, 0, call->info & 127, call->info >> 7 & 3);
    if (dice_one_in(dice, BENT_RING)) {
        call->receive[0] = dice_bend(dice, call->receive[0]) & 0xffffffff;
    }
    call->receive[1] = rel4_items_for((unsigned)(call->info & 127) + (unsigned)(call->info >> 7 & 3));
    if (dice_one_in(dice, BENT_RING)) {
        call->receive[1] = dice_bend(dice, call->receive[1]);
    }
    if (dice_one_in(dice, 3)) {
        call->number = RING_TAKE;
    } else if (dice_one_in(dice, 24)) {
        call->number = RING_SCRIBBLE;
        generate_scribble(call, dice);
    }
    call->receive[2] = dice_one_in(dice, 2);
}

/* A message to whoever listens, or waiting for one. */
static void generate_ipc(struct call *call, struct context *c)
{
    static const long numbers[] = {
        seL4_SysCall,   seL4_SysCall,   seL4_SysSend,      seL4_SysNBSend, seL4_SysRecv,  seL4_SysRecv,
        seL4_SysNBRecv, seL4_SysNBRecv, seL4_SysReplyRecv, seL4_SysReply,  seL4_SysYield,
    };
    static const uint8_t partners[] = { KIND_ENDPOINT, KIND_ENDPOINT, KIND_ENDPOINT, KIND_NOTIFICATION,
                                        KIND_REPLY };
    struct dice *dice = c->dice;
    enum kind kind = partners[dice_below(dice, COUNT(partners))];
    unsigned extras = dice_one_in(dice, 3) ? dice_below(dice, 4) : 0;

    call->action = ACTION_IPC;
    call->kind = kinds[kind].name;
    call->number = numbers[dice_below(dice, COUNT(numbers))];
    call->a0 = pointer_to(dice, c->cell, kind);
    call->length = dice_one_in(dice, 3) ? dice_below(dice, CALL_WORDS) : dice_below(dice, 5);
    for (unsigned i = 0; i < call->length; i++) {
        call->words[i] = dice_roll(dice);
    }
    for (unsigned i = 0; i < extras; i++) {
        call->extras[i] = pointer_to(dice, c->cell, dice_below(dice, KINDS));
    }
    call->info = make_info(dice, dice_below(dice, 4), extras, call->length);
}

/* Numbers that mean nothing, and the debug calls. Those that end the machine or print much are for kernels
 * that do not know them. */
static void generate_other(struct call *call, struct context *c, bool debug)
{
    static const long noisy[] = { SYS_DEBUG_HALT, SYS_DEBUG_SNAPSHOT, SYS_DEBUG_NAME_THREAD,
                                  SYS_DEBUG_DUMP_SCHEDULER };
    struct dice *dice = c->dice;

    call->action = ACTION_IPC;
    call->kind = "debug or unknown call";
    call->a0 = pointer_to(dice, c->cell, dice_below(dice, KINDS));
    call->info = dice_roll(dice);
    switch (dice_below(dice, 3)) {
    case 0:
        call->number = SYS_DEBUG_CAP_IDENTIFY;
        return;
    case 1:
        call->number = noisy[dice_below(dice, 3)];
        break;
    default:
        call->number = (long)dice_any_word(dice);
        break;
    }
    for (unsigned i = 0; debug && i < COUNT(noisy); i++) {
        if (call->number == noisy[i]) {
            call->number = 0;
        }
    }
    if (call->number == SYS_DEBUG_DUMP_SCHEDULER || call->number == SYS_DEBUG_PUT_CHAR) {
        call->number = 0;
    }
}

/* Memory that a worker must not write, as it would lose count, and code that it must not jump into. */
static bool is_own(seL4_Word address)
{
    return address < WORKER_BLOCKS + 0x200000;
}

static void generate_access(struct call *call, struct context *c)
{
    static const char *const names[] = { "read", "write", "jump", "illegal instruction", "floating point" };
    struct dice *dice = c->dice;
    unsigned choice = dice_below(dice, COUNT(names));

    call->action = ACTION_READ + choice;
    call->kind = names[choice];
    call->a0 = address(dice);
    if (call->action != ACTION_READ && is_own(call->a0) && call->a0 != 0) {
        call->a0 += SANDBOX;
    }
    /* Never an instruction, so that no loop comes about in a page that can be executed. */
    call->words[0] = dice_one_in(dice, 2) ? 0 : ~0ul;
}

static const char *const uintr_names[] = {
    "uipi_send",     "uipi_read",     "uipi_write",    "uipi_activate",  "uipi_deactivate", "uret",
    "csrrw ustatus", "csrrs ustatus", "csrrc ustatus", "csrrw uie",      "csrrs uie",       "csrrc uie",
    "csrrw utvec",   "csrrs utvec",   "csrrc utvec",   "csrrw uscratch", "csrrs uscratch",  "csrrc uscratch",
    "csrrw uepc",    "csrrs uepc",    "csrrc uepc",    "csrrw ucause",   "csrrs ucause",    "csrrc ucause",
    "csrrw utval",   "csrrs utval",   "csrrc utval",   "csrrw uip",      "csrrs uip",       "csrrc uip",
};

static void generate_uintr(struct call *call, struct context *c)
{
    struct dice *dice = c->dice;

    call->action = ACTION_UINTR;
    /* Half of them are sends. */
    call->number = dice_one_in(dice, 2) ? 0 : (long)dice_below(dice, COUNT(uintr_names));
    call->kind = uintr_names[call->number];
    switch (dice_below(dice, 4)) {
    case 0:
        call->a0 = dice_any_word(dice);
        break;
    case 1:
        call->a0 = right_word(c, ARG_HANDLER);
        break;
    default:
        call->a0 = right_word(c, ARG_ENTRY);
        break;
    }
}

void call_generate(struct call *call, uint64_t seed, unsigned thread, uint64_t number, bool debug)
{
    struct dice dice = dice_new(seed, thread, number);
    unsigned cell = cell_of(thread);
    struct context context = { &dice, cell, any_place(&dice, cell), 0, thread };
    uint32_t choice = dice_below(&dice, 130);

    call->extras[0] = 0;
    call->extras[1] = 0;
    call->extras[2] = 0;
    call->words[0] = call->words[1] = call->words[2] = call->words[3] = 0;
    call->length = 0;
    call->method = NULL;
    call->info = 0;
    call->number = 0;
    if (choice < 60) {
        generate_invocation(call, &context);
    } else if (choice < 91) {
        generate_ipc(call, &context);
    } else if (choice < 93) {
        generate_other(call, &context, debug);
    } else if (choice < 95) {
        generate_access(call, &context);
    } else if (choice < 100) {
        generate_uintr(call, &context);
    } else {
        generate_ring(call, &context);
        return; /* receive is taken */
    }
    call->receive[0] = place_pointer(&dice, cell, context.place);
    call->receive[1] = index_in(&dice, context.place);
    call->receive[2] = right_word(&context, ARG_DEPTH);
}
