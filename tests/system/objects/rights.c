/*
 * What rights and attributes permit, that copies never get more, and the words that all this is passed in.
 */
#include "objects.h"

#define RIGHTS(word) ((seL4_CapRights_t){ { (word) } })

TEST("4.4 rights of a notification: signalling needs Write, whatever else there is")
{
    seL4_CPtr notification = test_object(seL4_NotificationObject, 0);

    for (seL4_Word rights = 0; rights <= ALL; rights++) {
        seL4_CPtr cap = test_mint(notification, RIGHTS(rights), 1ul << rights);
        if (rights & 1) {
            EXPECT(call(cap), SUCCESS);
            CHECK_EQUAL(poll(notification), 1ul << rights);
        } else {
            EXPECT(call(cap), INVALID_CAPABILITY(0));
            CHECK_EQUAL(poll(notification), 0);
        }
    }
}

TEST("4.4 rights of a notification: binding it needs Read, whatever else there is")
{
    seL4_CPtr notification = test_object(seL4_NotificationObject, 0);
    seL4_CPtr tcb = test_object(seL4_TCBObject, 0);

    for (seL4_Word rights = 0; rights <= ALL; rights++) {
        seL4_CPtr cap = test_mint(notification, RIGHTS(rights), 0);
        if (rights & 2) {
            CHECK_OK(seL4_TCB_BindNotification(tcb, cap));
            CHECK_OK(seL4_TCB_UnbindNotification(tcb));
        } else {
            CHECK_ERROR(seL4_TCB_BindNotification(tcb, cap), seL4_IllegalOperation);
        }
    }
}

TEST("4.4 rights never increase: copies of copies have what all have in common")
{
    seL4_CPtr notification = test_object(seL4_NotificationObject, 0);

    for (seL4_Word first = 0; first <= 3; first++) {
        for (seL4_Word second = 0; second <= 3; second++) {
            seL4_CPtr once = test_mint(notification, RIGHTS(first), 0);
            seL4_CPtr twice = test_mint(once, RIGHTS(second), 0);
            if (first & second & 1) {
                EXPECT(call(twice), SUCCESS);
            } else {
                EXPECT(call(twice), INVALID_CAPABILITY(0));
            }
        }
    }
}

TEST("4.4 rights of an endpoint: no two copies together make more than each has")
{
    seL4_CPtr endpoint = test_object(seL4_EndpointObject, 0);

    for (seL4_Word rights = 0; rights < ALL; rights++) {
        seL4_CPtr once = test_mint(endpoint, RIGHTS(rights), 0);
        seL4_CPtr twice = test_mint(once, seL4_AllRights, 9);
        EXPECT(invoke(ROOT, slot_message(CNodeCancelBadgedSends, twice, DEPTH)), ILLEGAL_OPERATION);
    }
}

TEST("4.4 rights of an endpoint: receiving needs Read, or the thread faults")
{
    static struct probe probe;
    seL4_CPtr endpoint = test_object(seL4_EndpointObject, 0);
    seL4_CPtr fault_ep = test_object(seL4_EndpointObject, 0);

    for (seL4_Word rights = 0; rights <= ALL; rights++) {
        seL4_CPtr cap = test_mint(endpoint, RIGHTS(rights), 0);
        probe = (struct probe){ .number = (seL4_Word)seL4_SysNBRecv, .in = { .badge = cap } };
        probe_run(&probe, fault_ep);
        seL4_MessageInfo_t info = seL4_NBRecv(fault_ep, NULL);
        CHECK_EQUAL(probe.returned, (rights & 2) != 0);
        if (!(rights & 2)) {
            CHECK_EQUAL(seL4_MessageInfo_get_label(info), seL4_Fault_CapFault);
            CHECK_EQUAL(seL4_GetMR(3), seL4_MissingCapability);
        }
    }
}

TEST("4.4 rights of an endpoint: sending needs Write, or is an invalid capability")
{
    seL4_CPtr endpoint = test_object(seL4_EndpointObject, 0);

    for (seL4_Word rights = 0; rights <= ALL; rights += 2) {
        EXPECT(invoke(test_mint(endpoint, RIGHTS(rights), 5), (struct message){ 0 }), INVALID_CAPABILITY(0));
    }
}

TEST("4.4 rights of an endpoint: Grant or GrantReply let a call be answered, Grant sends capabilities")
{
    static struct probe probe;
    seL4_CPtr endpoint = test_object(seL4_EndpointObject, 0);

    for (seL4_Word rights = 1; rights <= ALL; rights += 2) {
        seL4_CPtr cap = test_mint(endpoint, RIGHTS(rights), rights);
        seL4_CPtr received = test_slot();
        seL4_CPtr reply = test_slot();
        seL4_Word badge = 0;
        probe = (struct probe)CALL_PROBE(cap);
        probe.in.info = 1 << 7;
        struct test_thread *thread = probe_create(&probe, 0);
        thread->buffer->caps_or_badges[0] = ROOT;
        test_thread_start(thread);
        seL4_SetCapReceivePath(ROOT, received, DEPTH);
        seL4_MessageInfo_t info = seL4_Recv(endpoint, &badge);
        CHECK_EQUAL(badge, rights);
        CHECK_EQUAL(seL4_MessageInfo_get_extraCaps(info), (rights & 4) != 0);
        CHECK_EQUAL(is_empty(received), !(rights & 4));
        CHECK_OK(seL4_CNode_SaveCaller(ROOT, reply, DEPTH));
        CHECK_EQUAL(is_empty(reply), !(rights & 12));
    }
}

struct access {
    volatile seL4_Word *address;
    bool write;
    volatile bool done;
};

static void do_access(void *arg)
{
    struct access *access = arg;

    if (access->write) {
        *access->address = 1;
    } else {
        (void)*access->address;
    }
    access->done = true;
}

static bool can_access(seL4_Word vaddr, bool write)
{
    static struct access access;

    access = (struct access){ (volatile seL4_Word *)vaddr, write, false };
    test_thread_start(test_thread_create(do_access, &access, TEST_PRIORITY + 1, 0));
    return access.done;
}

TEST("4.4 rights of a page: what each set of rights permits, also to copies of the copy")
{
    seL4_CPtr page = test_object(seL4_RISCV_4K_Page, 0);

    for (seL4_Word rights = 0; rights <= 3; rights++) {
        seL4_Word vaddr = MAP_ADDRESS + rights * PAGE;
        seL4_CPtr cap = test_mint(page, RIGHTS(rights), 0);
        map(test_mint(cap, seL4_AllRights, 0), vaddr);
        CHECK_EQUAL(can_access(vaddr, false), (rights & 2) != 0);
        CHECK_EQUAL(can_access(vaddr, true), rights == 3);
    }
}

TEST("4.4 rights do not matter to other capabilities")
{
    seL4_CPtr node = test_mint(new_cnode(4), seL4_NoRights, 0);
    seL4_CPtr tcb = test_mint(test_object(seL4_TCBObject, 0), seL4_NoRights, 0);
    seL4_CPtr untyped = test_mint(test_object(seL4_UntypedObject, 12), seL4_NoRights, 0);

    put_copy(node, 1, 4, tcb);
    CHECK_OK(seL4_TCB_Suspend(tcb));
    make(untyped, seL4_EndpointObject, 0);
}

TEST("4.4 a capability without any rights is still there")
{
    seL4_CPtr cap = test_mint(test_object(seL4_EndpointObject, 0), seL4_NoRights, 0);

    CHECK(!is_empty(cap));
    copy_of(cap);
}

TEST("2.2 rights: bits above the four are ignored")
{
    seL4_CPtr notification = test_object(seL4_NotificationObject, 0);
    seL4_CPtr none = test_mint(notification, RIGHTS(~ALL), 0);
    seL4_CPtr all = test_mint(notification, RIGHTS(~0ul), 0);

    EXPECT(call(none), INVALID_CAPABILITY(0));
    EXPECT(call(all), SUCCESS);
}

static void do_execute(void *arg)
{
    struct access *access = arg;

    ((void (*)(void))(seL4_Word)access->address)();
    access->done = true;
}

/* Whether code runs in a page that is mapped with these attributes. */
static bool can_execute(seL4_Word vaddr, seL4_Word attributes)
{
    static struct access access;
    seL4_CPtr page = test_object(seL4_RISCV_4K_Page, 0);

    access = (struct access){ map(page, vaddr), false, false };
    *access.address = 0x8082; /* ret */
    CHECK_OK(seL4_RISCV_Page_Map(page, seL4_CapInitThreadVSpace, vaddr, seL4_ReadWrite, attributes));
    __asm__ volatile("fence.i" ::: "memory");
    test_thread_start(test_thread_create(do_execute, &access, TEST_PRIORITY + 1, 0));
    return access.done;
}

TEST("2.2 VM attributes: bit 0 is ExecuteNever, the others are ignored")
{
    CHECK(can_execute(MAP_ADDRESS, 0));
    CHECK(!can_execute(MAP_ADDRESS + 4096, 1));
    CHECK(can_execute(MAP_ADDRESS + 2 * PAGE, ~1ul));
    CHECK(!can_execute(MAP_ADDRESS + 3 * PAGE, ~0ul));
}

TEST("2.2 rights names: each has its number")
{
    CHECK_EQUAL(seL4_AllRights.words[0], 15);
    CHECK_EQUAL(seL4_ReadWrite.words[0], 3);
    CHECK_EQUAL(seL4_CanRead.words[0], 2);
    CHECK_EQUAL(seL4_CanWrite.words[0], 1);
    CHECK_EQUAL(seL4_CanGrant.words[0], 4);
    CHECK_EQUAL(seL4_CanGrantReply.words[0], 8);
    CHECK_EQUAL(seL4_NoWrite.words[0], 14);
    CHECK_EQUAL(seL4_NoRead.words[0], 13);
    CHECK_EQUAL(seL4_NoRights.words[0], 0);
}

TEST("2.1 constants: the library knows the sizes and limits of the kernel")
{
    static const struct {
        seL4_Word actual, expected;
    } constants[] = {
        { seL4_WordBits, 64 },
        { seL4_WordSizeBits, 3 },
        { seL4_SlotBits, 5 },
        { seL4_TCBBits, 11 },
        { seL4_EndpointBits, 4 },
        { seL4_NotificationBits, 5 },
        { seL4_PageBits, 12 },
        { seL4_LargePageBits, 21 },
        { seL4_HugePageBits, 30 },
        { seL4_PageTableBits, 12 },
        { seL4_VSpaceBits, 12 },
        { seL4_IPCBufferSizeBits, 10 },
        { seL4_ASIDPoolBits, 12 },
        { seL4_NumASIDPoolsBits, 7 },
        { seL4_ASIDPoolIndexBits, 9 },
        { seL4_MinUntypedBits, 4 },
        { seL4_MaxUntypedBits, 38 },
        { seL4_UserTop, 0x3ffffff000 },
        { seL4_BadgeBits, 64 },
        { seL4_GuardBits, 58 },
        { seL4_GuardSizeBits, 6 },
        { seL4_CapRightsBits, 4 },
        { seL4_UntypedRetypeMaxObjects, 256 },
        { seL4_MaxPrio, 255 },
        { (seL4_Word)seL4_InvalidPrio, ~0ul },
        { seL4_RISCV_Tera_Page, 0xffffffff },
    };

    for (unsigned i = 0; i < sizeof(constants) / sizeof(constants[0]); i++) {
        CHECK_EQUAL(constants[i].actual, constants[i].expected);
    }
}
