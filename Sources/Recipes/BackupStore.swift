/// Where a recipe keeps backups.
package enum BackupStore: String, CaseIterable, Sendable {
    case huggingface, oss, s3, folder

    var variables: [Variable] {
        switch self {
        case .huggingface: [Variable("HF_DATASET", "alice/backup")]
        case .oss: [Variable("BACKUP_REGION", "oss-cn-hangzhou"), Variable("BACKUP_BUCKET", "my-backups")]
        case .s3: [Variable("BACKUP_REGION", "auto"), Variable("BACKUP_BUCKET", "my-backups"), Variable("BACKUP_ENDPOINT", "https://s3.example.com")]
        case .folder: []
        }
    }

    var secrets: [Variable] {
        switch self {
        case .huggingface: [Variable("HF_TOKEN", "hf_…")]
        case .oss: [Variable("OSS_ACCESS_KEY_ID", "LTAI…"), Variable("OSS_ACCESS_KEY_SECRET", "…")]
        case .s3: [Variable("AWS_ACCESS_KEY_ID", "AKIA…"), Variable("AWS_SECRET_ACCESS_KEY", "…")]
        case .folder: []
        }
    }

    /// The part of the configuration that declares it.
    var declaration: String {
        let keep = "keep: { last: 10, daily: 7, weekly: 4 }"
        return switch self {
        case .huggingface:
            """
            # A private dataset of your own: HF_DATASET, such as alice/backup; and the secret HF_TOKEN, which may write to it and to nothing else.
            repositories:
              main: { type: huggingface, dataset: "${HF_DATASET}", token: "${HF_TOKEN}", \(keep) }
            """
        case .oss:
            """
            # A private bucket of Aliyun OSS: BACKUP_REGION and BACKUP_BUCKET; and the secrets OSS_ACCESS_KEY_ID and OSS_ACCESS_KEY_SECRET.
            repositories:
              main:
                type: oss
                region: "${BACKUP_REGION}"
                bucket: "${BACKUP_BUCKET}"
                prefix: "${BACKUP_PREFIX:-shipkeeper/}"
                access_key_id: "${OSS_ACCESS_KEY_ID}"
                access_key_secret: "${OSS_ACCESS_KEY_SECRET}"
                \(keep)
            """
        case .s3:
            """
            # A private bucket of S3, R2 or MinIO: BACKUP_REGION, BACKUP_BUCKET, BACKUP_ENDPOINT; and the secrets AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
            repositories:
              main:
                type: s3
                region: "${BACKUP_REGION}"
                bucket: "${BACKUP_BUCKET}"
                endpoint: ${BACKUP_ENDPOINT:-}
                prefix: "${BACKUP_PREFIX:-shipkeeper/}"
                access_key_id: "${AWS_ACCESS_KEY_ID}"
                access_key_secret: "${AWS_SECRET_ACCESS_KEY}"
                \(keep)
            """
        case .folder:
            """
            # A folder that outlives the container, such as a volume or a mounted share of another machine.
            repositories:
              main: { type: folder, path: "${BACKUP_FOLDER:-/backups}", \(keep) }
            """
        }
    }
}
