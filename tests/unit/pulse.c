/* Unit tests for pulse: a helper that owes an answer is asked after two seconds, and given up after three more. */
#include "../../src/tcpserver/pulse.h"

#include "tap.h"

static struct timers timers = TIMERS_ZERO;
static struct pulse pulse;

static int64_t next_look(void)
{
  int64_t deadline_ms;
  return timers_next(&timers, &deadline_ms) ? deadline_ms : -1;
}

/* As its owner does when the timer expires. */
static enum pulse_verdict look(int64_t now_ms)
{
  return timers_expired(&timers, now_ms) ? pulse_check(&pulse, &timers, now_ms) : PULSE_WAITS;
}

int main(void)
{
  pulse_expect(&pulse, &timers, 1000);
  ok(next_look() == 3000, "who owes an answer has two seconds");
  pulse_expect(&pulse, &timers, 1500);
  ok(next_look() == 3000, "... from when he began to owe one");
  pulse_heard(&pulse, 2000);
  ok(look(3000) == PULSE_WAITS && next_look() == 4000, "... or last said something");
  ok(look(4000) == PULSE_ASKS && next_look() == 7000, "then he is asked, and has three");
  pulse_heard(&pulse, 6000);
  ok(look(7000) == PULSE_WAITS && next_look() == 8000, "whatever he says shows that he lives");
  ok(look(8000) == PULSE_ASKS && look(11000) == PULSE_DEAD, "who says nothing does not");
  ok(next_look() == -1, "... and is looked at no more");
  pulse_expect(&pulse, &timers, 20000);
  ok(next_look() == 22000 && look(22000) == PULSE_ASKS, "his successor begins anew");
  timers_cancel(&timers, &pulse.timer);
  timers_free(&timers);
  return tap_done();
}
