// swift-tools-version: 6.2
import PackageDescription

/// Settings of every target: Swift 6 mode, and no unsafe expression without the word `unsafe`.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .strictMemorySafety(),
    .treatWarning("StrictMemorySafety", as: .error),
]

/// A module: what it may import is here and nowhere else.
func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(_ room: String, _ more: [Target.Dependency] = []) -> Target {
    .testTarget(name: "\(room)Tests", dependencies: ["TestSupport"] + more, swiftSettings: strict)
}

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioHTTPTypes = Target.Dependency.product(name: "NIOHTTPTypes", package: "swift-nio-extras")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let mustache = Target.Dependency.product(name: "Mustache", package: "swift-mustache")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

let package = Package(
    name: "shipkeeper",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "shipkeeper", targets: ["CLI"]), .executable(name: "shipkeeper-init", targets: ["InitProgram"]),
        .executable(name: "disk-space", targets: ["DiskSpacePlugin"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        .executableTarget(
            name: "CLI",
            dependencies: [
                "Archive", "Backups", "Config", "Control", "Daemon", "Files", "HTTPClient", "InPlaceRestore", "Init", "JobKit", "Jobs", "Logs", "Notifications",
                "Export", "Import", "PluginHost",
                "Processes", "Recipes", "Scheduler", "Settings", "Storage", "TimeZones", argumentParser,
            ],
            swiftSettings: strict),
        module(
            "Daemon",
            [
                "Backups", "Buckets", "Config", "Control", "Files", "Front", "HTTPClient", "InPlaceRestore", "Init", "JobKit", "Jobs", "Logs", "Platforms",
                "PluginHost",
                "Processes", "Scheduler", "Settings", "Storage", "Store", "Threads", "TimeZones", "Web", logging,
            ]),
        module("Settings"),
        module("TimeZones", ["Settings"]),
        module("JobKit", ["Settings"]),
        module("Scheduler", ["JobKit", "Settings", "TimeZones"]),
        module("Config", ["Front", "Platforms", "JobKit", "Settings", "Scheduler", "TimeZones", "Files", yams]),
        module("Store", ["JobKit", "Settings", "Scheduler", "TimeZones", "Files", grdb]),
        module("InPlaceRestore", ["JobKit", "Settings", "Scheduler"]),
        module(
            "Control",
            [
                "InPlaceRestore", "JobKit", "Settings", "Scheduler", "TimeZones", hummingbird, hummingbirdCore, httpTypes, nioCore, nioHTTPTypes, nioPosix,
                logging,
            ]),
        module(
            "Web",
            ["Control", "Front", "InPlaceRestore", "JobKit", "Scheduler", "Settings", "TimeZones", crypto, hummingbird, httpTypes, logging, mustache, nioCore]),
        module("Import", ["JobKit", "Scheduler", "Settings"]),
        module("Export", ["Backups", "Config", "Front", "JobKit", "Jobs", "Scheduler", "Settings", "TimeZones", crypto]),
        module("JSON5"),
        module("Platforms", ["JobKit", "Settings"]),
        module("Recipes", ["Platforms"]),
        module("Notifications", ["HTTPClient", "Platforms", "Threads", "TimeZones", crypto]),
        module("Jobs", ["JobKit", "Settings", "TimeZones", "JSON5", "Backups", "Publishing", "Buckets", "Storage", "HTTPClient", "Files"]),
        module("Backups", ["Settings", "TimeZones", "Archive", "Buckets", "Storage", "Restic", "Files", "CSQLite", crypto]),
        module("Publishing", ["Buckets", "HTTPClient", "Files", crypto]),
        module("Storage", ["Settings", "Buckets", "HTTPClient", "Files", crypto]),
        module("Buckets", ["HTTPClient", "Files", crypto]),
        module("Archive", ["Files", "CZlib"]),
        module("Restic", ["Files", "Threads", "CZstd", crypto, cryptoExtras]),
        module("Threads", ["CThreads"]),
        module("Files", ["Threads", "CFiles"]),
        module("HTTPClient", ["Threads", "CCurl"]),
        module("Front", ["JobKit", "Threads", "Files"]),
        module("Processes", ["JobKit", "Settings", "Threads", "CProcess"]),
        module("PluginHost", ["JobKit", "Settings", "Files"]),
        module("Logs", ["JobKit", "Settings", "Threads", "TimeZones", logging]),
        module("Init", ["Threads", "CInit", "CProcess", "CStart"]),
        .executableTarget(name: "InitProgram"),
        .executableTarget(
            name: "DiskSpacePlugin", dependencies: ["JobKit", "Settings"], path: "Plugins/disk-space", exclude: ["plugin.yaml"], swiftSettings: strict),
        .target(name: "CCurl", linkerSettings: [.linkedLibrary("dl")]),
        .target(name: "CZstd", linkerSettings: [.linkedLibrary("dl")]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CInit"),
        .systemLibrary(name: "CProcess"),
        .systemLibrary(name: "CFiles"),
        .systemLibrary(name: "CThreads"),
        .target(name: "CStart"),
        .target(
            name: "TestSupport", dependencies: ["JobKit", "Settings", "Scheduler", "Storage", "Buckets", "Files", "HTTPClient", "Front", crypto],
            path: "Tests/TestSupport",
            exclude: [
                "Browser", "Export", "ImportExamples", "Operations", "Oracles", "StandInChats", "StandInFront", "StandInGateway", "StandInHexo", "StandInHub",
                "StandInOSS", "Vectors",
            ], swiftSettings: strict),
        tests("Settings", ["Settings"]),
        tests("JobKit", ["JobKit", "Settings"]),
        tests("TimeZones", ["TimeZones"]),
        tests("Scheduler", ["Scheduler", "JobKit", "Settings", "TimeZones"]),
        tests("Config", ["Platforms", "Config", "JobKit", "Settings", "Jobs", "Scheduler", "TimeZones", "HTTPClient"]),
        tests("Files", ["Files"]),
        tests("Threads", ["Threads", "Files"]),
        tests("JSON5", ["JSON5"]),
        tests("Store", ["Store", "Scheduler", "JobKit", "Settings"]),
        tests("Logs", ["Logs", "JobKit", "Settings"]),
        tests("Init", ["CLI"]),
        tests("InPlaceRestore", ["InPlaceRestore", "Scheduler", "JobKit", "Settings"]),
        tests("Daemon", ["Config", "Control", "Daemon", "Files", "HTTPClient", "JobKit", "Jobs", "Logs", "Processes", "Scheduler", "Settings"]),
        tests("CLI", ["CLI", "Control", "JobKit", "TimeZones", argumentParser]),
        tests("Archive", ["Archive", "Files"]),
        tests("Buckets", ["Buckets", crypto]),
        tests("Storage", ["Buckets", "Storage", "Files", "HTTPClient", crypto]),
        tests("Restic", ["Restic", "Files"]),
        tests("Backups", ["Backups", "Buckets", "Storage", "Archive", "Files", "HTTPClient"]),
        tests("Publishing", ["Publishing", "Buckets", "HTTPClient", "Files"]),
        tests("HTTPClient", ["HTTPClient"]),
        tests("Front", ["Front", "JobKit"]),
        tests("Control", ["Control", "InPlaceRestore", "Scheduler", "JobKit", "Settings", "TimeZones", logging]),
        tests("Web", ["Web", "Control", "Front", "InPlaceRestore", "Scheduler", "JobKit", "Settings", logging]),
        tests("Jobs", ["Jobs", "Config", "Processes", "Scheduler", "HTTPClient", "JobKit", "Settings"]),
        tests("Notifications", ["Notifications", "HTTPClient"]),
        tests("Platforms", ["Platforms", "JobKit", "Settings"]),
        tests("Import", ["Config", "Import", "Jobs", "Scheduler", "HTTPClient", "JobKit", "Settings", "TimeZones"]),
        tests("Export", ["Config", "Export", "HTTPClient", "Import", "JobKit", "Jobs", "PluginHost", "Scheduler", "Settings", "TimeZones"]),
        tests("Recipes", ["Platforms", "Recipes", "Config", "Jobs", "Scheduler", "HTTPClient", "JobKit", "Settings"]),
        tests("PluginHost", ["PluginHost", "Processes", "Config", "JobKit", "Settings", "Files"]),
        tests("Processes", ["Processes", "JobKit", "Settings"]),
        tests("EndToEnd", ["CLI", "Backups", "Buckets", "Storage", "HTTPClient", "Files"]),
    ]
)
