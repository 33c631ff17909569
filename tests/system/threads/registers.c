/*
 * 2.6 and 5.1, 5.2: reading, writing and copying the registers of a thread.
 */
#include "answer.h"

#include <string.h>

/* Instructions begin at multiples of 2 bytes. */
static bool is_ecall(seL4_Word pc)
{
    static const unsigned ecall = 0x00000073;

    return pc && memcmp((const void *)pc, &ecall, sizeof(ecall)) == 0;
}

static seL4_CPtr endpoint, signal;

/* x1 to x31, by number; [0] is not used. */
static seL4_Word stored[32];

static seL4_Word value(unsigned index)
{
    return 0x1122334400000000 + index * 0x01010101ul;
}

/* Stores all registers where t6 points, then calls the endpoint in s0 and never comes back. */
__attribute__((naked)) static void store_registers(void)
{
    __asm__("sd x1, 8(t6)\n sd x2, 16(t6)\n sd x3, 24(t6)\n sd x4, 32(t6)\n sd x5, 40(t6)\n"
            "sd x6, 48(t6)\n sd x7, 56(t6)\n sd x8, 64(t6)\n sd x9, 72(t6)\n sd x10, 80(t6)\n"
            "sd x11, 88(t6)\n sd x12, 96(t6)\n sd x13, 104(t6)\n sd x14, 112(t6)\n sd x15, 120(t6)\n"
            "sd x16, 128(t6)\n sd x17, 136(t6)\n sd x18, 144(t6)\n sd x19, 152(t6)\n sd x20, 160(t6)\n"
            "sd x21, 168(t6)\n sd x22, 176(t6)\n sd x23, 184(t6)\n sd x24, 192(t6)\n sd x25, 200(t6)\n"
            "sd x26, 208(t6)\n sd x27, 216(t6)\n sd x28, 224(t6)\n sd x29, 232(t6)\n sd x30, 240(t6)\n"
            "sd x31, 248(t6)\n"
            "mv a0, s0\n li a1, 0\n li a7, -1\n"
            "1: ecall\n j 1b");
}

/* Loads all registers from where t6 points, t6 last, then makes a system call that does not exist. */
__attribute__((naked)) static void load_registers(void)
{
    __asm__("ld x1, 8(t6)\n ld x2, 16(t6)\n ld x3, 24(t6)\n ld x4, 32(t6)\n ld x5, 40(t6)\n"
            "ld x6, 48(t6)\n ld x7, 56(t6)\n ld x8, 64(t6)\n ld x9, 72(t6)\n ld x10, 80(t6)\n"
            "ld x11, 88(t6)\n ld x12, 96(t6)\n ld x13, 104(t6)\n ld x14, 112(t6)\n ld x15, 120(t6)\n"
            "ld x16, 128(t6)\n ld x17, 136(t6)\n ld x18, 144(t6)\n ld x19, 152(t6)\n ld x20, 160(t6)\n"
            "ld x21, 168(t6)\n ld x22, 176(t6)\n ld x23, 184(t6)\n ld x24, 192(t6)\n ld x25, 200(t6)\n"
            "ld x26, 208(t6)\n ld x27, 216(t6)\n ld x28, 224(t6)\n ld x29, 232(t6)\n ld x30, 240(t6)\n"
            "ld x31, 248(t6)\n"
            ".globl load_registers_end\n load_registers_end: ecall\n"
            "1: j 1b");
}
extern char load_registers_end[];

/* The number of the register at each place of the register block; place 0 is pc. */
static const unsigned char block_order[32] = {
    0,  1,  2,  3,  8,  9,  18, 19, 20, 21, 22, 23, 24, 25, 26, 27,
    10, 11, 12, 13, 14, 15, 16, 17, 5,  6,  7,  28, 29, 30, 31, 4
};

static void wait_forever(void *arg)
{
    seL4_Recv(endpoint, NULL);
    seL4_Signal(signal);
    seL4_Recv(endpoint, NULL);
}

static struct test_thread *new_thread(void (*entry)(void *))
{
    endpoint = test_object(seL4_EndpointObject, 0);
    signal = test_mint(test_object(seL4_NotificationObject, 0), seL4_AllRights, 1);
    return test_thread_create(entry, NULL, TEST_PRIORITY + 10, endpoint);
}

static void expect_call(void)
{
    CHECK_EQUAL(seL4_MessageInfo_get_label(seL4_Recv(endpoint, NULL)), 0);
}

TEST("2.6 TCB ReadRegisters: fewer than 2 words are a truncated message")
{
    seL4_CPtr tcb = test_object(seL4_TCBObject, 0);

    CHECK_ANSWER(INVOKE(tcb, TCBReadRegisters, .length = 0), seL4_TruncatedMessage);
    CHECK_ANSWER(INVOKE(tcb, TCBReadRegisters, .length = 1, .words = { 0, 0 }), seL4_TruncatedMessage);
}

TEST("2.6 TCB ReadRegisters: a count of 0 or above 32 is a range error 1..32")
{
    seL4_CPtr tcb = test_object(seL4_TCBObject, 0);

    CHECK_ANSWER(INVOKE(tcb, TCBReadRegisters, .length = 2, .words = { 0, 0 }), seL4_RangeError, 1, 32);
    CHECK_ANSWER(INVOKE(tcb, TCBReadRegisters, .length = 2, .words = { 0, 33 }), seL4_RangeError, 1, 32);
    CHECK_ANSWER(INVOKE(tcb, TCBReadRegisters, .length = 2, .words = { 0, ~0ul }), seL4_RangeError, 1, 32);
    CHECK_ANSWER(INVOKE(tcb, TCBReadRegisters, .length = 2, .words = { 0, LIBSEL4_BIT(32) + 1 }),
                 seL4_RangeError, 1, 32);
}

TEST("2.6 TCB ReadRegisters: the caller's own TCB is an illegal operation")
{
    CHECK_ANSWER(INVOKE(seL4_CapInitThreadTCB, TCBReadRegisters, .length = 2, .words = { 0, 1 }),
                 seL4_IllegalOperation);
}

TEST("2.6 TCB ReadRegisters order: truncation, then the count, then the caller")
{
    CHECK_ANSWER(INVOKE(seL4_CapInitThreadTCB, TCBReadRegisters, .length = 1, .words = { 0, 33 }),
                 seL4_TruncatedMessage);
    CHECK_ANSWER(INVOKE(seL4_CapInitThreadTCB, TCBReadRegisters, .length = 2, .words = { 0, 33 }),
                 seL4_RangeError, 1, 32);
}

TEST("2.6 TCB WriteRegisters: fewer than 2 words are a truncated message")
{
    seL4_CPtr tcb = test_object(seL4_TCBObject, 0);

    CHECK_ANSWER(INVOKE(tcb, TCBWriteRegisters, .length = 0), seL4_TruncatedMessage);
    CHECK_ANSWER(INVOKE(tcb, TCBWriteRegisters, .length = 1), seL4_TruncatedMessage);
}

TEST("2.6 TCB WriteRegisters: fewer words than the count says are a truncated message")
{
    seL4_CPtr tcb = test_object(seL4_TCBObject, 0);

    CHECK_ANSWER(INVOKE(tcb, TCBWriteRegisters, .length = 2, .words = { 0, 1 }), seL4_TruncatedMessage);
    CHECK_ANSWER(INVOKE(tcb, TCBWriteRegisters, .length = 33, .words = { 0, 32 }), seL4_TruncatedMessage);
    CHECK_ANSWER(INVOKE(tcb, TCBWriteRegisters, .length = 34, .words = { 0, 33 }), seL4_TruncatedMessage);
    CHECK_ANSWER(INVOKE(tcb, TCBWriteRegisters, .length = 4, .words = { 0, ~0ul }), seL4_TruncatedMessage);
}

TEST("2.6 TCB WriteRegisters: the caller's own TCB is an illegal operation, after truncation")
{
    CHECK_ANSWER(INVOKE(seL4_CapInitThreadTCB, TCBWriteRegisters, .length = 2, .words = { 0, 0 }),
                 seL4_IllegalOperation);
    CHECK_ANSWER(INVOKE(seL4_CapInitThreadTCB, TCBWriteRegisters, .length = 1), seL4_TruncatedMessage);
    CHECK_ANSWER(INVOKE(seL4_CapInitThreadTCB, TCBWriteRegisters, .length = 2, .words = { 0, 1 }),
                 seL4_TruncatedMessage);
}

TEST("2.6 TCB WriteRegisters: a count above 32 is cut to 32")
{
    seL4_CPtr tcb = test_object(seL4_TCBObject, 0);
    seL4_UserContext regs = { 0 };

    for (int i = 2; i < 60; i++) {
        seL4_SetMR(i + 2, value((unsigned)i));
    }
    CHECK_EQUAL(sel4_invoke(tcb, TCBWriteRegisters, 0, 62, 0, 60, value(0), value(1)), seL4_NoError);
    CHECK_OK(seL4_TCB_ReadRegisters(tcb, false, 0, 32, &regs));
    for (unsigned i = 0; i < 32; i++) {
        CHECK_EQUAL(((seL4_Word *)&regs)[i], value(i));
    }
}

TEST("5.2 TCB WriteRegisters: only the first count registers change")
{
    seL4_CPtr tcb = test_object(seL4_TCBObject, 0);
    seL4_UserContext regs = { 0 };

    for (unsigned i = 0; i < 32; i++) {
        ((seL4_Word *)&regs)[i] = value(i);
    }
    CHECK_OK(seL4_TCB_WriteRegisters(tcb, false, 0, 32, &regs));
    memset(&regs, 0, sizeof(regs));
    CHECK_OK(seL4_TCB_WriteRegisters(tcb, false, 0, 17, &regs));
    memset(&regs, 0xff, sizeof(regs));
    CHECK_OK(seL4_TCB_ReadRegisters(tcb, false, 0, 32, &regs));
    for (unsigned i = 0; i < 32; i++) {
        CHECK_EQUAL(((seL4_Word *)&regs)[i], i < 17 ? 0 : value(i));
    }
}

TEST("2.6 TCB WriteRegisters and ReadRegisters: architecture flags in bits 8 to 15 are ignored")
{
    seL4_CPtr tcb = test_object(seL4_TCBObject, 0);
    struct answer answer;

    CHECK_ANSWER(INVOKE(tcb, TCBWriteRegisters, .length = 3, .words = { 0xff00, 1, 0x5670 }), seL4_NoError);
    answer = INVOKE(tcb, TCBReadRegisters, .length = 2, .words = { 0xff00, 1 });
    CHECK_ANSWER(answer, seL4_NoError, 0x5670);
}

TEST("2.6 TCB ReadRegisters: the reply has count words")
{
    seL4_CPtr tcb = test_object(seL4_TCBObject, 0);

    for (seL4_Word count = 1; count <= 32; count++) {
        struct answer answer = INVOKE(tcb, TCBReadRegisters, .length = 2, .words = { 0, count });
        CHECK_EQUAL(answer.error, seL4_NoError);
        CHECK_EQUAL(answer.length, count);
    }
}

static struct sel4_registers reply_without_buffer;
static seL4_CPtr unbuffered_target;

static void read_without_buffer(void *arg)
{
    reply_without_buffer = sel4_trap_call(
        seL4_SysCall,
        (struct sel4_registers){ unbuffered_target, (seL4_Word)TCBReadRegisters << 12 | 2, 0, 10, 0, 0 });
    seL4_Signal(signal);
}

TEST("5.2 TCB ReadRegisters: a caller without a buffer gets 4 words at most")
{
    struct test_thread *thread = new_thread(read_without_buffer);
    seL4_UserContext regs = { .pc = 0x100, .ra = 0x101, .sp = 0x102, .gp = 0x103, .s0 = 0x104 };

    unbuffered_target = test_object(seL4_TCBObject, 0);
    CHECK_OK(seL4_TCB_WriteRegisters(unbuffered_target, false, 0, 32, &regs));
    CHECK_OK(seL4_TCB_SetIPCBuffer(thread->tcb, 0, 0));
    test_thread_start(thread);
    seL4_Wait(signal, NULL);
    CHECK_EQUAL(reply_without_buffer.info, 4);
    CHECK_EQUAL(reply_without_buffer.mr0, 0x100);
    CHECK_EQUAL(reply_without_buffer.mr3, 0x103);
}

TEST("5.1 register order: WriteRegisters places each word in the register of the table, unchanged")
{
    struct test_thread *thread = new_thread(wait_forever);
    seL4_UserContext regs = { 0 };
    seL4_Word *block = (seL4_Word *)&regs;

    for (unsigned i = 0; i < 32; i++) {
        block[i] = value(i);
    }
    block[0] = (seL4_Word)store_registers;
    regs.t6 = (seL4_Word)stored;
    regs.s0 = endpoint;
    memset(stored, 0, sizeof(stored));
    CHECK_OK(seL4_TCB_WriteRegisters(thread->tcb, true, 0, 32, &regs));
    expect_call();
    for (unsigned i = 1; i < 32; i++) {
        CHECK_EQUAL(stored[block_order[i]], block[i]);
    }
}

TEST("5.1 register order: ReadRegisters returns each register at its place, and pc of the ecall")
{
    struct test_thread *thread = new_thread(wait_forever);
    seL4_UserContext regs = { .pc = (seL4_Word)load_registers, .t6 = (seL4_Word)stored };
    seL4_Word *block = (seL4_Word *)&regs;

    for (unsigned i = 1; i < 32; i++) {
        stored[i] = ~value(i);
    }
    CHECK_OK(seL4_TCB_WriteRegisters(thread->tcb, true, 0, 32, &regs));
    CHECK_EQUAL(seL4_MessageInfo_get_label(seL4_Recv(endpoint, NULL)), seL4_Fault_UnknownSyscall);
    CHECK_OK(seL4_TCB_ReadRegisters(thread->tcb, false, 0, 32, &regs));
    CHECK_EQUAL(regs.pc, (seL4_Word)load_registers_end);
    for (unsigned i = 1; i < 32; i++) {
        CHECK_EQUAL(block[i], ~value(block_order[i]));
    }
}

TEST("5.2 TCB ReadRegisters: a blocked thread's pc is that of its ecall")
{
    struct test_thread *thread = new_thread(wait_forever);
    seL4_UserContext regs = { 0 };

    test_thread_start(thread);
    CHECK_OK(seL4_TCB_ReadRegisters(thread->tcb, false, 0, 32, &regs));
    CHECK(is_ecall(regs.pc));
    CHECK_EQUAL(regs.a0, endpoint);
    CHECK_EQUAL(regs.a7, (seL4_Word)seL4_SysRecv);
}

TEST("5.2 TCB ReadRegisters: with flag bit 0 the target is suspended until it is resumed")
{
    struct test_thread *thread = new_thread(wait_forever);
    seL4_UserContext regs = { 0 };
    seL4_Word badge;

    test_thread_start(thread);
    CHECK_OK(seL4_TCB_ReadRegisters(thread->tcb, true, 0, 1, &regs));
    seL4_NBSend(endpoint, seL4_MessageInfo_new(0, 0, 0, 0));
    seL4_Poll(signal, &badge);
    CHECK_EQUAL(badge, 0);
    CHECK_OK(seL4_TCB_Resume(thread->tcb));
    seL4_NBSend(endpoint, seL4_MessageInfo_new(0, 0, 0, 0));
    seL4_Poll(signal, &badge);
    CHECK_EQUAL(badge, 1);
}

TEST("5.2 TCB ReadRegisters: without the flag the target goes on")
{
    struct test_thread *thread = new_thread(wait_forever);
    seL4_UserContext regs = { 0 };

    test_thread_start(thread);
    CHECK_OK(seL4_TCB_ReadRegisters(thread->tcb, false, 0, 1, &regs));
    seL4_NBSend(endpoint, seL4_MessageInfo_new(0, 0, 0, 0));
    seL4_Wait(signal, NULL);
}

static volatile seL4_Word rounds;

static void signal_once(void *arg)
{
    seL4_Signal(signal);
    rounds++;
    seL4_Recv(endpoint, NULL);
}

TEST("5.2 TCB WriteRegisters: the thread goes on at pc even if count is 0")
{
    struct test_thread *thread = new_thread(signal_once);
    seL4_Word badge;

    rounds = 0;
    CHECK_OK(seL4_TCB_SetPriority(thread->tcb, seL4_CapInitThreadTCB, TEST_PRIORITY - 10));
    test_thread_start(thread);
    seL4_Wait(signal, &badge);
    /* It has signalled and would continue behind the ecall; its pc register still names the ecall. */
    CHECK_OK(INVOKE(thread->tcb, TCBWriteRegisters, .length = 2, .words = { 0, 0 }).error);
    CHECK_EQUAL(rounds, 0);
    seL4_Wait(signal, &badge);
    CHECK_EQUAL(badge, 1);
}

TEST("5.2 TCB WriteRegisters: without the resume flag an inactive thread stays inactive, with it it runs")
{
    struct test_thread *thread = new_thread(signal_once);

    rounds = 0;
    CHECK_OK(INVOKE(thread->tcb, TCBWriteRegisters, .length = 2, .words = { 0, 0 }).error);
    CHECK_EQUAL(rounds, 0);
    CHECK_OK(INVOKE(thread->tcb, TCBWriteRegisters, .length = 2, .words = { 1, 0 }).error);
    CHECK_EQUAL(rounds, 1);
}

TEST("2.6 TCB CopyRegisters: no word or no source are a truncated message")
{
    seL4_CPtr tcb = test_object(seL4_TCBObject, 0);

    CHECK_ANSWER(INVOKE(tcb, TCBCopyRegisters, .length = 0, .extras = 1, .caps = { tcb }),
                 seL4_TruncatedMessage);
    CHECK_ANSWER(INVOKE(tcb, TCBCopyRegisters, .length = 1), seL4_TruncatedMessage);
}

TEST("2.6 TCB CopyRegisters: a source that is not a TCB is an invalid capability 1")
{
    seL4_CPtr tcb = test_object(seL4_TCBObject, 0);

    CHECK_ANSWER(INVOKE(tcb, TCBCopyRegisters, .length = 1, .extras = 1, .caps = { seL4_CapInitThreadCNode }),
                 seL4_InvalidCapability, 1);
    CHECK_ANSWER(INVOKE(tcb, TCBCopyRegisters, .length = 1, .extras = 1, .caps = { seL4_CapNull }),
                 seL4_InvalidCapability, 1);
}

static void copy_and_compare(seL4_Bool frame, seL4_Bool integer)
{
    seL4_CPtr source = test_object(seL4_TCBObject, 0), target = test_object(seL4_TCBObject, 0);
    seL4_UserContext regs = { 0 };

    for (unsigned i = 0; i < 32; i++) {
        ((seL4_Word *)&regs)[i] = value(i);
    }
    CHECK_OK(seL4_TCB_WriteRegisters(source, false, 0, 32, &regs));
    CHECK_OK(seL4_TCB_CopyRegisters(target, source, false, false, frame, integer, 0xff));
    CHECK_OK(seL4_TCB_ReadRegisters(target, false, 0, 32, &regs));
    for (unsigned i = 0; i < 32; i++) {
        CHECK_EQUAL(((seL4_Word *)&regs)[i], (i < 16 ? frame : integer) ? value(i) : 0);
    }
}

TEST("5.1 TCB CopyRegisters: flag bit 2 copies registers 0 to 15 only")
{
    copy_and_compare(true, false);
}

TEST("5.1 TCB CopyRegisters: flag bit 3 copies registers 16 to 31 only")
{
    copy_and_compare(false, true);
}

TEST("5.1 TCB CopyRegisters: both flags copy all, no flag copies nothing")
{
    copy_and_compare(true, true);
    copy_and_compare(false, false);
}

TEST("5.2 TCB CopyRegisters: flag bit 0 suspends the source")
{
    struct test_thread *thread = new_thread(wait_forever);
    seL4_CPtr target = test_object(seL4_TCBObject, 0);
    seL4_UserContext before = { 0 }, after = { 0 };

    test_thread_start(thread);
    CHECK_OK(seL4_TCB_ReadRegisters(thread->tcb, false, 0, 32, &before));
    CHECK_OK(seL4_TCB_CopyRegisters(target, thread->tcb, true, false, false, false, 0));
    seL4_NBSend(endpoint, seL4_MessageInfo_new(0, 0, 0, 0));
    CHECK_OK(seL4_TCB_ReadRegisters(thread->tcb, false, 0, 32, &after));
    CHECK_EQUAL(memcmp(&before, &after, sizeof(before)), 0);
}

TEST("5.2 TCB CopyRegisters: flag bit 1 resumes the target, which goes on at the copied pc")
{
    struct test_thread *thread = new_thread(wait_forever);
    seL4_CPtr source = test_object(seL4_TCBObject, 0);
    seL4_UserContext regs = { .pc = (seL4_Word)store_registers, .s0 = endpoint, .t6 = (seL4_Word)stored };

    memset(stored, 0, sizeof(stored));
    regs.a3 = 0x3333;
    CHECK_OK(seL4_TCB_WriteRegisters(source, false, 0, 32, &regs));
    CHECK_OK(seL4_TCB_CopyRegisters(thread->tcb, source, false, true, true, true, 0));
    expect_call();
    CHECK_EQUAL(stored[13], 0x3333);
}

TEST("5.2 TCB CopyRegisters: the caller may be the source")
{
    seL4_CPtr target = test_object(seL4_TCBObject, 0);
    seL4_UserContext regs = { 0 };
    seL4_Word sp;

    __asm__ volatile("mv %0, sp" : "=r"(sp));
    CHECK_OK(seL4_TCB_CopyRegisters(target, seL4_CapInitThreadTCB, false, false, true, true, 0));
    CHECK_OK(seL4_TCB_ReadRegisters(target, false, 0, 32, &regs));
    CHECK_EQUAL(regs.sp, sp);
    CHECK_EQUAL(regs.a0, seL4_CapNull + target);
    CHECK(is_ecall(regs.pc));
}

static struct test_thread *self;
static seL4_CPtr copy_source;

static void copy_to_self(void *arg)
{
    seL4_TCB_CopyRegisters(self->tcb, copy_source, false, false, true, true, 0);
    seL4_Signal(signal); /* not reached: the copied registers continue elsewhere */
}

TEST("5.2 TCB CopyRegisters: the caller may be the target and then continues at the copied pc")
{
    seL4_UserContext regs = { .pc = (seL4_Word)store_registers, .t6 = (seL4_Word)stored };

    self = new_thread(copy_to_self);
    copy_source = test_object(seL4_TCBObject, 0);
    memset(stored, 0, sizeof(stored));
    regs.s0 = endpoint;
    regs.s11 = 0xbb;
    CHECK_OK(seL4_TCB_WriteRegisters(copy_source, false, 0, 32, &regs));
    test_thread_start(self);
    expect_call();
    CHECK_EQUAL(stored[27], 0xbb);
}

static seL4_CPtr nobody_sends;
static volatile unsigned received;

static void restart_self_and_receive(void *arg)
{
    seL4_TCB_CopyRegisters(self->tcb, self->tcb, true, true, false, false, 0);
    for (;;) {
        seL4_Recv(nobody_sends, NULL);
        received++;
    }
}

TEST("5.2 TCB CopyRegisters: the caller may suspend and resume itself, and blocks afterwards as ever")
{
    nobody_sends = test_object(seL4_EndpointObject, 0);
    received = 0;
    self = new_thread(restart_self_and_receive);
    test_thread_start(self);
    for (unsigned i = 0; i < 100; i++) {
        seL4_Yield();
    }
    CHECK_EQUAL(received, 0);
    CHECK_OK(seL4_TCB_SetPriority(self->tcb, seL4_CapInitThreadTCB, TEST_PRIORITY + 2));
    CHECK_EQUAL(received, 0);
}
