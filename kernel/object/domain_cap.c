/*
 * Domain invocations: who runs in which domain, and the schedule.
 */
#include "object/domain_cap.h"

#include "object/request.h"
#include "thread/domain.h"
#include "thread/kernel.h"
#include "thread/scheduler.h"

#define DURATION_BITS 56

static enum progress perform_set(struct operation *operation, struct result *result)
{
    thread_stall(operation->domain.target);
    sched_set_domain(operation->domain.target, (unsigned)operation->domain.domain);
    return DONE;
}

static word_t decode_set(const struct request *request, struct operation *operation, struct result *result)
{
    if (request->length < 1) {
        return ERR_TRUNCATED_MESSAGE;
    }
    operation->domain.domain = request_word(request, 0);
    if (operation->domain.domain >= REL4_NUM_DOMAINS) {
        return error_invalid_argument(result, 0);
    }
    if (request->extra_count < 1) {
        return ERR_TRUNCATED_MESSAGE;
    }
    if (!cap_is(request->extra[0]->cap, CAP_TCB)) {
        return error_invalid_argument(result, 1);
    }
    operation->domain.target = cap_object(request->extra[0]->cap);
    operation->perform = perform_set;
    return ERR_NONE;
}

static enum progress perform_configure(struct operation *operation, struct result *result)
{
    domain_schedule[operation->domain.index] =
        (struct domain_entry){ operation->domain.domain, operation->domain.ticks };
    return DONE;
}

static word_t decode_configure(const struct request *request, struct operation *operation,
                               struct result *result)
{
    if (request->length < 3) {
        return ERR_TRUNCATED_MESSAGE;
    }
    word_t index = request_word(request, 0);
    word_t domain = request_word(request, 1);
    word_t ticks = request_word(request, 2);
    if (index >= DOMAIN_SCHEDULE_ENTRIES - 1) {
        return error_range(result, 0, DOMAIN_SCHEDULE_ENTRIES - 2);
    }
    if (domain >= REL4_NUM_DOMAINS) {
        return error_range(result, 0, REL4_NUM_DOMAINS - 1);
    }
    if (ticks >= bit(DURATION_BITS)) {
        return error_invalid_argument(result, 2);
    }
    if (ticks == 0 && domain != 0) {
        return error_invalid_argument(result, 1);
    }
    if (ticks == 0 && index == domain_start) {
        return error_invalid_argument(result, 2);
    }
    operation->domain.index = index;
    operation->domain.domain = domain;
    operation->domain.ticks = ticks;
    operation->perform = perform_configure;
    return ERR_NONE;
}

static enum progress perform_set_start(struct operation *operation, struct result *result)
{
    domain_set_start((unsigned)operation->domain.index);
    return DONE;
}

static word_t decode_set_start(const struct request *request, struct operation *operation,
                               struct result *result)
{
    if (request->length < 1) {
        return ERR_TRUNCATED_MESSAGE;
    }
    word_t index = request_word(request, 0);
    if (index >= DOMAIN_SCHEDULE_ENTRIES) {
        return error_range(result, 0, DOMAIN_SCHEDULE_ENTRIES - 1);
    }
    if (domain_is_end_marker((unsigned)index)) {
        return error_invalid_argument(result, 0);
    }
    operation->domain.index = index;
    operation->perform = perform_set_start;
    return ERR_NONE;
}

static word_t decode_domain(const struct request *request, struct operation *operation, struct result *result)
{
    switch (request->label) {
    case LABEL_DOMAIN_SET:
        return decode_set(request, operation, result);
    case LABEL_DOMAIN_SCHEDULE_CONFIGURE:
        return decode_configure(request, operation, result);
    case LABEL_DOMAIN_SCHEDULE_SET_START:
        return decode_set_start(request, operation, result);
    default:
        return ERR_ILLEGAL_OPERATION;
    }
}

const struct cap_ops domain_ops = {
    .name = "domain",
    .decode = decode_domain,
};
