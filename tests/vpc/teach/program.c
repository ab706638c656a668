/*
 * program.c - a program from its file: an ELF file's segments in an address space of its own, a page behind them that
 * is nobody's, and its stack, with the line that it is to read.
 */
#include "teach.h"

#define ELF_MAGIC 0x464C457Fu
#define ELF_WRITE 2u
#define SEGMENTS 4u
#define PROGRAM_TOP 0x400000u

struct elf {
    uint32_t magic, ident[3], kind, version, entry, segments_at, sections_at, flags;
    uint16_t header_bytes, segment_bytes, segments;
};

struct segment {
    uint32_t kind, at, address, physical, file_bytes, bytes, rights, alignment;
};

static uint32_t round_up(uint32_t address)
{
    return (address + PAGE - 1) & ~(PAGE - 1);
}

static void map_new(uint32_t *space, uint32_t address, uint32_t rights)
{
    if (find(space, address, 0) == NULL)
        map(space, address, new_frame(), rights);
}

static bool load_segment(struct process *process, uint32_t file, const struct segment *segment)
{
    uint32_t end = segment->address + segment->bytes, done = 0;

    if (segment->address >= PROGRAM_TOP || segment->bytes >= PROGRAM_TOP || segment->file_bytes > segment->bytes)
        return false;
    for (uint32_t at = segment->address & ~(PAGE - 1); at < end; at += PAGE)
        map_new(process->space, at, USER | (segment->rights & ELF_WRITE ? WRITE : 0));
    while (done < segment->file_bytes) {
        uint32_t at = segment->address + done, count = PAGE - at % PAGE;
        if (count > segment->file_bytes - done)
            count = segment->file_bytes - done;
        if (read_file(file, segment->at + done, find(process->space, at, USER), count) != count)
            return false;
        done += count;
    }
    if (process->end < round_up(end))
        process->end = round_up(end);
    return true;
}

static bool load(struct process *process, uint32_t file, struct elf *elf)
{
    struct segment segment;

    if (read_file(file, 0, elf, sizeof(*elf)) != sizeof(*elf) || elf->magic != ELF_MAGIC || elf->segments > SEGMENTS)
        return false;
    for (unsigned i = 0; i < elf->segments; i++) {
        if (read_file(file, elf->segments_at + i * sizeof(segment), &segment, sizeof(segment)) != sizeof(segment))
            return false;
        if (segment.kind == 1 && segment.bytes != 0 && !load_segment(process, file, &segment))
            return false;
    }
    return true;
}

/* The line on top, its address below that, and below that one to return to, which is none. */
static uint32_t make_stack(struct process *process, const char *line)
{
    uint8_t *frame = new_frame();
    uint32_t *top = (uint32_t *)(frame + PAGE - LINE_BYTES);

    map(process->space, process->end, new_frame(), 0);
    map(process->space, process->end + PAGE, frame, USER | WRITE);
    process->end += 2 * PAGE;
    for (unsigned i = 0; i < LINE_BYTES - 1 && line[i] != '\0'; i++)
        ((char *)top)[i] = line[i];
    top[-1] = process->end - LINE_BYTES;
    top[-2] = ~0u;
    return process->end - LINE_BYTES - 8;
}

bool spawn(const char *name, const char *line)
{
    uint32_t file = open(name);
    struct process *process;
    struct elf elf;

    if (file == NO_FILE || (process = new_process()) == NULL)
        return false;
    if (!load(process, file, &elf)) {
        drop_process(process);
        return false;
    }
    begin_process(process, elf.entry, make_stack(process, line));
    return true;
}
