/*
 * complete.c - what Tab adds to a command line: the longest start that all candidates share.
 *
 * Candidates are offered one by one, by whoever knows them (commands, images, guests), and only what they share is
 * kept: no list of them need be held. Nothing to add and several candidates: they are listed instead.
 */
#include "monitor/complete.h"

#include "base/format.h"
#include "base/log.h"
#include "base/string.h"
#include "base/text.h"
#include "guest/guest.h"
#include "monitor/commands.h"
#include "guest/images.h"
#include "monitor/shell_output.h"

#define LISTED_BYTES 1000

static struct {
    const char *start;          /* what the word begins with so far */
    size_t start_bytes;
    unsigned matches;
    char common[64];            /* what all matches share */
    char listed[LISTED_BYTES];  /* the matches, with a blank behind each */
    size_t listed_bytes;
} search;

static void offer(const char *candidate)
{
    char head[64];
    size_t same = 0;

    (void)text_copy(head, search.start_bytes + 1 < sizeof(head) ? search.start_bytes + 1 : sizeof(head), candidate);
    if (!text_equal_nocase(head, search.start))
        return;
    if (search.matches++ == 0)
        (void)text_copy(search.common, sizeof(search.common), candidate);
    while (search.common[same] != '\0' && search.common[same] == candidate[same])
        same++;
    search.common[same] = '\0';
    if (search.listed_bytes + strlen(candidate) + 2 < sizeof(search.listed))
        search.listed_bytes += format_string(search.listed + search.listed_bytes,
                                             sizeof(search.listed) - search.listed_bytes, "%s ", candidate);
}

static void offer_some_images(bool for_tests)
{
    struct images_position position = { .without_tests = !for_tests };
    struct image_file file;

    while (images_next(&position, &file)) {
        if (file.runnable && file.for_tests == for_tests)
            offer(file.name);
    }
}

/* Guests of tests are many, and seldom meant. */
static void offer_images(void)
{
    offer_some_images(false);
    if (search.matches == 0)
        offer_some_images(true);
}

static void offer_ids(void)
{
    char number[16];

    for (struct guest *guest = guest_first(); guest != NULL; guest = guest->next) {
        format_string(number, sizeof(number), "%u", guest->life.id);
        offer(number);
    }
}

static void offer_for(const char *text, size_t word_start)
{
    char command[16] = "";
    size_t length = 0;

    while (text[length] == ' ')
        length++;
    text += length;
    if (word_start <= length) {
        commands_offer(offer);
        return;
    }
    for (length = 0; text[length] != ' ' && length < sizeof(command) - 1; length++)
        command[length] = text[length];
    switch (commands_argument(command)) {
    case COMMANDS_IMAGE: offer_images(); break;
    case COMMANDS_GUEST: offer_ids(); break;
    case COMMANDS_COMMAND: commands_offer(offer); break;
    case COMMANDS_LEVEL:
        for (int level = LOG_ERROR; level <= LOG_DEBUG; level++)
            offer(log_level_name((enum log_level)level));
        break;
    case COMMANDS_NOTHING: break;
    }
}

const char *complete_find(const char *text)
{
    static char addition[66];
    size_t word_start = strlen(text);

    while (word_start > 0 && text[word_start - 1] != ' ')
        word_start--;
    memset(&search, 0, sizeof(search));
    search.start = text + word_start;
    search.start_bytes = strlen(search.start);
    addition[0] = '\0';
    if (search.start_bytes >= sizeof(search.common))
        return addition;
    offer_for(text, word_start);
    if (strlen(search.common) > search.start_bytes || search.matches == 1)
        format_string(addition, sizeof(addition), "%s%s", search.common + search.start_bytes,
                      search.matches == 1 ? " " : "");
    else if (search.matches > 1)
        shell_print("%s", search.listed);
    return addition;
}
