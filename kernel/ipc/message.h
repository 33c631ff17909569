/*
 * Messages: the info word, message registers, the IPC buffer, and moving a message from one thread to
 * another.
 */
#pragma once

#include "ipc/user_memory.h"
#include "thread/tcb.h"

struct endpoint;

static inline word_t info_make(word_t label, word_t unwrapped, word_t extra_caps, word_t length)
{
    return label << ABI_INFO_LABEL_SHIFT | unwrapped << ABI_INFO_UNWRAPPED_SHIFT |
           extra_caps << ABI_INFO_EXTRA_CAPS_SHIFT | length;
}

static inline word_t info_label(word_t info)
{
    return info >> ABI_INFO_LABEL_SHIFT;
}

static inline unsigned info_extra_caps(word_t info)
{
    return info >> ABI_INFO_EXTRA_CAPS_SHIFT & ABI_MSG_MAX_EXTRA_CAPS;
}

/* Returns the length, at most the maximum. */
static inline unsigned info_length(word_t info)
{
    word_t length = info & mask(ABI_INFO_EXTRA_CAPS_SHIFT);

    return (unsigned)(length > ABI_MSG_MAX_LENGTH ? ABI_MSG_MAX_LENGTH : length);
}

/* Returns the message words of a thread's IPC buffer; none if it has no buffer that may be read (write:
 * written). Word i of a message is at index i; the first four travel in registers. */
static inline struct user_words ipc_buffer(const struct tcb *thread, bool write)
{
    struct cap frame = thread->slots[TCB_BUFFER].cap;

    if (unlikely(!cap_is(frame, CAP_FRAME) || frame_is_device(frame))) {
        return user_words_none();
    }
    enum frame_rights rights = frame_rights(frame);
    if (unlikely(rights != FRAME_READ_WRITE && (write || rights != FRAME_READ_ONLY))) {
        return user_words_none();
    }
    word_t offset = thread->ipc_buffer & mask(frame_size_bits(frame_size(frame)));
    return user_words_in_frame(frame, offset + ABI_IPC_BUFFER_MSG);
}

/* Indices behind the message: capabilities or badges, and the receive path. */
enum {
    BUFFER_CAPS = (ABI_IPC_BUFFER_CAPS - ABI_IPC_BUFFER_MSG) / sizeof(word_t),
    BUFFER_RECEIVE_PATH = (ABI_IPC_BUFFER_RECEIVE_CNODE - ABI_IPC_BUFFER_MSG) / sizeof(word_t)
};

/* Stores message words, starting with word 0; without a usable buffer only those in registers. Returns their
 * number. */
unsigned message_store(struct tcb *receiver, struct user_words buffer, const word_t *words, unsigned count);

/*
 * Delivers a sender's message or fault, with a badge, to a receiver. Capabilities are transferred if grant is
 * set; one that names endpoint is unwrapped to its badge. endpoint is NULL for a reply.
 */
void message_transfer(struct tcb *sender, const struct endpoint *endpoint, word_t badge, bool grant,
                      struct tcb *receiver);
