/*
 * Names of errors, for messages.
 */
#include <sel4/runtime.h>
#include <sel4/sel4.h>

const char *sel4_error_name(int error)
{
    static const char *const names[seL4_NumErrors] = {
        [seL4_NoError] = "NoError",
        [seL4_InvalidArgument] = "InvalidArgument",
        [seL4_InvalidCapability] = "InvalidCapability",
        [seL4_IllegalOperation] = "IllegalOperation",
        [seL4_RangeError] = "RangeError",
        [seL4_AlignmentError] = "AlignmentError",
        [seL4_FailedLookup] = "FailedLookup",
        [seL4_TruncatedMessage] = "TruncatedMessage",
        [seL4_DeleteFirst] = "DeleteFirst",
        [seL4_RevokeFirst] = "RevokeFirst",
        [seL4_NotEnoughMemory] = "NotEnoughMemory",
    };

    return error >= 0 && error < seL4_NumErrors ? names[error] : "unknown error";
}
