// SQLite, and a way to read a live database that changes nothing around it.
#pragma once

#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/// Databases, logs and journals are opened for reading only, and none is created: SQLite alone would make an empty log beside a database
/// in that mode, whatever it was told. Files without a name are SQLite's own temporary ones.
static int csqlite_reader_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *given) {
    sqlite3_vfs *base = (sqlite3_vfs *)vfs->pAppData;
    if (name) {
        flags &= ~(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_EXCLUSIVE | SQLITE_OPEN_DELETEONCLOSE);
        flags |= SQLITE_OPEN_READONLY;
    }
    return base->xOpen(base, name, file, flags, given);
}

/// Nothing is removed: not a journal that seems left over, nor a log beside an empty database.
static int csqlite_reader_delete(sqlite3_vfs *vfs, const char *name, int sync) {
    (void)vfs, (void)name, (void)sync;
    return SQLITE_IOERR_DELETE;
}

/// A path is taken as it is: below /proc/self/fd it is short, and leads to one folder only.
static int csqlite_reader_path(sqlite3_vfs *vfs, const char *name, int room, char *path) {
    (void)vfs;
    size_t length = strlen(name);
    if (length >= (size_t)room) return SQLITE_CANTOPEN;
    memcpy(path, name, length + 1);
    return SQLITE_OK;
}

/// As root SQLite gives logs and journals that it opens to the owner of the database, also where they are that owner's: the time of their
/// last change would move with every look.
static int csqlite_give(int file, uid_t owner, gid_t group) {
    struct stat now;
    if (geteuid() != 0 || (fstat(file, &now) == 0 && now.st_uid == owner && now.st_gid == group)) return 0;
    return fchown(file, owner, group);
}

/// Makes this way of reading known to SQLite under a name; gives its verdict. To be called once.
static inline int csqlite_register_reader(const char *name) {
    static sqlite3_vfs reader;
    sqlite3_vfs *base = sqlite3_vfs_find(0);
    if (!base) return SQLITE_ERROR;
    reader = *base;
    reader.pNext = 0;
    reader.zName = name;
    reader.pAppData = base;
    reader.xOpen = csqlite_reader_open;
    reader.xDelete = csqlite_reader_delete;
    reader.xFullPathname = csqlite_reader_path;
    if (base->xSetSystemCall) base->xSetSystemCall(base, "fchown", (sqlite3_syscall_ptr)csqlite_give);
    return sqlite3_vfs_register(&reader, 0);
}
