import CStart
import Glibc

/// What this program was started with. Every `unsafe` word about it is in this file.
package enum OwnStart {
    /// The arguments, without the program's name. Unlike `CommandLine.arguments` they are found whatever a preloaded library
    /// has done to the environment.
    package static let arguments: [String] = (1..<max(1, Int(cstart_argument_count()))).compactMap { index in
        unsafe cstart_argument(Int32(index)).map { unsafe String(cString: $0) }
    }

    /// The file this program runs from, with links on its path followed; `/proc/self/exe` where it is not there any more.
    package static var program: String {
        var buffer = [CChar](repeating: 0, count: 4096)
        let length = unsafe readlink("/proc/self/exe", &buffer, buffer.count - 1)
        guard length > 0 else { return "/proc/self/exe" }
        let path = String(decoding: buffer.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return unsafe access(path, X_OK) == 0 ? path : "/proc/self/exe"
    }

    /// The path of the file this program was started from, whatever is there by now.
    package static var file: String {
        var buffer = [CChar](repeating: 0, count: 4096)
        let length = unsafe readlink("/proc/self/exe", &buffer, buffer.count - 1)
        guard length > 0 else { return "/proc/self/exe" }
        let path = String(decoding: buffer.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let mark = " (deleted)"
        return path.hasSuffix(mark) ? String(path.dropLast(mark.count)) : path
    }

    /// What the build has put into a section of the program's file; nil where there is none. Blocks.
    package static func section(_ name: String) -> [UInt8]? {
        var length = 0
        guard let bytes = unsafe cstart_section(name, &length) else { return nil }
        defer { unsafe free(bytes) }
        return unsafe Array(UnsafeRawBufferPointer(start: bytes, count: length))
    }

    /// Keeps the environment from other processes of the same user: it is moved out of what /proc shows, and nobody may trace
    /// this process or read its memory. To be called first of all, while there is one thread.
    package static func hide() {
        _ = cstart_hide_environment()
        _ = cstart_forbid_inspection()
        // Without its environment the program would be another one: init starts it again.
        if unsafe cstart_receive_variables(InitLink.variable) != 0 { abort() }
    }

    /// The variables of the environment as they are now, each `NAME=value`, as bytes: a value need not be text.
    package static var variables: [[UInt8]] {
        var found: [[UInt8]] = []
        while let entry = unsafe cstart_variable(Int32(found.count)) {
            unsafe found.append(bytes(entry))
        }
        return found
    }

    /// Sets a variable of this process, as if it had been started with it. To be called before other threads read the environment.
    package static func set(_ name: String, _ value: String) { unsafe _ = setenv(name, value, 1) }

    /// Takes variables out of this process's environment.
    package static func forget(_ names: [String]) {
        for name in names { unsafe _ = cstart_unset(name) }
    }

    private static func bytes(_ text: UnsafePointer<CChar>) -> [UInt8] {
        var (bytes, index): ([UInt8], Int) = ([], 0)
        while unsafe text[index] != 0 {
            unsafe bytes.append(UInt8(bitPattern: text[index]))
            index += 1
        }
        return bytes
    }
}
