import Config
import Export
import Foundation
import Settings
import TestSupport
import Testing

/// The published schemas of Kubernetes, and the rules of its strictest level.
enum ObjectChecks {
    /// The oldest and the newest version that the output is for.
    private static let versions = ["1.29", "1.37"]

    static func check(_ text: String, in folder: TemporaryFolder, _ what: String) throws {
        try folder.write("objects.yaml", text)
        for line in ["check_objects.py \(versions.joined(separator: " "))", "check_pods.py"] {
            let words = line.split(separator: " ")
            let result = try Shell.run(
                "'\(Shell.python)' '\(SourceTree.standIns)/Export/\(words[0])' \(words.dropFirst().joined(separator: " ")) < '\(folder["objects.yaml"])'")
            let lines = result.output.split(separator: "\n")
            #expect(result.status == 0 && lines.count == 1 && lines.first?.first?.isNumber == true, "\(what): \(result.output)\(result.errors)\n\(text)")
        }
    }
}

enum UnitChecks {
    /// What `systemd-analyze verify` says of the units, programs apart that are not on this machine.
    static func check(_ exported: Exported, in folder: TemporaryFolder, _ what: String) throws {
        try folder.run("rm -rf units && mkdir units")
        // Programs are looked for, and the app's are not here: each is one that is.
        for file in exported.files where !file.isConfiguration {
            let text = file.text.replacing(/(?m)^ExecStart=\S+/, with: "ExecStart=/bin/true").replacing(
                /(?m)^ExecReload=shipkeeper/, with: "ExecReload=/bin/true"
            )
            .replacing(/(?m)^WorkingDirectory=.*/, with: "WorkingDirectory=/")
            try folder.write("units/\(file.name)", text)
        }
        let result = try folder.run("SYSTEMD_LOG_LEVEL=warning systemd-analyze verify --man=no units/* 2>&1")
        // A machine without a running systemd says that too.
        let lines = result.output.split(separator: "\n").filter {
            $0.contains("units/") || $0.contains(".service:") || $0.contains(".timer:") || $0.contains(".socket:")
        }
        #expect(lines.isEmpty, "\(what): \(lines)\n\(exported.text(for: .systemd))")
    }
}

enum ComposeChecks {
    /// The keys of a service that the output may have, of those in https://github.com/compose-spec/compose-spec/blob/main/05-services.md.
    private static let known: Set = [
        "image", "restart", "user", "read_only", "tmpfs", "cap_drop", "security_opt", "entrypoint", "working_dir", "environment", "ports", "stop_grace_period",
        "healthcheck", "configs", "volumes", "mem_limit",
    ]

    /// What the specification says of the keys that are written.
    static func check(_ text: String, _ what: String) {
        let (root, problems) = PlainYAML.read(text, file: what)
        #expect(problems.isEmpty, "\(problems)")
        let volumes = Set(root?["volumes"]?.entries?.map(\.key) ?? [])
        for entry in root?["services"]?.entries ?? [] {
            let unknown = (entry.value.entries ?? []).map(\.key).filter { !known.contains($0) }
            #expect(unknown.isEmpty, "\(what): \(entry.key) has \(unknown)")
            #expect(entry.key.wholeMatch(of: /[a-zA-Z0-9._-]+/) != nil && entry.value["image"] != nil)
            for volume in entry.value["volumes"]?.elements ?? [] {
                let parts = volume.text?.split(separator: ":") ?? []
                #expect(parts.count == 2 && volumes.contains(String(parts.first ?? "")) && parts.last?.hasPrefix("/") == true, "\(what): \(volume)")
            }
            for key in ["stop_grace_period"] { #expect(entry.value[key]?.text?.wholeMatch(of: /[0-9]+s/) != nil, "\(what)") }
            for key in ["interval", "timeout", "start_period"] where entry.value["healthcheck"] != nil {
                #expect(entry.value["healthcheck"]?[key]?.text?.wholeMatch(of: /[0-9]+s/) != nil, "\(what)")
            }
            for config in entry.value["configs"]?.elements ?? [] { #expect(root?["configs"]?[config["source"]?.text ?? ""] != nil, "\(what)") }
        }
    }
}
