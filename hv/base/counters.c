/*
 * counters.c - the one struct of counters.h.
 */
#include "base/counters.h"

struct counters counters;
