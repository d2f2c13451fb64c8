/*
 * TFTP load: N clients in one process read the same file again and again for some seconds.
 *   tftp-load ADDRESS FILE CLIENTS WINDOWSIZE BLKSIZE SECONDS
 * Prints one JSON object. Bytes count when their block came in order. The clients behave as loaders do: RFC 1350 with
 * the options of RFC 2347, 2348 and 7440; an ACK at the end of a window or of the file, the last ACK again after a gap
 * and after one second of silence.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAX_CLIENTS = 1024, SILENCE_MS = 1000 };

struct client {
	int fd;
	int known;             /* the port of the transfer is known: OACK or first DATA came */
	unsigned expected;     /* next block, not wrapped */
	unsigned in_window;    /* blocks since the last ACK */
	int gap;               /* the gap was reported already */
	double heard_ms;
};

static struct client clients[MAX_CLIENTS];
static struct sockaddr_in server;
static const char *file;
static int window, blksize, epoll_fd;
static unsigned long long bytes, transfers, resends, gaps, errors, refused_window;

static double now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static void request(struct client *c)
{
	char packet[512];
	int length = 2;
	packet[0] = 0;
	packet[1] = 1;
	length += sprintf(packet + length, "%s", file) + 1;
	length += sprintf(packet + length, "octet") + 1;
	length += sprintf(packet + length, "blksize") + 1;
	length += sprintf(packet + length, "%d", blksize) + 1;
	if (window > 1) {
		length += sprintf(packet + length, "windowsize") + 1;
		length += sprintf(packet + length, "%d", window) + 1;
	}
	if (sendto(c->fd, packet, length, 0, (struct sockaddr *)&server, sizeof server) < 0) errors++;
}

static void start(struct client *c)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = c };
	if (c->fd > 0) close(c->fd);
	memset(c, 0, sizeof *c);
	c->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	if (c->fd < 0 || epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &event) < 0) {
		perror("socket");
		exit(1);
	}
	c->expected = 1;
	c->heard_ms = now_ms();
	request(c);
}

static void ack(struct client *c)
{
	unsigned block = (c->expected - 1) & 0xffff;
	unsigned char packet[4] = { 0, 4, block >> 8, block & 255 };
	c->in_window = 0;
	if (send(c->fd, packet, 4, 0) < 0 && errno != EAGAIN) errors++;
}

/* Whether the server granted what was asked: a smaller window would be another test. */
static void check_options(const char *text, int length)
{
	const char *end = text + length;
	int granted = 1;
	while (text < end) {
		const char *value = text + strnlen(text, end - text) + 1;
		if (value >= end) break;
		if (strcasecmp(text, "windowsize") == 0) granted = atoi(value);
		text = value + strnlen(value, end - value) + 1;
	}
	if (granted != window) refused_window++;
}

/* @returns 0 when the transfer is over */
static int take(struct client *c, const unsigned char *packet, int length)
{
	int opcode = length >= 4 ? packet[1] : 0;
	c->heard_ms = now_ms();
	if (opcode == 6) {
		if (c->expected == 1) {
			check_options((const char *)packet + 2, length - 2);
			ack(c);
		}
		return 1;
	}
	if (opcode != 3) {
		errors++;
		return 0;
	}
	if ((unsigned)(packet[2] << 8 | packet[3]) != (c->expected & 0xffff)) {
		/* A repeated block answers a repeated ACK: in lock-step never answer it (RFC 1123 4.2.3.1). */
		if (window > 1 && !c->gap) {
			c->gap = 1;
			gaps++;
			ack(c);
		}
		return 1;
	}
	c->gap = 0;
	c->expected++;
	c->in_window++;
	bytes += length - 4;
	if (length - 4 < blksize) {
		ack(c);
		transfers++;
		return 0;
	}
	if (c->in_window >= (unsigned)window) ack(c);
	return 1;
}

static void drain(struct client *c)
{
	unsigned char packet[65536];
	struct sockaddr_in from;
	for (;;) {
		socklen_t size = sizeof from;
		int length = c->known ? (int)recv(c->fd, packet, sizeof packet, 0)
			: (int)recvfrom(c->fd, packet, sizeof packet, 0, (struct sockaddr *)&from, &size);
		if (length < 0) {
			if (errno == EAGAIN) return;
			errors++;
			start(c);
			return;
		}
		if (!c->known) {
			c->known = 1;
			connect(c->fd, (struct sockaddr *)&from, sizeof from);
		}
		if (!take(c, packet, length)) {
			start(c);
			return;
		}
	}
}

int main(int argc, char **argv)
{
	if (argc != 7) return 2;
	int count = atoi(argv[3]);
	double limit_ms = atof(argv[6]) * 1e3;
	file = argv[2];
	window = atoi(argv[4]);
	blksize = atoi(argv[5]);
	server.sin_family = AF_INET;
	server.sin_port = htons(69);
	if (count < 1 || count > MAX_CLIENTS || inet_pton(AF_INET, argv[1], &server.sin_addr) != 1 || strlen(file) > 256)
		return 2;
	epoll_fd = epoll_create1(0);
	double begin = now_ms(), looked = begin;
	for (int at = 0; at < count; at++) start(&clients[at]);
	for (;;) {
		struct epoll_event events[64];
		int ready = epoll_wait(epoll_fd, events, 64, 50);
		double now = now_ms();
		if (now - begin >= limit_ms) break;
		for (int at = 0; at < ready; at++) drain(events[at].data.ptr);
		if (now - looked < 50) continue;
		looked = now;
		for (int at = 0; at < count; at++) {
			struct client *c = &clients[at];
			if (now - c->heard_ms < SILENCE_MS) continue;
			resends++;
			c->heard_ms = now;
			if (c->known) ack(c);
			else request(c);
		}
	}
	double seconds = (now_ms() - begin) / 1e3;
	struct rusage used;
	getrusage(RUSAGE_SELF, &used);
	double cpu = used.ru_utime.tv_sec + used.ru_stime.tv_sec + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
	/* An orderly end for the server: ERROR 0 to the transfers under way. */
	for (int at = 0; at < count; at++)
		if (clients[at].known) send(clients[at].fd, "\0\5\0\0stop", 9, MSG_DONTWAIT);
	printf("{\"bytes\":%llu,\"seconds\":%.3f,\"transfers\":%llu,\"resends\":%llu,\"gaps\":%llu,\"errors\":%llu,"
		"\"refusedWindow\":%llu,\"cpu\":%.3f}\n",
		bytes, seconds, transfers, resends, gaps, errors, refused_window, cpu / seconds);
	return 0;
}
