import Foundation
import TestSupport
import Testing
import TimeZones

@Suite("zones decide as the C library does", .waiting)
struct LibcTests {
    private static let instants: [Int] = {
        var random = SeededRandom(seed: 20_261_126)
        return (0..<400).map { _ in Int.random(in: 0...4_102_444_800, using: &random) }
    }()

    /// What `date` shows as the offset at each instant, in seconds.
    private func offsets(_ zone: String, _ instants: [Int], in folder: TemporaryFolder) throws -> [Int] {
        try folder.write("instants", instants.map { "@\($0)" }.joined(separator: "\n") + "\n")
        let result = try Shell.run("TZ='\(zone)' date -f '\(folder["instants"])' '+%::z'")
        return result.output.split(separator: "\n").map { line in
            let parts = line.dropFirst().split(separator: ":").compactMap { Int($0) }
            return (line.hasPrefix("-") ? -1 : 1) * (parts[0] * 3600 + parts[1] * 60 + parts[2])
        }
    }

    @Test("every zone of the system, at random instants from 1970 to 2100")
    func everyZone() throws {
        let finder = ZoneFinder(environment: [:])
        let folder = TemporaryFolder()
        let names = finder.names()
        try #require(names.count > 300)
        for name in names {
            let zone = try finder.zone(name)
            let own = LibcTests.instants.map { zone.offset(at: Date(timeIntervalSince1970: Double($0))) }
            #expect(own == (try offsets(name, LibcTests.instants, in: folder)), "\(name)")
        }
    }

    @Test(
        "around every change of some zones, to the second",
        arguments: ["America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Europe/Dublin", "Pacific/Apia", "Asia/Gaza"])
    func aroundChanges(name: String) throws {
        let zone = try ZoneFinder(environment: [:]).zone(name)
        var instants: [Int] = []
        var (before, at) = (0, 0)
        for hour in stride(from: 0, to: 4_102_444_800, by: 3600 * 24) {
            let offset = zone.offset(at: Date(timeIntervalSince1970: Double(hour)))
            if offset != before {
                var (low, high) = (at, hour)
                while low + 1 < high {
                    let middle = (low + high) / 2
                    if zone.offset(at: Date(timeIntervalSince1970: Double(middle))) == before { low = middle } else { high = middle }
                }
                instants += [high - 1, high, high + 1]
            }
            (before, at) = (offset, hour)
        }
        let own = instants.map { zone.offset(at: Date(timeIntervalSince1970: Double($0))) }
        #expect(own == (try offsets(name, instants, in: TemporaryFolder())))
        #expect(instants.count > 20)
    }

    @Test(
        "rules as text",
        arguments: [
            "CST-8", "<+08>-8", "<-03>3", "EST5EDT,M3.2.0,M11.1.0", "CET-1CEST,M3.5.0,M10.5.0/3", "AEST-10AEDT,M10.1.0,M4.1.0/3", "<+0330>-3:30",
            "IST-1GMT0,M10.5.0,M3.5.0/1", "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "EET-2EEST,M3.4.4/50,M10.4.4/50", "XXX-1YYY,J60/3,J300/4",
            "XXX1YYY,59/0,299/1:30:15",
            "AAA-24BBB-23:30,M1.1.0/-167,M6.3.2/167", "AAA3BBB,J1/0,J365/23", "UTC+8", "LMT-5:43:20",
        ])
    func rules(text: String) throws {
        let zone = try ZoneFinder(environment: [:]).zone(text)
        let own = LibcTests.instants.map { zone.offset(at: Date(timeIntervalSince1970: Double($0))) }
        #expect(own == (try offsets(text, LibcTests.instants, in: TemporaryFolder())))
    }
}
