/*
 * 2.3: a label that a capability does not know, or that belongs to another kind of object, is an illegal
 * operation, before anything else about the call is looked at. Also the numbers of the labels themselves.
 */
#include "answer.h"

/* Labels of one kind, in up to two ranges. */
struct own_labels {
    seL4_Word first, last;
    seL4_Word other;
};

static void check_label(seL4_CPtr cap, seL4_Word label)
{
    struct answer answer = INVOKE(cap, label, .length = 0);

    if (answer.error != seL4_IllegalOperation || answer.length != 0) {
        test_fail(__FILE__, __LINE__, "label %lu answers error %lu with %lu words", label, answer.error,
                  answer.length);
    }
}

static void check_labels(seL4_CPtr cap, struct own_labels own)
{
    static const seL4_Word unknown[] = { nArchInvocationLabels,
                                         nArchInvocationLabels + 1,
                                         nArchInvocationLabels + 2,
                                         0x3fe,
                                         0x3ff,
                                         0x800,
                                         0xfff,
                                         0x10000,
                                         LIBSEL4_BIT(51) };

    for (seL4_Word label = InvalidInvocation; label < nArchInvocationLabels; label++) {
        if ((label < own.first || label > own.last) && label != own.other) {
            check_label(cap, label);
        }
    }
    for (unsigned i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
        check_label(cap, unknown[i]);
    }
    /* Labels are 52 bits wide; none of them is cut off. */
    check_label(cap, own.first + LIBSEL4_BIT(7));
    check_label(cap, own.first + LIBSEL4_BIT(16));
    check_label(cap, own.first + LIBSEL4_BIT(32));
    check_label(cap, own.first + LIBSEL4_BIT(51));
}

TEST("2.3 numbers: the labels have the values of the table for this configuration")
{
    seL4_Word shift = CONFIG_MAX_NUM_NODES > 1;

    CHECK_EQUAL(UntypedRetype, 1);
    CHECK_EQUAL(TCBUnbindNotification, 14);
    CHECK_EQUAL(TCBSetTLSBase, 15 + shift);
    CHECK_EQUAL(CNodeRevoke, 17 + shift);
    CHECK_EQUAL(IRQIssueIRQHandler, 26 + shift);
    CHECK_EQUAL(DomainScheduleSetStart, 32 + shift);
    CHECK_EQUAL(RISCVPageTableMap, 33 + shift);
    CHECK_EQUAL(RISCVASIDPoolAssign, 39 + shift);
    CHECK_EQUAL(RISCVIRQIssueIRQHandlerTrigger, 40 + shift);
    CHECK_EQUAL(nArchInvocationLabels, 41 + shift);
}

TEST("2.3 Untyped: every label but Retype is an illegal operation")
{
    check_labels(test_object(seL4_UntypedObject, 12), (struct own_labels){ UntypedRetype, UntypedRetype, 1 });
}

TEST("2.3 TCB: every label outside ReadRegisters..SetFlags is an illegal operation")
{
    check_labels(test_object(seL4_TCBObject, 0),
                 (struct own_labels){ TCBReadRegisters, TCBSetFlags, TCBReadRegisters });
}

TEST("2.3 CNode: every label outside Revoke..SaveCaller is an illegal operation")
{
    check_labels(test_object(seL4_CapTableObject, 1),
                 (struct own_labels){ CNodeRevoke, CNodeSaveCaller, CNodeRevoke });
}

TEST("2.3 IRQControl: every label but Get and GetTrigger is an illegal operation")
{
    check_labels(seL4_CapIRQControl, (struct own_labels){ IRQIssueIRQHandler, IRQIssueIRQHandler,
                                                          RISCVIRQIssueIRQHandlerTrigger });
}

TEST("2.3 IRQHandler: every label outside Ack..Clear is an illegal operation")
{
    seL4_CPtr handler = test_slot();

    CHECK_OK(seL4_IRQControl_Get(seL4_CapIRQControl, 40, seL4_CapInitThreadCNode, handler, seL4_WordBits));
    check_labels(handler, (struct own_labels){ IRQAckIRQ, IRQClearIRQHandler, IRQAckIRQ });
}

TEST("2.3 DomainSet: every label outside Set..ScheduleSetStart is an illegal operation")
{
    check_labels(seL4_CapDomain, (struct own_labels){ DomainSetSet, DomainScheduleSetStart, DomainSetSet });
}

TEST("2.3 PageTable: every label but Map and Unmap is an illegal operation")
{
    check_labels(test_object(seL4_RISCV_PageTableObject, 0),
                 (struct own_labels){ RISCVPageTableMap, RISCVPageTableUnmap, RISCVPageTableMap });
}

TEST("2.3 Page: every label outside Map..GetAddress is an illegal operation")
{
    check_labels(test_object(seL4_RISCV_4K_Page, 0),
                 (struct own_labels){ RISCVPageMap, RISCVPageGetAddress, RISCVPageMap });
}

TEST("2.3 ASIDControl: every label but MakePool is an illegal operation")
{
    check_labels(seL4_CapASIDControl, (struct own_labels){ RISCVASIDControlMakePool, RISCVASIDControlMakePool,
                                                           RISCVASIDControlMakePool });
}

TEST("2.3 ASIDPool: every label but Assign is an illegal operation")
{
    check_labels(seL4_CapInitThreadASIDPool,
                 (struct own_labels){ RISCVASIDPoolAssign, RISCVASIDPoolAssign, RISCVASIDPoolAssign });
}

TEST("2.3 empty slot: any label is an invalid capability 0")
{
    seL4_CPtr empty = test_slot();

    for (seL4_Word label = InvalidInvocation; label <= nArchInvocationLabels; label++) {
        CHECK_ANSWER(INVOKE(empty, label, .length = 0), seL4_InvalidCapability, 0);
    }
}

TEST("2.3 notification: the label does not matter, a call signals")
{
    seL4_CPtr notification = test_object(seL4_NotificationObject, 0);
    seL4_CPtr badged = test_mint(notification, seL4_AllRights, 0x40);
    seL4_Word badge;

    CHECK_ANSWER(INVOKE(badged, TCBSuspend, .length = 2, .words = { 1, 2 }), seL4_NoError);
    seL4_Poll(notification, &badge);
    CHECK_EQUAL(badge, 0x40);
}
