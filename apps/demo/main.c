/*
 * A tour of the kernel in six steps, each in a file of its own. The first step that fails ends the program,
 * with a message and a non-zero exit status.
 */
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>

#include "demo.h"

static const struct step {
    const char *title;
    bool (*run)(void);
} steps[] = {
    { "Memory: what the kernel does not need itself, it has handed to us", show_memory },
    { "Threads: two of them, on different harts if there are two", run_threads },
    { "Address spaces: calling a server that cannot see our memory", call_server },
    { "Mappings: one page at two addresses", map_memory },
    { "Faults: a thread touches an empty address, and we put a page there", handle_fault },
    { "Revocation: taking back everything that was made of some memory", revoke_objects },
};

enum {
    STEP_COUNT = sizeof(steps) / sizeof(steps[0]),
};

void say(const char *format, ...)
{
    static atomic_uint next_ticket, served;
    unsigned ticket = atomic_fetch_add_explicit(&next_ticket, 1, memory_order_relaxed);
    va_list arguments;

    while (atomic_load_explicit(&served, memory_order_acquire) != ticket) {
        seL4_Yield();
    }
    va_start(arguments, format);
    printf("      ");
    vprintf(format, arguments);
    printf("\n");
    va_end(arguments);
    atomic_store_explicit(&served, ticket + 1, memory_order_release); /* pairs with the acquire above */
}

bool worked(seL4_Error error, const char *what)
{
    if (error) {
        say("FAILED: %s: %s", what, sel4_error_name(error));
    }
    return !error;
}

bool exists(bool there, const char *what)
{
    if (!there) {
        say("FAILED: %s", what);
    }
    return there;
}

int main(void)
{
    simple_init(seL4_GetBootInfo());
    printf("\nReL4-C demo: a root task and what it can do with capabilities\n");

    for (int i = 0; i < STEP_COUNT; i++) {
        printf("[%d/%d] %s\n", i + 1, STEP_COUNT, steps[i].title);
        if (!steps[i].run()) {
            printf("demo: step %d failed\n", i + 1);
            return 1;
        }
    }
    printf("demo: all steps done\n");
    return 0;
}
