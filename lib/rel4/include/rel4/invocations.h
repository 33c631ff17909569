/*
 * One function for each invocation of the extension's objects, in the manner of <sel4/invocations.h>. Those
 * that are made from include/interface/invocations.txt are in <rel4/stubs.h>.
 */
#pragma once

#include <rel4/abi.h>
#include <sel4/invocations.h>

#include <rel4/stubs.h>

/*
 * Writes 0 to REL4_PUT_STRING_MAX bytes to the console. Uses all message words.
 *
 * seL4_IllegalOperation: console=off. seL4_RangeError: more bytes; nothing is asked of the kernel then.
 */
static inline seL4_Error rel4_AsyncQueue_PutString(seL4_CPtr service, const char *bytes, seL4_Word length)
{
    char *words = (char *)&seL4_GetIPCBuffer()->msg[1];

    if (length > REL4_PUT_STRING_MAX) {
        return seL4_RangeError;
    }
    for (seL4_Word i = 0; i < length; i++) {
        words[i] = bytes[i];
    }
    return sel4_invoke(service, REL4_LABEL_QUEUE_PUT_STRING, 0, 1 + (length + 7) / 8, length, seL4_GetMR(1),
                       seL4_GetMR(2), seL4_GetMR(3));
}
