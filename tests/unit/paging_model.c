/*
 * paging_model.c - the contract's section "Paging" as a memory of what was stored when.
 */
#include "paging_model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/frames.h"
#include "pagetable/audit.h"
#include "pagetable/tlb_flush.h"
#include "ref_paging.h"

#define LOG_MAX 8192u

struct gspace model_space;
static struct ram memory;
static struct guest_paging paging;
uint32_t model_ram[MODEL_FRAMES_MAX][MODEL_WORDS];
uint32_t model_directory;
bool model_wp;
uint64_t model_step, model_seed;
uint32_t model_audit_interval = 1;
struct model_counts model_counts;

/* A word held this value until time end. In order of time. */
static struct { uint32_t frame, word, value; uint64_t end; } log[LOG_MAX];
static uint32_t log_count;
static uint64_t now, last_setpd, last_adjust[1u << 20];
static struct { uint64_t time; uint32_t value; } adjusted_pde[MODEL_WORDS];     /* what hv_adjustpg found there */
#define PDE_MEANING 0xFFFFF087u

#define fail_here(format, ...) \
    fail_msg("step %lu, seed %lu: " format, model_step, model_seed __VA_OPT__(,) __VA_ARGS__)

static uint32_t frame_of_host(uint64_t host)
{
    for (uint32_t i = 0; i < model_space.ram->frame_count; i++)
        if (model_space.ram->frames[i].host == host)
            return i;
    fail_here("host frame 0x%lx is no RAM of this guest", host);
    return 0;
}

/* Some PTE that stood in the table that pde names, after start, leads to frame. */
static bool leads_to(uint32_t pde, uint64_t start, gva_t address, uint32_t frame, bool is_user, bool is_write)
{
    uint32_t table = ref_table(pde, model_space.ram->frame_count), word = address.v >> 12 & 1023;
    if (table == UINT32_MAX)
        return false;

    struct ref_result result = ref_judge(pde, model_ram[table][word], model_space.ram->frame_count, model_wp, is_user,
                                         is_write);
    if (result.end == REF_ALLOWED && result.frame == frame)
        return true;
    for (uint32_t i = 0; i < log_count; i++) {
        if (log[i].end <= start || log[i].frame != table || log[i].word != word)
            continue;
        result = ref_judge(pde, log[i].value, model_space.ram->frame_count, model_wp, is_user, is_write);
        if (result.end == REF_ALLOWED && result.frame == frame)
            return true;
    }
    return false;
}

/* hv_adjustpg on any page of these 4 MiB has made an end of this PDE. */
static bool is_forgotten(uint32_t index, uint32_t pde, uint64_t end)
{
    return end <= adjusted_pde[index].time && (pde ^ adjusted_pde[index].value) & PDE_MEANING;
}

/*
 * A processor may reach frame: through a PDE that stood there since the last flush, and a PTE that stood in its table
 * at that time or later.
 */
static bool may_reach(gva_t address, uint32_t frame, bool is_user, bool is_write)
{
    uint64_t adjusted = last_adjust[address.v >> 12], start = adjusted > last_setpd ? adjusted : last_setpd;
    uint32_t index = address.v >> 22;

    if (!model_space.paging->is_on)
        return address.v >> 12 == frame && !is_user;
    for (uint32_t i = 0; i < log_count; i++) {
        if (log[i].end <= start || log[i].frame != model_directory || log[i].word != index)
            continue;
        if (!is_forgotten(index, log[i].value, log[i].end) &&
            leads_to(log[i].value, start, address, frame, is_user, is_write))
            return true;
        start = log[i].end;
    }
    return leads_to(model_ram[model_directory][index], start, address, frame, is_user, is_write);
}

/* What the guest's tables say now. */
static struct ref_result judge_now(gva_t address, bool is_user, bool is_write)
{
    if (!model_space.paging->is_on) {
        bool is_ram = address.v >> 12 < model_space.ram->frame_count;
        return (struct ref_result){ .end = is_ram && !is_user ? REF_ALLOWED : REF_PAGE_FAULT,
                                    .frame = address.v >> 12, .error = is_ram + 2u * is_write + 4u * is_user };
    }
    uint32_t pde = model_ram[model_directory][address.v >> 22], table = ref_table(pde, model_space.ram->frame_count);
    uint32_t pte = table == UINT32_MAX ? 0 : model_ram[table][address.v >> 12 & 1023];
    return ref_judge(pde, pte, model_space.ram->frame_count, model_wp, is_user, is_write);
}

void model_check_all(void)
{
    static uint64_t checks;
    char why[200];
    uint32_t cursor = 0;
    uint64_t host;
    gva_t address;

    if (checks++ % model_audit_interval != 0)
        return;
    if (!audit_space(&model_space, why, sizeof(why)))
        fail_here("%s", why);
    while (mmu_next_writable(&cursor, &host, &address)) {
        uint32_t frame = frame_of_host(host);
        if (model_space.ram->frames[frame].flags & GFRAME_TRACED)
            fail_here("frame 0x%x is traced, but the TLB lets it be written at 0x%x", frame, address.v);
    }
}

static void check_reach(gva_t address, bool is_user, bool is_write, struct mmu_result got)
{
    if (got.is_allowed && !may_reach(address, frame_of_host(got.address.v >> 12), is_user, is_write))
        fail_here("0x%x: %s %s reaches frame 0x%x, which no entry since the last flush allows", address.v,
                  is_user ? "user" : "kernel", is_write ? "write" : "read", frame_of_host(got.address.v >> 12));
}

void model_check_page(gva_t address)
{
    for (uint32_t kind = 0; kind < 4; kind++)
        check_reach(address, kind & 1, kind & 2, mmu_walk(address, kind & 1, kind & 2));
}

void model_prefetch(gva_t address, bool is_user)
{
    mmu_prefetch(address, is_user);
    for (uint32_t write = 0; write < 2; write++)
        check_reach(address, is_user, write, mmu_access(address, is_user, write));
}

/* Do it, and compare. Gives the frame when it is done. */
static enum access_end do_access(gva_t address, bool is_user, bool is_write, uint32_t *frame)
{
    struct ref_result want = judge_now(address, is_user, is_write);
    struct access_result got = machine_access(&model_space, address, is_user, is_write);

    model_counts.hidden_faults += got.hidden_faults;
    switch (got.end) {
    case ACCESS_DONE:
        *frame = frame_of_host(got.address.v >> 12);
        check_reach(address, is_user, is_write, (struct mmu_result){ true, got.address });
        model_counts.done++;
        model_counts.stale += want.end != REF_ALLOWED || want.frame != *frame;
        break;
    case ACCESS_REFLECTED:  /* a fault is always about the tables as they are: what is not present is never cached */
        if (want.end != REF_PAGE_FAULT || want.error != got.error)
            fail_here("0x%x: a #PF with error %u; the contract says end %d, error %u", address.v, got.error, want.end,
                      want.error);
        model_counts.reflected++;
        break;
    case ACCESS_BAD_ENTRY:
        if (want.end != REF_CRASH)
            fail_here("0x%x: a bad entry; the contract says end %d", address.v, want.end);
        model_counts.bad_entries++;
        break;
    case ACCESS_NO_MEMORY:
        model_counts.no_memory++;
        break;
    case ACCESS_STUCK:
        fail_here("0x%x: still faults after %u hidden faults", address.v, got.hidden_faults);
    }
    model_check_all();
    return got.end;
}

static void remember(uint32_t frame, uint32_t word)
{
    assert_true(log_count < LOG_MAX);
    log[log_count].frame = frame;
    log[log_count].word = word;
    log[log_count].value = model_ram[frame][word];
    log[log_count++].end = ++now;
}

enum access_end model_store(gva_t address, bool is_user, uint32_t value)
{
    struct mmu_result before = mmu_walk(address, false, false);
    uint32_t frame, word = address.v / 4 & 1023;

    if (log_count == LOG_MAX && model_space.paging->is_on)
        model_setpd(model_directory, model_wp);
    model_counts.traced_writes +=
        before.is_allowed && model_space.ram->frames[frame_of_host(before.address.v >> 12)].flags & GFRAME_TRACED;
    enum access_end end = do_access(address, is_user, true, &frame);
    if (end != ACCESS_DONE)
        return end;
    if (model_space.paging->is_on)
        remember(frame, word);
    model_ram[frame][word] = value;
    hpa_t host = HPA((uint64_t)model_space.ram->frames[frame].host << PAGE_SHIFT);
    ((uint32_t *)hpa_to_ptr(host))[word] = value;
    return end;
}

bool model_device_store(uint32_t frame, uint32_t word, uint32_t value)
{
    if (log_count == LOG_MAX && model_space.paging->is_on)
        model_setpd(model_directory, model_wp);
    if (!ram_store(model_space.ram, GPA(frame << PAGE_SHIFT | word << 2), &value, sizeof(value))) {
        model_counts.no_memory++;
        return false;
    }
    if (model_space.paging->is_on)
        remember(frame, word);
    model_ram[frame][word] = value;
    model_check_all();
    return true;
}

/* All of it is zero from now on, and no translation of before leads there. */
static void check_given(uint32_t frame, uint32_t count)
{
    static const uint32_t zeroes[MODEL_WORDS];
    uint32_t cursor = 0;
    uint64_t host;
    gva_t address;

    for (uint32_t i = frame; i < frame + count; i++) {
        const void *words = ram_peek(model_space.ram, i);
        if (words && !(model_space.paging->is_on && i == model_directory))
            fail_here("frame 0x%x was given back, and has a host frame", i);
        assert_memory_equal(words ? words : zeroes, zeroes, PAGE_SIZE);
    }
    while (mmu_next_writable(&cursor, &host, &address))
        if (frame_of_host(host) - frame < count)
            fail_here("frame 0x%x was given back, but the TLB lets it be written at 0x%x", frame_of_host(host),
                      address.v);
}

void model_give_back(uint32_t frame, uint32_t count, uint32_t steps)
{
    uint32_t at = frame, left = count, pieces = 0, left_steps = steps;

    if (log_count + count * MODEL_WORDS > LOG_MAX && model_space.paging->is_on)
        model_setpd(model_directory, model_wp);
    while (!gspace_give_back(&model_space, &at, &left, &left_steps)) {
        model_check_all();      /* it may be killed here */
        left_steps = steps;
        if (++pieces > 100000)
            fail_here("frames 0x%x + %u: giving them back has no end", frame, count);
    }
    assert_int_equal(left, 0);
    for (uint32_t i = frame; i < frame + count; i++) {
        for (uint32_t word = 0; word < MODEL_WORDS; word++) {
            if (model_ram[i][word] && model_space.paging->is_on)
                remember(i, word);
            model_ram[i][word] = 0;
        }
    }
    check_given(frame, count);
    model_check_all();
    model_counts.given += count;
}

void model_put(uint32_t frame, uint32_t word, uint32_t value)
{
    assert_int_equal(model_store(GVA(frame << 12 | word << 2), false, value), ACCESS_DONE);
}

enum access_end model_load(gva_t address, bool is_user)
{
    uint32_t frame, word = address.v / 4 & 1023;
    enum access_end end = do_access(address, is_user, false, &frame);

    if (end == ACCESS_DONE) {
        const uint32_t *words = ram_peek(model_space.ram, frame);
        assert_int_equal(words[word], model_ram[frame][word]);
    }
    return end;
}

bool model_setpd(uint32_t directory_frame, bool wp)
{
    if (!gspace_setpd(&model_space, GPA(directory_frame << PAGE_SHIFT), wp ? 4 : 0)) {
        model_counts.no_memory++;
        model_check_all();
        return false;
    }
    model_directory = directory_frame;
    model_wp = wp;
    last_setpd = ++now;
    log_count = 0;
    model_counts.setpds++;
    model_check_all();
    return true;
}

void model_adjustpg(gva_t address)
{
    gspace_adjustpg(&model_space, GVA(address.v & ~PAGE_MASK));
    last_adjust[address.v >> 12] = ++now;
    adjusted_pde[address.v >> 22].time = now;
    adjusted_pde[address.v >> 22].value = model_ram[model_directory][address.v >> 22];
    model_counts.adjusts++;
    model_check_all();
    model_check_page(address);
    if (now & 1)
        model_prefetch(address, now & 2);
}

bool model_start(uint32_t frame_count)
{
    assert_true(frame_count <= MODEL_FRAMES_MAX);
    memset(model_ram, 0, sizeof(model_ram));
    log_count = 0;
    last_setpd = ++now;
    if (!machine_make(&model_space, &memory, &paging, frame_count))
        return false;
    gspace_load(&model_space);
    return true;
}

void model_stop(void)
{
    static const uint32_t zeroes[MODEL_WORDS];

    model_check_all();
    for (uint32_t i = 0; i < model_space.ram->frame_count; i++) {
        const void *words = ram_peek(model_space.ram, i);
        assert_memory_equal(words ? words : zeroes, model_ram[i], PAGE_SIZE);
    }
    machine_unmake(&model_space);
    assert_int_equal(machine_vmaps, 0);
}
