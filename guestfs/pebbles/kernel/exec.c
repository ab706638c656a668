/*
 * exec.c - see exec.h.
 */
#include "console.h"
#include "exec.h"
#include "files.h"
#include "frames.h"
#include "hv.h"
#include "program.h"
#include "string.h"
#include "trap.h"
#include "vm.h"

#define PAGE_START(address) ((address) & ~(PAGE_BYTES - 1))
#define STACK_WORDS 5u          /* return address, argc, argv, stack_high, stack_low */

/* Segments may meet within a page: it gets the rights of both. Written by the kernel, it is always a private page. */
static bool page_prepare(uint32_t directory, uint32_t address, bool has_data, bool writable)
{
    uint32_t *entry = vm_entry(directory, address);

    if (entry == NULL || *entry == 0) {
        /* A page with data is writable while it is filled. */
        if (!vm_map_zero(directory, address, has_data || writable ? PTE_MAY_WRITE : 0))
            return false;
    } else if ((has_data || writable) && (*entry & PTE_MAY_WRITE) == 0) {
        vm_unmap(entry);
        if (!vm_map_zero(directory, address, PTE_MAY_WRITE))
            return false;
    }
    return true;
}

static bool segment_load(uint32_t directory, const struct program_segment *segment, const struct file *file)
{
    uint32_t end = segment->address + segment->memory_bytes, data_end = segment->address + segment->file_bytes;

    /* The size is the file's claim: refuse at once what cannot be, instead of building tables for it. */
    if (segment->memory_bytes / PAGE_BYTES > frames_available())
        return false;
    for (uint32_t page = PAGE_START(segment->address); page < end; page += PAGE_BYTES) {
        if (!page_prepare(directory, page, page < data_end, segment->writable))
            return false;
    }
    return vm_write(directory, segment->address, file->data + segment->offset, segment->file_bytes);
}

static bool page_is_writable(const struct program *program, uint32_t page)
{
    for (uint32_t i = 0; i < program->segment_count; i++) {
        const struct program_segment *segment = &program->segments[i];
        if (segment->writable && page + PAGE_BYTES > segment->address &&
            page < segment->address + segment->memory_bytes)
            return true;
    }
    return false;
}

/* Filled: pages that no writable segment touches become constant. A promise hangs on those that got no data. */
static void constants_protect(uint32_t directory, const struct program *program)
{
    for (uint32_t i = 0; i < program->segment_count; i++) {
        const struct program_segment *segment = &program->segments[i];
        uint32_t end = segment->address + segment->memory_bytes;
        for (uint32_t page = PAGE_START(segment->address); page < end; page += PAGE_BYTES) {
            uint32_t *entry = vm_entry(directory, page);
            if (page_is_writable(program, page))
                continue;
            if ((*entry & (PTE_WRITE | PTE_MAY_WRITE)) == PTE_MAY_WRITE)
                frames_unpromise(1);
            *entry &= ~(PTE_WRITE | PTE_MAY_WRITE);
        }
    }
}

/* Strings on top, below them argv, below it the call of _main. Returns ESP; 0: no memory. */
static uint32_t stack_build(uint32_t directory, const struct exec_arguments *arguments)
{
    uint32_t low = PEBBLES_USER_END - PEBBLES_STACK_BYTES, vector[PEBBLES_ARGUMENTS_MAX + 1];
    uint32_t text = (PEBBLES_USER_END - arguments->bytes) & ~15u;
    uint32_t argv = text - (arguments->count + 1) * sizeof(uint32_t);
    const uint32_t call[STACK_WORDS] = { 0, arguments->count, argv, PEBBLES_USER_END, low };
    uint32_t esp = argv - sizeof(call);

    for (uint32_t page = low; page < PEBBLES_USER_END; page += PAGE_BYTES) {
        if (!vm_map_zero(directory, page, PTE_MAY_WRITE))
            return 0;
    }
    for (uint32_t i = 0; i < arguments->count; i++)
        vector[i] = text + arguments->offsets[i];
    vector[arguments->count] = 0;
    bool written = vm_write(directory, text, arguments->text, arguments->bytes) &&
                   vm_write(directory, argv, vector, (arguments->count + 1) * sizeof(uint32_t)) &&
                   vm_write(directory, esp, call, sizeof(call));
    return written ? esp : 0;
}

static uint32_t image_build(uint32_t directory, const struct program *program, const struct file *file,
                            const struct exec_arguments *arguments)
{
    for (uint32_t i = 0; i < program->segment_count; i++) {
        if (!segment_load(directory, &program->segments[i], file))
            return 0;
    }
    constants_protect(directory, program);
    return stack_build(directory, arguments);
}

int32_t exec_build(const struct exec_arguments *arguments, uint32_t *directory, struct event *registers)
{
    const struct file *file = file_find(arguments->name);
    struct program program;

    if (file == NULL)
        return PEBBLES_ERROR_NONE;
    const char *refusal = program_parse(file->data, file->bytes, &program);
    if (refusal != NULL) {
        console_printf("exec: %s cannot be run: %s\n", file->name, refusal);
        return PEBBLES_ERROR_FORMAT;
    }
    *directory = vm_create();
    if (*directory == FRAME_NONE)
        return PEBBLES_ERROR_MEMORY;
    uint32_t esp = image_build(*directory, &program, file, arguments);
    if (esp == 0) {
        vm_destroy(*directory);
        return PEBBLES_ERROR_MEMORY;
    }
    *registers = (struct event){
        .eip = program.entry, .mode = HV_MODE_USER, .eflags = THREAD_EFLAGS, .user_esp = esp,
    };
    return 0;
}
