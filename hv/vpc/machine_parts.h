/*
 * machine_parts.h - what a guest that is a virtual PC is made of: guest->machine.
 */
#ifndef VPC_MACHINE_PARTS_H
#define VPC_MACHINE_PARTS_H

#include <stdbool.h>

#include "vpc/display.h"
#include "vpc/keys.h"
#include "vpc/svm/svm.h"
#include "vpc/vpc.h"
#include "vpc/vpc_boot.h"

struct machine {
    struct vpc vpc;
    struct svm svm;             /* of a PC that the interpreter does not execute */
    struct vpc_boot boot;
    struct display display;
    struct keys keys;
    bool is_started;
    char command_line[VPC_COMMAND_LINE_BYTES];
};

#endif
