/*
 * The root task's image: a statically linked ELF executable for 64-bit RISC-V. The file is not trusted.
 */
#pragma once

#include "lib/types.h"

/* Where the image lies in its address space, in whole pages. */
struct elf_image {
    word_t start;
    word_t end;
    word_t entry;
};

/* Checks a file of size bytes whose image must end at or below top, a page boundary. Fills image and
 * returns NULL, or returns an error message. */
const char *elf_check(const void *file, word_t size, word_t top, struct elf_image *image);

/* Copies the segments of a file that passed elf_check() to memory, which holds image.end - image.start
 * cleared bytes. */
void elf_load(const void *file, const struct elf_image *image, void *memory);
