/*
 * A call in words, for whoever looks for the reason of a failure.
 */
#include <stdio.h>

#include "sysfuzz.h"

static const char *number_name(long number)
{
    static const char *const names[] = { "Call",          "ReplyRecv",
                                         "Send",          "NBSend",
                                         "Recv",          "Reply",
                                         "Yield",         "NBRecv",
                                         "DebugPutChar",  "DebugDumpScheduler",
                                         "DebugHalt",     "DebugCapIdentify",
                                         "DebugSnapshot", "DebugNameThread" };

    return number < 0 && number >= -(long)COUNT(names) ? names[-number - 1] : "unknown call";
}

void call_print(const struct call *call)
{
    if (call->action == ACTION_RING) {
        static const char *const names[] = { "puts", "takes", "scribbles" };
        printf("ring %s %s %s at pointer 0x%lx, header 0x%lx, %lu items, word 0x%lx%s\n", names[call->number],
               call->kind, call->method ? call->method : "", call->a0, call->receive[0], call->receive[1],
               call->words[0], call->receive[2] ? ", wakes" : "");
        return;
    }
    if (call->action != ACTION_INVOKE && call->action != ACTION_IPC) {
        printf("%s with 0x%lx\n", call->kind, call->a0);
        return;
    }
    printf("%s(%ld) ", number_name(call->number), call->number);
    printf("%s%s%s at pointer 0x%lx, label %lu, length %lu, words", call->kind, call->method ? " " : "",
           call->method ? call->method : "", call->a0, call->info >> 12, call->info & 127);
    for (unsigned i = 0; i < call->length && i < 8; i++) {
        printf(" 0x%lx", call->words[i]);
    }
    printf("%s, capabilities", call->length > 8 ? " ..." : "");
    for (unsigned i = 0; i < (call->info >> 7 & 3); i++) {
        printf(" 0x%lx", call->extras[i]);
    }
    printf(", receiving at 0x%lx 0x%lx depth %lu\n", call->receive[0], call->receive[1], call->receive[2]);
}
