/*
 * User-interrupt state that is everywhere different from reset, for the tests that save it or clear it.
 * S-mode can do this, too, if M-mode delegates the breakpoint exception.
 */
#pragma once

#include "bare.h"

void fill_state(void);

/* Called on a hart whose state was filled. Reading it is destructive. */
void check_filled(void);
void check_cleared(void);
