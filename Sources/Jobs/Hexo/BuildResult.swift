import Files
import JobKit
import Publishing
import Settings

/// The result of a build.
package struct BuildResult: Hashable, Sendable {
    /// How many HTML pages it has made.
    package var pages = 0
    /// For the log.
    package var notes: [String] = []
    /// Problems that the operator should know about, for the summary; the build may still be published.
    package var problems: [String] = []

    /// The beginning of the run's summary, before that of the publication.
    package var summary: String { pages.counted("page") }
    /// The end of the run's summary, after that of the publication.
    package var afterword: String { problems.map { "; \($0)" }.joined() }
}

/// What is remembered of a site's builds, kept in the state file.
struct HexoMemory {
    private static let pages = "pages"
    private static let settings = "settings"
    private static let source = "source"
    private static let spoiled = "spoiled"
    private static let failed = "failed-assets"

    private let context: RunContext
    /// How many pages the last good build had.
    let pages: Int?
    /// Of the settings and the theme, at the last good build.
    let settings: String?
    /// Of what is written, at the last publication.
    let source: String?
    /// What the last build has spoiled.
    let spoiled: HexoSpoiled?
    /// Styles and scripts that failed since the last good build.
    let failedAssets: Set<ByteKey>

    init(_ context: RunContext) async throws(JobError) {
        self.context = context
        let values = try await context.values.values(of: context.job)
        pages = values[HexoMemory.pages].flatMap { Int($0) }
        settings = values[HexoMemory.settings]
        source = values[HexoMemory.source]
        spoiled = values[HexoMemory.spoiled].flatMap(HexoSpoiled.init)
        failedAssets = Set((values[HexoMemory.failed] ?? "").split(separator: "\n").map { ByteKey(String($0)) })
    }

    /// The build is good.
    func noteGood(settings: String) async throws(JobError) {
        try await context.values.set([HexoMemory.settings: settings, HexoMemory.spoiled: nil, HexoMemory.failed: nil], of: context.job)
    }

    /// The build has left what is not to be built upon.
    func note(_ spoiled: HexoSpoiled) async throws(JobError) { try await context.values.set([HexoMemory.spoiled: spoiled.rawValue], of: context.job) }

    /// Hexo could not make these.
    func note(failedAssets names: [String]) async throws(JobError) {
        let all = failedAssets.union(names.map { ByteKey($0) }).sorted().map(\.text).joined(separator: "\n")
        try await context.values.set([HexoMemory.failed: all], of: context.job)
    }

    func notePublished(pages: Int, source: String) async throws(JobError) {
        try await context.values.set([HexoMemory.pages: "\(pages)", HexoMemory.source: source], of: context.job)
    }
}

extension RunResult {
    /// The same with the pages of the build that came before; a program that publishes reports nothing else.
    func built(pages: Int) -> RunResult {
        guard case .publication(var facts) = self else { return .publication(PublicationFacts(pages: pages)) }
        facts.pages = pages
        return .publication(facts)
    }
}
