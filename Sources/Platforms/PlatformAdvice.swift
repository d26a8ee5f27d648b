package import JobKit
package import Settings

/// Warnings about what a platform's rules would make of a container. Pure: the caller looks at the system.
package enum PlatformAdvice {
    /// Programs that route traffic around the platform's proxy: some platforms pause containers that run one.
    package static let tunnels = [
        "bore", "chisel", "cloudflared", "frpc", "frps", "gost", "hysteria", "localtunnel", "nebula", "ngrok", "rathole", "sing-box", "tailscaled",
        "v2ray", "xray", "zerotier-one",
    ]

    /// One line with the detected platform.
    /// - Parameter stopBudget: What the configuration says, or follows from the platform.
    package static func found(_ platform: Platform, stopBudget: Duration) -> JobCheck {
        let address = platform.publicURL ?? "no public URL"
        return JobCheck(
            "platform", .ok, "\(platform.name) (port \(platform.port), \(address), stop budget \(DurationText.format(stopBudget)))",
            hint: platform.publicURL == nil ? "set PUBLIC_URL if the app should know its address, such as https://app.example.com" : nil)
    }

    /// A warning where the platform forbids tunnels; nil elsewhere, and where there are none.
    /// - Parameter found: Those of `tunnels` that are on the PATH, with their paths.
    package static func tunnels(_ found: [String], on platform: Platform) -> JobCheck? {
        guard !found.isEmpty, [.huggingface, .modelscope].contains(platform.kind) else { return nil }
        return JobCheck(
            "tunnels", .warning, "\(found.joined(separator: ", ")) is there, and the platform pauses containers that run a tunnel",
            hint: "take it out of the image")
    }

    /// A warning where programs can't keep their data in the home folder; nil where all is fine.
    /// - Parameters:
    ///   - home: The value of `HOME`.
    ///   - user: The user id of the process, for the message.
    package static func home(_ home: String?, isWritable: Bool, user: UInt32) -> JobCheck? {
        guard let home, !home.isEmpty else {
            return JobCheck("HOME", .warning, "HOME is not set, and most programs keep their data there", hint: "set it in the image: ENV HOME=/home/user")
        }
        guard !isWritable else { return nil }
        return JobCheck(
            "HOME", .warning, "\(home) can't be written by user \(user), and most programs keep their data there",
            hint: "give that user the folder in the image, or set HOME to one that can be written")
    }

    /// Warnings for variables `NAME_VERSION=latest` that an image was built with, such as OPENCLAW_VERSION.
    package static func movingVersions(in environment: [String: String]) -> [JobCheck] {
        environment.filter { $0.key.hasSuffix("_VERSION") && $0.value == "latest" }.keys.sorted().map { name in
            JobCheck(
                "versions", .warning, "this image was made with \(name)=latest, which is another version each time it is built",
                hint: "write the version that you have tried")
        }
    }

    /// Warnings for versions `latest`: an image built again tomorrow is another one.
    /// - Parameter text: A configuration or a Dockerfile; what follows a `#` on a line is ignored.
    package static func movingVersions(in text: String, file: String) -> [Problem] {
        text.utf8.split(separator: 10, omittingEmptySubsequences: false).enumerated().flatMap { index, line -> [Problem] in
            // Almost no line has it, and the pattern takes its time.
            guard line.contains("latest".utf8) else { return [] }
            let line = Substring(line).prefix { $0 != "#" }
            return line.matches(of: /[A-Za-z0-9_.\/-]+[@:]latest\b/).map { match in
                let column = line.distance(from: line.startIndex, to: match.range.lowerBound) + 1
                return Problem(
                    .warning, at: SourcePlace(file: file, line: index + 1, column: column), "\(match.output) is another version each time it is fetched",
                    hint: "write the version that you have tried")
            }
        }
    }
}
