import Foundation
package import JobKit

/// A small plug-in that works, as a starting point for a new one.
package struct PluginTemplate: Sendable {
    /// The language of its program.
    package enum Language: String, CaseIterable, Sendable {
        case bash, python, node

        /// The program's name.
        package var file: String {
            switch self {
            case .bash: "run"
            case .python: "run.py"
            case .node: "run.js"
            }
        }

        var program: String {
            switch self {
            case .bash: "bash"
            case .python: "python3"
            case .node: "node"
            }
        }
    }

    let name: String
    let language: Language

    /// - Parameter name: The job type's name; checked by `write`.
    package init(name: String, language: Language) {
        self.name = name
        self.language = language
    }

    /// Creates the folder, a manifest and an executable program. Blocks for the disk.
    /// - Throws: Where the name is invalid, the folder exists already, or can't be written; part of it may be left then.
    package func write(to folder: String) throws(JobError) {
        guard name.wholeMatch(of: /[a-z][a-z0-9-]*/) != nil else {
            throw JobError("\"\(name)\" is not a valid plug-in name", hint: "use lower-case letters, digits and hyphens, such as my-plugin")
        }
        guard !FileManager.default.fileExists(atPath: folder) else { throw JobError("\(folder) is there already", hint: "choose another name, or remove it") }
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try manifest.write(toFile: "\(folder)/\(PluginManifest.fileName)", atomically: true, encoding: .utf8)
            let file = "\(folder)/\(language.file)"
            try program.write(toFile: file, atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file)
        } catch {
            throw JobError("\(folder) can't be written: \(error.localizedDescription)")
        }
    }

    private var manifest: String {
        """
        protocol: 1
        name: \(name)
        version: 0.1.0
        description: Says hello so many times
        command: [\(language == .bash ? "./run" : "\(language.program), \(language.file)")]
        needs: [\(language.program)]
        settings:
          type: object
          required: [greeting]
          properties:
            greeting: { type: string, description: What is said }
            times: { type: integer, minimum: 1, maximum: 100, default: 3, description: How often }
        example: { greeting: hello }

        """
    }

    private var program: String {
        switch language {
        case .bash: PluginTemplate.bash
        case .python: PluginTemplate.python
        case .node: PluginTemplate.node
        }
    }

    private static let bash = #"""
        #!/bin/bash
        # One line of JSON comes on standard input; messages go to file descriptor 3; what is printed is the log.
        # The settings are variables too: SHIPKEEPER_SETTING_GREETING. Secrets are not; grant the job those it needs.
        text() { local t=${1//\\/\\\\}; t=${t//\"/\\\"}; printf '"%s"' "${t//[[:cntrl:]]/ }"; } # as JSON
        say() { echo "{\"$1\": $2}" >&3; }
        fail() { say error "{\"summary\": $(text "$1"), \"hint\": $(text "$2")}"; exit 1; }

        request=$(cat)
        [[ $request == '{'*'"protocol":1,'*'}' ]] || fail "invalid request" "protocol 1 is spoken here"
        greeting=$SHIPKEEPER_SETTING_GREETING times=$SHIPKEEPER_SETTING_TIMES
        [ -n "$greeting" ] || fail "there is no greeting" "set \"greeting\""

        for ((i = 1; i <= times; i++)); do
          echo "$greeting"
          say progress "{\"done\": $i, \"total\": $times, \"unit\": \"greetings\"}"
        done
        say result "{\"summary\": $(text "said it $times times")}"

        """#

    private static let python = """
        # One line of JSON comes on standard input; messages go to file descriptor 3; what is printed is the log.
        import json, os, sys

        messages = os.fdopen(3, "w", buffering=1)


        def say(**message):
            print(json.dumps(message), file=messages)


        try:
            request = json.loads(sys.stdin.readline())
            assert request["protocol"] == 1, "unknown protocol"
            settings, state = request["settings"], request["state"]
            greeting, times = settings["greeting"], settings["times"]
        except Exception as error:
            say(error={"summary": f"invalid request: {error!r}"})
            sys.exit(1)

        for number in range(1, times + 1):
            print(greeting)
            say(progress={"done": number, "total": times, "unit": "greetings"})
        # What is remembered comes back as "state" in the next request.
        say(state={"greetings": str(int(state.get("greetings", 0)) + times)})
        say(result={"summary": f"said it {times} times"})

        """

    private static let node = """
        // One line of JSON comes on standard input; messages go to file descriptor 3; what is printed is the log.
        const fs = require('fs')
        const say = message => fs.writeSync(3, JSON.stringify(message) + '\\n')

        let request
        try {
          request = JSON.parse(fs.readFileSync(0, 'utf8').split('\\n')[0])
          if (request.protocol !== 1) throw new Error('unknown protocol')
          if (request.settings.greeting === undefined) throw new Error('no greeting')
        } catch (error) {
          say({ error: { summary: `invalid request: ${error.message}` } })
          process.exit(1)
        }

        const { greeting, times } = request.settings
        for (let number = 1; number <= times; number++) {
          console.log(greeting)
          say({ progress: { done: number, total: times, unit: 'greetings' } })
        }
        // What is remembered comes back as "state" in the next request.
        say({ state: { greetings: String(Number(request.state.greetings || 0) + times) } })
        say({ result: { summary: `said it ${times} times` } })

        """
}
