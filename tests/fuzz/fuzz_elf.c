/*
 * The ELF loader: the input is a file. What it accepts lies in user addresses and is loaded without touching
 * a byte beside the image's own memory.
 */
#include "boot/elf.h"
#include "fuzz.h"

#define TOP        0x3fffff0000ul
#define LOAD_BYTES (1ul << 20) /* larger images are only checked */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct elf_image image;
    void *file = fuzz_copy(data, size);

    if (!elf_check(file, size, TOP, &image)) {
        require(image.start < image.end && image.end <= TOP);
        require(image.start % 4096 == 0 && image.end % 4096 == 0);
        require(image.entry >= image.start && image.entry < image.end && image.entry % 2 == 0);
        if (image.end - image.start <= LOAD_BYTES) {
            void *memory = calloc(1, image.end - image.start);
            require(memory);
            elf_load(file, &image, memory);
            free(memory);
        }
    }
    free(file);
    return 0;
}
