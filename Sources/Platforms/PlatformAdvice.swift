package import JobKit
package import Settings

/// What a platform's own rules make of a container: warnings before they bite.
package enum PlatformAdvice {
    /// Programs that lead traffic past the platform's front: some platforms pause anyone who runs one.
    package static let tunnels = [
        "bore", "chisel", "cloudflared", "frpc", "frps", "gost", "hysteria", "localtunnel", "nebula", "ngrok", "rathole", "sing-box", "tailscaled",
        "v2ray", "xray", "zerotier-one",
    ]

    /// One line on what the platform is taken for.
    /// - Parameter stopBudget: What the configuration says, or follows from the platform.
    package static func found(_ platform: Platform, stopBudget: Duration) -> JobCheck {
        let address = platform.publicURL ?? "no public URL"
        return JobCheck(
            "platform", .ok, "\(platform.name) (port \(platform.port), \(address), stop budget \(DurationText.format(stopBudget)))",
            hint: platform.publicURL == nil ? "set PUBLIC_URL if the app should know its address, such as https://app.example.com" : nil)
    }

    /// - Parameter found: Those of `tunnels` that are on the PATH, with their paths.
    package static func tunnels(_ found: [String], on platform: Platform) -> JobCheck? {
        guard !found.isEmpty, [.huggingface, .modelscope].contains(platform.kind) else { return nil }
        return JobCheck(
            "tunnels", .warning, "\(found.joined(separator: ", ")) is there, and the platform pauses containers that run a tunnel",
            hint: "take it out of the image")
    }

    package static func home(_ home: String?, isWritable: Bool, user: UInt32) -> JobCheck? {
        guard let home, !home.isEmpty else {
            return JobCheck("HOME", .warning, "HOME is not set, and most programs keep their data there", hint: "set it in the image: ENV HOME=/home/user")
        }
        guard !isWritable else { return nil }
        return JobCheck(
            "HOME", .warning, "\(home) can't be written by user \(user), and most programs keep their data there",
            hint: "give that user the folder in the image, or set HOME to one that can be written")
    }

    /// Variables that an image was built with, such as OPENCLAW_VERSION.
    package static func movingVersions(in environment: [String: String]) -> [JobCheck] {
        environment.filter { $0.key.hasSuffix("_VERSION") && $0.value == "latest" }.keys.sorted().map { name in
            JobCheck(
                "versions", .warning, "this image was made with \(name)=latest, which is another version each time it is built",
                hint: "write the version that you have tried")
        }
    }

    /// Versions that move by themselves: an image built again tomorrow is another one.
    /// - Parameter text: A configuration or a Dockerfile; comments don't count.
    package static func movingVersions(in text: String, file: String) -> [Problem] {
        text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().flatMap { index, line -> [Problem] in
            let line = line.prefix { $0 != "#" }
            return line.matches(of: /[A-Za-z0-9_.\/-]+[@:]latest\b/).map { match in
                let column = line.distance(from: line.startIndex, to: match.range.lowerBound) + 1
                return Problem(
                    .warning, at: SourcePlace(file: file, line: index + 1, column: column), "\(match.output) is another version each time it is fetched",
                    hint: "write the version that you have tried")
            }
        }
    }
}
