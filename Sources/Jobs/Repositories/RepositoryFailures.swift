import Backups
import Buckets
import JobKit

extension JobError {
    /// What a backup or a restore ran into, with what to do about it.
    init(_ error: BackupError, hint: (BackupError) -> String?, also: String? = nil) {
        let words = [hint(error) ?? error.storage?.hint, also].compactMap(\.self).joined(separator: "; ")
        self.init("\(error)", hint: words.isEmpty ? nil : words, retry: JobError.retry(error))
    }

    private static func retry(_ error: BackupError) -> Retry {
        switch error {
        case .store(let error):
            switch error.kind {
            case .limited(let wait): .after(wait)
            case .unavailable, .full, .missing: .worthwhile
            case .unauthorized, .stale, .refused, .damaged, .cancelled: .pointless
            }
        case .setAside: .pointless
        case .archive, .file, .nothingGood, .notEnoughSpace, .mountBelow, .unexpected: .worthwhile
        case .noSuchBackup, .notInBackup, .sourceMissing, .bareLink, .emptied, .cancelled: .pointless
        }
    }
}
