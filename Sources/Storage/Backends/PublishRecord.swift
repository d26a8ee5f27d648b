import Buckets
import Foundation

/// What a backend without commits says of its last publication: one small object, by which of two writers one wins.
struct PublishRecord: Codable, Hashable, Sendable {
    /// Counts from 1.
    var number: Int
    /// Of the publication.
    var id: String
    /// The token that it followed.
    var previous: String?
    /// In seconds since 1970.
    var date: Double
    var title: String
    /// The objects that appear once this is there, in their order.
    var names: [String]

    var token: PublishToken { PublishToken("\(number)-\(id)") }

    /// What a publication still has to do.
    enum Step {
        case write(PublishRecord)
        /// An earlier try has written it, and may have been cut short afterwards.
        case written(PublishRecord)

        var record: PublishRecord {
            switch self {
            case .write(let record), .written(let record): record
            }
        }
    }

    /// Pure.
    /// - Throws: `stale` where the head is neither the expected one nor this very publication.
    static func step(_ publication: Publication, over head: PublishRecord?, expecting expected: PublishToken?) throws(StorageError) -> Step {
        if let head, head.id == publication.id, head.previous == expected?.text { return .written(head) }
        guard head?.token == expected else { throw .stale("another client has stored in the repository since this one last looked") }
        return .write(
            PublishRecord(
                number: (head?.number ?? 0) + 1, id: publication.id, previous: expected?.text, date: publication.date.timeIntervalSince1970,
                title: publication.title, names: publication.objects.map(\.name)))
    }
}

extension PublishRecord {
    init?(_ bytes: [UInt8]) {
        guard let record = try? JSONDecoder().decode(PublishRecord.self, from: Data(bytes)) else { return nil }
        self = record
    }

    var bytes: [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        return (try? encoder.encode(self)).map(Array.init) ?? []
    }
}
