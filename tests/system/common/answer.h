/*
 * Invocations with every word in view, for tests of the interface tables. An answer is checked as a whole:
 * error, number of words, and each of them.
 *
 *     CHECK_ANSWER(INVOKE(tcb, TCBSetPriority, .length = 1, .words = { 256 }, .extras = 1, .caps = { tcb }),
 *                  seL4_RangeError, 0, 255);
 */
#pragma once

#include "test.h"

struct arguments {
    seL4_Word length;
    seL4_Word words[8];
    seL4_Word extras;
    seL4_CPtr caps[3];
};

struct answer {
    seL4_Word error, length, badge;
    seL4_Word words[6];
};

static inline struct answer invoke(seL4_CPtr cap, seL4_Word label, const struct arguments *arguments)
{
    struct sel4_registers reply;
    struct answer answer;

    for (int i = 0; i < 3; i++) {
        seL4_SetCap(i, arguments->caps[i]);
    }
    for (int i = 4; i < 8; i++) {
        seL4_SetMR(i, arguments->words[i]);
    }
    sel4_invoke_reply(cap, label, arguments->extras, arguments->length, arguments->words[0],
                      arguments->words[1], arguments->words[2], arguments->words[3], &reply);
    answer.error = reply.info >> 12;
    answer.length = reply.info & 127;
    answer.badge = reply.badge;
    answer.words[0] = reply.mr0;
    answer.words[1] = reply.mr1;
    answer.words[2] = reply.mr2;
    answer.words[3] = reply.mr3;
    answer.words[4] = seL4_GetMR(4);
    answer.words[5] = seL4_GetMR(5);
    return answer;
}

#define INVOKE(cap, label, ...) invoke(cap, label, &(struct arguments){ __VA_ARGS__ })

static inline void answer_check(const char *file, int line, struct answer answer, seL4_Word error,
                                seL4_Word length, const seL4_Word *words)
{
    if (answer.error != error || answer.length != length || answer.badge != 0) {
        test_fail(file, line, "error %lu with %lu words and badge %lu, expected error %lu with %lu words",
                  answer.error, answer.length, answer.badge, error, length);
        return;
    }
    for (seL4_Word i = 0; i < length; i++) {
        if (answer.words[i] != words[i]) {
            test_fail(file, line, "error %lu: word %lu is 0x%lx, expected 0x%lx", error, i, answer.words[i],
                      words[i]);
        }
    }
}

/* The error code, then the words that must come with it: no more and no fewer. */
#define CHECK_ANSWER(answer, ...)                                                     \
    answer_check(__FILE__, __LINE__, answer, ((const seL4_Word[]){ __VA_ARGS__ })[0], \
                 sizeof((const seL4_Word[]){ __VA_ARGS__ }) / sizeof(seL4_Word) - 1,  \
                 (const seL4_Word[]){ __VA_ARGS__ } + 1)

enum cap_kind {
    KIND_NULL,
    KIND_UNTYPED,
    KIND_TCB,
    KIND_CNODE,
    KIND_IRQ_CONTROL,
    KIND_IRQ_HANDLER,
    KIND_DOMAIN,
    KIND_PAGE_TABLE,
    KIND_PAGE,
    KIND_ASID_CONTROL,
    KIND_ASID_POOL,
    KIND_UNKNOWN,
};

/*
 * Tells what a slot holds from the one label that it finds too short instead of illegal. Not for endpoints,
 * where the question would wait for an answer, nor for notifications and reply capabilities.
 */
static inline enum cap_kind identify(seL4_CPtr cap)
{
    static const seL4_Word asks[] = {
        [KIND_UNTYPED] = UntypedRetype,
        [KIND_TCB] = TCBReadRegisters,
        [KIND_CNODE] = CNodeRevoke,
        [KIND_IRQ_CONTROL] = IRQIssueIRQHandler,
        [KIND_IRQ_HANDLER] = IRQSetIRQHandler,
        [KIND_DOMAIN] = DomainSetSet,
        [KIND_PAGE_TABLE] = RISCVPageTableMap,
        [KIND_PAGE] = RISCVPageMap,
        [KIND_ASID_CONTROL] = RISCVASIDControlMakePool,
        [KIND_ASID_POOL] = RISCVASIDPoolAssign,
    };

    if (INVOKE(cap, InvalidInvocation, .length = 0).error == seL4_InvalidCapability) {
        return KIND_NULL;
    }
    for (enum cap_kind kind = KIND_UNTYPED; kind < KIND_UNKNOWN; kind++) {
        if (INVOKE(cap, asks[kind], .length = 0).error == seL4_TruncatedMessage) {
            return kind;
        }
    }
    return KIND_UNKNOWN;
}
