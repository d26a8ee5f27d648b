import Crypto
package import Files
import Buckets

/// Digests of a site's contents as they were last found, so that only what may have changed is read again.
package struct SiteDigests: Hashable, Sendable {
    /// A digest, and the file as it was then.
    package struct Known: Hashable, Sendable {
        /// `ScannedFile.mark` at that time: with another one, the content is read again.
        package var mark: String
        /// In lower-case hexadecimal digits.
        package var md5: String

        package init(mark: String, md5: String) {
            self.mark = mark
            self.md5 = md5
        }
    }

    /// By the key below the site's folder.
    package var known: [ByteKey: Known]

    package init(known: [ByteKey: Known] = [:]) { self.known = known }
}

/// A file of a site with the digest and the type of its content.
package struct SiteContent: Hashable, Sendable {
    package var file: ScannedFile
    /// Of the content, in lower-case hexadecimal digits.
    package var md5: String
    /// The media type, by its name, or else by its first bytes.
    package var type: String

    package var key: ByteKey { file.key }
    /// Whether it is an HTML page.
    package var isPage: Bool { ContentType.isPage(type) }
}

/// A site that has been read: its files with their digests, in one pass.
package struct SiteReading: Sendable {
    /// MD5 of no bytes at all.
    package static let emptyDigest = [UInt8]().md5Digits

    private static let headBytes = 512

    /// The site's folder.
    package let root: Folder
    /// In the order of their keys' bytes.
    package private(set) var files: [SiteContent] = []
    /// What is not published, and why.
    package let skipped: [SkippedName]
    /// The digests of all files, for the next pass.
    package private(set) var digests = SiteDigests()
    /// How many contents were read in full.
    package private(set) var countRead = 0

    /// Scans the folder, and reads the files whose mark has changed. Blocks for the disk.
    /// - Parameters:
    ///   - known: Digests of an earlier pass.
    ///   - mostKeyBytes: The longest key that can be published, in bytes; longer ones are skipped.
    package init(_ path: String, known: SiteDigests = SiteDigests(), mostKeyBytes: Int = 4000, _ flag: CancelFlag) throws(SiteError) {
        let scan = try SiteScan(path, mostKeyBytes: mostKeyBytes, flag)
        (root, skipped) = (scan.root, scan.skipped)
        for file in scan.files {
            if flag.isSet { throw SiteError("cancelled") }
            do throws(FileError) { try read(file, known.known[file.key]) } catch { throw SiteError(error) }
        }
    }

    private mutating func read(_ file: ScannedFile, _ known: SiteDigests.Known?) throws(FileError) {
        let byName = ContentType.known(file.key.text)
        var digest = known?.mark == file.mark ? known?.md5 : nil
        var type = byName
        if digest == nil || type == nil {
            let open = try file.open(below: root)
            if type == nil { type = ContentType.sniffed(try open.read(SiteReading.headBytes, at: 0)) }
            if digest == nil {
                digest = try SiteReading.digest(open)
                countRead += 1
            }
        }
        let md5 = digest ?? SiteReading.emptyDigest
        files.append(SiteContent(file: file, md5: md5, type: type ?? ContentType.unknown))
        digests.known[file.key] = SiteDigests.Known(mark: file.mark, md5: md5)
    }

    private static func digest(_ file: OpenFile) throws(FileError) -> String {
        var hash = Insecure.MD5()
        while case let bytes = try file.read(1 << 20), !bytes.isEmpty { hash.update(data: bytes) }
        return hash.finalize().hex
    }

    /// The files as they are to be stored, in the order of their keys.
    /// - Parameter prefix: What is put in front of every key.
    package func site(_ rules: HeaderRules, prefix: String) -> [SiteFile] {
        files.map { content in
            let headers = rules.headers(of: content.key.text, type: content.type)
            return SiteFile(
                key: ByteKey(prefix + content.key.text), size: content.file.size, md5: content.md5, headers: HeaderRules.fingerprint(headers),
                type: content.type)
        }
    }
}
