import Foundation
import JobKit
import Settings

extension Engine {
    /// How far a cursor may be ahead of the clock.
    ///
    /// Up to this the clock was set right by a small step, and scheduled times acted on don't come again until the clock passes them. Beyond it the
    /// clock had been wrong, and a cursor from then would silence its schedule until the clock is there again.
    static let mostAhead = Duration.seconds(3600)

    /// Sets cursors from a time when the clock was wrong to now, whether that shows at boot or when the clock is set.
    mutating func resetStrayCursors(at now: Date) {
        let limit = now.adding(Engine.mostAhead)
        guard latestCursor > limit else { return }
        latestCursor = now
        var strays: [String] = []
        var newest = now
        for name in jobs.keys.sorted() {
            for upcoming in jobs[name]?.upcoming ?? [] {
                guard let cursor = jobs[name]?.cursors[upcoming.name] else { continue }
                guard cursor > limit else {
                    latestCursor = max(latestCursor, cursor)
                    continue
                }
                setCursor(name, upcoming.schedule, now)
                newest = max(newest, cursor)
                if strays.last != name { strays.append(name) }
            }
        }
        guard !strays.isEmpty else { return }
        let ahead = DurationText.readable(newest.since(now))
        note(.clock, "the clock had been up to \(ahead) ahead; these schedules follow it again: \(strays.joined(separator: ", "))", at: now)
    }

    /// Keeps durations right when the wall clock jumped; schedules by the wall clock see the new time as it is.
    mutating func shift(by jump: Duration, at now: Date) {
        for (name, job) in jobs {
            for case .schedule(let schedule, _) in job.definition.triggers {
                guard case .every = schedule, let cursor = job.cursors[schedule.name] else { continue }
                setCursor(name, schedule, cursor.adding(jump))
            }
        }
        for var run in runs.inOrder {
            run.state = run.state.shifted(by: jump)
            runs[run.id] = run
            addTimes(of: run)
        }
        shiftDeadlines(by: jump)
        for (name, pause) in pauses {
            guard let until = pause.until else { continue }
            let shifted = Pause(job: name, since: pause.since.adding(jump), until: until.adding(jump), via: pause.via)
            pauses[name] = shifted
            decision.changes.append(.pause(shifted))
        }
        let length = jump < .zero ? .zero - jump : jump
        guard length >= .seconds(60) else { return }
        let direction = jump < .zero ? "back" : "forward"
        note(.clock, "the clock was set \(direction) by \(DurationText.readable(length))", at: now)
    }
}
