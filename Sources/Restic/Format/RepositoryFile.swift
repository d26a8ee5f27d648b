/// The file `config`: what makes a folder a repository.
package struct RepositoryFile: Hashable, Sendable {
    package static let name = "config"
    /// The version that is written: with compression.
    package static let version = 2
    /// The polynomial of restic's own chunker, which it wants to find: irreducible and of degree 53. Contents are cut in another way here.
    package static let polynomial = "25b468838dcb75"

    package var version: Int
    /// Different for each repository.
    package var id: BlobID
    package var polynomial: String

    package init(id: BlobID, version: Int = RepositoryFile.version, polynomial: String = RepositoryFile.polynomial) {
        self.version = version
        self.id = id
        self.polynomial = polynomial
    }

    package var json: [UInt8] {
        var writer = JSONWriter()
        writer.group { writer in
            writer.key("version")
            writer.number(version)
            writer.key("id")
            writer.id(id)
            writer.key("chunker_polynomial")
            writer.string(polynomial)
        }
        return writer.bytes
    }

    /// - Throws: `damaged`; `unknownVersion`.
    package init(json: [UInt8]) throws(ResticError) {
        var (version, id, polynomial): (Int?, BlobID?, String?)
        var reader = JSONReader(json)
        do {
            try reader.group { key, reader throws(JSONReader.Malformed) in
                switch key {
                case "version": version = try reader.number()
                case "id": id = try reader.id()
                case "chunker_polynomial": polynomial = try reader.string()
                default: return false
                }
                return true
            }
        } catch {
            throw .damaged("the repository's config")
        }
        guard let version, let id else { throw .damaged("the repository's config") }
        guard (1...RepositoryFile.version).contains(version) else { throw .unknownVersion(version) }
        self.init(id: id, version: version, polynomial: polynomial ?? "")
    }
}
