import Foundation
import Testing

@testable import Control

/// Operations as they travel: a request becomes an address, and an address a request.
@Suite("operation definitions")
struct ControlOperationTests {
    @Test("names are unique, and so are addresses by method")
    func unique() {
        let all = OperationCatalog.all
        #expect(Set(all.map { $0.name }).count == all.count)
        #expect(Set(all.map { "\($0.effect.method) \($0.path)" }).count == all.count)
        for operation in all {
            let summary = operation.summary
            #expect(summary.hasSuffix(".") && summary.first?.isUppercase == true && !operation.name.contains { $0.isUppercase || $0 == " " }, "\(operation)")
        }
    }

    @Test("a parameter at the same place of two paths has the same name, as the router wants it")
    func placeholders() {
        var names: [String: String] = [:]
        for operation in OperationCatalog.all {
            var prefix = ""
            for part in operation.path.split(separator: "/") {
                if part.hasPrefix("{") {
                    #expect(names[prefix] ?? String(part) == part, "\(operation.path)")
                    names[prefix] = String(part)
                    prefix += "/{}"
                } else {
                    prefix += "/\(part)"
                }
            }
        }
    }

    @Test("what answers say comes back as it was, also names with capitals")
    func answers() throws {
        let sent = "{\"position\": 3, \"type\": \"log\", \"job\": \"备份\", \"run_id\": 7}"
        let back = try ControlJSON.decode(EventAnswer.self, from: Array(sent.utf8))
        #expect(back.position == 3 && back.runID == 7 && back.job == "备份" && back.type == .log)
        #expect(String(decoding: ControlJSON.encode(back), as: UTF8.self).contains("\"run_id\" : 7"))
    }

    @Test("parameters are a part of the path or of the query, escaped, and absent where nil")
    func addresses() {
        #expect(StatusOperation.address(.init()) == "status")
        #expect(WhyOperation.address(.init(job: "nightly/备份 1?")) == "jobs/nightly%2F%E5%A4%87%E4%BB%BD%201%3F/why")
        #expect(StartOperation.address(.init(job: "a", new: true, dryRun: false)) == "jobs/a/start?dry_run=false&new=true")
        #expect(LogOperation.address(.init(job: "a", from: 12)) == "jobs/a/log?from=12")
        #expect(RestoreOperation.address(.init(at: "2026-11-22T14:30+08:00 & more")) == "restore?at=2026-11-22T14%3A30%2B08%3A00%20%26%20more")
    }

    @Test("what a request says comes back as it was")
    func roundTrip() throws {
        let request = EventsOperation.Request(after: 1 << 60, wait: 5, job: "a\"b\\c\u{1}é", topic: "true")
        let back = try ParameterCoder.decode(EventsOperation.Request.self, from: ParameterCoder.encode(request))
        #expect(back.after == 1 << 60 && back.wait == 5 && back.job == request.job && back.run == nil && back.topic == "true")
        let start = try ParameterCoder.decode(StartOperation.Request.self, from: ["job": "1", "dry_run": "true"])
        #expect(start.job == "1" && start.dryRun == true && start.new == nil)
    }

    @Test(
        "a parameter that is missing, unknown or of a wrong form is named",
        arguments: [
            ([:], "the parameter \"job\" is missing"),
            (["job": "a", "dry_run": "yes"], "the parameter \"dry_run\" must be true or false, not \"yes\""),
            (["job": "a", "dryrun": "true"], "there is no parameter \"dryrun\"; there are confirm_empty, dry_run, job, key, new, wait"),
        ])
    func mistakes(parameters: [String: String], message: String) {
        let error = #expect(throws: OperationError.self) { try ParameterCoder.decode(StartOperation.Request.self, from: parameters) }
        #expect(error?.message == message && error?.status == 400)
    }

    @Test("a number must be whole, and fit")
    func numbers() {
        for text in ["", "1.5", "99999999999999999999", "0x10", "٣"] {
            let error = #expect(throws: OperationError.self) { try ParameterCoder.decode(RunOperation.Request.self, from: ["id": text]) }
            #expect(error?.message == "the parameter \"id\" must be a whole number, not \"\(text)\"")
        }
    }
}
