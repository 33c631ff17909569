/*
 * Mutants: each breaks one rule of workers, of the console or of progress on purpose, so that the tests can
 * show that they would notice. tests/models/README.md lists them. A unit test has the one that REL4_MUTANT in
 * its environment names; kernels have none.
 */
#pragma once

#if REL4_HOST
extern const char *host_mutant; /* NULL: none */
#define MUTANT(name) (host_mutant && !__builtin_strcmp(host_mutant, #name))
#else
#define MUTANT(name) 0
#endif
