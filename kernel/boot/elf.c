/*
 * Checks and loads an ELF executable (System V ABI, chapters 4 and 5). Headers may be unaligned in the
 * file, so they are copied first.
 */
#include "boot/elf.h"

#include "lib/string.h"

#define ELF_MAGIC       0x464c457f
#define ELF_CLASS_64    2
#define ELF_DATA_LITTLE 1
#define ELF_VERSION     1
#define ELF_EXECUTABLE  2
#define ELF_RISCV       243
#define SEGMENT_LOAD    1
#define SEGMENTS_MAX    64

struct elf_header {
    uint32_t magic;
    uint8_t class, data, ident_version, padding[9];
    uint16_t type;
    uint16_t machine;
    uint32_t version;
    uint64_t entry;
    uint64_t segments; /* offset of the program headers */
    uint64_t sections;
    uint32_t flags;
    uint16_t header_size;
    uint16_t segment_header_size;
    uint16_t segment_count;
    uint16_t section_header_size, section_count, section_names;
};

struct segment {
    uint32_t type;
    uint32_t flags;
    uint64_t offset; /* in the file */
    uint64_t vaddr;
    uint64_t paddr;
    uint64_t file_size;
    uint64_t memory_size;
    uint64_t align;
};

_Static_assert(sizeof(struct elf_header) == 64 && sizeof(struct segment) == 56, "System V ABI");

static struct elf_header read_header(const void *file)
{
    struct elf_header header;

    memcpy(&header, file, sizeof(header));
    return header;
}

static struct segment read_segment(const void *file, word_t segments, unsigned index)
{
    struct segment segment;

    memcpy(&segment, (const char *)file + segments + index * sizeof(segment), sizeof(segment));
    return segment;
}

static const char *check_header(const struct elf_header *header, word_t size)
{
    if (header->magic != ELF_MAGIC) {
        return "not an ELF file";
    }
    if (header->class != ELF_CLASS_64 || header->data != ELF_DATA_LITTLE || header->machine != ELF_RISCV) {
        return "not for 64-bit little-endian RISC-V";
    }
    if (header->ident_version != ELF_VERSION || header->version != ELF_VERSION) {
        return "not ELF version 1";
    }
    if (header->type != ELF_EXECUTABLE) {
        return "not an executable with fixed addresses";
    }
    if (header->segment_header_size != sizeof(struct segment)) {
        return "program headers of the wrong size";
    }
    if (header->segment_count > SEGMENTS_MAX) {
        return "too many program headers";
    }
    if (header->segments > size || header->segment_count * sizeof(struct segment) > size - header->segments) {
        return "program headers outside of the file";
    }
    return NULL;
}

static const char *check_segment(const struct segment *segment, word_t size, word_t top)
{
    if (segment->offset > size || segment->file_size > size - segment->offset) {
        return "a segment outside of the file";
    }
    if (segment->file_size > segment->memory_size) {
        return "a segment larger in the file than in memory";
    }
    if (segment->vaddr > top || segment->memory_size > top - segment->vaddr) {
        return "a segment outside of user addresses, or no room for BootInfo behind it";
    }
    return NULL;
}

const char *elf_check(const void *file, word_t size, word_t top, struct elf_image *image)
{
    if (size < sizeof(struct elf_header)) {
        return "too short for an ELF file";
    }
    struct elf_header header = read_header(file);
    const char *problem = check_header(&header, size);
    bool entry_inside = false;

    *image = (struct elf_image){ .start = top, .end = 0, .entry = header.entry };
    for (unsigned i = 0; !problem && i < header.segment_count; i++) {
        struct segment segment = read_segment(file, header.segments, i);
        if (segment.type != SEGMENT_LOAD) {
            continue;
        }
        problem = check_segment(&segment, size, top);
        if (segment.memory_size == 0) {
            continue;
        }
        word_t end = segment.vaddr + segment.memory_size;
        image->start = min_word(image->start, align_down(segment.vaddr, 12));
        image->end = image->end > end ? image->end : end;
        entry_inside |= header.entry >= segment.vaddr && header.entry < end;
    }
    if (problem) {
        return problem;
    }
    if (image->end == 0) {
        return "no segment to load";
    }
    image->end = align_up(image->end, 12);
    if (!entry_inside) {
        return "the entry is not inside a segment";
    }
    return header.entry % 2 ? "the entry is odd" : NULL;
}

void elf_load(const void *file, const struct elf_image *image, void *memory)
{
    struct elf_header header = read_header(file);

    for (unsigned i = 0; i < header.segment_count; i++) {
        struct segment segment = read_segment(file, header.segments, i);
        if (segment.type == SEGMENT_LOAD && segment.file_size > 0) {
            memcpy((char *)memory + (segment.vaddr - image->start), (const char *)file + segment.offset,
                   segment.file_size);
        }
    }
}
