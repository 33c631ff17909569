/*
 * Faults. A fault of a thread is sent to its fault handler as a message, and the reply decides how the thread
 * continues.
 */
#pragma once

#include "thread/tcb.h"

/* Sends the fault in thread->fault to the thread's handler, as a Call. Without a usable handler the thread
 * becomes inactive. */
void fault_send(struct tcb *thread);

/* Writes the fault message of sender into receiver's message registers. */
void fault_deliver(struct tcb *sender, word_t badge, struct tcb *receiver);

/* Applies a reply in sender's message to the fault of receiver. True if the thread is to run again. */
bool fault_take_reply(struct tcb *receiver, struct tcb *sender);

/* Access that caused a VM fault: the status word of its message. */
enum vm_access {
    VM_FETCH = 1,
    VM_LOAD = 5,
    VM_STORE = 7
};

/* Records a fault and sends it. */
void fault_raise_cap(struct tcb *thread, word_t pointer, bool receiving,
                     const struct lookup_failure *failure);
void fault_raise_unknown_syscall(struct tcb *thread, word_t number);
void fault_raise_exception(struct tcb *thread, word_t cause);
void fault_raise_vm(struct tcb *thread, word_t address, enum vm_access access);
