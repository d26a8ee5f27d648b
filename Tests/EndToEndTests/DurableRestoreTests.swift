import Foundation
import TestSupport
import Testing

@Suite("a restored tree", .waiting)
struct DurableRestoreTests {
    /// Notes in a file when the program writes a file system to the disk, and when it exchanges two names.
    private static let shim = """
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <fcntl.h>
        #include <stdarg.h>
        #include <string.h>
        #include <sys/syscall.h>
        #include <unistd.h>
        static void note(const char *text) {
            int file = open(NOTES, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
            if (write(file, text, strlen(text)) < 0) _exit(99);
            close(file);
        }
        long syscall(long number, ...) {
            long (*next)(long, ...) = dlsym(RTLD_NEXT, "syscall");
            va_list list;
            va_start(list, number);
            long a[6];
            for (int i = 0; i < 6; i++) a[i] = va_arg(list, long);
            va_end(list);
            if (number == SYS_syncfs) note("sync\\n");
            if (number == SYS_renameat2) note("exchange\\n");
            return next(number, a[0], a[1], a[2], a[3], a[4], a[5]);
        }
        """

    @Test("is on the disk before it takes the live one's place")
    func durable() throws {
        let folder = TemporaryFolder()
        try folder.write("shim.c", DurableRestoreTests.shim)
        let built = try Shell.run(
            "mkdir -p live/app repo old/app && echo stored > old/app/f && tar -C old -czf repo/latest_backup.tar.gz app && echo live > live/app/f && "
                + "clang -shared -fPIC -DNOTES='\"\(folder["notes"])\"' -o shim.so shim.c -ldl", folder: folder.path)
        try #require(built.status == 0, "\(built.errors)")
        let configuration = """
            version: 1
            state: \(folder["state"])
            repositories: { main: { type: folder, path: \(folder["repo"]) } }
            jobs: { restore: { type: restore, on: boot, with: { repository: main, path: \(folder["live/app"]) } } }
            """
        let program = try RunningProgram(configuration, in: folder, environment: ["LD_PRELOAD": folder["shim.so"]])
        #expect(try RunningProgram.until("grep -qE 'restore: (succeeded|failed)' '\(folder["log.txt"])'"), "\(program.log)")
        #expect(folder.read("live/app/f") == "stored\n", "\(program.log)")
        #expect(folder.read("notes") == "sync\nexchange\n")
        #expect(program.stop() == 0)
    }
}
