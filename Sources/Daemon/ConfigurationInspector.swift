import Config
import Control
import Files
import Foundation
import HTTPClient
import JobKit
import Logs
import Scheduler
import Settings

/// Looks at the configuration file for those who ask the running program. Reading and checking is done on threads of their own.
actor ConfigurationInspector: ConfigurationReading {
    private let file: ConfigurationFile
    private let state: StateFolder
    private let redactor: Redactor
    private var isDiagnosing = false

    init(file: ConfigurationFile, state: StateFolder, redactor: Redactor) {
        self.file = file
        self.state = state
        self.redactor = redactor
    }

    func check() async -> ConfigurationCheckAnswer {
        let (file, redactor) = (file, redactor)
        let busy = ConfigurationCheckAnswer(
            file: file.path, isValid: false, jobs: [], problems: [ProblemAnswer("no thread is free to read the file", code: .unavailable)])
        return await DedicatedThread.run { _ in
            do throws(ConfigurationError) {
                let configuration = try file.read(ConfigurationFile.catalog(http: CurlClient()))
                return ConfigurationCheckAnswer(
                    file: file.path, isValid: true,
                    jobs: configuration.jobs.map(\.definition).map { .init(name: $0.name, type: $0.typeName, disabled: $0.disabled.map { "\($0)" }) },
                    problems: configuration.warnings.map { redactor.redacted($0) })
            } catch {
                return ConfigurationCheckAnswer(file: file.path, isValid: false, jobs: [], problems: error.problems.map { redactor.redacted($0) })
            }
        } ?? busy
    }

    func resolved() async throws(OperationError) -> ConfigurationAnswer {
        let (file, redactor) = (file, redactor)
        let read: Result<ConfigurationAnswer, OperationError>? = await DedicatedThread.run { _ in
            do throws(ConfigurationError) {
                let resolved = try file.resolved(ConfigurationFile.catalog(http: CurlClient()))
                // What the file on the disk declares may not be in force yet.
                let own = Redactor()
                own.add(resolved.secrets)
                return .success(ConfigurationAnswer(file: file.path, text: redactor.redacted(own.redacted(resolved.text))))
            } catch {
                let count = error.problems.count { $0.severity == .error }
                return .failure(.refused(JobError("\(file.path) has \(count.counted("mistake"))", hint: "/-/config/check names them")))
            }
        }
        guard let read else { throw .starting }
        return try read.get()
    }

    func diagnose(_ job: String?) async throws(OperationError) -> DoctorAnswer {
        guard !isDiagnosing else { throw .refused(JobError("these checks are under way", hint: "wait for their end")) }
        isDiagnosing = true
        defer { isDiagnosing = false }
        let doctor = Doctor(file: file, jobs: job.map { [$0] } ?? [], state: state.path, scratch: state.scratch + "/doctor")
        let checks = await doctor.run().checks
        return DoctorAnswer(
            checks: checks.map { check in
                var check = check
                check.message = redactor.redacted(check.message)
                check.hint = check.hint.map(redactor.redacted)
                return check
            })
    }
}

extension Redactor {
    fileprivate func redacted(_ problem: Problem) -> ProblemAnswer {
        var answer = ProblemAnswer(problem)
        answer.message = redacted(answer.message)
        answer.hint = answer.hint.map { redacted($0) }
        return answer
    }
}
