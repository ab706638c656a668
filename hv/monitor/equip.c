/*
 * equip.c - see equip.h (PURE).
 */
#include "monitor/equip.h"

#include <stddef.h>

#include "base/string.h"
#include "monitor/line_words.h"

static const char *set_engine(struct equip *equip, const char *value)
{
    equip->compares = strcmp(value, "lockstep") == 0;
    equip->is_moving = equip->compares || strcmp(value, "moving") == 0;
    equip->wants_svm = equip->is_moving || strcmp(value, "svm") == 0;
    equip->is_machine = equip->wants_svm || strcmp(value, "interp") == 0;
    return equip->is_machine ? NULL : "engine= is interp, svm, moving or lockstep";
}

static const char *set_moves(struct equip *equip, const char *value)
{
    uint32_t moves = 0;
    const char *wrong = words_parse_status(value, &moves);

    if (wrong != NULL || value[0] == '-' || moves == 0 || moves > EQUIP_MOVES_MAX)
        return "moves= is a number from 1 to 1000000: after so many exits, for so many instructions";
    equip->moves = moves;
    return NULL;
}

static const char *set_input(struct equip *equip, const char *value)
{
    equip->takes_serial_input = strcmp(value, "serial") == 0;
    return equip->takes_serial_input || strcmp(value, "keyboard") == 0 ? NULL : "input= is keyboard or serial";
}

static const char *add_disk(struct equip *equip, const char *value)
{
    enum equip_text disk = equip->texts[EQUIP_DISK0] == NULL ? EQUIP_DISK0 : EQUIP_DISK1;

    if (equip->texts[disk] != NULL)
        return "a virtual PC has two disks";
    equip->texts[disk] = value;
    return NULL;
}

bool equip_read(struct equip *equip, const char *word, const char **wrong)
{
    const char *value;

    *wrong = NULL;
    if ((value = words_value(word, "engine=")) != NULL)
        *wrong = set_engine(equip, value);
    else if ((value = words_value(word, "moves=")) != NULL)
        *wrong = set_moves(equip, value);
    else if ((value = words_value(word, "input=")) != NULL)
        *wrong = set_input(equip, value);
    else if ((value = words_value(word, "cmdline=")) != NULL)
        equip->texts[EQUIP_CMDLINE] = value;
    else if ((value = words_value(word, "initrd=")) != NULL)
        equip->texts[EQUIP_INITRD] = value;
    else if ((value = words_value(word, "disk=")) != NULL)
        *wrong = add_disk(equip, value);
    else
        return false;
    return true;
}

const char *equip_judge(const struct equip *equip)
{
    bool is_asked = equip->takes_serial_input || equip->counts_time;

    for (unsigned i = 0; i < EQUIP_TEXTS; i++)
        is_asked |= equip->texts[i] != NULL;
    if (equip->moves != 0 && !equip->is_moving)
        return "moves= is how often engine=moving moves: write that, too";
    return is_asked && !equip->is_machine ? "only a virtual PC has that: engine=interp or svm" : NULL;
}
