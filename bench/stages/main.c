/*
 * One call of each path, marked for the stage profile (bench/stages.pl): the instructions of a path are those
 * between the symbols begin.NAME and end.NAME in this program. Each path runs a few times; the profile takes
 * the shortest run, which no timer tick interrupts.
 */
#include "bench.h"

#include <stdio.h>

#define ROUNDS 4
#define VADDR  0x2000000

#define MARK(name)  __asm__ volatile(".globl \"" name "\"\n\"" name "\": nop" ::: "memory")
#define BEGIN(name) MARK("begin." name)
#define END(name)   MARK("end." name)

static seL4_CPtr endpoint;

static void server(void *arg)
{
    seL4_MessageInfo_t none = seL4_MessageInfo_new(0, 0, 0, 0);

    seL4_RecvWithMRs(endpoint, NULL, NULL, NULL, NULL, NULL);
    for (;;) {
        END("call");
        seL4_ReplyRecvWithMRs(endpoint, none, NULL, NULL, NULL, NULL, NULL);
    }
}

static __attribute__((noinline)) void profile_call(void)
{
    endpoint = new_object(seL4_EndpointObject, 0);
    seL4_CPtr thread = start_thread(server, NULL, PRIORITY + 1, 0);

    for (unsigned i = 0; i < ROUNDS; i++) {
        BEGIN("call");
        seL4_CallWithMRs(endpoint, seL4_MessageInfo_new(0, 0, 0, 0), NULL, NULL, NULL, NULL);
    }
    seL4_TCB_Suspend(thread);
}

static __attribute__((noinline)) void profile_signal(void)
{
    seL4_CPtr notification = new_object(seL4_NotificationObject, 0);

    for (unsigned i = 0; i < ROUNDS; i++) {
        BEGIN("signal");
        seL4_Signal(notification);
        END("signal");
        seL4_Poll(notification, NULL);
    }
}

static __attribute__((noinline)) void profile_map(void)
{
    seL4_CPtr frame = new_object(seL4_RISCV_4K_Page, 0);
    seL4_CapRights_t rights = seL4_ReadWrite;

    require(simple_map_page(seL4_CapInitThreadVSpace, frame, VADDR, rights, seL4_RISCV_Default_VMAttributes),
            "page table set-up");
    for (unsigned i = 0; i < ROUNDS; i++) {
        require(seL4_RISCV_Page_Unmap(frame), "Unmap");
        BEGIN("map");
        seL4_RISCV_Page_Map(frame, seL4_CapInitThreadVSpace, VADDR, rights, seL4_RISCV_Default_VMAttributes);
        END("map");
    }
}

static __attribute__((noinline)) void profile_delete(void)
{
    seL4_CPtr copied = new_object(seL4_EndpointObject, 0), slot = simple_alloc_slot();

    for (unsigned i = 0; i < ROUNDS; i++) {
        require(seL4_CNode_Copy(seL4_CapInitThreadCNode, slot, seL4_WordBits, seL4_CapInitThreadCNode, copied,
                                seL4_WordBits, seL4_AllRights),
                "Copy");
        BEGIN("delete");
        seL4_CNode_Delete(seL4_CapInitThreadCNode, slot, seL4_WordBits);
        END("delete");
    }
}

/* Repeats a faulting instruction. */
static void touch_nothing(void *arg)
{
    *(volatile char *)arg = 0;
}

static __attribute__((noinline)) void profile_fault(void)
{
    seL4_CPtr faults = new_object(seL4_EndpointObject, 0);
    seL4_CPtr thread = start_thread(touch_nothing, (void *)0x3000000000, PRIORITY - 1, faults);
    seL4_MessageInfo_t none = seL4_MessageInfo_new(0, 0, 0, 0);

    seL4_RecvWithMRs(faults, NULL, NULL, NULL, NULL, NULL);
    for (unsigned i = 0; i < ROUNDS; i++) {
        BEGIN("fault");
        seL4_ReplyRecvWithMRs(faults, none, NULL, NULL, NULL, NULL, NULL);
        END("fault");
    }
    seL4_TCB_Suspend(thread);
}

int main(void)
{
    simple_init(seL4_GetBootInfo());
    require(seL4_TCB_SetPriority(seL4_CapInitThreadTCB, seL4_CapInitThreadTCB, PRIORITY), "SetPriority");
    profile_call();
    profile_signal();
    profile_map();
    profile_delete();
    profile_fault();
    printf("bench: done\n");
    return 0;
}
