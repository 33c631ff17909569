/*
 * Moving messages. User programs may change the words of both buffers at any time: each word is read once,
 * and only its value is passed on.
 */
#include "ipc/message.h"

#include "cap/ops.h"
#include "ipc/fault.h"

unsigned message_store(struct tcb *receiver, struct user_words buffer, const word_t *words, unsigned count)
{
    if (!user_words_exist(buffer) && count > ABI_MSG_REGISTERS) {
        count = ABI_MSG_REGISTERS;
    }
    for (unsigned i = 0; i < count && i < ABI_MSG_REGISTERS; i++) {
        receiver->context.regs[ABI_REG_A2 + i] = words[i];
    }
    for (unsigned i = ABI_MSG_REGISTERS; i < count; i++) {
        user_store(buffer, i, words[i]);
    }
    return count;
}

static struct slot *receive_slot(const struct tcb *receiver, struct user_words buffer)
{
    word_t cnode = user_load(buffer, BUFFER_RECEIVE_PATH);
    word_t index = user_load(buffer, BUFFER_RECEIVE_PATH + 1);
    word_t depth = user_load(buffer, BUFFER_RECEIVE_PATH + 2);
    struct lookup_failure failure;
    struct lookup_result result;

    struct slot *root = cap_lookup(receiver->slots[TCB_CSPACE].cap, cnode, &failure);
    if (!root || depth < 1 || depth > WORD_BITS) {
        return NULL;
    }
    cap_lookup_bits(root->cap, index, (unsigned)depth, &result);
    if (!result.slot || result.bits_left || !slot_is_empty(result.slot)) {
        return NULL;
    }
    return result.slot;
}

/* Transfers capabilities. Returns the two capability fields of the receiver's info word, in place. */
static word_t transfer_caps(struct tcb *sender, struct user_words from, unsigned count,
                            const struct endpoint *endpoint, struct tcb *receiver, struct user_words to)
{
    struct slot *sources[ABI_MSG_MAX_EXTRA_CAPS];
    struct lookup_failure failure;
    word_t unwrapped = 0;
    bool slot_used = false;
    unsigned i;

    for (i = 0; i < count; i++) {
        sources[i] = cap_lookup(sender->slots[TCB_CSPACE].cap, user_load(from, BUFFER_CAPS + i), &failure);
        if (!sources[i]) {
            return 0;
        }
    }
    for (i = 0; i < count; i++) {
        struct cap cap = sources[i]->cap;
        struct cap derived;
        if (endpoint && cap_is(cap, CAP_ENDPOINT) && cap_object(cap) == endpoint) {
            user_store(to, BUFFER_CAPS + i, cap_badge(cap));
            unwrapped |= bit(i);
            continue;
        }
        struct slot *slot = slot_used ? NULL : receive_slot(receiver, to);
        if (!slot || cap_derive(sources[i], cap, &derived) != ERR_NONE || cap_is_null(derived)) {
            break;
        }
        slot_insert(slot, derived, sources[i]);
        slot_used = true;
    }
    return info_make(0, unwrapped, i, 0);
}

void message_transfer(struct tcb *sender, const struct endpoint *endpoint, word_t badge, bool grant,
                      struct tcb *receiver)
{
    const word_t *sent = sender->context.regs;
    word_t *received = receiver->context.regs;

    if (unlikely(sender->fault.type != FAULT_NONE)) {
        fault_deliver(sender, badge, receiver);
        return;
    }
    word_t info = sent[ABI_REG_A1];
    unsigned length = info_length(info);
    unsigned in_registers = length < ABI_MSG_REGISTERS ? length : ABI_MSG_REGISTERS;
    for (unsigned i = 0; i < in_registers; i++) {
        received[ABI_REG_A2 + i] = sent[ABI_REG_A2 + i];
    }
    word_t caps_info = 0;
    if (length > ABI_MSG_REGISTERS || info_extra_caps(info)) {
        struct user_words from = ipc_buffer(sender, false);
        struct user_words to = ipc_buffer(receiver, true);
        bool both = user_words_exist(from) && user_words_exist(to);
        if (!both) {
            length = in_registers;
        }
        for (unsigned i = ABI_MSG_REGISTERS; i < length; i++) {
            user_store(to, i, user_load(from, i));
        }
        if (grant && both) {
            caps_info = transfer_caps(sender, from, info_extra_caps(info), endpoint, receiver, to);
        }
    }
    received[ABI_REG_A0] = badge;
    received[ABI_REG_A1] = info_make(info_label(info), 0, 0, length) | caps_info;
}
