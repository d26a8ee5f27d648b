import CProcess
import Glibc

/// A stream the program was started with. Every `unsafe` word about writing to it is in this file.
package enum StandardStream: Int32, Sendable {
    case output = 1
    case error = 2

    /// What was to be written can't be.
    package struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
        /// The system's error number.
        package var code: Int32

        /// Nobody reads it any more.
        package var isClosed: Bool { code == EPIPE || code == EBADF }
        package var description: String { unsafe String(cString: strerror(code)).lowercased() }
    }

    /// Writes all bytes. Blocks for as long as the reader does not read.
    package func write(_ bytes: [UInt8]) throws(Failure) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(rawValue, $0.baseAddress, $0.count) }
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                // Somebody who shares it has asked for that.
                waitForRoom()
            } else if errno != EINTR {
                throw Failure(code: errno)
            }
        }
    }

    private func waitForRoom() {
        var room = pollfd(fd: rawValue, events: Int16(POLLOUT), revents: 0)
        unsafe _ = poll(&room, 1, -1)
    }
}
