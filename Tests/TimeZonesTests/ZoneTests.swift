import Foundation
import TestSupport
import Testing
import TimeZones

@Suite("zones", .waiting)
struct ZoneTests {
    private let finder = ZoneFinder(environment: [:])
    private let t = Date(timeIntervalSince1970: 1_795_719_600)

    @Test("times as people read them, with the offset")
    func texts() throws {
        let shanghai = try finder.zone("Asia/Shanghai")
        #expect(shanghai.text(t) == "2026-11-27 03:00 +08:00")
        #expect(shanghai.stamp(t + 5) == "2026-11-27T03:00:05+08:00")
        #expect(Zone.utc.stamp(t) == "2026-11-26T19:00:00Z")
        #expect(try finder.zone("<-0330>3:30").text(t) == "2026-11-26 15:30 -03:30")
        #expect(try finder.zone("LMT-5:43:20").text(t) == "2026-11-27 00:43 +05:43:20")
        #expect(Zone.utc.text(.distantPast).hasSuffix("00:00 +00:00"))
    }

    @Test("a colon, a whole path and a rule are what they are for the C library")
    func forms() throws {
        let expected = try finder.zone("Asia/Shanghai").offset(at: t)
        for text in [":Asia/Shanghai", "/usr/share/zoneinfo/Asia/Shanghai", ":/usr/share/zoneinfo/Asia/Shanghai", "CST-8"] {
            #expect(try finder.zone(text).offset(at: t) == expected, "\(text)")
        }
        #expect(try finder.zone("CST-8").variable == "CST-8")
    }

    @Test("what is no zone is told apart from a system without zones and from a damaged file")
    func problems() throws {
        for text in [
            "Asia/Nowhere", "../../etc/passwd", "/nonexistent", "Asia", "", "AB-8", "CST", "CST-25", "CST-8X", "AAA1BBB,M13.1.0,M1.1.0", "AAA1BBB,J0,J5",
        ] {
            #expect(throws: ZoneProblem.unknown, "\(text)") { try finder.zone(text) }
        }
        #expect(throws: ZoneProblem.noFiles(folder: "/nonexistent")) { try ZoneFinder(environment: ["TZDIR": "/nonexistent"]).zone("Asia/Shanghai") }
        #expect(try ZoneFinder(environment: ["TZDIR": "/nonexistent"]).zone("UTC") == .utc)
        let folder = TemporaryFolder()
        try folder.write("Bad", "TZif2 and no more")
        #expect(throws: ZoneProblem.damaged(path: folder["Bad"])) { try ZoneFinder(environment: ["TZDIR": folder.path]).zone("Bad") }
    }

    @Test("a zone file cut anywhere, or with any byte changed, is refused or read, and never brings the program down")
    func damage() throws {
        let folder = TemporaryFolder()
        let whole = [UInt8](try Data(contentsOf: URL(fileURLWithPath: "/usr/share/zoneinfo/Europe/Dublin")))
        let finder = ZoneFinder(environment: ["TZDIR": folder.path])
        var random = SeededRandom(seed: 5)
        for round in 0..<400 {
            var bytes = whole
            if round % 2 == 0 {
                bytes.removeLast(Int.random(in: 1...bytes.count, using: &random))
            } else {
                bytes[Int.random(in: 0..<min(bytes.count, 400), using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            try Data(bytes).write(to: URL(fileURLWithPath: folder["X"]))
            if let zone = try? finder.zone("X") { _ = [0.0, 1e9, 2e9, 4e9].map { zone.offset(at: Date(timeIntervalSince1970: $0)) } }
        }
    }

    @Test("a file that is written again is taken over")
    func changed() throws {
        let folder = TemporaryFolder()
        func copy(_ name: String) throws {
            try? FileManager.default.removeItem(atPath: folder["Here"])
            try FileManager.default.copyItem(atPath: "/usr/share/zoneinfo/\(name)", toPath: folder["Here"])
        }
        try copy("Asia/Shanghai")
        let finder = ZoneFinder(environment: ["TZDIR": folder.path])
        let zone = try finder.zone("Here")
        #expect(finder.again(zone) == zone)
        try copy("Asia/Tokyo")
        #expect(finder.again(zone).offset(at: t) == 9 * 3600)
        try FileManager.default.removeItem(atPath: folder["Here"])
        #expect(finder.again(zone) == zone)
    }
}
