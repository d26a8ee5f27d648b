import Buckets
import Files

/// What git keeps in the place of a large file, and leaves there where its extension for large files is missing.
enum LFSPointer {
    private static let largest = 1024
    private static let mark = Array("version https://git-lfs.github.com/spec/".utf8)

    static func isPointer(_ bytes: some Collection<UInt8>) -> Bool { bytes.starts(with: mark) }

    /// Passes a content on that is what it should be.
    /// - Throws: `refused` for a pointer. Blocks.
    static func checked(_ file: OpenFile, _ name: String, in place: String) throws(StorageError) -> OpenFile {
        do throws(FileError) {
            guard try file.status().size <= largest, try isPointer(file.read(mark.count, at: 0)) else { return file }
        } catch {
            throw StorageError(error)
        }
        throw .refused(
            "\(name) in \(place) is only git's pointer to the content, which is not there",
            hint: "fetch it with \"git lfs pull\" and put the content there, or name the dataset itself as the repository")
    }
}
