import Foundation
import HTTPClient
import Storage
import TestSupport
import Testing

/// Sites with names, links and settings that are out of the ordinary, published by the program.
@Suite("sites out of the ordinary", .waiting, .serialized)
struct SiteNamesTests {
    private static func program(_ folder: TemporaryFolder, _ target: String, more: String = "", environment: [String: String] = [:]) throws -> RunningProgram {
        let configuration = """
            version: 1
            state: \(folder["state"])
            jobs:
              site: { type: publish, with: { folder: \(folder["site"]), to: { \(target) }\(more) } }
            """
        let program = try RunningProgram(configuration, in: folder, environment: environment)
        #expect(try RunningProgram.until("test -S '\(folder["state/control/control.sock"])'"))
        return program
    }

    private static func inFolder(_ folder: TemporaryFolder, _ more: String = "") throws -> RunningProgram {
        try folder.write("www/.keep", "")
        return try program(folder, "type: folder, path: \(folder["www"]), grace: 0s\(more)")
    }

    private static func publish(_ program: RunningProgram) throws -> String {
        let result = try program.ask("start site --wait")
        return "\(result.status) \(result.output)\(result.errors)"
    }

    private static func inBucket(_ folder: TemporaryFolder, _ oss: StandInOSS, website: String = "off", probe: Bool = false) throws -> RunningProgram {
        try program(
            folder,
            "type: oss, region: cn-wuhan-lr, bucket: my-blog, endpoint: \"\(oss.endpoint)\", website: \(website), access_key_id: \"${ID}\", access_key_secret: \"${KEY}\"",
            more: probe ? ", probe: \"\(oss.endpoint)/my-blog\"" : "", environment: ["ID": StandInOSS.keyID, "KEY": StandInOSS.secret])
    }

    @Test("both forms of one name keep their own content, change for change, also after a restart", .limited, arguments: [false, true])
    func unicodeForms(isBucket: Bool) async throws {
        let folder = TemporaryFolder()
        try folder.write("site/index.html", "front")
        let (composed, decomposed) = ("\\xe3\\x82\\xac.html", "\\xe3\\x82\\xab\\xe3\\x82\\x99.html")
        func write(_ name: String, _ text: String) throws { try Shell.run("printf '%s' '\(text)' > \"site/$(printf '\(name)')\"", folder: folder.path) }
        try write(composed, "composed..")
        try write(decomposed, "decomposed")
        let oss = isBucket ? try StandInOSS() : nil
        try oss?.makeBucket("my-blog")
        func start() throws -> RunningProgram { try oss.map { try SiteNamesTests.inBucket(folder, $0) } ?? SiteNamesTests.inFolder(folder) }
        func shown(_ name: String) throws -> String {
            guard let oss else { return try Shell.run("cat \"www/$(printf '\(name)')\"", folder: folder.path).output }
            return try Shell.run("curl -s '\(oss.endpoint)/my-blog/\(name.replacing("\\x", with: "%"))'").output
        }
        var program = try start()
        let first = try SiteNamesTests.publish(program)
        #expect(first.contains("3 files uploaded"), "\(first)")
        #expect(try shown(composed) == "composed.." && shown(decomposed) == "decomposed")
        #expect(try SiteNamesTests.publish(program).contains("nothing new, 3 unchanged"))
        _ = program.stop()
        program = try start()
        #expect(try SiteNamesTests.publish(program).contains("nothing new, 3 unchanged"))
        try write(decomposed, "longer than before")
        #expect(try SiteNamesTests.publish(program).contains("1 file uploaded"))
        #expect(try shown(composed) == "composed.." && shown(decomposed) == "longer than before")
        try Shell.run("rm \"site/$(printf '\(composed)')\"", folder: folder.path)
        #expect(try SiteNamesTests.publish(program).contains("1 deleted"))
        #expect(try shown(decomposed) == "longer than before")
        #expect(try SiteNamesTests.publish(program).contains("nothing new, 2 unchanged"))
        _ = program.stop()
    }

    @Test("what can't be published is named in the summary, and the rest is published; nothing from outside the site is", .limited)
    func leftOut() throws {
        let folder = TemporaryFolder()
        try folder.write("site/index.html", "front")
        try folder.write("outside/secret.txt", "secret")
        try Shell.run(
            "cd site; printf x > \"$(printf 'caf\\xe9.png')\"; ln -s index.html start.html; ln -s ../outside/secret.txt out.txt; ln -s gone dead.html",
            folder: folder.path)
        let program = try SiteNamesTests.inFolder(folder)
        let result = try SiteNamesTests.publish(program)
        #expect(result.hasPrefix("0 ") && result.contains("2 files uploaded") && result.contains("3 names left out: "), "\(result)")
        #expect(result.contains("caf\\xE9.png (its name is not UTF-8: rename it") && result.contains("1 more in the log"), "\(result)")
        #expect(program.log.contains("left out: out.txt: it is a link that leads out of the site"))
        #expect(try Shell.run("ls www", folder: folder.path).output == "index.html\nstart.html\n")
        // What was published before it could not be read any more stays.
        try Shell.run("rm site/start.html; ln -s gone site/start.html", folder: folder.path)
        #expect(try SiteNamesTests.publish(program).contains("nothing new, 1 unchanged"))
        #expect(folder.read("www/start.html") == "front")
        _ = program.stop()
    }

    @Test("a page without an ending is shown by browsers", .limited)
    func withoutEnding() async throws {
        let (folder, oss) = (TemporaryFolder(), try StandInOSS())
        try oss.makeBucket("my-blog")
        for name in ["index.html", "hello-world"] { try folder.write("site/\(name)", "<!DOCTYPE html><html><p>\(name)") }
        let program = try SiteNamesTests.inBucket(folder, oss, probe: true)
        let result = try SiteNamesTests.publish(program)
        #expect(result.hasPrefix("0 ") && !result.contains("don't show it"), "\(result)")
        let headers = try Shell.run("curl -sI '\(oss.endpoint)/my-blog/hello-world'").output.lowercased()
        #expect(headers.contains("content-type: text/html") && headers.contains("cache-control: no-cache"), "\(headers)")
        _ = program.stop()
    }

    @Test("a bucket that is set up as a website is looked at afterwards, and no alarm is raised", .limited)
    func websiteFirst() async throws {
        let (folder, oss) = (TemporaryFolder(), try StandInOSS())
        try oss.makeBucket("my-blog", isWebsite: false)
        for name in ["index.html", "404.html", "a/index.html"] { try folder.write("site/\(name)", "<!DOCTYPE html><html><p>\(name)") }
        let program = try SiteNamesTests.inBucket(folder, oss, website: "set", probe: true)
        let result = try SiteNamesTests.publish(program)
        #expect(result.hasPrefix("0 ") && result.contains("3 files uploaded") && !result.contains("answers") && !result.contains("index page"), "\(result)")
        #expect(program.log.contains("the bucket's website settings were set"))
        _ = program.stop()
    }

    @Test("a tree 900 folders deep is published as far as keys reach", .limited)
    func deep() throws {
        let (folder, oss) = (TemporaryFolder(), try StandInOSS())
        try oss.makeBucket("my-blog")
        try folder.write("site/index.html", "<!DOCTYPE html><html><p>front")
        try Shell.run("cd site; for i in $(seq 900); do mkdir d; cd d; [ $i = 500 ] && echo deep > x.html; done; echo deeper > y.html", folder: folder.path)
        let program = try SiteNamesTests.inBucket(folder, oss)
        let result = try SiteNamesTests.publish(program)
        #expect(result.hasPrefix("0 ") && result.contains("2 files uploaded") && result.contains("1 name left out"), "\(result)")
        #expect(result.contains("its name is too long for an address: shorten the name"))
        #expect(try SiteNamesTests.publish(program).contains("nothing new, 2 unchanged"))
        _ = program.stop()
    }
}
