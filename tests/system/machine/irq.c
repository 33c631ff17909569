/*
 * 2.8 and 5.4: errors of the interrupt calls, and who may have which interrupt.
 */
#include "clock.h"
#include "tree.h"

#define CNODE   seL4_CapInitThreadCNode
#define CONTROL seL4_CapIRQControl

/* The kernel's own interrupts end here; 95 sources of the interrupt controller come first. */
#define IRQ_MAX (CONFIG_MAX_NUM_NODES == 1 ? 96ul : 98ul)

static struct answer get(seL4_Word irq, seL4_CPtr root, seL4_Word index, seL4_Word depth)
{
    return INVOKE(CONTROL, IRQIssueIRQHandler, .length = 3, .words = { irq, index, depth }, .extras = 1,
                  .caps = { root });
}

static struct answer get_trigger(seL4_Word irq, seL4_Word trigger, seL4_CPtr root, seL4_Word index,
                                 seL4_Word depth)
{
    return INVOKE(CONTROL, RISCVIRQIssueIRQHandlerTrigger, .length = 4,
                  .words = { irq, trigger, index, depth }, .extras = 1, .caps = { root });
}

/* Both calls must answer the same. */
#define CHECK_BOTH(irq, root, index, depth, ...)                            \
    do {                                                                    \
        CHECK_ANSWER(get(irq, root, index, depth), __VA_ARGS__);            \
        CHECK_ANSWER(get_trigger(irq, 0, root, index, depth), __VA_ARGS__); \
        CHECK_ANSWER(get_trigger(irq, 1, root, index, depth), __VA_ARGS__); \
    } while (0)

static seL4_CPtr handler(seL4_Word irq)
{
    seL4_CPtr slot = test_slot();

    CHECK_ANSWER(get(irq, CNODE, slot, seL4_WordBits), seL4_NoError);
    return slot;
}

static struct answer set_notification(seL4_CPtr cap, seL4_CPtr notification)
{
    return INVOKE(cap, IRQSetIRQHandler, .length = 0, .extras = 1, .caps = { notification });
}

TEST("2.8 IRQControl Get: fewer than 3 words or no root are a truncated message")
{
    seL4_CPtr slot = test_slot();

    CHECK_ANSWER(INVOKE(CONTROL, IRQIssueIRQHandler, .length = 2, .words = { 0, slot, 64 }, .extras = 1,
                        .caps = { CNODE }),
                 seL4_TruncatedMessage);
    CHECK_ANSWER(INVOKE(CONTROL, IRQIssueIRQHandler, .length = 3, .words = { 0, slot, 64 }),
                 seL4_TruncatedMessage);
}

TEST("2.8 IRQControl GetTrigger: fewer than 4 words or no root are a truncated message")
{
    seL4_CPtr slot = test_slot();

    CHECK_ANSWER(INVOKE(CONTROL, RISCVIRQIssueIRQHandlerTrigger, .length = 3, .words = { 0, 0, slot, 64 },
                        .extras = 1, .caps = { CNODE }),
                 seL4_TruncatedMessage);
    CHECK_ANSWER(INVOKE(CONTROL, RISCVIRQIssueIRQHandlerTrigger, .length = 4, .words = { 0, 0, slot, 64 }),
                 seL4_TruncatedMessage);
}

TEST("2.8 IRQControl Get, GetTrigger: interrupt 0 and those above the last are a range error 1..max")
{
    seL4_CPtr slot = test_slot();

    CHECK_BOTH(0, CNODE, slot, seL4_WordBits, seL4_RangeError, 1, IRQ_MAX);
    CHECK_BOTH(IRQ_MAX + 1, CNODE, slot, seL4_WordBits, seL4_RangeError, 1, IRQ_MAX);
    CHECK_BOTH(~0ul, CNODE, slot, seL4_WordBits, seL4_RangeError, 1, IRQ_MAX);
    CHECK_BOTH(LIBSEL4_BIT(32) + RTC_IRQ, CNODE, slot, seL4_WordBits, seL4_RangeError, 1, IRQ_MAX);
}

TEST("5.4 IRQControl Get, GetTrigger: the kernel's own interrupts are told to revoke first")
{
    seL4_CPtr slot = test_slot();

    for (seL4_Word irq = 96; irq <= IRQ_MAX; irq++) {
        CHECK_BOTH(irq, CNODE, slot, seL4_WordBits, seL4_RevokeFirst);
    }
}

TEST("2.8 IRQControl Get, GetTrigger: an interrupt that was issued is told to revoke first")
{
    seL4_CPtr slot;

    handler(RTC_IRQ);
    slot = test_slot();
    CHECK_BOTH(RTC_IRQ, CNODE, slot, seL4_WordBits, seL4_RevokeFirst);
}

TEST("2.8 IRQControl Get, GetTrigger: the destination's lookup errors")
{
    CHECK_BOTH(RTC_IRQ, seL4_CapNull, 1, 64, seL4_FailedLookup, 0, seL4_InvalidRoot);
    CHECK_BOTH(RTC_IRQ, seL4_CapDomain, 1, 64, seL4_FailedLookup, 0, seL4_InvalidRoot);
    CHECK_BOTH(RTC_IRQ, CNODE, 1, 0, seL4_RangeError, 1, 64);
    CHECK_BOTH(RTC_IRQ, CNODE, 1, 65, seL4_RangeError, 1, 64);
    CHECK_BOTH(RTC_IRQ, CNODE, 1, 63, seL4_FailedLookup, 0, seL4_DepthMismatch, 63, 64);
    CHECK_BOTH(RTC_IRQ, CNODE, 4096, 64, seL4_FailedLookup, 0, seL4_GuardMismatch, 64, 0, 52);
}

TEST("2.8 IRQControl Get, GetTrigger: an occupied destination is told to delete first")
{
    CHECK_BOTH(RTC_IRQ, CNODE, seL4_CapDomain, seL4_WordBits, seL4_DeleteFirst);
}

TEST("2.8 IRQControl Get, GetTrigger order: range, issued, lookup, occupied")
{
    handler(RTC_IRQ);
    CHECK_BOTH(0, seL4_CapNull, 1, 64, seL4_RangeError, 1, IRQ_MAX);
    CHECK_BOTH(RTC_IRQ, seL4_CapNull, 1, 64, seL4_RevokeFirst);
    CHECK_BOTH(RTC_IRQ, CNODE, seL4_CapDomain, seL4_WordBits, seL4_RevokeFirst);
}

TEST("2.8 IRQControl Get, GetTrigger: a failed call issues nothing")
{
    CHECK_BOTH(RTC_IRQ, CNODE, seL4_CapDomain, seL4_WordBits, seL4_DeleteFirst);
    handler(RTC_IRQ);
}

TEST("5.4 IRQControl Get: every source from 1 to 95 can be had")
{
    for (seL4_Word irq = 1; irq <= 95; irq++) {
        CHECK_EQUAL(identify(handler(irq)), KIND_IRQ_HANDLER);
    }
}

TEST("2.8 IRQControl GetTrigger: level, edge and any other non-zero trigger are accepted")
{
    seL4_CPtr slot = test_slot();

    for (seL4_Word trigger = 0; trigger < 3; trigger++) {
        CHECK_ANSWER(get_trigger(RTC_IRQ, trigger, CNODE, slot, seL4_WordBits), seL4_NoError);
        CHECK_EQUAL(identify(slot), KIND_IRQ_HANDLER);
        CHECK_OK(seL4_CNode_Delete(CNODE, slot, seL4_WordBits));
    }
    CHECK_ANSWER(get_trigger(RTC_IRQ, LIBSEL4_BIT(32), CNODE, slot, seL4_WordBits), seL4_NoError);
}

TEST("5.4 when the last handler is deleted the number is free again, with a copy left it is not")
{
    seL4_CPtr first = handler(RTC_IRQ), copy = test_mint(first, seL4_NoRights, 0), slot = test_slot();

    CHECK_OK(seL4_CNode_Delete(CNODE, first, seL4_WordBits));
    CHECK_ANSWER(get(RTC_IRQ, CNODE, slot, seL4_WordBits), seL4_RevokeFirst);
    CHECK_OK(seL4_CNode_Delete(CNODE, copy, seL4_WordBits));
    CHECK_ANSWER(get(RTC_IRQ, CNODE, slot, seL4_WordBits), seL4_NoError);
}

TEST("4.9 revoking IRQ control deletes all handlers and their copies, and frees the numbers")
{
    seL4_CPtr first = handler(RTC_IRQ), second = handler(40), copy = test_mint(first, seL4_AllRights, 0);

    CHECK_OK(seL4_CNode_Revoke(CNODE, CONTROL, seL4_WordBits));
    CHECK_EQUAL(identify(first), KIND_NULL);
    CHECK_EQUAL(identify(second), KIND_NULL);
    CHECK_EQUAL(identify(copy), KIND_NULL);
    handler(RTC_IRQ);
    handler(40);
}

TEST("4.9 revoking a handler deletes its copies, not itself")
{
    seL4_CPtr first = handler(RTC_IRQ), copy = test_mint(first, seL4_AllRights, 0);

    CHECK_OK(seL4_CNode_Revoke(CNODE, first, seL4_WordBits));
    CHECK_EQUAL(identify(copy), KIND_NULL);
    CHECK_EQUAL(identify(first), KIND_IRQ_HANDLER);
}

TEST("4.3 IRQ control cannot be copied")
{
    CHECK_ERROR(
        seL4_CNode_Copy(CNODE, test_slot(), seL4_WordBits, CNODE, CONTROL, seL4_WordBits, seL4_AllRights),
        seL4_IllegalOperation);
}

TEST("2.8 IRQHandler Ack: no errors, with or without anything to acknowledge")
{
    seL4_CPtr cap = handler(RTC_IRQ);

    CHECK_ANSWER(INVOKE(cap, IRQAckIRQ, .length = 0), seL4_NoError);
    CHECK_ANSWER(INVOKE(cap, IRQAckIRQ, .length = 8, .extras = 2), seL4_NoError);
}

TEST("2.8 IRQHandler SetNotification: no capability is a truncated message")
{
    CHECK_ANSWER(INVOKE(handler(RTC_IRQ), IRQSetIRQHandler, .length = 1), seL4_TruncatedMessage);
}

TEST("2.8 IRQHandler SetNotification: what is not a notification is an invalid capability 0")
{
    seL4_CPtr cap = handler(RTC_IRQ);

    CHECK_ANSWER(set_notification(cap, seL4_CapNull), seL4_InvalidCapability, 0);
    CHECK_ANSWER(set_notification(cap, CNODE), seL4_InvalidCapability, 0);
    CHECK_ANSWER(set_notification(cap, test_object(seL4_EndpointObject, 0)), seL4_InvalidCapability, 0);
}

TEST("2.8 IRQHandler SetNotification: a notification without the right to write is an invalid capability 0")
{
    seL4_CPtr cap = handler(RTC_IRQ), notification = test_object(seL4_NotificationObject, 0);

    CHECK_ANSWER(set_notification(cap, test_mint(notification, seL4_CanRead, 0)), seL4_InvalidCapability, 0);
    CHECK_ANSWER(set_notification(cap, test_mint(notification, seL4_CanWrite, 0)), seL4_NoError);
}

TEST("2.8 IRQHandler Clear: no errors, with or without a notification, any number of times")
{
    seL4_CPtr cap = handler(RTC_IRQ);

    CHECK_ANSWER(INVOKE(cap, IRQClearIRQHandler, .length = 0), seL4_NoError);
    CHECK_ANSWER(set_notification(cap, test_object(seL4_NotificationObject, 0)), seL4_NoError);
    CHECK_ANSWER(INVOKE(cap, IRQClearIRQHandler, .length = 3, .extras = 1), seL4_NoError);
    CHECK_ANSWER(INVOKE(cap, IRQClearIRQHandler, .length = 0), seL4_NoError);
}
