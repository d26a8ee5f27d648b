import Buckets
package import Foundation
import Synchronization

/// What a backend can do.
package struct BackendTraits: Hashable, Sendable {
    /// When objects appear in lists and can be loaded.
    package enum Appearance: Hashable, Sendable {
        /// Saved ones when `save` returns, published ones one after the other, once the head has moved.
        case whenSaved
        /// All that a publication names in one step. What is saved and never published is never seen, and its space is the backend's affair.
        case whenPublished
    }

    package var appearance: Appearance
    /// When the space of removed objects is free again.
    package var removal: StoreRemoval

    package init(_ appearance: Appearance, removal: StoreRemoval) { (self.appearance, self.removal) = (appearance, removal) }
}

/// An object that is there.
package struct StoredObject: Hashable, Sendable {
    package var name: String
    /// In bytes.
    package var size: Int64
    /// Changes with the content, as far as the backend reports; empty where it does not. For telling whether another client has replaced an object.
    package var mark: String
    /// By the backend's clock; nil where it is not reported.
    package var modified: Date?

    package init(name: String, size: Int64, mark: String = "", modified: Date? = nil) {
        (self.name, self.size, self.mark, self.modified) = (name, size, mark, modified)
    }
}

/// An object whose content a backend has stored. Made by backends, and good for the backend that made it.
package struct SavedObject: Hashable, Sendable {
    package let name: String
    /// In bytes.
    package let size: Int64
    /// Whether nothing had the name before.
    package let isNew: Bool
    /// SHA-256 of the content, in lower-case hexadecimal digits, where the backend names contents so.
    package let sha256: String?
    /// A content that a commit carries itself: text, of up to 10 MB.
    package let carried: [UInt8]?

    package init(name: String, size: Int64, isNew: Bool, sha256: String? = nil, carried: [UInt8]? = nil) {
        (self.name, self.size, self.isNew, self.sha256, self.carried) = (name, size, isNew, sha256, carried)
    }
}

/// Identifies what was published last. Opaque; worth keeping across restarts.
package struct PublishToken: Hashable, Codable, Sendable {
    package let text: String

    package init(_ text: String) { self.text = text }
}

/// What a writer makes the newest in one step.
package struct Publication: Sendable {
    /// No two are alike, and two calls with the same mean one publication.
    package let id: String
    /// Objects that the same backend has saved.
    package var saved: [SavedObject]
    /// Those that make the others found, in the order in which they appear where not all do at once. Small: each is held in memory where need be.
    package var objects: [NewObject]
    /// What goes with it: in the same step, or after all others have appeared. Missing ones are ignored.
    package var removed: [String]
    /// A line for people who look at the store.
    package var title: String
    package var date: Date

    package init(_ saved: [SavedObject] = [], then objects: [NewObject] = [], removing removed: [String] = [], title: String, at date: Date) {
        id = String(UInt64.random(in: 0 ... .max), radix: 36)
        (self.saved, self.objects, self.removed, self.title, self.date) = (saved, objects, removed, title, date)
    }

    /// - Throws: `refused` for a name that is not allowed.
    func check() throws(StorageError) {
        for name in saved.map(\.name) + objects.map(\.name) + removed { try BackendName.check(name) }
    }
}

/// Collects what a callback gives.
final class Collected<Element: Sendable>: Sendable {
    private let elements = Mutex<[Element]>([])

    func add(_ more: [Element]) { elements.withLock { $0 += more } }

    var all: [Element] { elements.withLock { $0 } }
}
