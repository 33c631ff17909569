/*
 * What must hold in the simulation, by what is seen from outside: where threads and workers are whenever the
 * lock is free, who is charged for a tick, who comes before whom, and whose turn it is on the console.
 */
#pragma once

/* Everything begins anew. */
void rules_begin(void);
