/* A network that is as bad as it is told to be, for kernels without netem.
 *
 * One process owns a TUN device per host (PREFIX0 … PREFIXn-1) and forwards IPv4 packets between them by destination:
 * host i has the addresses BASE.(i+1) and BASE.(i+101), so that it can move from one to the other. Each packet passes
 * the `up` line of its sender and then the `down` line of its receiver. A line loses packets (evenly, or in bursts after
 * Gilbert and Elliott), limits the rate with a bounded queue, delays, jitters (order kept unless reorder=1), repeats,
 * blocks UDP, and goes dark. Each line draws from its own generator, so one host's traffic never changes another's luck.
 *
 *   cc -O2 -o shaper shaper.c
 *   shaper CONTROL_SOCKET PREFIX HOSTS A.B.C SEED        ends with its parent
 *
 * Control: one datagram in (UNIX socket), one out:
 *   set HOST up|down|both KEY=VALUE …   delay jitter (ms), loss dup (percent), rate (kbit/s, 0: none), queue (ms of it),
 *                                       reorder off noudp (0 or 1), geb geg gel (percent: good→bad, bad→good, lost in bad)
 *   reset HOST | stats
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { HOSTS_MAX = 32, QUEUE_MAX = 200000, SECOND_ADDRESS = 100, BURST = 64, UDP = 17 };

struct line {
	double delay, jitter, loss, dup, rate, queue, geb, geg, gel;
	int reorder, off, noudp, bad;
	int64_t busy_ns, last_ns;
	uint64_t random;
	uint64_t in, bytes, out, lost, queue_drop, off_drop, udp_drop;
};

struct packet {
	int64_t due_ns;
	uint64_t order;
	int arrives, from, to, length;
	uint8_t *bytes;
};

static struct line lines[HOSTS_MAX][2];
static int devices[HOSTS_MAX], hosts;
static struct packet *heap;
static int heap_length;
static uint64_t order, forwarded, overflowed;
static int64_t late_sum_ns, late_max_ns;
static unsigned base[3];

static int64_t now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* xorshift64: 0 ≤ x < 1 */
static double draw(struct line *l)
{
	l->random ^= l->random << 13;
	l->random ^= l->random >> 7;
	l->random ^= l->random << 17;
	return (l->random >> 11) * (1.0 / 9007199254740992.0);
}

static int chance(struct line *l, double percent) { return percent > 0 && draw(l) * 100 < percent; }

static int before(const struct packet *a, const struct packet *b)
{
	return a->due_ns < b->due_ns || (a->due_ns == b->due_ns && a->order < b->order);
}

static void push(struct packet p)
{
	if (heap_length >= QUEUE_MAX) {
		overflowed++;
		free(p.bytes);
		return;
	}
	p.order = order++;
	int i = heap_length++;
	while (i > 0 && before(&p, &heap[(i - 1) / 2])) {
		heap[i] = heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	heap[i] = p;
}

static struct packet pop(void)
{
	struct packet first = heap[0], last = heap[--heap_length];
	int i = 0;
	for (;;) {
		int child = 2 * i + 1;
		if (child >= heap_length) break;
		if (child + 1 < heap_length && before(&heap[child + 1], &heap[child])) child++;
		if (!before(&heap[child], &last)) break;
		heap[i] = heap[child];
		i = child;
	}
	heap[i] = last;
	return first;
}

/* When a packet that enters the line at t leaves it; -1: never. */
static int64_t pass(struct line *l, const uint8_t *bytes, int length, int64_t t)
{
	l->in++;
	l->bytes += length;
	if (l->off) { l->off_drop++; return -1; }
	if (l->noudp && bytes[9] == UDP) { l->udp_drop++; return -1; }
	if (chance(l, l->loss)) { l->lost++; return -1; }
	if (l->geb > 0) {
		if (l->bad) l->bad = !chance(l, l->geg);
		else l->bad = chance(l, l->geb);
		if (l->bad && chance(l, l->gel)) { l->lost++; return -1; }
	}
	if (l->rate > 0) {
		if (l->busy_ns < t) l->busy_ns = t;
		if (l->busy_ns - t > (int64_t)(l->queue * 1e6)) { l->queue_drop++; return -1; }
		l->busy_ns += (int64_t)(length * 8e6 / l->rate);
		t = l->busy_ns;
	}
	t += (int64_t)(l->delay * 1e6);
	if (l->jitter > 0) t += (int64_t)((draw(l) * 2 - 1) * l->jitter * 1e6);
	if (!l->reorder) {
		if (t < l->last_ns) t = l->last_ns;
		l->last_ns = t;
	}
	l->out++;
	return t;
}

static void enter(int arrives, int from, int to, const uint8_t *bytes, int length, int64_t t)
{
	struct line *l = arrives ? &lines[to][1] : &lines[from][0];
	for (int copies = 1 + chance(l, l->dup); copies > 0; copies--) {
		int64_t due_ns = pass(l, bytes, length, t);
		if (due_ns < 0) continue;
		struct packet p = { due_ns, 0, arrives, from, to, length, malloc(length) };
		memcpy(p.bytes, bytes, length);
		push(p);
	}
}

static void reset(int host)
{
	for (int d = 0; d < 2; d++) {
		struct line *l = &lines[host][d];
		l->delay = l->jitter = l->loss = l->dup = l->rate = l->geb = 0;
		l->queue = 200;
		l->geg = l->gel = 100;
		l->reorder = l->off = l->noudp = l->bad = 0;
	}
}

static int assign(struct line *l, const char *key, double value)
{
	struct { const char *name; double *field; } numbers[] = {
		{ "delay", &l->delay }, { "jitter", &l->jitter }, { "loss", &l->loss }, { "dup", &l->dup }, { "rate", &l->rate },
		{ "queue", &l->queue }, { "geb", &l->geb }, { "geg", &l->geg }, { "gel", &l->gel },
	};
	struct { const char *name; int *field; } flags[] = { { "reorder", &l->reorder }, { "off", &l->off }, { "noudp", &l->noudp } };
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		if (!strcmp(key, numbers[i].name)) { *numbers[i].field = value; return 1; }
	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
		if (!strcmp(key, flags[i].name)) { *flags[i].field = value != 0; return 1; }
	return 0;
}

static void tell_stats(char *reply, int size)
{
	int at = snprintf(reply, size, "{\"forwarded\":%llu,\"overflowed\":%llu,\"late_avg_us\":%.1f,\"late_max_us\":%.1f,\"hosts\":[",
			  (unsigned long long)forwarded, (unsigned long long)overflowed,
			  forwarded ? late_sum_ns / 1e3 / forwarded : 0, late_max_ns / 1e3);
	for (int h = 0; h < hosts; h++) {
		for (int d = 0; d < 2; d++) {
			const struct line *l = &lines[h][d];
			at += snprintf(reply + at, size - at,
				       "%s\"%s\":{\"in\":%llu,\"bytes\":%llu,\"out\":%llu,\"lost\":%llu,\"queue_drop\":%llu,\"off_drop\":%llu,\"udp_drop\":%llu}",
				       d ? "," : h ? ",{" : "{", d ? "down" : "up", (unsigned long long)l->in,
				       (unsigned long long)l->bytes, (unsigned long long)l->out, (unsigned long long)l->lost,
				       (unsigned long long)l->queue_drop, (unsigned long long)l->off_drop, (unsigned long long)l->udp_drop);
		}
		at += snprintf(reply + at, size - at, "}");
	}
	snprintf(reply + at, size - at, "]}");
	late_max_ns = 0;
}

static void control(char *text, char *reply, int size)
{
	char *rest, *command = strtok_r(text, " \n", &rest), *number, *which, *pair;
	snprintf(reply, size, "ok");
	if (command && !strcmp(command, "stats")) { tell_stats(reply, size); return; }
	number = strtok_r(NULL, " \n", &rest);
	int host = number ? atoi(number) : -1;
	if (!command || host < 0 || host >= hosts) { snprintf(reply, size, "error: no such host"); return; }
	if (!strcmp(command, "reset")) { reset(host); return; }
	which = strtok_r(NULL, " \n", &rest);
	if (strcmp(command, "set") || !which) { snprintf(reply, size, "error: unknown command"); return; }
	int first = !strcmp(which, "down"), last = strcmp(which, "up") != 0;
	while ((pair = strtok_r(NULL, " \n", &rest))) {
		char *equals = strchr(pair, '=');
		if (equals) *equals = 0;
		for (int d = first; d <= last; d++)
			if (!equals || !assign(&lines[host][d], pair, atof(equals + 1))) {
				snprintf(reply, size, "error: unknown key %s", pair);
				return;
			}
	}
}

/* The host that an address belongs to, or -1. */
static int owner(const uint8_t *address)
{
	if (address[0] != base[0] || address[1] != base[1] || address[2] != base[2]) return -1;
	int host = (address[3] - 1) % SECOND_ADDRESS;
	return address[3] > 0 && host < hosts ? host : -1;
}

static void read_device(int from)
{
	static uint8_t bytes[65536];
	for (int i = 0; i < BURST; i++) {
		int length = read(devices[from], bytes, sizeof bytes);
		if (length < 20) return;
		int to = bytes[0] >> 4 == 4 ? owner(bytes + 16) : -1;
		if (to >= 0) enter(0, from, to, bytes, length, now_ns());
	}
}

static void deliver(void)
{
	int64_t now = now_ns();
	while (heap_length && heap[0].due_ns <= now) {
		struct packet p = pop();
		if (!p.arrives) enter(1, p.from, p.to, p.bytes, p.length, p.due_ns);
		else if (write(devices[p.to], p.bytes, p.length) == p.length) {
			int64_t late = now - p.due_ns;
			forwarded++;
			late_sum_ns += late;
			if (late > late_max_ns) late_max_ns = late;
		}
		free(p.bytes);
	}
}

static int open_device(const char *prefix, int host)
{
	struct ifreq request = { .ifr_flags = IFF_TUN | IFF_NO_PI };
	snprintf(request.ifr_name, IFNAMSIZ, "%s%d", prefix, host);
	devices[host] = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	return devices[host] >= 0 && ioctl(devices[host], TUNSETIFF, &request) == 0;
}

int main(int count, char **words)
{
	if (count != 6 || sscanf(words[4], "%u.%u.%u", &base[0], &base[1], &base[2]) != 3) {
		fprintf(stderr, "usage: shaper CONTROL_SOCKET PREFIX HOSTS A.B.C SEED\n");
		return 2;
	}
	hosts = atoi(words[3]);
	if (hosts < 1 || hosts > HOSTS_MAX) { fprintf(stderr, "1 to %d hosts\n", HOSTS_MAX); return 2; }
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	signal(SIGPIPE, SIG_IGN);
	heap = malloc(sizeof *heap * QUEUE_MAX);
	uint64_t seed = strtoull(words[5], NULL, 10);
	for (int h = 0; h < hosts; h++) {
		if (!open_device(words[2], h)) { perror("TUN device"); return 1; }
		for (int d = 0; d < 2; d++) {
			lines[h][d].random = 88172645463325252ULL ^ ((seed * 64 + h * 2 + d + 1) * 0x9E3779B97F4A7C15ULL);
			for (int i = 0; i < 20; i++) draw(&lines[h][d]);
		}
		reset(h);
	}
	int door = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	snprintf(address.sun_path, sizeof address.sun_path, "%s", words[1]);
	if (bind(door, (void *)&address, sizeof address) < 0) { perror("control socket"); return 1; }
	printf("ready\n");
	fflush(stdout);
	struct pollfd polled[HOSTS_MAX + 1];
	for (int h = 0; h < hosts; h++) polled[h] = (struct pollfd){ devices[h], POLLIN, 0 };
	polled[hosts] = (struct pollfd){ door, POLLIN, 0 };
	for (;;) {
		deliver();
		struct timespec wait, *timeout = NULL;
		if (heap_length) {
			int64_t left = heap[0].due_ns - now_ns();
			if (left < 0) left = 0;
			wait = (struct timespec){ left / 1000000000, left % 1000000000 };
			timeout = &wait;
		}
		if (ppoll(polled, hosts + 1, timeout, NULL) < 0 && errno != EINTR) { perror("ppoll"); return 1; }
		for (int h = 0; h < hosts; h++)
			if (polled[h].revents & POLLIN) read_device(h);
		if (polled[hosts].revents & POLLIN) {
			static char text[4096], reply[65536];
			struct sockaddr_un asker;
			socklen_t size = sizeof asker;
			int length = recvfrom(door, text, sizeof text - 1, 0, (void *)&asker, &size);
			if (length <= 0) continue;
			text[length] = 0;
			control(text, reply, sizeof reply);
			sendto(door, reply, strlen(reply), 0, (void *)&asker, size);
		}
	}
}
