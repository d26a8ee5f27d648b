import Config
import Foundation
import HTTPClient
import JobKit
import Jobs
import Platforms
import Recipes
import Scheduler
import Settings
import TestSupport
import Testing

@Suite("recipes")
struct RecipeTests {
    /// All that any recipe's configuration reads from the environment.
    private static let environment = [
        "HF_DATASET": "a/b", "HF_TOKEN": "hf_x", "BACKUP_REGION": "cn-hangzhou", "BACKUP_BUCKET": "my-backups", "BACKUP_ENDPOINT": "https://s3.example.com",
        "OSS_ACCESS_KEY_ID": "i", "OSS_ACCESS_KEY_SECRET": "s", "AWS_ACCESS_KEY_ID": "i", "AWS_SECRET_ACCESS_KEY": "s", "OPENCLAW_GATEWAY_TOKEN": "t",
        "MINIMAX_API_KEY": "k", "N8N_ENCRYPTION_KEY": "e", "HOME": "/root",
    ]

    /// The environment of a container on that platform.
    private static func environment(on platform: Hosting) -> [String: String] {
        environment.merging(Platform([Platform.kindVariable: platform.kind.rawValue]).variables) { own, _ in own }
    }

    /// Every app, platform and place of backups.
    private static let all = App.all.flatMap { app in
        Hosting.allCases.flatMap { platform in BackupStore.allCases.map { (app, platform, $0) } }
    }

    /// The types that are compiled in, and those of the plug-ins that recipes use, whose settings the program's own tests look at.
    private static let catalog: JobCatalog = {
        var catalog = BuiltInJobs.catalog(http: CurlClient(), now: { Date(timeIntervalSince1970: 1_790_000_000) })
        for name in ["openclaw-devices", "webhook"] {
            catalog.add(
                JobCatalog.Entry(
                    typeName: name, about: name, isService: false, usualTimeout: nil, canDryRun: false, shapes: { [] },
                    decode: { reader in
                        for key in ["program", "url", "body", "headers"] { _ = reader.node(SettingShape(key, key, .anything)) }
                        return .job(ScriptedJob { _ in RunReport(summary: "") })
                    }))
        }
        return catalog
    }()

    @Test("each is read without a problem, declares what it reads, and names what must be set")
    func valid() throws {
        for (app, platform, store) in RecipeTests.all {
            let recipe = Recipe(app: app, platform: platform, store: store)
            let name = "\(app.name) on \(platform.rawValue) with \(store.rawValue)"
            let text = try #require(recipe.files.first { $0.path == "shipkeeper.yaml" }).text
            #expect(!text.contains("{secrets}") && !text.contains("{repositories}"), "\(name)")
            do {
                let configuration = try ConfigurationReader(catalog: RecipeTests.catalog, environment: RecipeTests.environment(on: platform)).read(
                    text, file: name)
                #expect(configuration.warnings.isEmpty, "\(configuration.warnings.map(\.description))")
                #expect(
                    configuration.jobs.contains { $0.definition.typeName == "restore" } && configuration.jobs.contains { $0.definition.typeName == "backup" })
            } catch {
                Issue.record("\(name): \(error.problems.map(\.description))")
            }
            let (variables, secrets) = recipe.mustBeSet
            for variable in variables + secrets { #expect(text.contains(variable), "\(name) says to set \(variable), and reads no such thing") }
            #expect(Set(recipe.files.map(\.path)).count == recipe.files.count && recipe.files.allSatisfy { !$0.text.isEmpty && !$0.path.contains("..") })
            #expect(recipe.files.contains { $0.path == "Dockerfile" } && !recipe.nextStep.isEmpty)
        }
    }

    @Test("what suits the platform is taken where no place of backups is named")
    func usual() {
        for platform in Hosting.allCases {
            let recipe = Recipe(app: App.all[0], platform: platform, store: nil)
            #expect(BackupStore.allCases.contains { Recipe(app: App.all[0], platform: platform, store: $0).files == recipe.files })
        }
    }
}
