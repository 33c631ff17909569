/*
 * Domain invocations: the domain of a thread, and the schedule of domains.
 */
#include "object/objects.h"
#include "object/request.h"
#include "thread/domain.h"
#include "thread/kernel.h"
#include "thread/scheduler.h"

#define DURATION_BITS 56

static enum progress perform_set(const struct request *request, const struct operation *operation)
{
    thread_stall(operation->thread);
    sched_set_domain(operation->thread, (unsigned)operation->value);
    return DONE;
}

static word_t decode_set(const struct request *request, struct operation *operation, struct result *result)
{
    operation->value = request_word(request, 0);
    if (operation->value >= REL4_NUM_DOMAINS) {
        return error_invalid_argument(result, 0);
    }
    if (request->extra_count < 1) {
        return ERR_TRUNCATED_MESSAGE;
    }
    operation->thread = request_extra_object(request, 0, CAP_TCB);
    return operation->thread ? ERR_NONE : error_invalid_argument(result, 1);
}

static enum progress perform_configure(const struct request *request, const struct operation *operation)
{
    domain_schedule[operation->index] = (struct domain_entry){ operation->value, operation->parameter };
    return DONE;
}

static word_t decode_configure(const struct request *request, struct operation *operation,
                               struct result *result)
{
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
    operation->index = index;
    operation->value = domain;
    operation->parameter = ticks;
    return ERR_NONE;
}

static enum progress perform_set_start(const struct request *request, const struct operation *operation)
{
    domain_set_start((unsigned)operation->index);
    return DONE;
}

static word_t decode_set_start(const struct request *request, struct operation *operation,
                               struct result *result)
{
    operation->index = request_word(request, 0);
    if (operation->index >= DOMAIN_SCHEDULE_ENTRIES) {
        return error_range(result, 0, DOMAIN_SCHEDULE_ENTRIES - 1);
    }
    return domain_is_end_marker((unsigned)operation->index) ? error_invalid_argument(result, 0) : ERR_NONE;
}

static const struct invocation invocations[] = {
    { LABEL_DOMAIN_SET, 1, 0, decode_set, perform_set },
    { LABEL_DOMAIN_SCHEDULE_CONFIGURE, 3, 0, decode_configure, perform_configure },
    { LABEL_DOMAIN_SCHEDULE_SET_START, 1, 0, decode_set_start, perform_set_start },
};

const struct cap_ops domain_ops = {
    .name = "domain",
    INVOCATIONS(invocations),
};
