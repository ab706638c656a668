/*
 * commands_guest.c - the monitor's commands that run, show and end guests.
 */
#include "monitor/commands_guest.h"

#include "base/format.h"
#include "base/string.h"
#include "base/text.h"
#include "guest/clone.h"
#include "guest/guest.h"
#include "guest/image_name.h"
#include "guest/request.h"
#include "io/console.h"
#include "monitor/jobs.h"
#include "monitor/jobs_tell.h"
#include "monitor/shell_output.h"
#include "pagetable/shadow.h"


#define NS_PER_MS 1000000ull

struct guest *commands_guest_find(const struct words *words)
{
    const char *text = words->word[1];
    uint64_t id;
    const char *rest = text_parse_u64(text, &id);

    if (rest == NULL || *rest != '\0') {
        shell_print("%s: '%.40s' is no ID; ps lists them", words->word[0], text);
        return NULL;
    }
    struct guest *guest = id <= UINT32_MAX ? guest_find((uint32_t)id) : NULL;
    if (guest == NULL)
        shell_print("%s: there is no guest %.40s; ps lists them", words->word[0], text);
    return guest;
}

struct guest *commands_guest_find_live(const struct words *words)
{
    struct guest *guest = commands_guest_find(words);

    if (guest != NULL && guest->life.activity == GUEST_ENDED) {
        shell_print("%s: guest %u has ended", words->word[0], guest->life.id);
        return NULL;
    }
    return guest;
}

/* One word behind the name. NULL, or what is wrong. */
static const char *read_option(const char *word, struct jobs_options *options)
{
    const char *memory = words_value(word, "mem=");
    const char *debug_print = words_value(word, "debug-print=");
    const char *wrong = NULL;

    if (equip_read(&options->equip, word, &wrong))
        return wrong;
    if (strcmp(word, "&") == 0)
        options->watched = false;
    else if (strcmp(word, "strict") == 0 || strcmp(word, "strict=on") == 0)
        options->strict = true;
    else if (strcmp(word, "trace") == 0 || strcmp(word, "trace=on") == 0)
        options->trace = true;
    else if (strcmp(word, "clock=instructions") == 0)
        options->equip.counts_time = true;
    else if (memory != NULL)
        return words_parse_memory(memory, &options->memory_bytes);
    else if (debug_print != NULL && (strcmp(debug_print, "on") == 0 || strcmp(debug_print, "off") == 0))
        options->debug_print = strcmp(debug_print, "on") == 0;
    else if (debug_print != NULL)
        return "debug-print= is on or off";
    else if (!words_read_right(word, &options->rights, &wrong))
        return "unknown word; known: mem= as= control children= memory= debug-print= strict trace clock= " EQUIP_WORDS
               " &";
    return wrong;
}

/* Any word behind the name. */
static const char *read_run_word(const char *word, struct jobs_options *options, char as[GUEST_NAME_BYTES])
{
    const char *name = words_value(word, "as=");

    return name != NULL ? image_name_parse(name, as) : read_option(word, options);
}

void commands_guest_run(const struct words *words, uint64_t now_ns)
{
    struct jobs_options options = jobs_defaults();
    char name[GUEST_NAME_BYTES], as[GUEST_NAME_BYTES] = "";
    const char *wrong = image_name_parse(words->word[1], name);

    (void)now_ns;
    if (wrong != NULL) {
        shell_print("run: '%.64s': %s", words->word[1], wrong);
        return;
    }
    options.memory_bytes = 0;
    for (unsigned i = 2; i < words->count; i++) {
        wrong = read_run_word(words->word[i], &options, as);
        if (wrong != NULL) {
            shell_print("run: '%.64s': %s", words->word[i], wrong);
            return;
        }
    }
    if (options.memory_bytes == 0)
        options.memory_bytes = options.equip.is_machine ? GUEST_PC_MEMORY_DEFAULT : GUEST_MEMORY_DEFAULT;
    wrong = equip_judge(&options.equip);
    if (wrong != NULL)
        shell_print("run: %s", wrong);
    else
        jobs_start(name, as[0] != '\0' ? as : NULL, &options);
}

/* A snapshot that lives neither runs nor can be made to; that is said. */
static bool is_snapshot(const struct words *words, const struct guest *guest)
{
    bool found = guest->life.paused & GUEST_PAUSED_SNAPSHOT && guest->life.activity != GUEST_ENDED;

    if (found)
        shell_print("%s: guest %u is a snapshot; run %s begins from it", words->word[0], guest->life.id,
                    guest->life.name);
    return found;
}

static void set_paused(const struct words *words, bool paused)
{
    struct guest *guest = commands_guest_find_live(words);
    char state[32];

    if (guest == NULL || is_snapshot(words, guest))
        return;
    guest->life.paused = (uint8_t)((guest->life.paused & ~GUEST_PAUSED_BY_OPERATOR) |
                                   (paused ? GUEST_PAUSED_BY_OPERATOR : 0));
    guest_stir(guest);
    jobs_describe(guest, state);
    (void)text_copy(guest->console.state, sizeof(guest->console.state), state);
    shell_print("%u %s: %s", guest->life.id, guest->life.name, state);
}

void commands_guest_pause(const struct words *words, uint64_t now_ns)
{
    (void)now_ns;
    set_paused(words, true);
}

void commands_guest_resume(const struct words *words, uint64_t now_ns)
{
    (void)now_ns;
    set_paused(words, false);
}

void commands_guest_restart(const struct words *words, uint64_t now_ns)
{
    struct guest *guest = commands_guest_find(words);

    (void)now_ns;
    if (guest == NULL || is_snapshot(words, guest))
        return;
    struct jobs_options options = jobs_options(guest->life.id);
    if (options.memory_bytes == 0) {
        shell_print("restart: guest %u belongs to %s", guest->life.id,
                    guest->family.parent != NULL ? guest->family.parent->life.name : "the autoruns");
        return;
    }
    jobs_restart(guest);
}

void commands_guest_clone(const struct words *words, uint64_t now_ns)
{
    struct guest *guest = commands_guest_find_live(words);

    (void)now_ns;
    if (guest != NULL)
        jobs_clone(guest, NULL, false);
}

void commands_guest_snapshot(const struct words *words, uint64_t now_ns)
{
    struct guest *guest = commands_guest_find_live(words);
    char name[GUEST_NAME_BYTES];
    const char *wrong = image_name_parse(words->word[2], name);

    (void)now_ns;
    if (wrong != NULL)
        shell_print("snapshot: '%.64s': %s", words->word[2], wrong);
    else if (guest != NULL && clone_find_snapshot(name) != NULL)
        shell_print("snapshot: there is one of this name: guest %u; kill it first", clone_find_snapshot(name)->life.id);
    else if (guest != NULL)
        jobs_clone(guest, name, true);
}

void commands_guest_kill(const struct words *words, uint64_t now_ns)
{
    struct guest *guest = commands_guest_find_live(words);

    (void)now_ns;
    if (guest != NULL)
        request_end(guest, false);
}

void commands_guest_adopt(const struct words *words, uint64_t now_ns)
{
    struct guest *guest = commands_guest_find(words);

    (void)now_ns;
    if (guest != NULL && jobs_adopt(guest))
        shell_print("%u %s is the operator's now", guest->life.id, guest->life.name);
}

void commands_guest_wait(const struct words *words, uint64_t now_ns)
{
    struct guest *guest = commands_guest_find(words);

    (void)now_ns;
    if (guest != NULL)
        jobs_wait(guest->life.id);
}

void commands_guest_console(const struct words *words, uint64_t now_ns)
{
    (void)now_ns;
    if (strcmp(words->word[1], "0") == 0) {
        request_view(shell_console());
        return;
    }
    struct guest *guest = commands_guest_find(words);
    if (guest != NULL)
        request_view(&guest->console);
}

static void print_shadows(const struct gspace *space)
{
    struct shadow_counts counts = shadow_count(space);

    shell_print("page tables: directory 0x%08x, wp %u", space->paging->directory.v, space->paging->wp);
    shell_print("shadows: %u directories, %u tables (%u unsynced); %llu evicted so far", counts.directories,
                counts.tables, counts.unsynced, (unsigned long long)counts.evictions);
}

static void print_interrupts(const struct guest *guest)
{
    const struct virq *virq = &guest->state.virq;
    unsigned gates = 0;

    for (unsigned slot = 0; slot < HV_IDT_SLOTS; slot++)
        gates += guest->state.idt[slot].eip != 0 ? 1 : 0;
    shell_print("vIDT: %u of %d slots set; waiting: %u keys, tick %s; lost: %llu keys, %llu ticks", gates,
                HV_IDT_SLOTS, virq->key_count, virq_has(virq, VIRQ_TIMER) ? "yes" : "no",
                (unsigned long long)virq->keys_dropped, (unsigned long long)virq->ticks_coalesced);
}

static void print_memory(const struct guest *guest)
{
    if (guest->life.activity == GUEST_ENDED) {
        shell_print("memory: given back%s%s", guest->life.reason[0] != '\0' ? "; reason: " : "", guest->life.reason);
        return;
    }
    shell_print("memory: %u KiB, of which %u KiB touched; paging %s", guest->ram.bytes / 1024,
                guest->ram.backed_count * (PAGE_SIZE / 1024), guest->state.paging.is_on ? "on" : "off");
    if (guest->ram.shared_count != 0)
        shell_print("of what is touched, %u KiB may be shared with others; %u KiB are its own",
                    guest->ram.shared_count * (PAGE_SIZE / 1024),
                    (guest->ram.backed_count - guest->ram.shared_count) * (PAGE_SIZE / 1024));
    if (guest->state.paging.is_on)
        print_shadows(&guest->space);
}

void commands_guest_info(const struct words *words, uint64_t now_ns)
{
    struct guest *guest = commands_guest_find(words);
    const char *report, *rest;
    char text[256];

    if (guest == NULL)
        return;
    jobs_describe(guest, text);
    shell_print("%u %s: %s, started %llu ms ago, processor time %llu ms", guest->life.id, guest->life.name, text,
                (unsigned long long)((now_ns - guest->life.started_ns) / NS_PER_MS),
                (unsigned long long)(guest->turns.run_ns / NS_PER_MS));
    if (guest->kind->inform != NULL) {
        for (unsigned i = 0; guest->kind->inform(guest, i, text, sizeof(text)); i++)
            shell_print("%s", text);
        return;
    }
    report = guest_describe(guest, &rest);
    shell_print_lines(rest);
    shell_print_lines(report);
    print_interrupts(guest);
    shell_print("counts: %llu hypercalls, %llu events, %llu hidden faults",
                (unsigned long long)guest_hypercall_count(guest), (unsigned long long)guest->event_count,
                (unsigned long long)guest->hidden_fault_count);
    if (guest->spin.gave_way != 0)
        shell_print("gave way %llu times, spinning in a loop that does nothing: HLT would say so at once",
                    (unsigned long long)guest->spin.gave_way);
    print_memory(guest);
}
