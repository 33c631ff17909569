/*
 * Mutants: each breaks one rule of workers, of the console or of progress on purpose, so that tests can
 * show that they would notice. docs/models.md lists them. REL4_MUTANT in the environment names the one of a
 * unit test; kernels have none.
 */
#pragma once

#if REL4_HOST
extern const char *host_mutant; /* NULL: none */
#define MUTANT(name) (host_mutant && !__builtin_strcmp(host_mutant, #name))
#else
#define MUTANT(name) 0
#endif
