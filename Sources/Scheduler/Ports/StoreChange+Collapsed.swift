extension [StoreChange] {
    /// The same without what a later change of the same row makes void. Each row keeps its first place, so that what refers to it comes after it.
    var collapsed: [StoreChange] {
        var places: [StoreChange.Row: Int] = [:]
        var result: [StoreChange] = []
        for change in self {
            guard let row = change.row else {
                result.append(change)
                continue
            }
            if let place = places[row] {
                result[place] = change.following(result[place])
            } else {
                places[row] = result.count
                result.append(change)
            }
        }
        return result
    }
}

extension StoreChange {
    /// What a change writes; nil where each change adds something.
    fileprivate enum Row: Hashable {
        case run(Int64)
        case attempt(run: Int64, number: Int)
        case cursor(job: String, schedule: String)
        case service(job: String)
        case pause(job: String?)
        case stop(job: String)
        case problem(job: String, JobProblem.Kind)
        case deadline(job: String)
        case request(RequestKey)
    }

    fileprivate var row: Row? {
        switch self {
        case .save(let run): .run(run.id)
        case .saveAttempt(let attempt): .attempt(run: attempt.run, number: attempt.number)
        case .cursor(let job, let schedule, _), .forgetCursor(let job, let schedule): .cursor(job: job, schedule: schedule)
        case .service(let job, _, _): .service(job: job)
        case .serviceStopped(let job, _), .serviceWanted(let job): .stop(job: job)
        case .pause(let pause): .pause(job: pause.job)
        case .resume(let job): .pause(job: job)
        case .problem(let job, let problem): .problem(job: job, problem.kind)
        case .problemOver(let job, let kind): .problem(job: job, kind)
        case .deadline(let job, _): .deadline(job: job)
        case .request(let request, _): .request(request)
        case .event: nil
        }
    }

    /// An attempt keeps the start that was recorded first.
    fileprivate func following(_ earlier: StoreChange) -> StoreChange {
        guard case .saveAttempt(var attempt) = self, case .saveAttempt(let first) = earlier else { return self }
        attempt.startedAt = first.startedAt
        return .saveAttempt(attempt)
    }
}
