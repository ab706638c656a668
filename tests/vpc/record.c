/*
 * record.c - does to devices what a transcript says, and says what came of it: in plain QEMU that is a recording, which
 * tests/unit/test_vpc_transcripts.c asks our devices to repeat.
 *
 * The transcript is the first module. Time is the time stamp counter, which
 * counts nanoseconds where QEMU counts instructions.
 */
#include "lib/interrupts.h"
#include "lib/transcript.h"

#define STEPS 400u
#define FIRST_VECTOR 0x20u
#define EFLAGS_IF 0x200u
#define NS_PER_US 1000u

static struct {
    uint32_t time, value;
} results[STEPS];
static struct step steps[STEPS];
static uint32_t step_count, vector_taken;
static uint8_t stack0[4096];

static uint32_t now(void)
{
    uint32_t low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return low;
}

/* One is taken, and the next has to wait until it is asked for. Who ends it is the transcript. */
static void on_any(struct frame *frame)
{
    vector_taken = frame->vector;
    frame->eflags &= ~EFLAGS_IF;
}

static uint32_t take(void)
{
    vector_taken = 0;
    __asm__ volatile("sti; nop; cli" : : : "memory");
    return vector_taken;
}

static uint32_t in4(uint16_t port)
{
    uint32_t value;

    __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static void out4(uint16_t port, uint32_t value)
{
    __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

/* Host files answer in the host's time. */
static uint32_t wait_ready(uint16_t port)
{
    uint8_t status;

    do {
        status = inb(port);
    } while (status & 0x80);
    return status;
}

static uint32_t move_sector(const struct step *step)
{
    uint32_t sum = 0;

    for (unsigned i = 0; i < SECTOR_WORDS; i++) {
        if (step->kind == STEP_FILL)
            outw((uint16_t)step->where, (uint16_t)step->value);
        else
            sum += inw((uint16_t)step->where);
    }
    return step->kind == STEP_FILL ? step->value : sum;
}

static uint32_t do_step(const struct step *step)
{
    uint16_t port = (uint16_t)step->where;
    volatile uint32_t *memory = (volatile uint32_t *)step->where;

    switch (step->kind) {
    case STEP_IN1: return inb(port);
    case STEP_IN2: return inw(port);
    case STEP_IN4: return in4(port);
    case STEP_OUT1: outb(port, (uint8_t)step->value); break;
    case STEP_OUT2: outw(port, (uint16_t)step->value); break;
    case STEP_OUT4: out4(port, step->value); break;
    case STEP_READ: return *memory;
    case STEP_WRITE: *memory = step->value; break;
    case STEP_TAKE: return take();
    case STEP_READY: return wait_ready(port);
    case STEP_SECTOR: case STEP_FILL: return move_sector(step);
    default: break;
    }
    return step->value;
}

static void wait_us(uint32_t us)
{
    uint32_t from = now();

    while (now() - from < us * NS_PER_US)
        ;
}

/* All before the first is done: the time between two must not hang on how long their lines are. */
static bool read_steps(const char *text, const char *end)
{
    struct step step;

    while (text < end) {
        text = step_read(text, end, &step);
        if (step.kind == STEP_BAD || step_count == STEPS)
            return false;
        if (step.kind != STEP_NONE)
            steps[step_count++] = step;
    }
    return true;
}

static void record(void)
{
    for (uint32_t i = 0; i < step_count; i++) {
        if (steps[i].kind == STEP_WAIT)
            wait_us(steps[i].value);
        results[i].time = now();
        results[i].value = do_step(&steps[i]) & steps[i].mask;
    }
}

static void say_text(const char *from, const char *to)
{
    while (from < to)
        put_character(*from++);
}

/* The line again, with the time, and with the value where it was asked for. */
static void say_all(const char *text, const char *end)
{
    struct step step;

    for (uint32_t i = 0; text < end;) {
        const char *line = text;
        text = step_read(text, end, &step);
        if (step.kind == STEP_NONE) {
            say_text(line, text);
            continue;
        }
        say("%u", results[i].time);
        say_text(step.after_time, step.at_value);
        if (step.kind == STEP_WAIT)
            say_text(step.at_value, step.after_value);
        else
            say("%h", results[i].value);
        say_text(step.after_value, text);
        i++;
    }
}

static void open_serial_line(void)
{
    outb(COM1 + 3, 0x03);
    outb(COM1 + 1, 0);
    outb(COM1 + 2, 0);
    outb(COM1 + 4, 0x03);
}

int main(uint32_t magic, const uint32_t *info)
{
    const uint32_t *module = (const uint32_t *)info[6];
    const char *text, *end;

    (void)magic;
    interrupts_init((uint32_t)stack0 + sizeof(stack0));
    for (unsigned i = FIRST_VECTOR; i < 256; i++)
        set_handler(i, on_any);
    if (info[5] != 1)
        return 1;
    text = (const char *)module[0];
    end = (const char *)module[1];
    if (!read_steps(text, end))
        return 2;
    record();
    open_serial_line();
    say_all(text, end);
    return 42;
}
