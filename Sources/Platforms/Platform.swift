/// Where the container runs, detected from the variables that platforms set, and what follows from it. Pure. See `docs/platforms.md` for the
/// sources.
package struct Platform: Hashable, Sendable {
    /// The raw values are those of `SHIPKEEPER_PLATFORM`.
    package enum Kind: String, CaseIterable, Sendable {
        case huggingface, modelscope, railway, render, fly, koyeb, cloudrun, zeabur, kubernetes
        /// Any other place.
        case container
    }

    /// Names the platform where it can't be detected.
    package static let kindVariable = "SHIPKEEPER_PLATFORM"
    /// Sets the port where the platform's `PORT` is missing or means something else.
    package static let portVariable = "SHIPKEEPER_PORT"
    /// Sets the public address where it can't be detected, ahead of `PUBLIC_URL`.
    package static let publicURLVariable = "SHIPKEEPER_PUBLIC_URL"

    /// The platform, `container` where none is detected.
    package var kind: Kind
    /// Time from SIGTERM to SIGKILL, less a margin for the platform's own delays.
    package var stopBudget: Duration
    /// The port that the platform routes visitors to; 7860, as on Spaces, where it names none.
    package var port: Int
    /// The app's public address, with its scheme and without a slash at its end; nil where it is unknown.
    package var publicURL: String?

    /// Missing and invalid variables are replaced by defaults.
    package init(_ environment: [String: String]) {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        let kind = value(Platform.kindVariable).flatMap { Kind(rawValue: $0.lowercased()) } ?? Platform.kind(environment)
        self.kind = kind
        stopBudget = Platform.stopBudget(kind, value)
        port = [Platform.portVariable, "PORT"].compactMap(value).compactMap { Int($0) }.first { (1...65_535).contains($0) } ?? 7860
        publicURL = ([Platform.publicURLVariable, "PUBLIC_URL"].compactMap(value).first ?? Platform.host(kind, value)).map(Platform.address)
    }

    /// Variables that hold it, for the configuration and for jobs.
    package var variables: [String: String] {
        [
            Platform.kindVariable: kind.rawValue, Platform.portVariable: "\(port)",
            Platform.publicURLVariable: publicURL ?? "http://127.0.0.1:\(port)",
        ]
    }

    /// The platform's own name; for `container` that none is detected.
    package var name: String {
        switch kind {
        case .huggingface: "Hugging Face Space"
        case .modelscope: "ModelScope Studio"
        case .railway: "Railway"
        case .render: "Render"
        case .fly: "Fly.io"
        case .koyeb: "Koyeb"
        case .cloudrun: "Cloud Run"
        case .zeabur: "Zeabur"
        case .kubernetes: "Kubernetes"
        case .container: "none detected"
        }
    }

    private static func kind(_ environment: [String: String]) -> Kind {
        // Only what the platform itself sets: users set RAILWAY_TOKEN or MODELSCOPE_API_KEY anywhere.
        func has(_ names: String...) -> Bool { names.contains { environment[$0]?.isEmpty == false } }
        if has("SPACE_ID") { return .huggingface }
        if has("RENDER_SERVICE_ID", "RENDER_EXTERNAL_URL") { return .render }
        if has("FLY_APP_NAME") { return .fly }
        if has("K_SERVICE") { return .cloudrun }
        if has("RAILWAY_PROJECT_ID", "RAILWAY_ENVIRONMENT_ID", "RAILWAY_SERVICE_ID") { return .railway }
        if has("KOYEB_APP_NAME", "KOYEB_SERVICE_ID") { return .koyeb }
        if has("ZEABUR_SERVICE_ID", "ZEABUR_PROJECT_ID") { return .zeabur }
        if has("MODELSCOPE_ENVIRONMENT", "MODELSCOPE_STUDIO_ID") { return .modelscope }
        return has("KUBERNETES_SERVICE_HOST") ? .kubernetes : .container
    }

    private static func stopBudget(_ kind: Kind, _ value: (String) -> String?) -> Duration {
        switch kind {
        case .render, .kubernetes: return .seconds(25)
        case .fly: return .seconds(4)
        case .railway:
            // A number that is none, and one below zero, are no time to wait.
            let drain = value("RAILWAY_DEPLOYMENT_DRAINING_SECONDS").flatMap { Double($0) }.flatMap { $0.isNaN ? nil : $0 } ?? 3
            return .milliseconds(max(1000, Int64(max(0, min(drain, 3600)) * 1000) - 500))
        case .huggingface, .modelscope, .koyeb, .cloudrun, .zeabur, .container: return .seconds(8)
        }
    }

    private static func host(_ kind: Kind, _ value: (String) -> String?) -> String? {
        switch kind {
        case .huggingface: value("SPACE_HOST")
        case .render: value("RENDER_EXTERNAL_URL")
        case .railway: value("RAILWAY_PUBLIC_DOMAIN")
        case .fly: value("FLY_APP_NAME").map { "\($0).fly.dev" }
        case .koyeb: value("KOYEB_PUBLIC_DOMAIN")
        case .modelscope, .cloudrun, .zeabur, .kubernetes, .container: nil
        }
    }

    private static func address(_ text: String) -> String {
        var whole = text.contains("://") ? text : "https://\(text)"
        while whole.hasSuffix("/") { whole.removeLast() }
        return whole
    }
}
