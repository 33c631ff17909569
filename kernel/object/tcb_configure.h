/*
 * Configure, SetSpace and SetIPCBuffer of a TCB.
 */
#pragma once

#include "object/request.h"

word_t decode_tcb_configure(const struct request *request, struct operation *operation,
                            struct result *result);
enum progress perform_tcb_configure(const struct request *request, const struct operation *operation);
