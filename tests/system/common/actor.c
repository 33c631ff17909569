/*
 * Threads that make one system call and stop.
 */
#include "actor.h"

#include <string.h>

#define BREAKPOINT 3

struct actor actor_new_at(seL4_Word priority)
{
    struct actor actor;

    memset(&actor, 0, sizeof(actor));
    actor.faults = test_object(seL4_EndpointObject, 0);
    actor.fault_handler = test_mint(actor.faults, seL4_AllRights, ACTOR_BADGE);
    actor.thread = test_thread_create(NULL, NULL, priority, actor.fault_handler);
    actor.tcb = actor.thread->tcb;
    actor.buffer = actor.thread->buffer;
    actor_fill(&actor);
    return actor;
}

struct actor actor_new(void)
{
    return actor_new_at(ACTOR_PRIORITY);
}

void actor_fill(struct actor *actor)
{
    seL4_Word *registers = (seL4_Word *)&actor->set;
    seL4_Word base = actor->tcb << 32;

    for (unsigned i = 0; i < ABI_REG_COUNT; i++) {
        registers[i] = 0x5e70000000000000 | base | i << 8;
    }
    for (unsigned i = 0; i < seL4_MsgMaxLength; i++) {
        actor->buffer->msg[i] = 0x3300000000000000 | base | i;
    }
}

void actor_run(struct actor *actor, const char *code)
{
    actor->set.pc = (seL4_Word)code;
    CHECK_OK(seL4_TCB_WriteRegisters(actor->tcb, true, 0, ABI_REG_COUNT, &actor->set));
}

void actor_start(struct actor *actor, long number, seL4_Word a0, seL4_Word a1)
{
    actor_fill(actor);
    actor->set.a0 = a0;
    actor->set.a1 = a1;
    actor->set.a7 = (seL4_Word)number;
    actor_run(actor, actor_ecall);
}

void actor_start_with(struct actor *actor, long number, seL4_Word a0, seL4_Word a1, seL4_Word mr0,
                      seL4_Word mr1, seL4_Word mr2, seL4_Word mr3)
{
    actor_fill(actor);
    actor->set.a0 = a0;
    actor->set.a1 = a1;
    actor->set.a2 = mr0;
    actor->set.a3 = mr1;
    actor->set.a4 = mr2;
    actor->set.a5 = mr3;
    actor->set.a7 = (seL4_Word)number;
    actor_run(actor, actor_ecall);
}

void actor_read(struct actor *actor)
{
    CHECK_OK(seL4_TCB_ReadRegisters(actor->tcb, false, 0, ABI_REG_COUNT, &actor->got));
}

static enum actor_state look(struct actor *actor, seL4_MessageInfo_t message, seL4_Word badge)
{
    if (badge == 0) {
        actor_read(actor);
        return ACTOR_WAITS;
    }
    CHECK_EQUAL(badge, ACTOR_BADGE);
    actor->label = seL4_MessageInfo_get_label(message);
    actor->length = seL4_MessageInfo_get_length(message);
    for (unsigned i = 0; i < seL4_UnknownSyscall_Length; i++) {
        actor->words[i] = i < actor->length ? seL4_GetMR((int)i) : 0;
    }
    actor_read(actor);
    bool done = actor->label == seL4_Fault_UserException && actor->words[2] == BREAKPOINT;
    return done && actor->words[0] == (seL4_Word)actor_done ? ACTOR_DONE : ACTOR_FAULTED;
}

enum actor_state actor_look(struct actor *actor)
{
    seL4_Word badge = 0;
    seL4_MessageInfo_t message = seL4_NBRecv(actor->faults, &badge);

    return look(actor, message, badge);
}

enum actor_state actor_wait(struct actor *actor)
{
    seL4_Word badge = 0;
    seL4_MessageInfo_t message = seL4_Recv(actor->faults, &badge);

    return look(actor, message, badge);
}

seL4_Word actor_changed(const struct actor *actor)
{
    const seL4_Word *set = (const seL4_Word *)&actor->set, *got = (const seL4_Word *)&actor->got;
    seL4_Word changed = got[0] != (seL4_Word)actor_done;

    for (unsigned i = 1; i < ABI_REG_COUNT; i++) {
        changed |= (seL4_Word)(set[i] != got[i]) << i;
    }
    return changed;
}

bool test_slot_used(seL4_CPtr slot)
{
    /* A destination in use is found before a source that is empty. */
    return seL4_CNode_Move(seL4_CapInitThreadCNode, slot, seL4_WordBits, seL4_CapInitThreadCNode,
                           seL4_CapNull, seL4_WordBits) == seL4_DeleteFirst;
}

bool test_debug_kernel(void)
{
    struct actor actor = actor_new();

    actor_start(&actor, SYS_DEBUG_CAP_IDENTIFY, seL4_CapInitThreadTCB, 0);
    return actor_look(&actor) == ACTOR_DONE;
}
