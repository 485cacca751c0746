/* limits.c - who counts as one address and as one network, and what a rule may change about it. */
#include "../../src/tcpserver/limits.h"

#include "arriving.h"
#include "tap.h"

static struct limits fresh(unsigned int per_address, unsigned int bits6)
{
  struct limits l = {.per_address = per_address, .address_bits6 = bits6};
  hashtable_init(&l.addresses);
  hashtable_init(&l.networks);
  return l;
}

static void drop(struct limits *l)
{
  hashtable_free(&l->addresses);
  hashtable_free(&l->networks);
}

static bool admitted(struct limits *l, char const *address)
{
  struct connection c = from(address, NULL);
  return limits_stage(l, &c) == PASS;
}

static void leave(struct limits *l, char const *address)
{
  struct connection c = from(address, NULL);
  limits_leave(l, &c.remote);
}

static void addresses(void)
{
  struct limits l = fresh(2, 64);
  ok(admitted(&l, "192.0.2.1") && admitted(&l, "192.0.2.1"),
     "two connections from one address are within a limit of two");
  ok(!admitted(&l, "192.0.2.1"), "a third is not");
  ok(admitted(&l, "192.0.2.2"), "the address next to it has a count of its own");
  leave(&l, "192.0.2.1");
  ok(admitted(&l, "192.0.2.1"), "one that has ended makes room");
  ok(admitted(&l, "2001:db8::1") && admitted(&l, "2001:db8::2:1"), "an IPv6 /64 counts as one address");
  ok(!admitted(&l, "2001:db8::ffff:0:0:3"), "... whichever of its addresses comes");
  ok(admitted(&l, "2001:db8:0:1::1"), "the next /64 has a count of its own");
  ok(admitted(&l, "::c000:201"), "an IPv6 address is not the IPv4 address with the same octets");
  drop(&l);

  l = fresh(1, 128);
  ok(admitted(&l, "2001:db8::1") && admitted(&l, "2001:db8::2"), "with /128 each IPv6 address counts");
  ok(!admitted(&l, "2001:db8::1"), "... for itself");
  drop(&l);

  l = fresh(1, 48);
  ok(admitted(&l, "2001:db8:1:1::1") && !admitted(&l, "2001:db8:1:2::1"),
     "with /48 a whole site counts as one");
  ok(!admitted(&l, "2001:db8:1::") && admitted(&l, "2001:db8:2::"), "... and no more than that");
  drop(&l);
}

static void refused_are_not_counted(void)
{
  struct limits l = fresh(1, 64);
  struct connection first = from("192.0.2.1", NULL), second = from("192.0.2.1", NULL);
  ok(limits_stage(&l, &first) == PASS && first.counted && first.from_address == 1,
     "who is admitted is counted");
  ok(limits_stage(&l, &second) == DENY && !second.counted, "who is refused is not");
  ok(second.refusal == REFUSAL_PERIP && second.number == 1, "the refusal names the limit");
  limits_leave(&l, &first.remote);
  ok(l.addresses.count == 0 && l.networks.count == 0, "after the last one nothing is kept");
  limits_leave(&l, &first.remote);
  ok(l.addresses.count == 0 && admitted(&l, "192.0.2.1"), "a count never goes below nothing");
  drop(&l);
}

/* Connections from one address under -C and an edit of a rule that may not be the one that decides. */
static unsigned int admitted_provisionally(unsigned int per_address, char const *edits, size_t len)
{
  struct limits l = fresh(per_address, 64);
  struct rules_verdict v = {
      .decision = RULES_ALLOW, .edits = edits, .edits_len = len, .waits = RULES_NEED_HOST};
  unsigned int n = 0;
  for (; n < 9; n++) {
    struct connection c = from("192.0.2.1", &v);
    if (limits_stage(&l, &c) != PASS)
      break;
  }
  drop(&l);
  return n;
}

static void provisional(void)
{
  static char const low[] = "+MAXPERIP=2", high[] = "+MAXPERIP=6",
                    others[] = "+MAXCONNC=0\0+MAXLOAD=0\0+MAXPERIP=0";
  ok(admitted_provisionally(4, "", 0) == 4, "who waits for names is held to -C");
  ok(admitted_provisionally(4, low, sizeof low) == 4,
     "... not to the lower limit of a rule that may not count");
  ok(admitted_provisionally(4, high, sizeof high) == 6, "... but a higher one counts");
  ok(admitted_provisionally(0, high, sizeof high) == 9, "without -C such a rule limits nothing yet");
  ok(admitted_provisionally(0, others, sizeof others) == 9, "... neither address, network nor load");
}

static void twice(void)
{
  static char const one[] = "+MAXPERIP=1";
  struct rules_verdict v = {.decision = RULES_ALLOW, .edits = one, .edits_len = sizeof one};
  struct limits l = fresh(0, 64);
  struct connection first = from("192.0.2.1", NULL), second = from("192.0.2.1", NULL);
  limits_stage(&l, &first);
  first.verdict = &v;
  ok(limits_stage(&l, &first) == PASS && first.from_address == 1 && l.addresses.count == 1,
     "who is judged a second time is not counted again, nor against himself");
  limits_stage(&l, &second);
  second.verdict = &v;
  ok(limits_stage(&l, &second) == DENY && second.refusal == REFUSAL_PERIP && second.counted,
     "... and may be refused then, still counted");
  drop(&l);
}

static void rules(void)
{
  static char const three[] = "+MAXPERIP=3", net[] = "+MAXCONNC=2", both[] = "+MAXPERIP=5\0+MAXCONNIP=1",
                    junk[] = "+MAXPERIP=many", near[] = "+MAXPERIPX=0\0+XMAXPERIP=0\0-MAXPERIP",
                    load[] = "+MAXLOAD=4000000000", no_load[] = "+MAXLOAD=0",
                    most[] = "+MAXPERIP=4294967294\0+MAXCONNC=4294967294\0+MAXLOAD=4294967294",
                    beyond[] = "+MAXPERIP=4294967295";
  struct {
    char const *edits;
    size_t len;
    char const *first, *second;
    bool second_admitted;
    enum refusal refusal;
    char const *name;
  } const test[] = {
      {three, sizeof three, "192.0.2.1", "192.0.2.1", true, REFUSAL_NONE,
       "a rule's MAXPERIP counts instead of -C"},
      {both, sizeof both, "192.0.2.1", "192.0.2.1", false, REFUSAL_PERIP,
       "the lower of MAXPERIP and MAXCONNIP counts"},
      {near, sizeof near, "192.0.2.1", "192.0.2.1", false, REFUSAL_PERIP,
       "names that only look like them do not"},
      {load, sizeof load, "192.0.2.1", "192.0.2.2", true, REFUSAL_NONE, "a load that is not reached admits"},
      {most, sizeof most, "192.0.2.1", "192.0.2.1", true, REFUSAL_NONE,
       "the highest limits that tcprules accepts admit"},
      {net, sizeof net, "192.0.2.1", "192.0.2.77", true, REFUSAL_NONE,
       "MAXCONNC=2 admits a second one from the /24"},
  };
  for (size_t i = 0; i < sizeof test / sizeof test[0]; i++) {
    struct limits l = fresh(1, 64);
    struct rules_verdict v = {.decision = RULES_ALLOW, .edits = test[i].edits, .edits_len = test[i].len};
    struct connection first = from(test[i].first, &v), second = from(test[i].second, &v);
    ok(limits_stage(&l, &first) == PASS && (limits_stage(&l, &second) == PASS) == test[i].second_admitted &&
           second.refusal == test[i].refusal,
       "%s", test[i].name);
    if (test[i].edits == net) {
      struct connection third = from("192.0.2.9", &v), elsewhere = from("192.0.3.9", &v);
      ok(limits_stage(&l, &third) == DENY && third.refusal == REFUSAL_PERNET && third.number == 2,
         "... and no third");
      ok(limits_stage(&l, &elsewhere) == PASS, "... but one from another /24");
    }
    drop(&l);
  }
  {
    struct limits l = fresh(0, 64);
    struct rules_verdict v = {.decision = RULES_ALLOW, .edits = junk, .edits_len = sizeof junk};
    struct connection c = from("192.0.2.1", &v);
    ok(limits_stage(&l, &c) == DENY && c.refusal == REFUSAL_PERIP, "a limit that is no number admits nobody");
    v = (struct rules_verdict){.decision = RULES_ALLOW, .edits = beyond, .edits_len = sizeof beyond};
    ok(limits_stage(&l, &c) == DENY && c.refusal == REFUSAL_PERIP, "... nor does one beyond the highest");
    v = (struct rules_verdict){.decision = RULES_ALLOW, .edits = net, .edits_len = sizeof net};
    c = from("2001:db8:0:1::1", &v);
    ok(limits_stage(&l, &c) == PASS, "MAXCONNC counts IPv6");
    c = from("2001:db8:0:ff::1", &v);
    ok(limits_stage(&l, &c) == PASS, "... by /56");
    c = from("2001:db8:0:fe::1", &v);
    ok(limits_stage(&l, &c) == DENY, "... which has its limit");
    c = from("2001:db8:0:100::1", &v);
    ok(limits_stage(&l, &c) == PASS, "... and ends there");
    l.load = 1;
    l.load_until_ms = INT64_MAX;
    v = (struct rules_verdict){.decision = RULES_ALLOW, .edits = no_load, .edits_len = sizeof no_load};
    c = from("192.0.2.50", &v);
    ok(limits_stage(&l, &c) == DENY && c.refusal == REFUSAL_LOAD && !c.counted,
       "a load above MAXLOAD refuses");
    drop(&l);
  }
}

int main(void)
{
  addresses();
  refused_are_not_counted();
  rules();
  provisional();
  twice();
  return tap_done();
}
