/*
 * config_line.c - what each directive of cobble.cfg means (PURE).
 */
#include "monitor/config_line.h"

#include "base/format.h"
#include "base/string.h"
#include "base/text.h"
#include "guest/image_name.h"
#include "io/cp437.h"
#include "io/screen.h"
#include "io/serial.h"

#define MIB (1u << 20)
#define NO_MEMORY "no memory to keep it"
#define AUTORUN_WORDS \
    "expect= timeout= mem= clock= type= output= debug-print= match= match!= console= seed= strict= trace= control " \
    "children= memory= as= snapshot= " EQUIP_WORDS

/* Keep a text for the typist. NULL, or what is wrong. */
static const char *add_typing(struct config *config, int autorun, const char *name, const char *text, size_t length)
{
    if (config->typing_count == CONFIG_TYPINGS_MAX)
        return "more than 256 texts to type";
    if (length > CONFIG_TEXT_BYTES - config->text_used)
        return "more than 32K of texts to type and to match";
    config->typings = config_take_room(config, config->typings, CONFIG_TYPINGS_MAX * sizeof(*config->typings));
    config->text = config_take_room(config, config->text, CONFIG_TEXT_BYTES);
    if (config->typings == NULL || config->text == NULL)
        return NO_MEMORY;
    struct config_typing *typing = &config->typings[config->typing_count++];
    typing->autorun = autorun;
    (void)text_copy(typing->name, sizeof(typing->name), name);
    typing->text = config->text_used;
    typing->length = (uint32_t)length;
    memcpy(config->text + config->text_used, text, length);
    config->text_used += (uint32_t)length;
    return NULL;
}

/* Keep a text that a row must have, or that none may have. NULL, or what is wrong. */
static const char *add_match(struct config *config, struct config_autorun *autorun, bool forbidden, const char *text,
                             size_t length)
{
    if (config->match_count == CONFIG_MATCHES_MAX)
        return "more than 1024 texts to match";
    if (length > CONFIG_TEXT_BYTES - config->text_used)
        return "more than 32K of texts to type and to match";
    config->matches = config_take_room(config, config->matches, CONFIG_MATCHES_MAX * sizeof(*config->matches));
    config->text = config_take_room(config, config->text, CONFIG_TEXT_BYTES);
    if (config->matches == NULL || config->text == NULL)
        return NO_MEMORY;
    int count = cp437_from_utf8((uint8_t *)config->text + config->text_used, text, length);
    if (count < 0)
        return "a character that no console shows";
    if (count == 0)
        return "a text is missing";
    config->matches[config->match_count++] = (struct config_match){ forbidden, config->text_used, (uint32_t)count };
    autorun->match_count++;
    config->text_used += (uint32_t)count;
    return NULL;
}

static const char *set_expect(struct config_autorun *autorun, const char *value)
{
    if (strcmp(value, "crash") == 0)
        autorun->expect = CONFIG_EXPECT_CRASH;
    else if (strcmp(value, "timeout") == 0)
        autorun->expect = CONFIG_EXPECT_TIMEOUT;
    else if (strcmp(value, "refused") == 0)
        autorun->expect = CONFIG_EXPECT_REFUSED;
    else {
        autorun->expect = CONFIG_EXPECT_EXIT;
        return words_parse_status(value, &autorun->expect_status);
    }
    return NULL;
}

static const char *set_clock(struct config_autorun *autorun, const char *value)
{
    autorun->equip.counts_time = strcmp(value, "instructions") == 0;
    if (autorun->equip.counts_time)
        return NULL;
    if (strcmp(value, "run") != 0 && strcmp(value, "wall") != 0)
        return "clock= is run, wall or, with engine=interp, instructions";
    autorun->clock = strcmp(value, "run") == 0 ? CONFIG_CLOCK_RUN : CONFIG_CLOCK_WALL;
    return NULL;
}

/* on or off. NULL, or what is wrong. */
static const char *set_choice(bool *on, const char *value, const char *wrong)
{
    if (strcmp(value, "on") != 0 && strcmp(value, "off") != 0)
        return wrong;
    *on = strcmp(value, "on") == 0;
    return NULL;
}

static const char *set_debug_print(struct config_autorun *autorun, const char *value)
{
    bool on = false;
    const char *wrong = set_choice(&on, value, "debug-print= is on or off");

    autorun->debug_print = on ? CONFIG_CHOICE_ON : CONFIG_CHOICE_OFF;
    return wrong;
}

static const char *set_seed(struct config_autorun *autorun, const char *value)
{
    const char *wrong = words_parse_status(value, &autorun->seed);

    return wrong != NULL || autorun->seed == 0 || value[0] == '-' ? "seed= is a number from 1 to 4294967295" : NULL;
}

/* The first word of the line is kept once, however many names come after it. */
static const char *set_name(struct config_autorun *autorun, const char *value)
{
    char name[sizeof(autorun->name)];
    const char *wrong = image_name_parse(value, name);

    if (wrong != NULL)
        return wrong;
    if (autorun->image[0] == '\0')
        memcpy(autorun->image, autorun->name, sizeof(autorun->image));
    memcpy(autorun->name, name, sizeof(autorun->name));
    return NULL;
}

static const char *set_snapshot(struct config *config, struct config_autorun *autorun, const char *value)
{
    config->has_snapshots = true;
    return image_name_parse(value, autorun->snapshot);
}

/* The words with a text of any length. NULL, or what is wrong. */
static const char *set_text(struct config *config, struct config_autorun *autorun, const char *word, size_t length)
{
    const char *end = word + length;
    const char *value;

    if ((value = words_value(word, "type=")) != NULL)
        return add_typing(config, (int)(autorun - config->autoruns), "", value, (size_t)(end - value));
    if ((value = words_value(word, "match=")) != NULL)
        return add_match(config, autorun, false, value, (size_t)(end - value));
    if ((value = words_value(word, "match!=")) != NULL)
        return add_match(config, autorun, true, value, (size_t)(end - value));
    return "unknown word; known: " AUTORUN_WORDS;
}

/* One "KEY=VALUE" of an autorun. NULL, or what is wrong. */
static const char *set_word(struct config *config, struct config_autorun *autorun, unsigned index)
{
    const char *word = config->words.word[index];
    const char *value, *wrong;

    if (equip_read(&autorun->equip, word, &wrong))
        return wrong;
    if ((value = words_value(word, "expect=")) != NULL)
        return set_expect(autorun, value);
    if ((value = words_value(word, "timeout=")) != NULL)
        return words_parse_time(value, &autorun->timeout_ms);
    if ((value = words_value(word, "mem=")) != NULL)
        return words_parse_memory(value, &autorun->memory_bytes);
    if ((value = words_value(word, "clock=")) != NULL)
        return set_clock(autorun, value);
    if ((value = words_value(word, "debug-print=")) != NULL)
        return set_debug_print(autorun, value);
    if ((value = words_value(word, "strict=")) != NULL)
        return set_choice(&autorun->strict, value, "strict= is on or off");
    if ((value = words_value(word, "trace=")) != NULL)
        return set_choice(&autorun->trace, value, "trace= is on or off");
    if ((value = words_value(word, "output=")) != NULL)
        return words_parse_size(value, 1, &autorun->output_bytes);
    if ((value = words_value(word, "seed=")) != NULL)
        return set_seed(autorun, value);
    if ((value = words_value(word, "snapshot=")) != NULL)
        return set_snapshot(config, autorun, value);
    if ((value = words_value(word, "as=")) != NULL)
        return set_name(autorun, value);
    if ((value = words_value(word, "console=")) != NULL)
        return image_name_parse(value, autorun->console);
    wrong = NULL;
    if (words_read_right(word, &autorun->rights, &wrong))
        return wrong;
    return set_text(config, autorun, word, config->words.length[index]);
}

static void keep_first_problem(char *problem, size_t problem_bytes, const char *word, const char *wrong)
{
    if (problem[0] == '\0' && wrong != NULL)
        format_string(problem, problem_bytes, "'%.60s': %s", word, wrong);
}

/* What is said of a virtual PC stays longer than the line. */
static const char *keep_equip(struct config *config, struct equip *equip)
{
    const char *wrong = equip_judge(equip);

    for (unsigned i = 0; i < EQUIP_TEXTS && wrong == NULL; i++) {
        size_t bytes = equip->texts[i] != NULL ? strlen(equip->texts[i]) + 1 : 0;
        if (bytes == 0)
            continue;
        config->text = config_take_room(config, config->text, CONFIG_TEXT_BYTES);
        if (config->text == NULL || bytes > CONFIG_TEXT_BYTES - config->text_used)
            return NO_MEMORY;
        memcpy(config->text + config->text_used, equip->texts[i], bytes);
        equip->texts[i] = config->text + config->text_used;
        config->text_used += (uint32_t)bytes;
    }
    return wrong;
}

void config_line_autorun(struct config *config, struct config_autorun *autorun, char *problem, size_t problem_bytes)
{
    const struct words *words = &config->words;
    const char *name = words->count > 1 ? words->word[1] : "";

    memset(autorun, 0, sizeof(*autorun));
    autorun->timeout_ms = 60 * 1000;
    autorun->output_bytes = MIB;
    autorun->rights = family_no_rights();
    autorun->first_match = config->match_count;
    keep_first_problem(problem, problem_bytes, name, image_name_parse(name, autorun->name));
    for (unsigned i = 2; i < words->count; i++)
        keep_first_problem(problem, problem_bytes, words->word[i], set_word(config, autorun, i));
    if (autorun->memory_bytes == 0)
        autorun->memory_bytes = autorun->equip.is_machine ? GUEST_PC_MEMORY_DEFAULT : 24 * MIB;
    keep_first_problem(problem, problem_bytes, name, keep_equip(config, &autorun->equip));
}

static const char *do_together(struct config *config, const char *value)
{
    return set_choice(&config->together, value, "together is on or off");
}

static const char *do_counted(struct config *config, const char *value)
{
    return set_choice(&config->counted, value, "counted is on or off");
}

static const char *do_debug_print(struct config *config, const char *value)
{
    return set_choice(&config->debug_print, value, "debug-print is on or off");
}

static const char *do_after(struct config *config, const char *value)
{
    if (strcmp(value, "monitor") == 0)
        config->after = CONFIG_AFTER_MONITOR;
    else if (strcmp(value, "poweroff") == 0)
        config->after = CONFIG_AFTER_POWEROFF;
    else if (strcmp(value, "reboot") == 0)
        config->after = CONFIG_AFTER_REBOOT;
    else
        return "after is monitor, poweroff or reboot";
    return NULL;
}

static const char *do_log_level(struct config *config, const char *value)
{
    int level = log_level_parse(value);

    if (level < 0)
        return "log is error, warn, info or debug";
    config->log_level = (enum log_level)level;
    return NULL;
}

static const char *do_tick(struct config *config, const char *value)
{
    uint64_t milliseconds;
    const char *wrong = words_parse_time(value, &milliseconds);

    if (wrong == NULL && milliseconds > 1000)
        wrong = "a tick is 1ms to 1s";
    if (wrong == NULL)
        config->tick_ms = (uint32_t)milliseconds;
    return wrong;
}

static const char *do_linger(struct config *config, const char *value)
{
    return words_parse_time(value, &config->linger_ms);
}

/* escape ^] or escape Ctrl-]: a control character that no editing needs. */
static const char *do_escape(struct config *config, const char *value)
{
    if (words_value(value, "Ctrl-") != NULL)
        value += 5;
    else if (*value == '^')
        value++;
    else
        return "escape is a control character, as in ^] or Ctrl-]";
    char key = *value >= 'a' && *value <= 'z' ? (char)(*value - 'a' + 'A') : *value;
    if (key < 'A' || key > '_' || value[1] != '\0' || strchr("HIJM[", key) != NULL)
        return "escape is ^A to ^_, but not ^H ^I ^J ^M ^[, which are keys of their own";
    config->escape = (uint8_t)(key - '@');
    return NULL;
}

/* serial PORT[,IRQ]: a UART at an I/O port, and its ISA interrupt. */
static const char *do_serial(struct config *config, const char *value)
{
    const char *comma = strchr(value, ',');
    uint32_t port, irq = SERIAL_NO_ISA_IRQ;
    char text[16];

    (void)text_copy(text, sizeof(text), value);
    if (comma != NULL && (size_t)(comma - value) < sizeof(text))
        text[comma - value] = '\0';
    if (words_parse_status(text, &port) != NULL || port == 0 || port > SERIAL_PORT_MAX)
        return "serial is a port from 1 to 0xfff8, as in serial 0x2e0 or, with its interrupt, serial 0x2e0,5";
    if (comma != NULL && (words_parse_status(comma + 1, &irq) != NULL || irq == 0 || irq == 2 || irq > SERIAL_IRQ_MAX))
        return "an interrupt of a serial line is one of 1 and 3 to 15";
    config->serial_port = (uint16_t)port;
    config->serial_irq = (uint8_t)irq;
    return NULL;
}

const char *config_parse_terminal(const char *value, uint8_t *rows)
{
    uint32_t number = SCREEN_LINES;

    if (strcmp(value, "lines") != 0 &&
        (words_parse_status(value, &number) != NULL || number < SCREEN_ROWS_MIN || number > SCREEN_ROWS))
        return "terminal is lines, for one that only adds lines, or its rows: 10 to 26";
    *rows = (uint8_t)number;
    return NULL;
}

static const char *do_terminal(struct config *config, const char *value)
{
    return config_parse_terminal(value, &config->terminal_rows);
}

static const char *do_trace(struct config *config, const char *value)
{
    return set_choice(&config->trace, value, "trace is on or off");
}

static const char *do_debug(struct config *config, const char *value)
{
    return image_name_parse(value, config->debug);
}

static const struct directive {
    const char *name;
    const char *(*apply)(struct config *config, const char *value);
} directives[] = {
    { "together", do_together }, { "after", do_after }, { "log", do_log_level },
    { "tick", do_tick }, { "escape", do_escape }, { "linger", do_linger },
    { "debug-print", do_debug_print }, { "counted", do_counted }, { "serial", do_serial },
    { "debug", do_debug }, { "trace", do_trace }, { "terminal", do_terminal },
};

/* type NAME "TEXT": NULL, or what is wrong. */
static const char *do_type(struct config *config)
{
    const struct words *words = &config->words;
    char name[64];

    if (words->count != 3)
        return "write: type NAME \"TEXT\"";
    const char *wrong = image_name_parse(words->word[1], name);
    return wrong != NULL ? wrong : add_typing(config, -1, name, words->word[2], words->length[2]);
}

/*
 * The words "NAME VALUE" and "NAME=VALUE" mean the same: load options are often written in the second way.
 */
static const char *find_value(const struct words *words, const char *name)
{
    const char *first = words->word[0];
    size_t length = strlen(name);

    if (strncmp(first, name, length) != 0 || (first[length] != '\0' && first[length] != '='))
        return NULL;
    if (first[length] == '=')
        return words->count == 1 ? first + length + 1 : "";
    return words->count == 2 ? words->word[1] : "";
}

/* A word after "NAME VALUE" or "NAME=VALUE". NULL: there is none. */
static const char *find_surplus(const struct words *words)
{
    unsigned used = strchr(words->word[0], '=') != NULL ? 1 : 2;

    return words->count > used ? words->word[used] : NULL;
}

void config_line_directive(struct config *config, char *problem, size_t problem_bytes)
{
    const char *first = config->words.word[0];

    if (strcmp(first, "type") == 0) {
        keep_first_problem(problem, problem_bytes, config->words.count > 1 ? config->words.word[1] : first,
                           do_type(config));
        return;
    }
    for (size_t i = 0; i < sizeof(directives) / sizeof(directives[0]); i++) {
        const char *value = find_value(&config->words, directives[i].name);
        if (value == NULL)
            continue;
        const char *surplus = find_surplus(&config->words);
        if (surplus != NULL)
            keep_first_problem(problem, problem_bytes, surplus, "too much: a directive has one value");
        else
            keep_first_problem(problem, problem_bytes, value, directives[i].apply(config, value));
        return;
    }
    format_string(problem, problem_bytes,
                  "unknown directive '%.60s'; known: autorun choice together after log tick escape type linger "
                  "debug-print debug serial counted trace terminal", first);
}
