import Config
import Export
import Foundation
import HTTPClient
import JobKit
import Jobs
import Settings
import TestSupport

/// A configuration as the command exports it.
enum ExportedFile {
    /// The types that are compiled in, and those of the plug-ins that the examples use.
    static let catalog: JobCatalog = {
        var catalog = BuiltInJobs.catalog(http: CurlClient(), now: { Date(timeIntervalSince1970: 1_790_000_000) })
        for (name, isMessage) in [("openclaw-devices", false), ("notify", true), ("webhook", false)] {
            catalog.add(
                JobCatalog.Entry(
                    typeName: name, about: name, isService: false, usualTimeout: nil, canDryRun: false, isMessage: isMessage, shapes: { [] },
                    decode: { reader in
                        for key in ["program", "url", "body", "headers"] { _ = reader.node(SettingShape(key, key, .anything)) }
                        return .job(ScriptedJob { _ in RunReport(summary: "") })
                    }))
        }
        return catalog
    }()

    /// All that the examples read from the environment of their containers.
    static let variables = [
        "HF_DATASET": "alice/backup", "HOME": "/root", "DEMO_ROOT": "/demo", "DEMO_PORT": "7860", "OSS_BUCKET": "my-blog", "OSS_REGION": "oss-cn-hangzhou",
        "SITE_URL": "https://blog.example.com", "PUBLIC_URL": "https://app.example.com", "BACKUP_REGION": "cn-hangzhou", "BACKUP_BUCKET": "my-backups",
    ]

    /// Values of secrets, none of which may be seen.
    static let secrets = [
        "HF_TOKEN": "hf_PlainValueOfTheToken", "SHIPKEEPER_TOKEN": "page-token-0123456789", "RESTIC_PASSWORD": "password-of-the-backups-of-alice",
        "OSS_ACCESS_KEY_ID": "LTAI-key-id-of-alice",
        "OSS_ACCESS_KEY_SECRET": "oss-key-secret-of-alice", "N8N_ENCRYPTION_KEY": "n8n-encryption-key-of-alice",
        "OPENCLAW_GATEWAY_TOKEN": "gateway-token-of-alice",
        "MINIMAX_API_KEY": "minimax-key-of-alice", "NOTIFY_URL": "https://chat.example.com/hook/of-alice",
    ]

    static let examples = ((try? FileManager.default.contentsOfDirectory(atPath: SourceTree.root + "/Examples")) ?? []).sorted()
        .map { "\(SourceTree.root)/Examples/\($0)/shipkeeper.yaml" }.filter { FileManager.default.fileExists(atPath: $0) }

    /// The output, with the differences.
    /// - Parameter given: Variables of the container.
    static func of(
        _ kind: ExportKind, _ text: String, file: String = "shipkeeper.yaml", given: [String: String] = [:], machine: [String: String] = [:],
        name: String? = nil,
        namespace: String? = nil
    ) throws -> Exported {
        func read(_ environment: [String: String]) throws -> Configuration {
            try ConfigurationReader(catalog: catalog, environment: environment).read(text, file: file)
        }
        let platform = ["SHIPKEEPER_PUBLIC_URL": "http://127.0.0.1:7860"]
        let machine = machine.merging(platform) { own, _ in own }
        let variables = ExportVariables(
            try read(machine.merging(given) { $1 }), used: UsedVariable.all(in: text, file: file), machine: machine, given: given)
        return kind.export(
            ExportRequest(
                configuration: try read(variables.masked()), source: .init(path: file, text: text), variables: variables.shown, secrets: variables.secrets,
                unnamed: variables.unnamed,
                ofThisMachine: variables.ofThisMachine, name: name, namespace: namespace, image: kind.needsImage ? "registry.example.com/app:1.0" : "",
                storage: "10Gi"))
    }

    /// An example, with all variables and secrets set.
    static func example(_ kind: ExportKind, _ path: String) throws -> Exported {
        try of(kind, String(contentsOfFile: path, encoding: .utf8), file: path, given: variables.merging(secrets) { $1 })
    }
}

extension Exported {
    /// The one file of that name.
    func file(_ name: String) -> String { files.first { $0.name == name }?.text ?? "" }

    /// The differences in words.
    var words: [String] { differences.map(\.problem.description) }
}
