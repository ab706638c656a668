/*
 * calls.c - what a program may ask for, by a trap gate, so with interrupts on; and its end if it does what it may not.
 */
#include "teach.h"

#define EXCEPTIONS 20u
#define LARGEST_GROWTH (1u << 20)
#define KILLED (-1)

static uint32_t frames_before;          /* the first program was started */

static bool is_users(uint32_t address, uint32_t bytes, uint32_t rights)
{
    if (bytes > KERNEL_BASE || address > KERNEL_BASE - bytes)
        return false;
    for (uint32_t at = address & ~(PAGE - 1); at < address + bytes; at += PAGE)
        if (find(current->space, at, rights | USER) == NULL)
            return false;
    return true;
}

/* A text of the program's, cut to what there is room for. */
static bool take_text(char *to, uint32_t from, uint32_t room)
{
    for (uint32_t i = 0; i < room; i++) {
        if (!is_users(from + i, 1, 0))
            return false;
        to[i] = i < room - 1 ? *(const char *)(from + i) : '\0';
        if (to[i] == '\0')
            break;
    }
    return true;
}

static uint32_t call_open(uint32_t name_at)
{
    char name[NAME_BYTES];

    return take_text(name, name_at, sizeof(name)) ? open(name) : NO_FILE;
}

static uint32_t call_spawn(uint32_t name_at, uint32_t line_at)
{
    char name[NAME_BYTES], line[LINE_BYTES];

    if (frames_before == 0)
        frames_before = free_frames;
    return take_text(name, name_at, sizeof(name)) && take_text(line, line_at, sizeof(line)) && spawn(name, line);
}

static uint32_t call_take_line(uint32_t to, uint32_t room)
{
    return is_users(to, room, WRITE) && room > 1 ? take_line((char *)to, room) : ~0u;
}

static uint32_t call_write(uint32_t text, uint32_t bytes)
{
    if (!is_users(text, bytes, 0))
        return ~0u;
    put_text((const char *)text, bytes);
    return bytes;
}

static uint32_t call_read(uint32_t file, uint32_t at, uint32_t to, uint32_t bytes)
{
    return is_users(to, bytes, WRITE) ? read_file(file, at, (void *)to, bytes) : ~0u;
}

/* So much more memory, in whole pages; where it begins. */
static uint32_t call_grow(uint32_t bytes)
{
    uint32_t from = current->end;

    if (bytes > LARGEST_GROWTH)
        return 0;
    for (; current->end < from + bytes; current->end += PAGE)
        map(current->space, current->end, new_frame(), USER | WRITE);
    return from;
}

static uint32_t call_sector(uint32_t disk, uint32_t number, uint32_t to)
{
    return is_users(to, 512, WRITE) && read_raw(disk, number, (void *)to);
}

static void call_halt(uint32_t status)
{
    cli();
    check(frames_before == 0 || free_frames == frames_before, "frames that programs had");
    tell_serial();
    end(failures == 0 ? (int)status : 1);
}

static void on_call(struct frame *frame)
{
    uint32_t b = frame->ebx, c = frame->ecx, d = frame->edx, result = 0;

    switch (frame->eax) {
    case CALL_EXIT: end_process((int)b);
    case CALL_WRITE: result = call_write(b, c); break;
    case CALL_TAKE_LINE: result = call_take_line(b, c); break;
    case CALL_OPEN: result = call_open(b); break;
    case CALL_READ: result = call_read(b, c, d, frame->esi); break;
    case CALL_SPAWN: result = call_spawn(b, c); break;
    case CALL_WAIT: result = (uint32_t)wait_child(); break;
    case CALL_TICKS: result = current->ticks; break;
    case CALL_GROW: result = call_grow(b); break;
    case CALL_SECTOR: result = call_sector(b, c, d); break;
    case CALL_HALT: call_halt(b); break;
    default: result = ~0u; break;
    }
    frame->eax = result;
}

static void print_hex(const char *name, uint32_t number)
{
    print(name);
    print_number(number, 16, 8);
}

/* As such systems do, the address is that of the last page fault, whatever this one is. */
static void on_exception(struct frame *frame)
{
    uint32_t address;

    __asm__ volatile("movl %%cr2, %0" : "=r"(address));
    if ((frame->cs & 3) != 3)
        print("the kernel's own ");
    print("fault: process ");
    print_number(current != NULL ? current->number : 0, 10, 1);
    print(", trap ");
    print_number(frame->vector, 10, 1);
    print_hex(", error ", frame->error);
    print_hex(", eip ", frame->eip);
    print_hex(", address ", address);
    print("\n");
    if ((frame->cs & 3) != 3)
        end(2);
    end_process(KILLED);
}

void start_calls(void)
{
    for (unsigned i = 0; i < EXCEPTIONS; i++)
        if (i != 2)
            set_handler(i, on_exception);
    set_handler(CALL_VECTOR, on_call);
    open_trap_gate(CALL_VECTOR);
}
