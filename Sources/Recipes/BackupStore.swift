/// Where a recipe keeps backups.
package enum BackupStore: String, CaseIterable, Sendable {
    case huggingface, oss, s3, folder

    var variables: [Variable] {
        let bucket = Variable("BACKUP_BUCKET", "my-backups", Text("the bucket of step 2", "第 2 步的 Bucket"))
        return switch self {
        case .huggingface:
            [Variable("HF_DATASET", "alice/backup", Text("the dataset of step 2", "第 2 步的数据集"))]
        case .oss:
            [
                Variable("BACKUP_REGION", "oss-cn-hangzhou", Text("the region of the bucket", "Bucket 所在的地域")), bucket,
            ]
        case .s3:
            [
                Variable("BACKUP_REGION", "auto", Text("the region of the bucket; auto for R2", "Bucket 所在的区域；R2 写 auto")), bucket,
                Variable("BACKUP_ENDPOINT", "https://s3.example.com", Text("the address of the service; empty for Amazon", "服务的地址；Amazon 留空")),
            ]
        case .folder: []
        }
    }

    var secrets: [Variable] {
        switch self {
        case .huggingface:
            [
                Variable(
                    "HF_TOKEN", "hf_…", Text("a fine-grained token that may write to that dataset and to nothing else", "细粒度令牌，只能写那个数据集"),
                    link: "https://huggingface.co/settings/tokens")
            ]
        case .oss:
            [
                Variable(
                    "OSS_ACCESS_KEY_ID", "LTAI…", Text("the key of a RAM user who may use that bucket and nothing else", "RAM 用户的密钥，只能用那个 Bucket"),
                    link: "https://ram.console.aliyun.com/users"),
                Variable("OSS_ACCESS_KEY_SECRET", "…", Text("shown once, when the key is made", "只在创建密钥时显示一次")),
            ]
        case .s3:
            [
                Variable("AWS_ACCESS_KEY_ID", "AKIA…", Text("a key that may use that bucket and nothing else", "只能用那个 Bucket 的密钥")),
                Variable("AWS_SECRET_ACCESS_KEY", "…", Text("shown once, when the key is made", "只在创建密钥时显示一次")),
            ]
        case .folder: []
        }
    }

    /// The part of the configuration that declares it.
    func declaration(_ format: BackupFormat) -> String {
        let lines = ["type: \(rawValue)"] + keys + format.keys + ["keep: { last: 10, daily: 7, weekly: 4 }"]
        return (["# \(about)"] + format.comments + ["repositories:", "  main:"] + lines.map { "    \($0)" }).joined(separator: "\n")
    }

    /// What it is, and what must be set for it.
    private var about: String {
        switch self {
        case .huggingface:
            "A private dataset of your own: HF_DATASET, such as alice/backup; and the secret HF_TOKEN, which may write to it and to nothing else."
        case .oss:
            "A private bucket of Aliyun OSS: BACKUP_REGION and BACKUP_BUCKET; and the secrets OSS_ACCESS_KEY_ID and OSS_ACCESS_KEY_SECRET."
        case .s3:
            "A private bucket of S3, R2 or MinIO: BACKUP_REGION, BACKUP_BUCKET, BACKUP_ENDPOINT; and the secrets AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
        case .folder: "A folder that outlives the container, such as a volume or a mounted share of another machine."
        }
    }

    private var keys: [String] {
        switch self {
        case .huggingface: ["dataset: \"${HF_DATASET}\"", "token: \"${HF_TOKEN}\""]
        case .oss:
            ["region: \"${BACKUP_REGION}\"", "bucket: \"${BACKUP_BUCKET}\"", "prefix: \"${BACKUP_PREFIX:-shipkeeper/}\""]
                + ["access_key_id: \"${OSS_ACCESS_KEY_ID}\"", "access_key_secret: \"${OSS_ACCESS_KEY_SECRET}\""]
        case .s3:
            [
                "region: \"${BACKUP_REGION}\"", "bucket: \"${BACKUP_BUCKET}\"", "endpoint: ${BACKUP_ENDPOINT:-}",
                "prefix: \"${BACKUP_PREFIX:-shipkeeper/}\"",
            ] + ["access_key_id: \"${AWS_ACCESS_KEY_ID}\"", "access_key_secret: \"${AWS_SECRET_ACCESS_KEY}\""]
        case .folder: ["path: \"${BACKUP_FOLDER:-/backups}\""]
        }
    }
}
