/*
 * guest.c - see guest.h.
 *
 * exec of an image's name leaves a task without user memory, whose thread sleeps in the kernel until the hypervisor
 * says that the guest has ended. So a guest is a process like any other to whoever started it: fork, exec and wait are
 * all it takes. Everything is asked for by calls that do not wait; an interrupt tells when it is worth to look.
 */
#include "guest.h"

#include "console.h"
#include "sched.h"
#include "string.h"

#define REPORT_LINES 4          /* of a crash: what, which event, where, the code there */
#define REPORT_BYTES 640

static bool has_control;
static struct list attendants = LIST_EMPTY(attendants);     /* threads in guest_attend */

void guest_boot(void)
{
    struct hv_counters counters;

    memset(&counters, 0, sizeof(counters));
    hv_counters(&counters, sizeof(counters));
    has_control = (counters.rights & HV_RIGHT_CONTROL) != 0;
}

bool guest_has_control(void)
{
    return has_control;
}

static int32_t error_of(int32_t hypervisors)
{
    switch (hypervisors) {
    case HV_ERROR_NO_IMAGE: return PEBBLES_ERROR_NONE;
    case HV_ERROR_ARGUMENT: return PEBBLES_ERROR_ARGUMENT;
    case HV_ERROR_DEPTH: return PEBBLES_ERROR_STATE;
    default: return PEBBLES_ERROR_MEMORY;   /* too many guests, or too much memory */
    }
}

/* "16M", "20480K": KiB, or 0 for what is no size. */
static uint32_t size_parse(const char *text)
{
    uint32_t value = 0;

    for (; *text >= '0' && *text <= '9' && value < 0x100000; text++)
        value = value * 10 + (uint32_t)(*text - '0');
    if (text[0] == '\0' || text[1] != '\0' || value > 0x3FFFFF)
        return 0;
    return text[0] == 'M' && value < 4096 ? value * 1024 : text[0] == 'K' ? value : 0;
}

/* What stands behind this beginning of a word; NULL: it begins otherwise. */
static const char *behind(const char *beginning, const char *word)
{
    while (*beginning != '\0' && *beginning == *word) {
        beginning++;
        word++;
    }
    return *beginning == '\0' ? word : NULL;
}

/* "a=b": the flag that the word stands for; 0: none. */
static uint32_t flag_of(const char *word)
{
    static const struct { const char *word; uint32_t flag; } flags[] = {
        { "control=on", HV_START_CONTROL }, { "input=serial", HV_START_SERIAL },
        { "clock=instructions", HV_START_COUNTED },
    };

    for (uint32_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
        if (strcmp(word, flags[i].word) == 0)
            return flags[i].flag;
    return 0;
}

static bool engine_take(struct hv_start *start, const char *name)
{
    start->engine = strcmp(name, "interp") == 0 ? HV_ENGINE_INTERP
                                                : strcmp(name, "svm") == 0 ? HV_ENGINE_SVM : HV_ENGINE_NONE;
    return start->engine != HV_ENGINE_NONE;
}

static bool text_take(uint32_t *place, const char *text)
{
    bool is_first = *place == 0;

    *place = (uint32_t)(uintptr_t)text;
    return is_first;
}

static bool option_take(struct hv_start *start, const char *word)
{
    const char *value;
    uint32_t flag = flag_of(word);

    start->flags |= flag;
    if (flag != 0)
        return true;
    if ((value = behind("engine=", word)) != NULL)
        return engine_take(start, value);
    if ((value = behind("cmdline=", word)) != NULL)
        return text_take(&start->command_line, value);
    if ((value = behind("initrd=", word)) != NULL)
        return text_take(&start->initrd, value);
    if ((value = behind("disk=", word)) != NULL)
        return text_take(&start->disks[start->disks[0] != 0], value);
    if ((value = behind("mem=", word)) == NULL)
        return false;
    start->memory_kib = size_parse(value);
    return start->memory_kib != 0;
}

int32_t guest_launch(const struct exec_arguments *arguments, bool background, uint32_t *id)
{
    struct hv_start start = { .name = (uint32_t)(uintptr_t)arguments->name, .flags = background ? 0 : HV_START_VIEW };

    if (!has_control)
        return PEBBLES_ERROR_NONE;
    for (uint32_t i = 1; i < arguments->count; i++) {
        if (!option_take(&start, arguments->text + arguments->offsets[i]))
            return PEBBLES_ERROR_ARGUMENT;
    }
    int32_t result = hv_start(&start, sizeof(start));
    if (result < 0)
        return error_of(result);
    *id = (uint32_t)result;
    return 0;
}

/* The first lines of its crash report, in full. */
static void report_show(uint32_t id)
{
    static char report[REPORT_BYTES];       /* nobody waits between filling and showing it */
    int32_t bytes = hv_state(id, HV_STATE_REPORT, report, sizeof(report) - 1), lines = 0, shown = 0;

    if (bytes <= 0)
        return;
    if (bytes > REPORT_BYTES - 1)
        bytes = REPORT_BYTES - 1;
    for (int32_t i = 0; i < bytes && report[i] != '\0' && lines < REPORT_LINES; i++) {
        if (report[i] == '\n') {
            lines++;
            shown = i + 1;
        }
    }
    hv_print(shown, report);
}

static int32_t status_of(const struct hv_child *child)
{
    switch (child->end) {
    case HV_END_EXIT:
        return child->status;
    case HV_END_REFUSED:
        console_printf("exec: %s cannot be run: ", child->name);
        console_printf("%s\n", child->reason);
        return PEBBLES_ERROR_FORMAT;
    case HV_END_CRASH:
        console_printf("guest %s crashed:\n", child->name);
        report_show(child->id);
        return PEBBLES_STATUS_KILLED;
    default:
        return PEBBLES_STATUS_KILLED;
    }
}

_Noreturn void guest_attend(void)
{
    static struct hv_child child;           /* nobody waits between filling and using it */
    struct task *task = sched_current()->task;

    while (hv_state(task->guest, HV_STATE_CHILD, &child, sizeof(child)) > 0 && child.state != HV_CHILD_ENDED)
        sched_block(&attendants, THREAD_WAITING);
    task->status = status_of(&child);
    guest_stop(task);
    task->guest = 0;
    thread_vanish();
}

void guest_stop(const struct task *task)
{
    if (task->guest != 0)
        hv_signal(task->guest, HV_SIGNAL_FORGET);
}

bool guest_view(uint32_t id)
{
    return has_control && hv_view(id) == 0;
}

void guest_event(void)
{
    sched_wake_all(&attendants);
}

void guest_interrupt(void)
{
    LIST_EACH(node, &all_tasks) {
        const struct task *task = LIST_ENTRY(node, struct task, node);
        if (task->guest != 0 && !task->background)
            hv_signal(task->guest, HV_SIGNAL_END);
    }
}

uint32_t guest_list_images(uint32_t from, struct hv_listed_image *images)
{
    int32_t count = has_control ? hv_list(HV_LIST_IMAGES, from, images, HV_LIST_MOST) : 0;

    return count > 0 ? (uint32_t)count : 0;
}
