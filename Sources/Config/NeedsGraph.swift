import JobKit
import Scheduler
package import Settings

/// Where a job is in the file.
package struct JobPlaces: Sendable {
    /// Where its name is.
    package var name: SourcePlace
    var node: ConfigNode

    /// The place of the value below one key after the other, or of the last one that is there.
    package func place(below keys: String...) -> SourcePlace {
        var (place, node) = (name, Optional(node))
        for key in keys {
            node = node?[key]
            guard let node else { return place }
            place = node.place
        }
        return place
    }

    /// The place of one of the values under `key`, or of the key's value as a whole.
    func place(of word: String, under key: String) -> SourcePlace {
        guard let value = node[key] else { return name }
        return value.elements?.first { $0.text == word }?.place ?? value.place
    }
}

/// What jobs need of each other: unknown names and circles are mistakes.
struct NeedsGraph {
    private let needs: [String: [String]]
    private let follows: [String: [String]]
    private let jobs: [JobDefinition]
    private let places: [String: JobPlaces]

    init(_ jobs: [JobDefinition], _ places: [String: JobPlaces]) {
        self.jobs = jobs
        self.places = places
        needs = Dictionary(jobs.map { ($0.name, $0.needs) }) { first, _ in first }
        let followers = Followers(jobs)
        follows = jobs.reduce(into: [:]) { follows, job in
            for follower in followers.of(job.name) { follows[follower.name, default: []].append(job.name) }
        }
    }

    var problems: [Problem] {
        unknown + circles(of: needs, "needs", "none of them could ever start; remove one")
            + circles(of: follows, "after", "each would start the next without end; remove one") + deadlocks
    }

    /// Jobs that are due only after one that waits for them.
    private var deadlocks: [Problem] {
        jobs.compactMap { job in
            let before = job.triggers.map { $0.predecessor?.job }
            guard !before.isEmpty, let other = before.compactMap(\.self).first, let place = places[job.name],
                before.allSatisfy({ $0.map { $0 != job.name && isNeeded(job.name, by: $0) } == true })
            else { return nil }
            return Problem(
                .warning, at: place.place(of: other, under: "on"), "\"\(job.name)\" starts only after \"\(other)\", which needs it: neither starts by itself",
                hint: "remove one of the two, or give \"\(job.name)\" another trigger, such as boot")
        }
    }

    private func isNeeded(_ job: String, by other: String) -> Bool {
        var (open, seen) = (needs[other] ?? [], Set<String>())
        while let next = open.popLast() {
            if next == job { return true }
            if seen.insert(next).inserted { open += needs[next] ?? [] }
        }
        return false
    }

    private var unknown: [Problem] {
        jobs.flatMap { job in
            let after = job.triggers.compactMap { trigger in trigger.predecessor.map { ("on", $0.job) } }.filter { $0.1 != Followers.anyJob }
            return (job.needs.map { ("needs", $0) } + after).compactMap { key, name -> Problem? in
                guard let place = places[job.name], places[name] == nil || name == job.name else { return nil }
                if name == job.name {
                    return Problem(at: place.place(of: name, under: key), "\"\(job.name)\" can't wait for itself")
                }
                let known = places.keys.sorted()
                let nearest = NearestWord.find(name, in: known).map { "did you mean \"\($0)\"?" }
                return Problem(
                    at: place.place(of: name, under: key), "\"\(key)\" of \"\(job.name)\" names \"\(name)\", which is not a job",
                    hint: nearest ?? "jobs are \(known.joined(separator: ", "))")
            }
        }
    }

    /// One problem a circle, at the job of it that is first by name.
    private func circles(of edges: [String: [String]], _ key: String, _ hint: String) -> [Problem] {
        var found = Set<[String]>()
        for start in edges.keys.sorted() {
            if let circle = circle(from: start, edges) { found.insert(circle) }
        }
        return found.map { circle in
            let place = places[circle[0]]
            let path = (circle + [circle[0]]).joined(separator: " → ")
            return Problem(
                at: place?.place(of: circle[1], under: key) ?? SourcePlace(file: "", line: 1, column: 1), "\"\(key)\" goes in a circle: \(path)", hint: hint)
        }
    }

    /// A circle through `start`, turned so that its smallest name comes first.
    private func circle(from start: String, _ edges: [String: [String]]) -> [String]? {
        var open: [[String]] = [[start]]
        var seen = Set<String>()
        while let path = open.popLast(), let last = path.last {
            for next in edges[last] ?? [] {
                if next == start {
                    guard path.count > 1, let least = path.min(), let index = path.firstIndex(of: least) else { continue }
                    return Array(path[index...] + path[..<index])
                }
                if seen.insert(next).inserted { open.append(path + [next]) }
            }
        }
        return nil
    }
}
