import ArgumentParser
import Control
import Files
import Processes

struct MCPCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mcp", abstract: "Offer the operations to an assistant as tools, by the Model Context Protocol over standard input and output.",
        discussion: """
            An assistant may look at everything and change nothing, unless the configuration says "control: { mcp: write }". \
            It ends when its standard input does.
            """)

    @OptionGroup var place: ServerPlace

    func run() async throws {
        let output = Lines()
        let server = ServerOptions(place)
        let mcp = MCPServer(tools: MCPTools(server: server))
        // Each request has a task of its own: one that waits for a run holds up no other.
        await withTaskGroup(of: Void.self) { requests in
            while let line = await DedicatedThread.run({ _ in readLine() }) ?? nil {
                guard line.contains(where: { !$0.isWhitespace }) else { continue }
                requests.addTask {
                    guard let reply = await mcp.reply(to: line) else { return }
                    await output.write(reply.bytes + [10])
                }
            }
        }
    }
}

/// Writes one line after the other, whole.
private actor Lines {
    /// Where nobody reads any more there is nobody to tell.
    func write(_ bytes: [UInt8]) { try? StandardStream.output.write(bytes) }
}
