/*
 * What page tables and frames share.
 */
#include "object/vspace.h"

void vspace_error_root(struct result *result)
{
    struct lookup_failure failure = { .type = LOOKUP_INVALID_ROOT };

    error_failed_lookup(result, 0, &failure);
}
