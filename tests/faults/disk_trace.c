/* Loaded before libc (LD_PRELOAD): writes down, in order, every change of the files under TRACE_DIR and every fsync,
 * each after it returned. Read by disk_trace.py. An event: u8 kind, u32 length of the path, u64 offset, u64 length of
 * the data, then path and data. Little endian, as the machine. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

enum { CREATED = 1, WRITTEN = 2, TRUNCATED = 3, SYNCED = 4, REMOVED = 5 };
enum { MOST_FILES = 4096 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char *paths[MOST_FILES];
static const char *folder;
static int trace = -1;

__attribute__((constructor)) static void begin(void) {
  folder = getenv("TRACE_DIR");
  const char *file = getenv("TRACE_FILE");
  if (folder && file) trace = syscall(SYS_openat, AT_FDCWD, file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static void put(const void *data, size_t size) {
  const char *at = data;
  while (size) {
    ssize_t done = syscall(SYS_write, trace, at, size);
    if (done < 0) abort();
    at += done;
    size -= (size_t)done;
  }
}

static void note(uint8_t kind, const char *path, uint64_t offset, const void *data, uint64_t size) {
  uint32_t length = (uint32_t)strlen(path);
  pthread_mutex_lock(&lock);
  put(&kind, sizeof kind);
  put(&length, sizeof length);
  put(&offset, sizeof offset);
  put(&size, sizeof size);
  put(path, length);
  if (size) put(data, size);
  pthread_mutex_unlock(&lock);
}

static int watched(const char *path) {
  return trace >= 0 && path && strncmp(path, folder, strlen(folder)) == 0;
}

static const char *path_of(int fd) { return fd >= 0 && fd < MOST_FILES ? paths[fd] : NULL; }

static int opened(const char *path, int flags, mode_t mode) {
  int created = watched(path) && (flags & O_CREAT) && access(path, F_OK) != 0;
  int fd = (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
  if (fd >= 0 && fd < MOST_FILES && watched(path)) {
    free(paths[fd]);
    paths[fd] = strdup(path);
    if (created) note(CREATED, path, 0, NULL, 0);
  }
  return fd;
}

#define OPEN(name)                                  \
  int name(const char *path, int flags, ...) {      \
    mode_t mode = 0;                                \
    if (flags & (O_CREAT | O_TMPFILE)) {            \
      va_list rest;                                 \
      va_start(rest, flags);                        \
      mode = va_arg(rest, mode_t);                  \
      va_end(rest);                                 \
    }                                               \
    return opened(path, flags, mode);               \
  }
OPEN(open)
OPEN(open64)

int close(int fd) {
  if (path_of(fd)) {
    free(paths[fd]);
    paths[fd] = NULL;
  }
  return (int)syscall(SYS_close, fd);
}

ssize_t write(int fd, const void *data, size_t size) {
  const char *path = path_of(fd);
  off_t offset = path ? lseek(fd, 0, SEEK_CUR) : 0;
  ssize_t done = syscall(SYS_write, fd, data, size);
  if (path && done > 0) note(WRITTEN, path, (uint64_t)offset, data, (uint64_t)done);
  return done;
}

static ssize_t written(int fd, const void *data, size_t size, off_t offset) {
  ssize_t done = syscall(SYS_pwrite64, fd, data, size, offset);
  if (path_of(fd) && done > 0) note(WRITTEN, path_of(fd), (uint64_t)offset, data, (uint64_t)done);
  return done;
}
ssize_t pwrite(int fd, const void *data, size_t size, off_t offset) { return written(fd, data, size, offset); }
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset) { return written(fd, data, size, offset); }

static int truncated(int fd, off_t size) {
  int result = (int)syscall(SYS_ftruncate, fd, size);
  if (path_of(fd) && result == 0) note(TRUNCATED, path_of(fd), (uint64_t)size, NULL, 0);
  return result;
}
int ftruncate(int fd, off_t size) { return truncated(fd, size); }
int ftruncate64(int fd, off64_t size) { return truncated(fd, size); }

static int synced(int fd, long call) {
  int result = (int)syscall(call, fd);
  if (path_of(fd) && result == 0) note(SYNCED, path_of(fd), 0, NULL, 0);
  return result;
}
int fsync(int fd) { return synced(fd, SYS_fsync); }
int fdatasync(int fd) { return synced(fd, SYS_fdatasync); }

int unlink(const char *path) {
  int result = (int)syscall(SYS_unlink, path);
  if (watched(path) && result == 0) note(REMOVED, path, 0, NULL, 0);
  return result;
}
