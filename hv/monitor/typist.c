/*
 * typist.c - types texts to guests: docs/operator.md "Typed texts".
 *
 * A guest gets its next text once its console has been quiet for a second, or three seconds after it was last typed
 * to. A text goes through the decoder that serial input uses, no faster than the guest's key queue has room; but a
 * guest that takes no key for three seconds gets the rest all the same, as from a person who does not look. All by the
 * guest's own clock: with clock=run, one that waits for the processor is neither quiet nor slow.
 */
#include "monitor/typist.h"

#include "base/log.h"
#include "base/text.h"
#include "guest/clock.h"
#include "io/serialkeys.h"

#define NS_PER_MS 1000000ull
#define QUIET_NS (1000 * NS_PER_MS)
#define PATIENCE_NS (3000 * NS_PER_MS)
#define LOOK_NS (20 * NS_PER_MS)            /* how often a console is looked at for changes */
#define ROOM (VIRQ_KEYS - 2 * SERIALKEYS_MAX)
#define GUESTS_MAX 64
#define PICTURES_MAX 8                      /* consoles hashed in a look: some 22,000 instructions each */
#define MONITOR_NAME "monitor"

/* One guest that has, or may get, something typed. */
static struct reader {
    uint32_t guest_id;                      /* 0: free */
    int autorun;
    bool waits;                             /* for a key: its first text need not wait until it is quiet */
    const struct config_typing *typing;     /* being typed, or NULL */
    uint32_t typed;                         /* bytes of it */
    uint64_t typed_ns, changed_ns;          /* last key; last change of the console */
    uint32_t picture, revision;             /* of the console then: a hash, and what its vcon counts */
    struct serialkeys decoder;
} readers[GUESTS_MAX];

static const struct config *texts;
static bool is_taken[CONFIG_TYPINGS_MAX];
static uint64_t next_key_ns = UINT64_MAX;
static unsigned next_reader, pictures;      /* where the round goes on, and what was hashed in this look */

/* The texts for the monitor. */
static struct {
    struct console *console;                /* NULL: all are typed */
    unsigned text;                          /* the one being typed */
    uint32_t typed;                         /* bytes of it */
    struct serialkeys decoder;
} for_monitor;

void typist_init(const struct config *config)
{
    texts = config;
}

static bool is_meant_for(const struct config_typing *typing, const struct guest *guest, int autorun)
{
    if (typing->autorun >= 0)
        return typing->autorun == autorun;
    return text_equal_nocase(typing->name, guest->life.name);
}

static bool has_text(const struct guest *guest, int autorun)
{
    for (unsigned i = 0; i < texts->typing_count; i++) {
        if (!is_taken[i] && is_meant_for(&texts->typings[i], guest, autorun))
            return true;
    }
    return false;
}

void typist_launched(const struct guest *guest, int autorun, uint64_t now_ns)
{
    if (!has_text(guest, autorun))
        return;
    for (struct reader *reader = readers; reader < readers + GUESTS_MAX; reader++) {
        if (reader->guest_id != 0)
            continue;
        *reader = (struct reader){
            .guest_id = guest->life.id, .autorun = autorun, .typed_ns = now_ns, .changed_ns = now_ns,
        };
        serialkeys_init(&reader->decoder);
        next_key_ns = now_ns;
        return;
    }
    log_error("%u guests are typed to already: nothing will be typed to %s", GUESTS_MAX, guest->life.name);
}

void typist_waits(const struct guest *guest)
{
    for (struct reader *reader = readers; reader < readers + GUESTS_MAX; reader++)
        reader->waits |= reader->guest_id == guest->life.id;
}

/* FNV-1a over cells and cursor. */
static uint32_t hash_console(const struct vcon *console)
{
    uint32_t hash = 2166136261u;

    for (unsigned row = 0; row < VCON_ROWS; row++) {
        for (unsigned column = 0; column < VCON_COLS; column++)
            hash = (hash ^ vcon_cell(console, row, column)) * 16777619u;
    }
    return (hash ^ (uint32_t)(console->row * VCON_COLS + console->column)) * 16777619u;
}

/*
 * The next text for this guest, its own type= texts first. Lines "type NAME" go to the guest of that name with the
 * lowest ID: one that was launched later gets what is left when the first has ended.
 */
static const struct config_typing *take_text(const struct reader *reader, const struct guest *guest)
{
    for (unsigned i = 0; i < texts->typing_count; i++) {
        const struct config_typing *typing = &texts->typings[i];
        if (is_taken[i] || typing->autorun < 0 || typing->autorun != reader->autorun)
            continue;
        is_taken[i] = true;
        return typing;
    }
    for (const struct reader *other = readers; other < readers + GUESTS_MAX; other++) {
        const struct guest *elder = other->guest_id != 0 ? guest_find(other->guest_id) : NULL;
        if (elder != NULL && elder->life.activity != GUEST_ENDED && elder->life.id < guest->life.id &&
            text_equal_nocase(elder->life.name, guest->life.name))
            return NULL;
    }
    for (unsigned i = 0; i < texts->typing_count; i++) {
        const struct config_typing *typing = &texts->typings[i];
        if (is_taken[i] || typing->autorun >= 0 || !text_equal_nocase(typing->name, guest->life.name))
            continue;
        is_taken[i] = true;
        return typing;
    }
    return NULL;
}

#define KEY_WORDS (VIRQ_KEYS + 2 * SERIALKEYS_MAX)     /* more than a guest's queue ever takes */

/* What is typed to a guest in this look. One guest at a time: the others' turn comes in the next. */
static struct request key_request;
static uint32_t key_words[KEY_WORDS];

/* Type as much as the guest's key queue takes; or all, to one that takes nothing: what has no room is lost. */
static void type_on(struct reader *reader, struct guest *guest, uint64_t now_ns)
{
    const char *text = texts->text + reader->typing->text;
    bool impatient = now_ns - reader->typed_ns >= PATIENCE_NS;
    unsigned count = 0;

    if (key_request.is_queued)
        return;
    while (reader->typed < reader->typing->length && (impatient || guest->state.virq.key_count + count <= ROOM)) {
        count += serialkeys_byte(&reader->decoder, (uint8_t)text[reader->typed++], now_ns, &key_words[count]);
        count = count < VIRQ_KEYS ? count : VIRQ_KEYS;
        reader->typed_ns = now_ns;
    }
    if (reader->typed == reader->typing->length) {
        /* The text may have ended with a lone Esc, which waits for more. */
        count += serialkeys_flush(&reader->decoder, UINT64_MAX, &key_words[count]);
        reader->typing = NULL;
    }
    request_type(&key_request, guest, key_words, count);
}

static void press_keys(struct console *console, unsigned count, const uint32_t words[SERIALKEYS_MAX])
{
    for (unsigned i = 0; i < count; i++)
        console->key(console->owner, words[i]);
}

static bool is_for_monitor(const struct config_typing *typing)
{
    return typing->autorun < 0 && text_equal_nocase(typing->name, MONITOR_NAME);
}

void typist_type_to_monitor(struct console *monitor)
{
    for_monitor.console = monitor;
    for_monitor.text = 0;
    for_monitor.typed = 0;
    serialkeys_init(&for_monitor.decoder);
    for (unsigned i = 0; i < texts->typing_count; i++)
        is_taken[i] |= is_for_monitor(&texts->typings[i]);
    next_key_ns = 0;
}

/* Type as much as the monitor's key queue takes. */
static void type_on_to_monitor(uint64_t now_ns)
{
    struct console *console = for_monitor.console;
    uint32_t words[SERIALKEYS_MAX];

    for (; for_monitor.text < texts->typing_count; for_monitor.text++) {
        const struct config_typing *typing = &texts->typings[for_monitor.text];
        if (!is_for_monitor(typing))
            continue;
        while (for_monitor.typed < typing->length) {
            if (console->room(console->owner) < 2 * SERIALKEYS_MAX)
                return;
            uint8_t byte = (uint8_t)texts->text[typing->text + for_monitor.typed++];
            press_keys(console, serialkeys_byte(&for_monitor.decoder, byte, now_ns, words), words);
        }
        press_keys(console, serialkeys_flush(&for_monitor.decoder, UINT64_MAX, words), words);
        for_monitor.typed = 0;
    }
    for_monitor.console = NULL;
}

/* Does it show something else? Its 2,000 cells are only looked at when something was printed. */
static bool is_changed(struct reader *reader, const struct vcon *console)
{
    if (console->revision == reader->revision)
        return false;
    uint32_t picture = hash_console(console), before = reader->picture;
    pictures++;
    reader->picture = picture;
    reader->revision = console->revision;
    return picture != before;
}

static void serve(struct reader *reader, uint64_t now_ns)
{
    struct guest *guest = guest_find(reader->guest_id);

    if (guest == NULL || guest->life.activity == GUEST_ENDED) {
        reader->guest_id = 0;
        return;
    }
    /* From here on time is the guest's own: changed_ns and typed_ns are, too. */
    now_ns -= clock_lag_ns(guest, now_ns);
    if (is_changed(reader, &guest->console.vcon))
        reader->changed_ns = now_ns;
    uint64_t quiet_since_ns = reader->changed_ns > reader->typed_ns ? reader->changed_ns : reader->typed_ns;
    bool due = reader->waits || now_ns - quiet_since_ns >= QUIET_NS || now_ns - reader->typed_ns >= PATIENCE_NS;
    if (reader->typing == NULL && due) {
        reader->typing = take_text(reader, guest);
        reader->typed = 0;
        reader->typed_ns = now_ns;
        reader->waits = false;
    }
    if (reader->typing != NULL)
        type_on(reader, guest, now_ns);
    else if (!has_text(guest, reader->autorun))
        reader->guest_id = 0;
}

/* Serve on, until all were served or the look has done enough. False: the round is not over. */
static bool serve_some(uint64_t now_ns)
{
    for (pictures = 0; next_reader < GUESTS_MAX && pictures < PICTURES_MAX; next_reader++) {
        if (readers[next_reader].guest_id != 0)
            serve(&readers[next_reader], now_ns);
    }
    if (next_reader < GUESTS_MAX)
        return false;
    next_reader = 0;
    return true;
}

static bool any_reads(void)
{
    bool any = false;

    for (const struct reader *reader = readers; reader < readers + GUESTS_MAX; reader++)
        any |= reader->guest_id != 0;
    return any;
}

void typist_pump(uint64_t now_ns)
{
    if (now_ns < next_key_ns)
        return;
    if (for_monitor.console != NULL)
        type_on_to_monitor(now_ns);
    bool is_over = serve_some(now_ns);
    next_key_ns = any_reads() ? now_ns + (is_over ? LOOK_NS : 0) : UINT64_MAX;
    if (for_monitor.console != NULL && next_key_ns > now_ns)
        next_key_ns = now_ns + NS_PER_MS;
}

uint64_t typist_next_ns(void)
{
    return next_key_ns;
}
