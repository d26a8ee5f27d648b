import Glibc

/// Where paths lead once every symbolic link on them is followed.
package enum RealPath {
    /// - Parameter path: Absolute, or from the working folder.
    /// - Returns: An absolute path without links, `.` or `..`.
    /// - Throws: Where something on the way is missing or may not be entered, and where links lead in a circle.
    package static func of(_ path: [UInt8]) throws(FileError) -> [UInt8] {
        let found: [UInt8]? = unsafe RawName(path).withCString { path in
            guard let real = unsafe realpath(path, nil) else { return nil }
            defer { unsafe free(real) }
            return unsafe Array(UnsafeRawBufferPointer(start: real, count: strlen(real)))
        }
        guard let found else { throw FileError("follow", String(decoding: path, as: UTF8.self)) }
        return found
    }
}
