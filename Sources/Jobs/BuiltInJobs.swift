import Buckets
package import Foundation
package import HTTPClient
package import JobKit

/// The job types and repository types that are compiled in.
package enum BuiltInJobs {
    /// A new catalog with all of them.
    /// - Parameters:
    ///   - http: Used by all jobs and repositories.
    ///   - hubEndpoint: The Hub's address where a repository names none: the value of `HF_ENDPOINT`.
    ///   - arrivals: Where keepalive jobs learn whether their requests come in at the public port.
    ///   - now: The wall clock, for signatures and for when a server asks to be asked again.
    package static func catalog(
        http: any HTTPTransport, hubEndpoint: String? = nil, arrivals: any ArrivalWatch = NoArrivals(), now: @escaping @Sendable () -> Date
    ) -> JobCatalog {
        var catalog = JobCatalog()
        catalog.add(CommandJob.self) { CommandJob(settings: $0) }
        catalog.add(service: ServiceJob.self) { ServiceJob(definition: $0) }
        catalog.add(KeepaliveJob.self) { KeepaliveJob(settings: $0, http: http, arrivals: arrivals) }
        catalog.add(RestoreJob.self) { RestoreJob(settings: $0) }
        catalog.add(BackupJob.self) { BackupJob(settings: $0) }
        catalog.add(VerifyJob.self) { VerifyJob(settings: $0) }
        catalog.add(HexoJob.self) { HexoJob(settings: $0, http: http, now: now) }
        catalog.add(PublishJob.self) { PublishJob(settings: $0, http: http, now: now) }
        catalog.add(JSONMergeJob.self) { JSONMergeJob(settings: $0) }
        catalog.add(repository: "folder", about: "A folder of this machine, such as a mounted volume") { name, reader in
            Repository.folder(named: name, &reader)
        }
        catalog.add(repository: "huggingface", about: "A dataset of the Hugging Face Hub") { name, reader in
            Repository.huggingFace(named: name, &reader, http: http, endpoint: hubEndpoint, now: now)
        }
        catalog.add(repository: "oss", about: "A bucket of Aliyun OSS") { name, reader in
            Repository.bucket(.oss, named: name, &reader, http: http, now: now)
        }
        catalog.add(repository: "s3", about: "A bucket of S3, or of a service that speaks like it: MinIO, R2, a bucket gateway") { name, reader in
            Repository.bucket(.s3, named: name, &reader, http: http, now: now)
        }
        return catalog
    }
}
