/*
 * Invocations as ordinary function calls. In a coroutine they go through the request ring of the thread's
 * executor, and other coroutines run until the answer has come. Outside of coroutines, and if rel4_set_mode()
 * says so, they are system calls. Both ways have the same effects and results.
 *
 * Each function returns 0, the seL4_Error of the invocation, which <sel4/stubs.h> lists, or REL4_FAULTED. One
 * case differs: a capability pointer that leads nowhere is seL4_FailedLookup through the ring, but a fault of
 * the thread in a system call.
 */
#pragma once

#include <rel4/coroutine.h>
#include <rel4/invocations.h>

/* Returns the name of an error that a function here returned, such as "FailedLookup" or "FAULTED". */
const char *rel4_error_name(int error);

/* The rest of rel4_call_short(): makes the call by trap, or waits for room. Its arguments are in the
 * registers of the system call, and the caller has put the extra capabilities into the IPC buffer, too. */
int rel4_call_slowly(seL4_CPtr cap, seL4_MessageInfo_t info, seL4_Word word0, seL4_Word word1,
                     seL4_Word word2, seL4_Word word3);

/*
 * Makes a call with words message words and extras extra capabilities, at most four together: word0 to word3
 * are the words and then the capabilities. Same errors as rel4_call().
 */
static inline int rel4_call_short(seL4_CPtr cap, seL4_Word label, unsigned words, unsigned extras,
                                  seL4_Word word0, seL4_Word word1, seL4_Word word2, seL4_Word word3)
{
    struct rel4_executor *executor = rel4_executor_self;

    if (__builtin_expect(!rel4_has_room(executor), 0)) {
        const seL4_Word all[4] = { word0, word1, word2, word3 };

        for (unsigned i = 0; i < extras; i++) {
            seL4_SetCap((int)i, all[words + i]);
        }
        return rel4_call_slowly(cap, seL4_MessageInfo_new(label, 0, extras, words), word0, word1, word2,
                                word3);
    }
    struct rel4_item *item = rel4_begin(executor, rel4_header((unsigned)label, 0, words, extras), cap);
    if (words + extras > 0) {
        item->words[0] = word0;
    }
    if (words + extras > 1) {
        item->words[1] = word1;
    }
    if (words + extras > 2) {
        item->words[2] = word2;
    }
    if (words + extras > 3) {
        item->words[3] = word3;
    }
    return rel4_submit(executor);
}

/*
 * Makes any invocation of an object. words and extras are the message words and extra capabilities. reply, if
 * not null, receives the number of words, and as many words as its capacity says. Endpoints, whose
 * calls block, and reply capabilities cannot be called this way.
 *
 * seL4_InvalidArgument: more than 120 words, more than 3 capabilities, or a label of more than 12 bits.
 */
int rel4_call(seL4_CPtr cap, seL4_Word label, unsigned word_count, const seL4_Word *words,
              unsigned extra_count, const seL4_CPtr *extras, struct rel4_response *reply);

/* How a call is repeated (docs/ring.md). */
struct rel4_repetition {
    seL4_Word count; /* of calls; 0: none */
    seL4_Word step;  /* added to words from call to call */
    uint8_t words;   /* words that grow by it: bit i for word i, 0 to 5 */
    bool pointer;    /* the capability pointer grows by one */
};

/*
 * Makes an invocation many times, by one request for each 65 535 calls, or by that many system calls. Stops
 * at the first error and returns it; *done, if done is not null, is how many calls were done. Only calls
 * whose answer has no words can be repeated.
 *
 * Errors: of the call. seL4_InvalidArgument: more than 6 words or 3 capabilities, or a word grows that is not
 * there. seL4_IllegalOperation: the call cannot be repeated.
 */
int rel4_call_repeated(seL4_CPtr cap, seL4_Word label, unsigned word_count, const seL4_Word *words,
                       unsigned extra_count, const seL4_CPtr *extras,
                       const struct rel4_repetition *repetition, seL4_Word *done);

/* As seL4_RISCV_Page_Map() of count pages one behind the other in memory, whose capabilities are in slots one
 * behind the other. *done, if done is not null: the pages that were mapped. */
int rel4_page_map_range(seL4_CPtr first_frame, seL4_CPtr vspace, seL4_Word vaddr, seL4_Word page_bytes,
                        seL4_Word count, seL4_CapRights_t rights, seL4_RISCV_VMAttributes attr,
                        seL4_Word *done);

/* As seL4_RISCV_Page_Unmap() of count pages, whose capabilities are in slots one behind the other. */
int rel4_page_unmap_range(seL4_CPtr first_frame, seL4_Word count, seL4_Word *done);

/*
 * Returns message word i, 0 to 4, of the last error answer that this coroutine got, or this thread outside of
 * coroutines: the number of the argument, the range, and so on (<sel4/errors.h>). 0 for other i.
 */
seL4_Word rel4_error_word(unsigned i);

/* Writes a character to the console. queue is the capability of an asynchronous queue. */
static inline int rel4_put_char(seL4_CPtr queue, char character)
{
    return rel4_call_short(queue, REL4_LABEL_QUEUE_PUT_CHAR, 1, 0, (unsigned char)character, 0, 0, 0);
}

/*
 * Writes length bytes to the console. More than REL4_PUT_STRING_MAX bytes are written in several calls, each
 * up to the end of a line where there is one; output of other threads can come between two calls.
 */
int rel4_put_bytes(seL4_CPtr queue, const char *bytes, size_t length);

/* Writes a zero-terminated string to the console, as rel4_put_bytes(). */
int rel4_put_string(seL4_CPtr queue, const char *string);

/* Stores the physical address of a page in *paddr. After an error *paddr is unchanged. */
int rel4_page_get_address(seL4_CPtr frame, seL4_Word *paddr);

/* As seL4_Untyped_Retype(). */
int rel4_untyped_retype(seL4_CPtr untyped, seL4_Word type, seL4_Word size_bits, seL4_CPtr root,
                        seL4_Word node_index, seL4_Word node_depth, seL4_Word node_offset,
                        seL4_Word num_objects);

/* As seL4_TCB_BindNotification(). */
static inline int rel4_tcb_bind_notification(seL4_CPtr tcb, seL4_CPtr notification)
{
    return rel4_call_short(tcb, TCBBindNotification, 0, 1, notification, 0, 0, 0);
}

/* As seL4_TCB_UnbindNotification(). */
static inline int rel4_tcb_unbind_notification(seL4_CPtr tcb)
{
    return rel4_call_short(tcb, TCBUnbindNotification, 0, 0, 0, 0, 0, 0);
}

/* As seL4_RISCV_PageTable_Map(). */
static inline int rel4_page_table_map(seL4_CPtr page_table, seL4_CPtr vspace, seL4_Word vaddr,
                                      seL4_RISCV_VMAttributes attr)
{
    return rel4_call_short(page_table, RISCVPageTableMap, 2, 1, vaddr, attr, vspace, 0);
}

/* As seL4_RISCV_PageTable_Unmap(). */
static inline int rel4_page_table_unmap(seL4_CPtr page_table)
{
    return rel4_call_short(page_table, RISCVPageTableUnmap, 0, 0, 0, 0, 0, 0);
}

/* As seL4_RISCV_Page_Map(). */
static inline int rel4_page_map(seL4_CPtr frame, seL4_CPtr vspace, seL4_Word vaddr, seL4_CapRights_t rights,
                                seL4_RISCV_VMAttributes attr)
{
    return rel4_call_short(frame, RISCVPageMap, 3, 1, vaddr, rights.words[0], attr, vspace);
}

/* As seL4_RISCV_Page_Unmap(). */
static inline int rel4_page_unmap(seL4_CPtr frame)
{
    return rel4_call_short(frame, RISCVPageUnmap, 0, 0, 0, 0, 0, 0);
}
