/*
 * What page tables and frames share.
 */
#include "object/vspace.h"

word_t vspace_error_root(struct result *result)
{
    struct lookup_failure failure = { .type = LOOKUP_INVALID_ROOT };

    return error_failed_lookup(result, 0, &failure);
}
