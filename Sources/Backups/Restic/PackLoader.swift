import Buckets
import Files
import Restic
import Storage

/// Loads parts of packs, ahead of what is asked for where that is read in order. For one thread, which waits for the backend. Memory: some 40 MiB.
final class PackLoader {
    private struct Stretch {
        let name: String
        let start: Int
        let bytes: [UInt8]

        var end: Int { start + bytes.count }
    }

    /// The least and the most that is loaded at once.
    private static let (least, most) = (256 << 10, 8 << 20)
    private static let kept = 4

    private let backend: any Backend
    private let flag: CancelFlag
    private let onLoaded: (Int64) -> Void
    /// The last that were used, the last one at the end.
    private var stretches: [Stretch] = []
    private var length = PackLoader.least

    /// - Parameter onLoaded: Called with the number of bytes after each load.
    init(_ backend: any Backend, _ flag: CancelFlag, onLoaded: @escaping (Int64) -> Void = { _ in }) {
        (self.backend, self.flag, self.onLoaded) = (backend, flag, onLoaded)
    }

    /// - Throws: `StorageError`; `ResticError.damaged` where there are no such bytes.
    func load(_ name: String, _ range: Range<Int>) throws -> [UInt8] {
        if let index = stretches.lastIndex(where: { $0.name == name && $0.start <= range.lowerBound && range.upperBound <= $0.end }) {
            if index < stretches.count - 1 { stretches.append(stretches.remove(at: index)) }
            return part(stretches[stretches.count - 1], range)
        }
        // What follows the last stretch is most likely to go on.
        let isNext = stretches.last.map { $0.name == name && range.lowerBound >= $0.start && range.lowerBound - $0.end <= PackLoader.least } ?? false
        length = isNext ? min(PackLoader.most, length * 2) : PackLoader.least
        let (start, wanted) = (Int64(range.lowerBound), Int64(max(length, range.count)))
        let result: Result<[UInt8]?, StorageError>? = Blocking.wait(flag) { [backend] in
            do throws(StorageError) { return .success(try await backend.bytes(name, from: start, length: wanted)) } catch { return .failure(error) }
        }
        if flag.isSet { throw StorageError(.cancelled, "cancelled") }
        guard let bytes = try result?.get() ?? nil else { throw ResticError.damaged("\(name), which is gone,") }
        guard bytes.count >= range.count else { throw ResticError.damaged(name) }
        onLoaded(Int64(bytes.count))
        let stretch = Stretch(name: name, start: range.lowerBound, bytes: bytes)
        stretches.append(stretch)
        if stretches.count > PackLoader.kept { stretches.removeFirst() }
        return part(stretch, range)
    }

    private func part(_ stretch: Stretch, _ range: Range<Int>) -> [UInt8] {
        Array(stretch.bytes[range.lowerBound - stretch.start..<range.upperBound - stretch.start])
    }
}
