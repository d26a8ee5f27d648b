import Buckets
import Crypto
import Files
import Glibc
import HTTPClient

/// A file that is about to be stored, with the digests that the Hub knows contents by.
struct HubObject: Sendable {
    private static let pieceSize = 1 << 20
    /// Files beyond this never go into a commit as text, so that git's id does not matter.
    private static let largestText: Int64 = 10_000_000

    let name: String
    let file: OpenFile
    let size: Int64
    /// Of the content; the id of a large file.
    let sha256: String
    /// Of `blob`, the length and the content; the id that git gives a regular file.
    let gitID: String?
    let sample: [UInt8]

    /// Reads the file once. Blocks.
    init(_ object: NewObject, _ flag: CancelFlag) throws(StorageError) {
        do throws(FileError) {
            name = object.name
            file = try object.folder.file(object.file)
            size = try file.status().size
            sample = try file.read(512, at: 0)
            if let known = object.sha256, size > HubObject.largestText {
                (sha256, gitID) = (known, nil)
                return
            }
            var (content, git) = (SHA256(), Insecure.SHA1())
            git.update(data: Array("blob \(size)\0".utf8))
            var offset: Int64 = 0
            while offset < size, case let bytes = try file.read(HubObject.pieceSize, at: offset), !bytes.isEmpty {
                if flag.isSet { throw FileError("read", file.path, code: ECANCELED) }
                content.update(data: bytes)
                git.update(data: bytes)
                offset += Int64(bytes.count)
            }
            sha256 = content.finalize().hex
            gitID = git.finalize().hex
        } catch {
            throw StorageError(error)
        }
    }

    /// The content, or a stretch of it, as the body of a request.
    func body(from start: Int64 = 0, length: Int64? = nil) -> HTTPBody {
        .stream(HTTPBodyStream(length: length ?? size - start) { [file] offset, most in try? file.read(most, at: start + offset) })
    }

    func contents() throws(StorageError) -> [UInt8] {
        do { return try file.read(Int(size), at: 0) } catch { throw StorageError(error) }
    }
}
