/*
 * The TCB invocations of user interrupts: RegisterReceiver, UnregisterReceiver.
 */
#pragma once

#include "object/request.h"

word_t decode_tcb_receiver(const struct request *request, struct operation *operation, struct result *result);

/* Ends the registration of a thread, if it has one. */
enum progress tcb_end_receiver(struct tcb *thread);
