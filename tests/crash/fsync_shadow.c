/* Keeps beside a directory what a power cut would leave of it.
 *
 * Preloaded into a process, it notes every write to files under $FSYNC_SHADOW_WATCH, and at each fsync or fdatasync copies
 * what changed into $FSYNC_SHADOW_IMAGE: whatever was not synced is not there. Files in the image:
 *
 *   inodes/<inode>   the durable content of a file, whatever its name
 *   files/<path>     the durable names, hard links to the above
 *
 * Syncing a file makes its content and its present name durable, as ext4, XFS and btrfs do. A rename or a removal is durable
 * once its directory is synced; so is the name of a file that was never synced, which then is empty. Shared memory (-shm)
 * is never durable. The real sync is not done: the machine stays up, and the image says what the disk would have.
 *
 * Anything that goes wrong in here ends the process loudly: a silent gap would be taken for a lost sale.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum { TABLE = 4096, RANGES = 64, CHUNK = 1 << 18 };

struct range { off_t from, to; };

struct file {
    ino_t inode; /* 0: free */
    off_t size;  /* after the last write seen; a smaller one means that the file was cut meanwhile */
    int whole;   /* copy everything at the next sync */
    int ranges;
    struct range changed[RANGES];
};

static struct file table[TABLE];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char watch[PATH_MAX], image[PATH_MAX];
static size_t watch_length;
static dev_t device;

static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static ssize_t (*real_writev)(int, const struct iovec *, int);
static ssize_t (*real_pwritev)(int, const struct iovec *, int, off_t);
static ssize_t (*real_sendfile)(int, int, off_t *, size_t);
static ssize_t (*real_copy_range)(int, off_t *, int, off_t *, size_t, unsigned);
static int (*real_ftruncate)(int, off_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_unlink)(const char *);
static int (*real_unlinkat)(int, const char *, int);
static int (*real_rename)(const char *, const char *);
static int (*real_renameat)(int, const char *, int, const char *);

static void die(const char *what, const char *path) {
    dprintf(2, "fsync_shadow: %s %s: %s\n", what, path, strerror(errno));
    abort();
}

static void *find(const char *name) {
    void *symbol = dlsym(RTLD_NEXT, name);
    if (!symbol) die("no symbol", name);
    return symbol;
}

__attribute__((constructor)) static void begin(void) {
    real_write = find("write");
    real_pwrite = find("pwrite64");
    real_writev = find("writev");
    real_pwritev = find("pwritev64");
    real_sendfile = find("sendfile64");
    real_copy_range = find("copy_file_range");
    real_ftruncate = find("ftruncate64");
    real_fsync = find("fsync");
    real_fdatasync = find("fdatasync");
    real_unlink = find("unlink");
    real_unlinkat = find("unlinkat");
    real_rename = find("rename");
    real_renameat = find("renameat");
    unsetenv("LD_PRELOAD"); /* children are not watched */
    const char *from = getenv("FSYNC_SHADOW_WATCH"), *to = getenv("FSYNC_SHADOW_IMAGE");
    struct stat about;
    if (!from || !to) return;
    if (!realpath(from, watch) || !realpath(to, image)) die("no directory", from);
    if (stat(watch, &about)) die("no directory", watch);
    device = about.st_dev;
    watch_length = strlen(watch);
}

static void join(char *path, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(path, PATH_MAX, format, arguments);
    va_end(arguments);
    if (length < 0 || length >= PATH_MAX) die("path too long", format);
}

/* The path below the watched directory ("" for itself), or NULL for anything else. */
static const char *below(const char *path) {
    if (!watch_length || strncmp(path, watch, watch_length)) return NULL;
    if (path[watch_length] == 0) return path + watch_length;
    return path[watch_length] == '/' ? path + watch_length + 1 : NULL;
}

static const char *path_of(int fd, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length < 0) return NULL;
    path[length] = 0;
    return below(path);
}

static int ends_with(const char *text, const char *end) {
    size_t length = strlen(text), tail = strlen(end);
    return length >= tail && !strcmp(text + length - tail, end);
}

static int is_memory(const char *path) { return ends_with(path, "-shm"); }

static struct file *known(ino_t inode) {
    for (size_t i = 0; i < TABLE; i++) {
        struct file *file = &table[(inode + i) % TABLE];
        if (file->inode == inode) return file;
        if (!file->inode) return NULL;
    }
    return NULL;
}

static struct file *remember(ino_t inode) {
    struct file *file = known(inode);
    for (size_t i = 0; !file && i < TABLE; i++)
        if (!table[(inode + i) % TABLE].inode) file = &table[(inode + i) % TABLE];
    if (!file) die("too many files in", watch);
    file->inode = inode;
    return file;
}

static void note(struct file *file, off_t from, off_t to) {
    for (int i = 0; i < file->ranges; i++) {
        struct range *range = &file->changed[i];
        if (from > range->to || to < range->from) continue;
        if (from < range->from) range->from = from;
        if (to > range->to) range->to = to;
        return;
    }
    if (file->ranges == RANGES)
        file->whole = 1;
    else
        file->changed[file->ranges++] = (struct range){from, to};
}

/* Notes a change of [from, to); from < 0 means that nobody knows where. */
static void changed(int fd, off_t from, off_t to) {
    struct stat about;
    char path[PATH_MAX];
    if (!watch_length || fstat(fd, &about) || !S_ISREG(about.st_mode) || about.st_dev != device) return;
    int kept = errno;
    pthread_mutex_lock(&lock);
    struct file *file = known(about.st_ino);
    if (!file && path_of(fd, path)) {
        file = remember(about.st_ino);
        file->whole = 1; /* nobody saw its beginning */
    }
    if (file) {
        if (from < 0 || about.st_size < file->size) file->whole = 1;
        else note(file, from, to);
        file->size = about.st_size;
    }
    pthread_mutex_unlock(&lock);
    errno = kept;
}

static void make_parents(const char *path) {
    char part[PATH_MAX];
    join(part, "%s", path);
    for (char *at = part + strlen(image) + 1; (at = strchr(at, '/')); at++) {
        *at = 0;
        if (mkdir(part, 0777) && errno != EEXIST) die("mkdir", part);
        *at = '/';
    }
}

static void copy_range(int from, int to, off_t at, off_t end, const char *path) {
    static char buffer[CHUNK];
    while (at < end) {
        size_t wanted = end - at < CHUNK ? (size_t)(end - at) : CHUNK;
        ssize_t got = pread(from, buffer, wanted, at);
        if (got < 0) die("read", path);
        if (got == 0) return;
        if (real_pwrite(to, buffer, got, at) != got) die("write", path);
        at += got;
    }
}

static void link_name(ino_t inode, const char *relative) {
    char content[PATH_MAX], name[PATH_MAX];
    struct stat wanted, present;
    join(content, "%s/inodes/%lu", image, (unsigned long)inode);
    join(name, "%s/files/%s", image, relative);
    if (stat(content, &wanted)) die("stat", content);
    if (!stat(name, &present) && present.st_ino == wanted.st_ino) return;
    make_parents(name);
    char fresh[PATH_MAX];
    join(fresh, "%s/fresh", image);
    real_unlink(fresh);
    if (link(content, fresh) || real_rename(fresh, name)) die("link", name);
}

static void sync_file(int fd, const struct stat *about, const char *path, const char *relative) {
    char content[PATH_MAX], self[64];
    struct stat durable;
    join(content, "%s/inodes/%lu", image, (unsigned long)about->st_ino);
    snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
    struct file *file = known(about->st_ino);
    int fresh = access(content, F_OK), from = open(self, O_RDONLY | O_CLOEXEC);
    int to = open(content, O_RDWR | O_CREAT | O_CLOEXEC, about->st_mode & 0777);
    if (from < 0 || to < 0 || fstat(to, &durable)) die("open", path);
    if (fresh || (file && file->whole)) {
        copy_range(from, to, 0, about->st_size, path);
    } else {
        for (int i = 0; file && i < file->ranges; i++)
            copy_range(from, to, file->changed[i].from, file->changed[i].to, path);
        if (durable.st_size > about->st_size && real_ftruncate(to, about->st_size)) die("truncate", content);
    }
    if (real_ftruncate(to, about->st_size)) die("truncate", content);
    close(from);
    close(to);
    file = remember(about->st_ino);
    file->size = about->st_size;
    file->whole = file->ranges = 0;
    link_name(about->st_ino, relative);
}

static void sync_names(const char *path, const char *relative) {
    char mine[PATH_MAX], name[PATH_MAX], other[PATH_MAX];
    const char *slash = *relative ? "/" : "";
    struct stat about;
    struct dirent *entry;
    join(mine, "%s/files%s%s", image, *relative ? "/" : "", relative);
    join(name, "%s/.", mine);
    make_parents(name);
    DIR *live = opendir(path), *durable;
    if (!live) die("open", path);
    while ((entry = readdir(live))) {
        join(name, "%s/%s", path, entry->d_name);
        if (is_memory(name) || lstat(name, &about) || !S_ISREG(about.st_mode)) continue;
        join(other, "%s/inodes/%lu", image, (unsigned long)about.st_ino);
        int content = open(other, O_WRONLY | O_CREAT | O_CLOEXEC, about.st_mode & 0777);
        if (content < 0) die("open", other);
        close(content);
        join(other, "%s%s%s", relative, slash, entry->d_name);
        link_name(about.st_ino, other);
    }
    closedir(live);
    if (!(durable = opendir(mine))) die("open", mine);
    while ((entry = readdir(durable))) {
        join(name, "%s/%s", mine, entry->d_name);
        join(other, "%s/%s", path, entry->d_name);
        if (lstat(name, &about) || !S_ISREG(about.st_mode) || !lstat(other, &about)) continue;
        if (real_unlink(name)) die("unlink", name);
    }
    closedir(durable);
}

/* Returns whether the descriptor is one of ours; then its sync is done here. */
static int synced(int fd) {
    char path[PATH_MAX];
    struct stat about;
    const char *relative = watch_length ? path_of(fd, path) : NULL;
    if (!relative || fstat(fd, &about)) return 0;
    int kept = errno;
    pthread_mutex_lock(&lock);
    if (S_ISDIR(about.st_mode)) sync_names(path, relative);
    else if (S_ISREG(about.st_mode) && !is_memory(path)) sync_file(fd, &about, path, relative);
    pthread_mutex_unlock(&lock);
    errno = kept;
    return 1;
}

/* A file that loses its last name: its number may be given to another one, so its content keeps only its durable names. */
static void forget(int folder, const char *path) {
    struct stat about;
    char content[PATH_MAX];
    int kept = errno;
    if (watch_length && !fstatat(folder, path, &about, AT_SYMLINK_NOFOLLOW) && S_ISREG(about.st_mode) &&
        about.st_dev == device && about.st_nlink == 1) {
        pthread_mutex_lock(&lock);
        struct file *file = known(about.st_ino);
        if (file) file->whole = 1; /* its place in the table stays, for those behind it */
        join(content, "%s/inodes/%lu", image, (unsigned long)about.st_ino);
        real_unlink(content);
        pthread_mutex_unlock(&lock);
    }
    errno = kept;
}

static off_t here(int fd) {
    struct stat about;
    int flags = fcntl(fd, F_GETFL);
    if (flags >= 0 && (flags & O_APPEND)) return fstat(fd, &about) ? -1 : about.st_size;
    return lseek(fd, 0, SEEK_CUR);
}

static int watched_device(int fd) {
    struct stat about;
    return watch_length && !fstat(fd, &about) && S_ISREG(about.st_mode) && about.st_dev == device;
}

ssize_t write(int fd, const void *bytes, size_t count) {
    if (!watched_device(fd)) return real_write(fd, bytes, count);
    off_t at = here(fd);
    ssize_t done = real_write(fd, bytes, count);
    if (done > 0) changed(fd, at, at < 0 ? -1 : at + done);
    return done;
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off_t at) {
    ssize_t done = real_pwrite(fd, bytes, count, at);
    if (done > 0) changed(fd, at, at + done);
    return done;
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) { return pwrite64(fd, bytes, count, at); }

ssize_t writev(int fd, const struct iovec *parts, int count) {
    ssize_t done = real_writev(fd, parts, count);
    if (done > 0) changed(fd, -1, -1);
    return done;
}

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off_t at) {
    ssize_t done = real_pwritev(fd, parts, count, at);
    if (done > 0) changed(fd, at, at + done);
    return done;
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) { return pwritev64(fd, parts, count, at); }

ssize_t sendfile64(int to, int from, off_t *at, size_t count) {
    ssize_t done = real_sendfile(to, from, at, count);
    if (done > 0) changed(to, -1, -1);
    return done;
}

ssize_t sendfile(int to, int from, off_t *at, size_t count) { return sendfile64(to, from, at, count); }

ssize_t copy_file_range(int from, off_t *from_at, int to, off_t *to_at, size_t count, unsigned flags) {
    ssize_t done = real_copy_range(from, from_at, to, to_at, count, flags);
    if (done > 0) changed(to, -1, -1);
    return done;
}

int ftruncate64(int fd, off_t size) {
    int failed = real_ftruncate(fd, size);
    if (!failed) changed(fd, -1, -1);
    return failed;
}

int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }

int fsync(int fd) { return synced(fd) ? 0 : real_fsync(fd); }

int fdatasync(int fd) { return synced(fd) ? 0 : real_fdatasync(fd); }

int unlink(const char *path) {
    forget(AT_FDCWD, path);
    return real_unlink(path);
}

int unlinkat(int folder, const char *path, int flags) {
    forget(folder, path);
    return real_unlinkat(folder, path, flags);
}

int rename(const char *from, const char *to) {
    forget(AT_FDCWD, to);
    return real_rename(from, to);
}

int renameat(int from_folder, const char *from, int to_folder, const char *to) {
    forget(to_folder, to);
    return real_renameat(from_folder, from, to_folder, to);
}
