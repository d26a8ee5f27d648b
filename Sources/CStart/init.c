#define _GNU_SOURCE
#include "cstart.h"
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

enum { MOST_SECTIONS = 4096, MOST_BYTES = 16 << 20 };

static int read_all(int file, void *bytes, size_t length, off_t offset) {
    return pread(file, bytes, length, offset) == (ssize_t)length ? 0 : -1;
}

char *cstart_section(const char *section_name, size_t *length) {
    const size_t name_size = strlen(section_name) + 1;
    int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    if (file < 0) return NULL;
    char *found = NULL;
    Elf64_Ehdr head;
    Elf64_Shdr *sections = NULL;
    char *names = NULL;
    if (read_all(file, &head, sizeof head, 0) != 0 || memcmp(head.e_ident, ELFMAG, SELFMAG) != 0) goto done;
    if (head.e_ident[EI_CLASS] != ELFCLASS64 || head.e_shentsize != sizeof *sections) goto done;
    if (head.e_shnum == 0 || head.e_shnum > MOST_SECTIONS || head.e_shstrndx >= head.e_shnum) goto done;
    sections = calloc(head.e_shnum, sizeof *sections);
    if (!sections || read_all(file, sections, head.e_shnum * sizeof *sections, (off_t)head.e_shoff) != 0) goto done;
    Elf64_Shdr *table = &sections[head.e_shstrndx];
    if (table->sh_size == 0 || table->sh_size > MOST_BYTES) goto done;
    names = malloc(table->sh_size);
    if (!names || read_all(file, names, table->sh_size, (off_t)table->sh_offset) != 0) goto done;
    for (int i = 0; i < head.e_shnum; i++) {
        Elf64_Shdr *section = &sections[i];
        if (table->sh_size < name_size || section->sh_name > table->sh_size - name_size || strncmp(names + section->sh_name, section_name, name_size)) continue;
        if (section->sh_size == 0 || section->sh_size > MOST_BYTES) break;
        found = malloc(section->sh_size);
        if (found && read_all(file, found, section->sh_size, (off_t)section->sh_offset) != 0) {
            free(found);
            found = NULL;
        }
        *length = section->sh_size;
        break;
    }
done:
    free(names);
    free(sections);
    close(file);
    return found;
}

static int write_all(int file, const char *bytes, size_t length) {
    while (length > 0) {
        ssize_t count = write(file, bytes, length);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return -1;
        bytes += count;
        length -= (size_t)count;
    }
    return 0;
}

static void execute_in_memory(const char *bytes, size_t length, char *const words[]) {
    int file = memfd_create("shipkeeper-init", MFD_CLOEXEC | MFD_EXEC);
    if (file < 0) file = memfd_create("shipkeeper-init", MFD_CLOEXEC);
    if (file < 0) return;
    if (write_all(file, bytes, length) == 0) fexecve(file, words, environ);
    int failure = errno;
    close(file);
    errno = failure;
}

/// Nothing of the file stays: what runs keeps what it needs of it.
static void execute_in(const char *folder, const char *bytes, size_t length, char *const words[]) {
    char path[4096];
    if (!folder || snprintf(path, sizeof path, "%s/.shipkeeper-init-%d", folder, (int)getpid()) >= (int)sizeof path) return;
    unlink(path);
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0700);
    if (file < 0) return;
    int is_written = write_all(file, bytes, length) == 0;
    close(file);
    file = is_written ? open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC) : -1;
    unlink(path);
    if (file < 0) return;
    fexecve(file, words, environ);
    int failure = errno;
    close(file);
    errno = failure;
}

int cstart_become_init(const char *beside, char *const words[]) {
    size_t length = 0;
    char *bytes = cstart_section(".shipkeeper_init", &length);
    errno = ENOENT;
    if (bytes) {
        execute_in_memory(bytes, length, words);
        const char *folders[] = {getenv("SHIPKEEPER_STATE"), "/run", "/tmp", "/dev/shm"};
        for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) execute_in(folders[i], bytes, length, words);
        free(bytes);
    }
    int failure = errno;
    execve(beside, words, environ);
    return bytes ? failure : errno;
}
