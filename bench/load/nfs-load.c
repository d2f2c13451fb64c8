/*
 * NFSv3 load with libnfs: one connection, a bounded number of operations under way, for some seconds.
 *   nfs-load ADDRESS EXPORT MODE IN_FLIGHT SECONDS DIRECTORIES FILES
 * MODE stat: stat of a random path (LOOKUP of each component, GETATTR); small: open, read, close of a random file;
 * list: whole directories by READDIRPLUS (counts entries); large: one file from end to end in reads of 1 MiB (counts
 * bytes). The export holds small/dNNN/fNNN, list/dNNN/fNNN and large. Prints one JSON object.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <nfsc/libnfs.h>

enum { MAX_IN_FLIGHT = 256, READ_BYTES = 1024 * 1024, SMALL_BYTES = 16 * 1024 };

struct slot {
	struct nfsfh *handle; /* of the small file being read */
};

static struct nfs_context *nfs;
static struct slot slots[MAX_IN_FLIGHT];
static struct nfsfh *large;
static uint64_t large_bytes, large_at;
static int directories, files, active, stopping;
static unsigned long long count, operations, errors;
static unsigned seed = 12345;
static char mode;

static void begin(struct slot *slot);

static double now_s(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static unsigned draw(unsigned below)
{
	seed = seed * 1664525u + 1013904223u;
	return (unsigned)(((unsigned long long)seed * below) >> 32);
}

static const char *random_file(void)
{
	static char path[64];
	snprintf(path, sizeof path, "/small/d%03u/f%03u", draw(directories), draw(files));
	return path;
}

static void done(struct slot *slot, int status, unsigned long long counted)
{
	active--;
	operations++;
	if (status < 0) {
		if (errors++ == 0) fprintf(stderr, "nfs-load: %s\n", nfs_get_error(nfs));
	} else count += counted;
	if (!stopping) begin(slot);
}

static void on_stat(int status, struct nfs_context *context, void *data, void *private_data)
{
	(void)context;
	(void)data;
	done(private_data, status, 1);
}

static void on_close(int status, struct nfs_context *context, void *data, void *private_data)
{
	(void)context;
	(void)data;
	done(private_data, status, 1);
}

static void on_small(int status, struct nfs_context *context, void *data, void *private_data)
{
	struct slot *slot = private_data;
	(void)data;
	if (status <= 0) errors++;
	if (nfs_close_async(context, slot->handle, on_close, slot) < 0) done(slot, -1, 0);
}

static void on_open(int status, struct nfs_context *context, void *data, void *private_data)
{
	struct slot *slot = private_data;
	slot->handle = data;
	if (status < 0 || nfs_pread_async(context, slot->handle, 0, SMALL_BYTES, on_small, slot) < 0) done(slot, -1, 0);
}

static void on_directory(int status, struct nfs_context *context, void *data, void *private_data)
{
	unsigned long long entries = 0;
	if (status >= 0) {
		while (nfs_readdir(context, data)) entries++;
		nfs_closedir(context, data);
	}
	done(private_data, status, entries);
}

static void on_large(int status, struct nfs_context *context, void *data, void *private_data)
{
	(void)context;
	(void)data;
	done(private_data, status, status > 0 ? status : 0);
}

static void begin(struct slot *slot)
{
	int status;
	char path[64];
	active++;
	switch (mode) {
	case 's':
		status = nfs_stat64_async(nfs, random_file(), on_stat, slot);
		break;
	case 'o':
		status = nfs_open_async(nfs, random_file(), O_RDONLY, on_open, slot);
		break;
	case 'l':
		snprintf(path, sizeof path, "/list/d%03u", draw(directories));
		status = nfs_opendir_async(nfs, path, on_directory, slot);
		break;
	default:
		status = nfs_pread_async(nfs, large, large_at, READ_BYTES, on_large, slot);
		large_at += READ_BYTES;
		if (large_at >= large_bytes) large_at = 0;
	}
	if (status < 0) {
		fprintf(stderr, "nfs-load: %s\n", nfs_get_error(nfs));
		exit(1);
	}
}

int main(int argc, char **argv)
{
	if (argc != 8) return 2;
	int in_flight = atoi(argv[4]);
	double limit_s = atof(argv[5]);
	directories = atoi(argv[6]);
	files = atoi(argv[7]);
	mode = strcmp(argv[3], "stat") == 0 ? 's' : strcmp(argv[3], "small") == 0 ? 'o'
		: strcmp(argv[3], "list") == 0 ? 'l' : 'r';
	if (in_flight < 1 || in_flight > MAX_IN_FLIGHT) return 2;
	nfs = nfs_init_context();
	nfs_set_dircache(nfs, 0);
	if (nfs_mount(nfs, argv[1], argv[2]) < 0) {
		fprintf(stderr, "nfs-load: mount: %s\n", nfs_get_error(nfs));
		return 1;
	}
	if (mode == 'r') {
		struct nfs_stat_64 attributes;
		if (nfs_open(nfs, "/large", O_RDONLY, &large) < 0 || nfs_fstat64(nfs, large, &attributes) < 0) {
			fprintf(stderr, "nfs-load: large: %s\n", nfs_get_error(nfs));
			return 1;
		}
		large_bytes = attributes.nfs_size;
	}
	double start = now_s(), end = start;
	for (int at = 0; at < in_flight; at++) begin(&slots[at]);
	unsigned long long counted = 0;
	while (active > 0) {
		struct pollfd poller = { .fd = nfs_get_fd(nfs), .events = nfs_which_events(nfs) };
		if (poll(&poller, 1, 100) < 0 || nfs_service(nfs, poller.revents) < 0) {
			fprintf(stderr, "nfs-load: %s\n", nfs_get_error(nfs));
			return 1;
		}
		end = now_s();
		if (!stopping && end - start >= limit_s) {
			stopping = 1;
			counted = count;
			limit_s = end - start;
		}
		if (stopping && end - start > limit_s + 10) break;
	}
	struct rusage used;
	getrusage(RUSAGE_SELF, &used);
	double cpu = used.ru_utime.tv_sec + used.ru_stime.tv_sec + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
	printf("{\"count\":%llu,\"seconds\":%.3f,\"operations\":%llu,\"errors\":%llu,\"cpu\":%.3f}\n",
		counted, limit_s, operations, errors, cpu / (end - start));
	return 0;
}
