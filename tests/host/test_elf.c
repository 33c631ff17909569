/*
 * The ELF loader, on images that are built here field by field, and on thousands of damaged ones. Buffers are
 * exactly as large as promised, so the address sanitizer sees every step outside.
 */
#include "boot/elf.h"

#include "random.h"

#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TOP       0x3fffff0000ul
#define FILE_SIZE 0x400

struct image_file {
    Elf64_Ehdr header;
    Elf64_Phdr segments[3];
    uint8_t data[FILE_SIZE - sizeof(Elf64_Ehdr) - 3 * sizeof(Elf64_Phdr)];
};

_Static_assert(sizeof(struct image_file) == FILE_SIZE, "no padding");

/* Text at 0x10100 from the file's end, data and zeros at 0x11ff0, and a note that is not loaded. */
static struct image_file good_file(void)
{
    struct image_file file = {
        .header = {
            .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
            .e_type = ET_EXEC,
            .e_machine = EM_RISCV,
            .e_version = EV_CURRENT,
            .e_entry = 0x10104,
            .e_phoff = sizeof(Elf64_Ehdr),
            .e_phentsize = sizeof(Elf64_Phdr),
            .e_phnum = 3,
        },
        .segments = {
            { .p_type = PT_LOAD, .p_offset = 0x300, .p_vaddr = 0x10100, .p_filesz = 0x100, .p_memsz = 0x100 },
            { .p_type = PT_NOTE, .p_offset = ~0ul, .p_vaddr = ~0ul, .p_filesz = ~0ul },
            { .p_type = PT_LOAD, .p_offset = 0x200, .p_vaddr = 0x11ff0, .p_filesz = 0x20, .p_memsz = 0x1020 },
        },
    };

    for (unsigned i = 0; i < sizeof(file.data); i++) {
        file.data[i] = (uint8_t)(i * 7 + 1);
    }
    return file;
}

static const char *check(const struct image_file *file, struct elf_image *image)
{
    return elf_check(file, FILE_SIZE, TOP, image);
}

/* Loads into a buffer of the announced size; the caller frees it. */
static uint8_t *load(const void *file, const struct elf_image *image)
{
    uint8_t *memory = calloc(1, image->end - image->start);

    assert_non_null(memory);
    elf_load(file, image, memory);
    return memory;
}

static void a_good_image_is_loaded_and_the_rest_is_zero(void **state)
{
    struct image_file file = good_file();
    struct elf_image image;

    assert_null(check(&file, &image));
    assert_int_equal(image.start, 0x10000);
    assert_int_equal(image.end, 0x14000);
    assert_int_equal(image.entry, 0x10104);
    uint8_t *memory = load(&file, &image);
    uint8_t expected[0x4000] = { 0 };
    memcpy(expected + 0x100, (const uint8_t *)&file + 0x300, 0x100);
    memcpy(expected + 0x1ff0, (const uint8_t *)&file + 0x200, 0x20);
    assert_memory_equal(memory, expected, sizeof(expected));
    free(memory);
}

static void an_image_at_an_odd_address_is_read(void **state)
{
    struct image_file file = good_file();
    struct elf_image image;
    uint8_t *copy = malloc(FILE_SIZE + 1);

    assert_non_null(copy);
    memcpy(copy + 1, &file, FILE_SIZE);
    assert_null(elf_check(copy + 1, FILE_SIZE, TOP, &image));
    free(load(copy + 1, &image));
    free(copy);
}

static void an_image_may_end_at_the_top(void **state)
{
    struct image_file file = good_file();
    struct elf_image image;

    file.segments[2].p_vaddr = TOP - file.segments[2].p_memsz;
    assert_null(check(&file, &image));
    assert_int_equal(image.end, TOP);
    file.segments[2].p_vaddr++;
    assert_non_null(check(&file, &image));
}

#define REFUSES(change)                        \
    do {                                       \
        struct image_file file = good_file();  \
        struct elf_image image;                \
        file.change;                           \
        assert_non_null(check(&file, &image)); \
    } while (0)

static void wrong_headers_are_refused(void **state)
{
    REFUSES(header.e_ident[EI_MAG0] = 0);
    REFUSES(header.e_ident[EI_CLASS] = ELFCLASS32);
    REFUSES(header.e_ident[EI_DATA] = ELFDATA2MSB);
    REFUSES(header.e_ident[EI_VERSION] = 0);
    REFUSES(header.e_version = 2);
    REFUSES(header.e_machine = EM_X86_64);
    REFUSES(header.e_type = ET_DYN);
    REFUSES(header.e_phentsize = 55);
    REFUSES(header.e_phnum = 0);
    REFUSES(header.e_phnum = 65);
    REFUSES(header.e_phnum = 0xffff);
    REFUSES(header.e_phoff = FILE_SIZE - 3 * sizeof(Elf64_Phdr) + 1);
    REFUSES(header.e_phoff = FILE_SIZE + 1);
    REFUSES(header.e_phoff = ~0ul);
}

static void wrong_segments_are_refused(void **state)
{
    REFUSES(segments[0].p_offset = FILE_SIZE - 0xff);
    REFUSES(segments[0].p_offset = ~0ul);
    REFUSES(segments[0].p_filesz = 0x101);
    REFUSES(segments[0].p_memsz = 0xff);
    REFUSES(segments[0].p_memsz = 0);
    REFUSES(segments[0].p_memsz = ~0ul);
    REFUSES(segments[0].p_vaddr = ~0ul);
    REFUSES(segments[0].p_vaddr = TOP);
    REFUSES(segments[0].p_vaddr = 0x20000); /* the entry is elsewhere now */
    REFUSES(header.e_entry = 0x10200);
    REFUSES(header.e_entry = 0x100ff);
    REFUSES(header.e_entry = 0x10105);
    REFUSES(header.e_entry = ~1ul);
}

static void a_file_that_is_cut_off_is_refused(void **state)
{
    struct image_file file = good_file();
    struct elf_image image;

    for (size_t size = 0; size < FILE_SIZE; size++) {
        uint8_t *cut = malloc(size ? size : 1);
        assert_non_null(cut);
        memcpy(cut, &file, size);
        assert_non_null(elf_check(cut, size, TOP, &image));
        free(cut);
    }
}

static void damaged_images_are_refused_or_stay_inside(void **state)
{
    uint64_t seed = 1;
    unsigned accepted = 0;

    for (unsigned i = 0; i < 200000; i++) {
        struct image_file file = good_file();
        struct elf_image image;
        for (uint32_t n = random_below(&seed, 3) + 1; n > 0; n--) {
            uint32_t at = random_below(&seed, offsetof(struct image_file, data));
            ((uint8_t *)&file)[at] = (uint8_t)(random_below(&seed, 2) ? random_below(&seed, 256) : 0xff);
        }
        if (check(&file, &image)) {
            continue;
        }
        accepted++;
        assert_true(image.start < image.end && image.end <= TOP);
        assert_true(image.entry >= image.start && image.entry < image.end);
        if (image.end - image.start <= 1 << 20) {
            free(load(&file, &image));
        }
    }
    assert_true(accepted > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_image_is_loaded_and_the_rest_is_zero),
        cmocka_unit_test(an_image_at_an_odd_address_is_read),
        cmocka_unit_test(an_image_may_end_at_the_top),
        cmocka_unit_test(wrong_headers_are_refused),
        cmocka_unit_test(wrong_segments_are_refused),
        cmocka_unit_test(a_file_that_is_cut_off_is_refused),
        cmocka_unit_test(damaged_images_are_refused_or_stay_inside),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
