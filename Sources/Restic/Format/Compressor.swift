import CZstd

/// Compresses with zstd, many blobs with one state. For one thread at a time.
@safe package final class Compressor {
    /// The level that restic takes by default.
    package static let level: Int32 = 3

    private let state: OpaquePointer

    /// - Throws: `unavailable` where libzstd can't be loaded.
    package init() throws(ResticError) {
        if let failure = unsafe czstd_load() { throw .unavailable(unsafe String(cString: failure)) }
        guard let state = unsafe czstd_create_cctx() else { throw .unavailable("no memory is left to compress") }
        unsafe self.state = state
    }

    deinit { unsafe czstd_free_cctx(state) }

    /// One frame that holds the content; nil where it would not be smaller.
    package func compress(_ content: [UInt8]) -> [UInt8]? {
        let room = czstd_bound(content.count)
        let frame = unsafe [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
            count = unsafe content.withUnsafeBytes { unsafe czstd_compress(state, buffer.baseAddress, room, $0.baseAddress, $0.count, Compressor.level) }
        }
        return frame.isEmpty || frame.count >= content.count ? nil : frame
    }
}

/// Decompresses zstd frames, many with one state. For one thread at a time.
@safe package final class Decompressor {
    /// The most that a frame may hold: a chunk of restic has up to 8 MiB, and an index of a large repository some hundred.
    private static let mostBytes = 1 << 30

    private let state: OpaquePointer

    package init() throws(ResticError) {
        if let failure = unsafe czstd_load() { throw .unavailable(unsafe String(cString: failure)) }
        guard let state = unsafe czstd_create_dctx() else { throw .unavailable("no memory is left to decompress") }
        unsafe self.state = state
    }

    deinit { unsafe czstd_free_dctx(state) }

    /// What a call of libzstd says where it gives no length.
    private enum Answer {
        static let needsMoreRoom = -2
        static let namesNoSize = -2
    }

    /// The content of a frame.
    /// - Parameter length: What it must have; nil where only the frame itself may name it.
    /// - Returns: nil for bytes that are not such a frame.
    package func decompress(_ frame: ArraySlice<UInt8>, length: Int? = nil) -> [UInt8]? {
        let named = unsafe length ?? frame.withUnsafeBytes { unsafe czstd_content_size($0.baseAddress, $0.count) }
        // Frames of restic that hold less than 256 bytes do not name their size.
        var room = named == Answer.namesNoSize ? max(4 * frame.count, 1024) : named
        while (0...Decompressor.mostBytes).contains(room) {
            var result = 0
            let content = unsafe [UInt8](unsafeUninitializedCapacity: max(room, 1)) { buffer, count in
                result = unsafe frame.withUnsafeBytes { unsafe czstd_decompress(state, buffer.baseAddress, room, $0.baseAddress, $0.count) }
                count = max(result, 0)
            }
            if result == named || (named == Answer.namesNoSize && result >= 0) { return content }
            guard named == Answer.namesNoSize, result == Answer.needsMoreRoom else { return nil }
            room *= 4
        }
        return nil
    }
}
