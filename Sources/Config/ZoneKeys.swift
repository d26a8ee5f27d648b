import JobKit
import Settings
import TimeZones

/// Reads `timezone` and the variable `TZ`.
struct ZoneKeys {
    private let environment: [String: String]
    private let finder: ZoneFinder

    init(_ environment: [String: String]) {
        self.environment = environment
        finder = ZoneFinder(environment: environment)
    }

    /// The zone of the file: `timezone`, else `TZ`, else `/etc/localtime`, else UTC.
    func ofFile(_ reader: inout SettingsReader) -> Zone {
        if let zone = key(&reader, "Time zone of schedules and of times as they are shown; without it TZ, else /etc/localtime, else UTC") { return zone }
        // One with a mistake is reported: no other takes its place.
        guard !reader.has("timezone"), !reader.isDescribing else { return .utc }
        guard let name = environment["TZ"] else { return finder.local() ?? .utc }
        let bare = QuotedText(name)
        if bare.text.isEmpty { return .utc }
        do throws(ZoneProblem) {
            let zone = try finder.zone(bare.text)
            if let taken = bare.taken { reader.warn(at: reader.place, "TZ is in \(taken), which were taken off", hint: "set it to \(bare.text)") }
            warnOfSign(bare.text, "TZ", at: reader.place, &reader)
            return zone
        } catch {
            let words = words(for: error, bare.text)
            reader.warn(at: reader.place, "TZ is \"\(name)\": \(words.message); UTC is used", hint: words.hint)
            return .utc
        }
    }

    /// The zone of a job; nil where it has none of its own.
    func ofJob(_ reader: inout SettingsReader) -> Zone? { key(&reader, "Time zone of this job's schedules, and TZ of its processes") }

    private func key(_ reader: inout SettingsReader, _ about: String) -> Zone? {
        guard let node = reader.node(SettingShape("timezone", about, .text)), let text = reader.scalar(node, "timezone") else { return nil }
        let bare = QuotedText(text)
        do throws(ZoneProblem) {
            let zone = try finder.zone(bare.text)
            if let taken = bare.taken {
                reader.warn(at: node.place, "\"timezone\" is in \(taken), which were taken off", hint: "set the variable without them")
            }
            warnOfSign(bare.text, "\"timezone\"", at: node.place, &reader)
            return zone
        } catch {
            let words = words(for: error, bare.text)
            reader.report(at: node.place, "\"\(reader.qualified("timezone"))\" is \(node.kind): \(words.message)", hint: words.hint)
            return nil
        }
    }

    /// Most who write UTC+8 mean the opposite of what it means.
    private func warnOfSign(_ name: String, _ what: String, at place: SourcePlace, _ reader: inout SettingsReader) {
        guard ["UTC", "GMT"].contains(name.prefix(3)), let sign = name.dropFirst(3).first, ["+", "-"].contains(sign) else { return }
        let hours = name.dropFirst(4)
        reader.warn(
            at: place, "\(what) is \"\(name)\", which is \(hours) hours \(sign == "+" ? "behind" : "ahead of") UTC: such rules have the sign of POSIX",
            hint:
                "for \(hours) hours \(sign == "+" ? "ahead of" : "behind") UTC write \(name.prefix(3))\(sign == "+" ? "-" : "+")\(hours), or a name such as Asia/Shanghai"
        )
    }

    private func words(for problem: ZoneProblem, _ name: String) -> (message: String, hint: String) {
        switch problem {
        case .unknown:
            let nearest = NearestZone.find(name, in: finder.names()).map { "did you mean \($0)?" }
            return ("no such time zone is known", nearest ?? "write a name such as Asia/Shanghai or UTC, or a rule such as CST-8")
        case .noFiles(let folder):
            return ("this system has no time zone data (\(folder) is missing)", "install the package tzdata, or write a rule such as CST-8")
        case .damaged(let path): return ("\(path) is damaged, or no time zone file", "install the package tzdata again")
        }
    }
}

/// Finds the zone that someone most likely meant.
enum NearestZone {
    /// Cities that people name and the data don't, and abbreviations that name one zone only.
    private static let others = [
        "beijing": "Asia/Shanghai", "peking": "Asia/Shanghai", "shenzhen": "Asia/Shanghai", "guangzhou": "Asia/Shanghai", "hangzhou": "Asia/Shanghai",
        "chengdu": "Asia/Shanghai", "wuhan": "Asia/Shanghai", "nanjing": "Asia/Shanghai", "china": "Asia/Shanghai", "bjt": "Asia/Shanghai",
        "osaka": "Asia/Tokyo", "jst": "Asia/Tokyo", "kst": "Asia/Seoul", "hkt": "Asia/Hong_Kong", "sgt": "Asia/Singapore", "mumbai": "Asia/Kolkata",
        "delhi": "Asia/Kolkata", "new_delhi": "Asia/Kolkata", "bangalore": "Asia/Kolkata", "hanoi": "Asia/Ho_Chi_Minh", "san_francisco": "America/Los_Angeles",
        "seattle": "America/Los_Angeles", "boston": "America/New_York", "washington": "America/New_York", "miami": "America/New_York",
        "munich": "Europe/Berlin",
        "frankfurt": "Europe/Berlin", "hamburg": "Europe/Berlin", "milan": "Europe/Rome", "barcelona": "Europe/Madrid", "geneva": "Europe/Zurich",
        "pst": "America/Los_Angeles", "pdt": "America/Los_Angeles", "edt": "America/New_York",
    ]

    static func find(_ name: String, in known: [String]) -> String? {
        let wanted = plain(name)
        if let same = known.first(where: { plain($0) == wanted }) { return same }
        let city = last(wanted)
        if let other = others[city] { return other }
        let places = known.filter { $0.contains("/") }.sorted()
        if let same = places.first(where: { last(plain($0)) == city }) { return same }
        return NearestWord.find(name, in: known) ?? places.first { NearestWord.find(city, in: [last(plain($0))]) != nil && city.count > 4 }
    }

    private static func plain(_ name: String) -> String {
        String(name.lowercased().map { $0 == " " || $0 == "-" ? "_" : $0 })
    }

    private static func last(_ name: String) -> String { name.split(separator: "/").last.map(String.init) ?? name }
}
