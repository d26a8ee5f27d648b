import Buckets
import Crypto
import Files
import Glibc
import HTTPClient

/// A file that is about to be stored, with the digests that the Hub knows contents by.
struct HubObject: Sendable {
    /// Files beyond this never go into a commit as text, so that git's id does not matter.
    private static let largestText: Int64 = 10_000_000

    let name: String
    private let content: ObjectContent
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
            content = try object.opened()
            size = content.size
            sample = try content.read(512, at: 0)
            if let known = object.sha256, size > HubObject.largestText {
                (sha256, gitID) = (known, nil)
                return
            }
            var (digest, git) = (SHA256(), Insecure.SHA1())
            git.update(data: Array("blob \(size)\0".utf8))
            try content.forEachPiece(flag) { piece throws(FileError) in
                digest.update(data: piece)
                git.update(data: piece)
            }
            sha256 = digest.finalize().hex
            gitID = git.finalize().hex
        } catch {
            throw StorageError(error)
        }
    }

    /// The content, or a stretch of it, as the body of a request.
    func body(from start: Int64 = 0, length: Int64? = nil) -> HTTPBody {
        .stream(HTTPBodyStream(length: length ?? size - start) { [content] offset, most in try? content.read(most, at: start + offset) })
    }

    func contents() throws(StorageError) -> [UInt8] {
        do { return try content.read(Int(size), at: 0) } catch { throw StorageError(error) }
    }
}
