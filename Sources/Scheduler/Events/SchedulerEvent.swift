import Foundation
package import JobKit

/// Something that the scheduler has recorded or a run has reported, as it is sent to listeners.
package struct SchedulerEvent: Sendable {
    package enum Content: Sendable {
        /// A run was created, has moved to another state, or has ended: the run as it is recorded now.
        case run(Run)
        case service(job: String, ServiceStatus)
        /// How far a run has come. Listeners that are behind get only the newest of a run.
        case progress(job: String, run: Int64, MeasuredProgress)
        /// More of a run's log can be read. Listeners that are behind get only the newest of a run.
        case log(job: String, run: Int64)
        /// A line about the program itself.
        /// - Parameter topic: What it is about, such as `restore` or `reload`.
        case message(topic: String, text: String)
        /// A configuration is in force: at the start, and after each reload.
        case configured
        /// Events before this one were dropped, because the listener was too slow or asked for a position that is no longer held. What it
        /// knows may be out of date: it should read the state again.
        case missed
    }

    /// Position in the feed, in which a listener can resume. Grows with gaps, and is greater than any of an earlier start of the program.
    package var position: Int64
    package var content: Content

    /// The job that it is about; nil for events of the program itself.
    package var job: String? {
        switch content {
        case .run(let run): run.job
        case .service(let job, _), .progress(let job, _, _), .log(let job, _): job
        case .message, .configured, .missed: nil
        }
    }

    /// The run that it is about; nil where there is none.
    package var run: Int64? {
        switch content {
        case .run(let run): run.id
        case .progress(_, let run, _), .log(_, let run): run
        case .service, .message, .configured, .missed: nil
        }
    }
}
