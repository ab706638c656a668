/*
 * config.c - read cobble.cfg and the load options, one directive a line (PURE).
 */
#include "monitor/config.h"

#include "base/format.h"
#include "base/string.h"
#include "base/text.h"
#include "io/screen.h"
#include "io/serial.h"
#include "monitor/config_line.h"
#include "pebpeb.h"

void config_init(struct config *config, void *(*get_room)(size_t bytes))
{
    memset(config, 0, offsetof(struct config, get_room));
    config->get_room = get_room;
    config->autoruns = config->few_autoruns;
    config->autoruns_room = CONFIG_AUTORUNS_FEW;
    config->log_level = LOG_INFO;
    config->tick_ms = HV_TICK_MS;
    config->serial_irq = SERIAL_NO_ISA_IRQ;
    config->escape = 0x1D;      /* Ctrl-] */
    config->terminal_rows = SCREEN_ROWS;
}

void config_refuse(struct config *config, struct config_autorun *autorun, const char *why)
{
    size_t bytes = strnlen(why, CONFIG_MESSAGE_BYTES - 1);

    config->refusals = config_take_room(config, config->refusals, CONFIG_REFUSALS_BYTES);
    if (config->refusals == NULL || bytes >= CONFIG_REFUSALS_BYTES - config->refusals_used) {
        autorun->refused = "no room to say why: too many autoruns are refused";
        return;
    }
    char *copy = &config->refusals[config->refusals_used];
    memcpy(copy, why, bytes);
    copy[bytes] = '\0';
    autorun->refused = copy;
    config->refusals_used += (uint32_t)bytes + 1;
}

/* Where a text's first line ends: the index of its terminator, or the text's length. */
static uint64_t find_line_end(const char *text, uint64_t bytes, bool semicolons)
{
    bool quoted = false;

    for (uint64_t i = 0; i < bytes; i++) {
        if (text[i] == '\n')
            return i;
        if (text[i] == '"')
            quoted = !quoted;
        else if (quoted && text[i] == '\\' && i + 1 < bytes && text[i + 1] != '\n')
            i++;
        else if (semicolons && !quoted && text[i] == ';')
            return i;
    }
    return bytes;
}

/* What a message shows of a text that may hold anything: printable ASCII, the rest as '?'. */
static void make_printable(char *text)
{
    for (; *text != '\0'; text++) {
        if (*text < ' ' || *text > '~')
            *text = '?';
    }
}

static void add_message(struct config *config, const char *source, uint64_t line, const char *problem)
{
    config->messages = config_take_room(config, config->messages, CONFIG_MESSAGES_MAX * sizeof(*config->messages));
    if (config->messages == NULL || config->message_count == CONFIG_MESSAGES_MAX) {
        config->messages_dropped++;
        return;
    }
    char *message = config->messages[config->message_count++];
    format_string(message, CONFIG_MESSAGE_BYTES, "%s:%llu: %s", source, (unsigned long long)line, problem);
    make_printable(message);
}

/* As many as may still come from what is being read: one a line. Bound: the text, once or twice in all of a boot. */
static uint64_t count_lines_left(const struct config *config)
{
    uint64_t count = 1;

    for (uint64_t i = 0; i < config->left_bytes; i++)
        count += config->left[i] == '\n' || config->left[i] == ';';
    return count;
}

/*
 * A plan of more than a few moves to where there is room for all that its text may have, and at least for twice as
 * many, so that what several texts leave behind is less than what they fill. It is never given back: the plan can be
 * looked at as long as the machine runs.
 */
static bool make_room_for_autoruns(struct config *config)
{
    uint64_t count = config->autorun_count + count_lines_left(config);

    count = count < 2ull * config->autoruns_room ? 2ull * config->autoruns_room : count;
    count = count < CONFIG_AUTORUNS_MAX ? count : CONFIG_AUTORUNS_MAX;
    struct config_autorun *room = count > config->autoruns_room ? config->get_room(count * sizeof(*room)) : NULL;
    if (room == NULL)
        return false;
    memcpy(room, config->autoruns, config->autorun_count * sizeof(*room));
    config->autoruns = room;
    config->autoruns_room = (unsigned)count;
    return true;
}

/* Where the next autorun goes; NULL: nowhere. */
static struct config_autorun *next_autorun(struct config *config)
{
    if (config->autorun_count == config->autoruns_room && !make_room_for_autoruns(config))
        return NULL;
    return &config->autoruns[config->autorun_count];
}

/* A line with an autorun that cannot be run still is one test of the plan. */
static void add_refused(struct config *config, const char *source, uint64_t line, const char *problem)
{
    if (next_autorun(config) == NULL) {
        char left_out[CONFIG_MESSAGE_BYTES];
        format_string(left_out, sizeof(left_out), "more than %u autoruns: this one is left out", config->autoruns_room);
        add_message(config, source, line, left_out);
        return;
    }
    char why[CONFIG_MESSAGE_BYTES];
    format_string(why, sizeof(why), "%s:%llu: %s", source, (unsigned long long)line, problem);
    make_printable(why);
    config_refuse(config, &config->autoruns[config->autorun_count++], why);
}

/* choice "TITLE": the lines below it, up to the next one, count when it is picked. Those of a faulty one never do. */
static void begin_choice(struct config *config, const char *source, uint64_t line)
{
    config->choice_read = CONFIG_CHOICES_MAX + 1;
    if (config->words.count != 2 || config->words.length[1] == 0) {
        add_message(config, source, line, "write: choice \"TITLE\"");
        return;
    }
    config->choices = config_take_room(config, config->choices, CONFIG_CHOICES_MAX * sizeof(*config->choices));
    if (config->choices == NULL || config->choice_count == CONFIG_CHOICES_MAX) {
        add_message(config, source, line, "more than 9 choices: this one is left out");
        return;
    }
    char *title = config->choices[config->choice_count++];
    (void)text_copy(title, CONFIG_CHOICE_BYTES, config->words.word[1]);
    make_printable(title);
    config->choice_read = config->choice_count;
}

static void read_line(struct config *config, const char *source, uint64_t line, const char *text, size_t length)
{
    char problem[CONFIG_MESSAGE_BYTES] = "";
    const char *fault = words_split(&config->words, text, length);
    bool is_autorun = config->words.count > 0 && strcmp(config->words.word[0], "autorun") == 0;

    if (fault == NULL && config->words.count > 0 && strcmp(config->words.word[0], "choice") == 0) {
        begin_choice(config, source, line);
        return;
    }
    if (config->choice_read != 0 && config->choice_read != config->choice_picked)
        return;
    if (fault != NULL)
        (void)text_copy(problem, sizeof(problem), fault);
    if (is_autorun) {
        /* A faulty line is read into the next entry, too: its name and expect= count for the refusal. */
        struct config_autorun *next = next_autorun(config);
        if (next != NULL)
            config_line_autorun(config, next, problem, sizeof(problem));
        if (next != NULL && problem[0] == '\0')
            config->autorun_count++;
        else
            add_refused(config, source, line, problem);
        return;
    }
    if (fault == NULL && config->words.count > 0)
        config_line_directive(config, problem, sizeof(problem));
    if (problem[0] != '\0')
        add_message(config, source, line, problem);
}

void config_read(struct config *config, const char *source, const char *text, uint64_t bytes, bool semicolons)
{
    uint64_t line = 1;

    config->choice_read = 0;
    while (bytes > 0) {
        /* Editors on the machines that write FAT volumes start a file with a byte order mark, and files are joined. */
        if (bytes >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
            text += 3;
            bytes -= 3;
        }
        uint64_t length = find_line_end(text, bytes, semicolons);
        config->left = text + length;
        config->left_bytes = bytes - length;
        read_line(config, source, line, text, length);
        if (length == bytes)
            return;
        text += length + 1;
        bytes -= length + 1;
        line++;
    }
}
