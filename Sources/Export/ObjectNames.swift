import Config
import Scheduler

/// Names of objects: small letters, digits and hyphens, no two alike. See RFC 1123, section 2.1.
struct ObjectNames: Sendable {
    /// Of what belongs to the app as a whole.
    let app: String
    /// Of what shipkeeper keeps together.
    let keeper: String
    private var jobs: [String: String] = [:]

    /// The longest name of a CronJob, to which Kubernetes adds up to 11 characters.
    private static let longest = 52
    /// What the name of an app may have, so that names of its jobs have room.
    static let longestApp = 40

    init(_ layout: Layout, _ request: ExportRequest) {
        let kept = layout.kept.first { $0.definition.isService }
        let first = kept ?? layout.services.first?.job ?? request.configuration.jobs.first
        let usual = request.configuration.front?.upstream?.service ?? first?.definition.name ?? "app"
        let app = request.name ?? ObjectNames.name(from: usual, upTo: ObjectNames.longestApp)
        self.app = app
        var taken: Set<String> = []
        for job in layout.services.map(\.job) + layout.scheduled.map(\.job) {
            let own = ObjectNames.name(from: job.definition.name, upTo: ObjectNames.longest)
            let base = own == app || own.hasPrefix("\(app)-") ? own : ObjectNames.name(from: "\(app)-\(own)", upTo: ObjectNames.longest)
            var (name, number) = (base, 1)
            while !taken.insert(name).inserted {
                number += 1
                name = ObjectNames.name(from: base, upTo: ObjectNames.longest - 3) + "-\(number)"
            }
            jobs[job.definition.name] = name
        }
        keeper = taken.contains(app) ? "\(app)-shipkeeper" : app
    }

    /// The name of the object of a job that has one.
    func name(of job: Configuration.Job) -> String { jobs[job.definition.name] ?? app }

    /// A name of other letters becomes one by their numbers in Unicode.
    static func name(from text: String, upTo length: Int) -> String {
        var result = ""
        for letter in text.lowercased() {
            if letter.isASCII, letter.isLetter || letter.isNumber {
                result.append(letter)
            } else if letter.isASCII {
                result.append("-")
            } else {
                result += letter.unicodeScalars.map { String($0.value, radix: 16) }.joined()
            }
        }
        // It begins with a letter, as names of Services must, and ends with no hyphen.
        let trimmed = result.drop { $0 == "-" }
        let begun = trimmed.first?.isLetter == true ? String(trimmed) : "app-\(trimmed)"
        var name = String(begun.prefix(length))
        while name.last == "-" { name.removeLast() }
        return name
    }
}

extension ExportRequest {
    /// Whether objects may be named so.
    package static func isValidName(_ name: String) -> Bool { !name.isEmpty && ObjectNames.name(from: name, upTo: ObjectNames.longestApp) == name }
}
