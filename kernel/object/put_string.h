/*
 * AsyncQueue PutString.
 */
#pragma once

#include "object/request.h"

word_t decode_put_string(const struct request *request, struct operation *operation, struct result *result);
enum progress perform_put_string(const struct request *request, const struct operation *operation);
