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

/* Lengths above the maximum count as the maximum. */
static inline unsigned info_length(word_t info)
{
    word_t length = info & mask(ABI_INFO_EXTRA_CAPS_SHIFT);

    return (unsigned)(length > ABI_MSG_MAX_LENGTH ? ABI_MSG_MAX_LENGTH : length);
}

/* The message words of a thread's IPC buffer; none if it has no buffer that may be read (or, for write,
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

/* The words behind the message: capabilities or badges, and the receive path. */
enum {
    BUFFER_CAPS = (ABI_IPC_BUFFER_CAPS - ABI_IPC_BUFFER_MSG) / sizeof(word_t),
    BUFFER_RECEIVE_PATH = (ABI_IPC_BUFFER_RECEIVE_CNODE - ABI_IPC_BUFFER_MSG) / sizeof(word_t)
};

/* Stores message words from the first on; without a usable buffer only what fits in registers. Returns how
 * many. */
unsigned message_store(struct tcb *receiver, struct user_words buffer, const word_t *words, unsigned count);

/*
 * Delivers a sender's message, or its fault if it has one, with the badge, to a receiver. Capabilities travel
 * if grant is set; those that name endpoint are unwrapped to their badges (NULL for a reply: nothing is).
 */
void message_transfer(struct tcb *sender, const struct endpoint *endpoint, word_t badge, bool grant,
                      struct tcb *receiver);
