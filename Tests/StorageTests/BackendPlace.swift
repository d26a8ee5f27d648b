import Buckets
import Files
import Foundation
import HTTPClient
import Storage
import TestSupport
import Testing

/// The backends that keep the contract.
enum BackendKind: String, CaseIterable, Sendable {
    case memory, memoryWithCommits, wrapped, folder, hub, oss, s3
}

/// A new, empty backend, and what it needs to live.
struct BackendPlace {
    let backend: any Backend
    /// Whether each call is a request.
    let isRemote: Bool
    private let owner: AnyObject?

    init(_ kind: BackendKind, _ folder: TemporaryFolder) async throws {
        switch kind {
        case .memory: (backend, isRemote, owner) = (InMemoryBackend(.whenSaved), false, nil)
        case .memoryWithCommits: (backend, isRemote, owner) = (InMemoryBackend(.whenPublished), false, nil)
        case .wrapped:
            let limited = LimitedBackend(InMemoryBackend(.whenPublished), calls: 2, bytesPerSecond: 1 << 40)
            (backend, isRemote, owner) = (RetryingBackend(limited, waits: [.seconds(1)], clock: ImpatientClock()), false, nil)
        case .folder:
            try FileManager.default.createDirectory(atPath: folder["backend"], withIntermediateDirectories: true)
            (backend, isRemote, owner) = (FolderBackend(path: folder["backend"]), false, nil)
        case .hub:
            let hub = try StandInHub()
            try await hub.create()
            try await hub.tell("config", "{\"page_size\": 5}")
            var patience = HubTimeouts()
            patience.clock = ImpatientClock()
            let settings = HuggingFace.Settings(dataset: "alice/backup", token: StandInHub.writeToken, endpoint: hub.endpoint)
            (backend, isRemote, owner) = (HubBackend(settings, http: hub.http, patience: patience, now: { Date() }), true, hub.server)
        case .oss, .s3:
            let service = try StandInOSS()
            try service.makeBucket("my-store")
            let keys = BucketCredentials(id: StandInOSS.keyID, secret: StandInOSS.secret)
            var patience = BucketTimeouts()
            patience.clock = ImpatientClock()
            patience.largestAtOnce = 1_000_000
            patience.partSize = 400_000
            let bucket: BucketClient
            if kind == .s3 {
                let address = try #require(S3Address(bucket: "my-store", region: "us-east-1", endpoint: service.endpoint))
                bucket = BucketClient(address, credentials: keys, http: service.server.http, patience: patience, now: { Date() })
            } else {
                let address = try #require(OSSAddress(bucket: "my-store", region: "cn-wuhan-lr", endpoint: service.endpoint))
                bucket = BucketClient(address, credentials: keys, http: service.server.http, patience: patience, now: { Date() })
            }
            (backend, isRemote, owner) = (BucketBackend(bucket, name: "my-store", prefix: "backups/"), true, service.server)
        }
    }
}
