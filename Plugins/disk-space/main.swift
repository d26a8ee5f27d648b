// A plug-in in Swift. Build it and put it beside its plugin.yaml:
//
//     swift build -c release --product disk-space && cp .build/release/disk-space Plugins/disk-space/
import Foundation
import JobKit
import Settings

/// What it gets, as far as it is used.
struct Request: Decodable {
    struct Settings: Decodable {
        var path: String
        var least: String
    }

    var `protocol`: Int
    var settings: Settings
}

/// One line on file descriptor 3.
func say(_ message: [String: [String: String]]) {
    let line = (try? JSONSerialization.data(withJSONObject: message, options: [.sortedKeys])) ?? Data()
    try? FileHandle(fileDescriptor: 3).write(contentsOf: line + Data("\n".utf8))
}

func fail(_ summary: String, hint: String = "") -> Never {
    say(["error": ["summary": summary, "hint": hint]])
    exit(1)
}

guard let line = readLine(), let request = try? JSONDecoder().decode(Request.self, from: Data(line.utf8)), request.protocol == 1 else {
    fail("invalid request")
}
let settings = request.settings
guard let least = ByteSizeText.parse(settings.least) else { fail("\(settings.least) is not a size", hint: "write one such as 500MB") }
guard let free = try? FileManager.default.attributesOfFileSystem(forPath: settings.path)[.systemFreeSize] as? Int64 else {
    fail("\(settings.path) can't be looked at", hint: "does it exist?")
}
let words = "\(ByteSizeText.readable(free)) free at \(settings.path)"
say(["output": ["free": "\(free)"]])
if free < least { fail("only \(words)", hint: "make room; \(settings.least) was asked for") }
say(["result": ["summary": words]])
