import Foundation

/// What the Hub's API says and hears, as far as we need it. The names are the API's.
enum HubMessages {
    struct Commit: Decodable {
        var id: String
        var message: String?
        var date: String
    }

    struct TreeItem: Decodable {
        struct Large: Decodable {
            var oid: String
            var size: Int64
        }

        var type: String
        var path: String
        var size: Int64
        var oid: String
        var lfs: Large?
    }

    struct RepoInfo: Decodable {
        var `private`: Bool?
        var usedStorage: Int64?
    }

    struct WhoAmI: Decodable {
        struct Auth: Decodable {
            struct AccessToken: Decodable {
                var role: String?
            }

            var accessToken: AccessToken?
        }

        var name: String
        var auth: Auth?
    }

    struct Preupload: Encodable {
        struct File: Encodable {
            var path: String
            var size: Int64
            /// The first 512 bytes, in base64.
            var sample: String
        }

        var files: [File]
    }

    struct PreuploadAnswer: Decodable {
        struct File: Decodable {
            var path: String
            var uploadMode: String
            var shouldIgnore: Bool?
            var oid: String?
        }

        var files: [File]
    }

    struct Batch: Encodable {
        struct Object: Encodable {
            var oid: String
            var size: Int64
        }

        struct Reference: Encodable {
            var name: String
        }

        var operation = "upload"
        var transfers = ["basic", "multipart"]
        var hash_algo = "sha256"
        var ref: Reference
        var objects: [Object]
    }

    struct BatchAnswer: Decodable {
        struct Action: Decodable {
            var href: String
            var header: [String: String]?
        }

        struct Actions: Decodable {
            var upload: Action?
            var verify: Action?
        }

        struct Failure: Decodable {
            var code: Int?
            var message: String?
        }

        struct Object: Decodable {
            var oid: String
            /// Absent for what is stored already.
            var actions: Actions?
            var error: Failure?
        }

        var objects: [Object]
    }

    struct Complete: Encodable {
        struct Part: Encodable {
            var partNumber: Int
            var etag: String
        }

        var oid: String
        var parts: [Part]
    }

    struct CommitAnswer: Decodable {
        var commitOid: String
    }

    struct Paths: Encodable {
        var paths: [String]
        var expand = false
    }

    struct LargeFile: Decodable {
        var fileOid: String
        var oid: String?
    }

    struct Deletions: Encodable {
        struct Wish: Encodable {
            var sha: [String]
            var rewriteHistory: Bool
        }

        var deletions: Wish
    }

    struct Creation: Encodable {
        var name: String
        var organization: String
        var type = "dataset"
        var visibility = "private"
    }

    /// What an answer says that went wrong, in any of the Hub's ways to say it.
    struct Refusal: Decodable {
        struct Item: Decodable {
            var message: String?
        }

        var error: String?
        var error_description: String?
        var errors: [Item]?

        var displayText: String? { error ?? error_description ?? errors?.first?.message }
    }

    static func encode(_ value: some Encodable) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
        // The types here hold text and numbers only, which always encode.
        return (try? encoder.encode(value)).map(Array.init) ?? []
    }

    /// An instant as the API writes it.
    static func date(_ text: String) -> Date? {
        let strategy = Date.ISO8601FormatStyle(includingFractionalSeconds: text.contains("."))
        return try? strategy.parse(text)
    }
}
