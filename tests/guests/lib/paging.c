/*
 * paging.c - frames, directories, the recorder of events, probes (paging.h).
 */
#include "lib/paging.h"

#define TRAP_STACK_BYTES 8192
#define STATUS_UNEXPECTED 2

extern const uint8_t probe_get_at[], probe_put_at[], probe_end[];
extern const uint8_t user_probes[], user_probe_put[], user_probes_end[];
uint32_t probe_get(uint32_t gva);
void probe_put(uint32_t gva, uint32_t value);
void probe_execute(uint32_t gva);
void user_enter(const struct user_state *state, uint32_t esp0);
_Noreturn void user_leave(void);

struct event seen;
uint32_t seen_count, seen_esp, seen_frame, seen_live_eflags;
uint32_t user_esp0;

static uint8_t trap_stack[TRAP_STACK_BYTES] __attribute__((aligned(4096)));
static uint32_t free_list, fresh;           /* free frames are linked through their first words */
static uint32_t identity_tables[64], user_table, user_code_frame;
static uint32_t executing_at;

uint32_t frame_take_new(void)
{
    uint32_t frame = fresh == 0 ? (address_of(guest_end) + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1) : fresh;

    if (frame >= sdk_memory_bytes()) {
        print_string("the test's frames are used up\n");
        hv_exit(STATUS_UNEXPECTED);
    }
    fresh = frame + PAGE_BYTES;
    return frame;
}

uint32_t frame_take(void)
{
    uint32_t frame = free_list;

    if (frame == 0)
        return frame_take_new();
    free_list = frame_words(frame)[0];
    memset(frame_words(frame), 0, PAGE_BYTES);
    return frame;
}

void frame_give(uint32_t frame)
{
    frame_words(frame)[0] = free_list;
    free_list = frame;
}

static void shared_tables_make(void)
{
    uint32_t frames = sdk_memory_bytes() / PAGE_BYTES;

    for (uint32_t i = 0; i < frames; i++) {
        if (i % TABLE_ENTRIES == 0)
            identity_tables[i / TABLE_ENTRIES] = frame_take_new();
        frame_words(identity_tables[i / TABLE_ENTRIES])[i % TABLE_ENTRIES] = i * PAGE_BYTES | ENTRY_KERNEL;
    }
    user_table = frame_take_new();
    user_code_frame = frame_take_new();
    frame_words(user_table)[0] = user_code_frame | ENTRY_USER_READ;
    for (uint32_t gva = USER_DATA; gva < USER_STACK; gva += PAGE_BYTES)
        frame_words(user_table)[(gva - USER_CODE) / PAGE_BYTES] = frame_take_new() | ENTRY_USER;
}

uint32_t pd_make(void)
{
    if (user_table == 0)
        shared_tables_make();
    uint32_t pd = frame_take();
    for (uint32_t i = 0; identity_tables[i] != 0; i++)
        frame_words(pd)[i] = identity_tables[i] | ENTRY_KERNEL;
    *pd_entry(pd, USER_CODE) = user_table | ENTRY_USER;
    return pd;
}

uint32_t *pd_entry(uint32_t pd, uint32_t gva)
{
    return &frame_words(pd)[gva / TABLE_SPAN];
}

uint32_t *pt_entry(uint32_t pd, uint32_t gva)
{
    uint32_t *pde = pd_entry(pd, gva);

    if (*pde == 0)
        *pde = frame_take() | ENTRY_USER;
    return &frame_words(*pde & ~(PAGE_BYTES - 1))[gva / PAGE_BYTES % TABLE_ENTRIES];
}

void page_map(uint32_t pd, uint32_t gva, uint32_t frame, uint32_t bits)
{
    *pt_entry(pd, gva) = frame | bits;
}

static _Noreturn void unexpected(const struct event *event)
{
    printf("unexpected: slot %u error 0x%x eip 0x%08x address 0x%08x\n", event->slot, event->error, event->eip,
           event->address);
    hv_exit(STATUS_UNEXPECTED);
}

void trap_record(struct event *event)
{
    bool is_user = event->mode == HV_MODE_USER;

    memcpy(&seen, event, is_user ? sizeof(seen) : offsetof(struct event, user_esp));
    seen_esp = event_interrupted_esp(event);
    seen_frame = address_of(&event->address);
    seen_live_eflags = eflags_read();
    seen_count++;
    if (is_user)
        user_leave();
    if (event->eip == address_of(probe_get_at) || event->eip == address_of(probe_put_at))
        event->eip = address_of(probe_end);
    else if (executing_at != 0 && event->eip == executing_at)
        event->eip = address_of(probe_end);
    else if (event->slot < HV_SLOT_TIMER)
        unexpected(event);
}

void traps_record(bool privileged)
{
    for (uint32_t slot = 0; slot < HV_IDT_SLOTS; slot++)
        event_handle(slot, trap_record, privileged && slot != SLOT_DONE);
    user_esp0 = address_of(trap_stack) + TRAP_STACK_BYTES;
}

/* The last event as one word, if there was one since "before". */
static uint32_t outcome(uint32_t before, uint32_t value, uint32_t gva, uint32_t eip, uint32_t mode)
{
    if (seen_count == before)
        return value;
    bool is_second_page = seen.address % PAGE_BYTES == 0 && seen.address - gva < 4;
    bool is_right = seen.slot == 14 ? seen.address == gva || is_second_page : seen.address == 0;
    if (seen_count != before + 1 || !is_right || seen.eip != eip || seen.mode != mode) {
        printf("slot %u error 0x%x eip 0x%08x address 0x%08x mode 0x%08x\n", seen.slot, seen.error, seen.eip,
               seen.address, seen.mode);
        return WRONG_FRAME;
    }
    return FAULT(seen.slot, seen.error);
}

uint32_t kernel_get(uint32_t gva)
{
    uint32_t before = seen_count;
    uint32_t value = probe_get(gva);

    return outcome(before, value, gva, address_of(probe_get_at), HV_MODE_KERNEL);
}

uint32_t kernel_put(uint32_t gva, uint32_t value)
{
    uint32_t before = seen_count;

    probe_put(gva, value);
    return outcome(before, DONE, gva, address_of(probe_put_at), HV_MODE_KERNEL);
}

uint32_t kernel_execute(uint32_t gva)
{
    uint32_t before = seen_count;

    executing_at = gva;
    probe_execute(gva);
    executing_at = 0;
    return outcome(before, DONE, gva, gva, HV_MODE_KERNEL);
}

void user_run(const struct user_state *state)
{
    user_enter(state, user_esp0);
}

static uint32_t user_probe(uint32_t eip, uint32_t eax, uint32_t ecx, uint32_t gva)
{
    struct user_state state = { .eax = eax, .ecx = ecx, .esp = USER_STACK, .eip = eip, .eflags = EFLAGS_RESERVED_1 };
    uint32_t before = seen_count;

    memcpy(frame_words(user_code_frame), user_probes, (size_t)(user_probes_end - user_probes));
    user_run(&state);
    if (seen_count == before + 1 && seen.slot == SLOT_DONE && seen.mode == HV_MODE_USER)
        return seen.eax;
    return outcome(before, DONE, gva, eip, HV_MODE_USER);
}

uint32_t user_get(uint32_t gva)
{
    return user_probe(USER_CODE, gva, 0, gva);
}

uint32_t user_put(uint32_t gva, uint32_t value)
{
    uint32_t eip = USER_CODE + (uint32_t)(user_probe_put - user_probes);
    uint32_t result = user_probe(eip, gva, value, gva);

    return result == gva ? DONE : result;
}

uint32_t user_execute(uint32_t gva)
{
    return user_probe(gva, DONE, 0, gva);
}

void user_run_code(const uint8_t *code, const uint8_t *end, struct user_state *state)
{
    CHECK(end - code < (ptrdiff_t)PAGE_BYTES);
    memcpy(frame_words(user_code_frame), code, (size_t)(end - code));
    state->esp = USER_STACK;
    state->eip = USER_CODE;
    user_run(state);
}
