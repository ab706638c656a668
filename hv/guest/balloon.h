/*
 * balloon.h - when the machine is short of memory, guests that know hv_give_back are asked for what they do not need
 * (PURE): by HV_SLOT_MESSAGE, to each that has the right to control and a handler there. None must answer.
 */
#ifndef GUEST_BALLOON_H
#define GUEST_BALLOON_H

#include <stdbool.h>
#include <stdint.h>

/* At each look: ask, if few frames are left, and nobody was asked lately. */
void balloon_look(uint64_t now_ns);

/*
 * A guest is to be launched, and there are hardly any frames for its image: true as long as it may be worth to wait for
 * those who were asked. It then waits at the head of the queue of requests: 0.3 s, once for all launches as long as
 * memory stays short, so that ends and views behind them are not late again and again.
 */
bool balloon_launch_waits(uint64_t now_ns);

#endif
